"""Requests to the cluster: connecting, signing in, retrying, locking and one-line errors."""
