"""One reader a format: labels, documents, gold tags."""
