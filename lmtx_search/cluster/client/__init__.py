"""Requests to the cluster: connecting, signing in, retrying, locking, and errors in one line."""
