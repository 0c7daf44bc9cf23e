"""What the product's objects on a cluster are called."""

from __future__ import annotations

LABELS = "lmtx-labels"
"""Alias of the current version of the label index."""

LABEL_VERSIONS = "lmtx-labels-*"
JUDGMENTS = "lmtx-judgments"
RUNS = "lmtx-runs"
DOCUMENTS = "lmtx-documents"
"""What the default index of training documents is called."""

OWN = (LABELS, JUDGMENTS, RUNS)
"""What names that are not the user's start with."""

PATTERNS = tuple(f"{name}*" for name in (*OWN, DOCUMENTS))
"""All own indices, and those of training documents that are called as by default."""

TAGS_TEMPLATE = "lmtx-tags"
"""Component template with the fields that a tagged document has."""

PIPELINE = "lmtx-tagging"
"""The ingest pipeline; pipelines of single indices start with this name too."""
