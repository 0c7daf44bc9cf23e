"""The names of the product's objects on a cluster."""

from __future__ import annotations

LABELS = "lmtx-labels"
"""Alias of the current version of the label index."""

LABEL_VERSIONS = "lmtx-labels-*"
JUDGMENTS = "lmtx-judgments"
RUNS = "lmtx-runs"
DECISIONS = "lmtx-decisions"
DOCUMENTS = "lmtx-documents"
"""The default name of the index of training documents."""

OWN = (LABELS, JUDGMENTS, RUNS, DECISIONS)
"""Prefixes of index names that belong to the product."""

PATTERNS = tuple(f"{name}*" for name in (*OWN, DOCUMENTS))
"""All indices of the product, and training indices whose names begin with the default one."""

TAGS_TEMPLATE = "lmtx-tags"
"""Component template with the fields that a tagged document has."""

PIPELINE = "lmtx-tagging"
"""The ingest pipeline. The names of pipelines for single indices start with this name too."""
