"""The judge: a local LLM that says whether a label fits a document."""
