"""OpenSearch, Ollama and models for a machine that has none."""
