"""From a text to its tags: ranking labels, thresholds, broader labels, explanations."""
