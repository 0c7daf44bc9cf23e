"""Documents in an index: bulk writing, checkpoints, reading an index from end to end."""
