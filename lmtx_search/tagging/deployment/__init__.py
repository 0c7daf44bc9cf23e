"""Deploys taggers, changes their labels, rolls them back and removes them."""
