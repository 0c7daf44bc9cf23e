"""Tags the documents of an index again."""
