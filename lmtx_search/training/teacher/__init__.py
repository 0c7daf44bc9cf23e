"""The teacher: asks the judge within a budget, and adds the answers of people."""
