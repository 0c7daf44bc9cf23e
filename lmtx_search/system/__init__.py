"""File locks and the identity of processes on this machine."""
