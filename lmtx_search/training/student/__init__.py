"""The student: training data, loss and fine-tuning of the bi-encoder."""
