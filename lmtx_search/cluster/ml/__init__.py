"""The ingest pipeline and ML Commons: connectors, models and what is registered."""
