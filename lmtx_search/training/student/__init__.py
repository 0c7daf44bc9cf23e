"""The student: the loss and the fine-tuning of the bi-encoder."""
