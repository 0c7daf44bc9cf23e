"""Documents in an index: bulk writing, checkpoints, and reading a whole index."""
