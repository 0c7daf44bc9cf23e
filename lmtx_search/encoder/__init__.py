"""The bi-encoder: one shared tower, mean pooling, cosine."""
