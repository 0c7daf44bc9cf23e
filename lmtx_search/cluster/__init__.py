"""Everything that talks to OpenSearch."""
