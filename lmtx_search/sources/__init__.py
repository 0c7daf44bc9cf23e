"""Readers of labels, documents and gold tags: one for each format."""

from lmtx_search.records import BadLine
from lmtx_search.sources.documents import DocumentFile, read_documents
from lmtx_search.sources.gold import Gold, open_gold, read_gold
from lmtx_search.sources.gold_field import FieldGold
from lmtx_search.sources.labels import LabelFile, read_labels

__all__ = [
    "BadLine",
    "DocumentFile",
    "FieldGold",
    "Gold",
    "LabelFile",
    "open_gold",
    "read_documents",
    "read_gold",
    "read_labels",
]
