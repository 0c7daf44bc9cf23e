"""Judgments in the cluster: the judge's, people's, and their export."""
