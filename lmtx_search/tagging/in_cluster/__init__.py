"""The tagger as one model that OpenSearch runs itself (ML Commons, SPARSE_ENCODING)."""
