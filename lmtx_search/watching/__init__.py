"""Whether tags stay as good as they were: a sample of what was tagged, before the judge."""
