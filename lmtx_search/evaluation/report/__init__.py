"""The report of a training run: one HTML file that opens without a network."""
