"""The teacher: asking the judge within a budget, and people's answers."""
