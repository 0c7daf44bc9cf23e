"""The bi-encoder: one shared tower for documents and labels, compared by cosine."""
