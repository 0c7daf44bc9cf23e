"""What the student is trained on: judgments, calibrated, as positives and thresholds."""
