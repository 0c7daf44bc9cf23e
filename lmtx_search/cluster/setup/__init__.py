"""Setting up a cluster and attaching indices to the tagging pipeline."""
