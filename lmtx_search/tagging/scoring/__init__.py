"""From a text to its tags: ranking, thresholds, broader labels, explanations."""
