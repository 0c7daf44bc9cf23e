"""Putting taggers into the pipeline, changing their labels, going back, removing them."""
