"""Judgments in the cluster: those of the judge, those of people, and their export."""
