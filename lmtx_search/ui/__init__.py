"""The web page of `lmtx-search ui`."""
