"""Servers for a machine that has none: OpenSearch, Ollama, and their models."""
