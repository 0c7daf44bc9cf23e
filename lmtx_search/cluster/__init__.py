"""All that speaks OpenSearch."""
