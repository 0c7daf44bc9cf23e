"""What happened to the tags of a document, as far as it is recorded."""
