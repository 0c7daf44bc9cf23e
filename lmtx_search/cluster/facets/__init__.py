"""Tags counted: facets, facets over time, with broader labels, and tags that occur together."""
