"""The HTTP service that tags the pipeline's documents."""
