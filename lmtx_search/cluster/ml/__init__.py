"""The ingest pipeline and ML Commons: connectors, models and registered versions."""
