"""From answers to what the student learns: calibration, positives, thresholds."""
