"""Processes and files of this machine: who holds a lock, and whether it still lives."""
