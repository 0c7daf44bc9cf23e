"""One reader a format: labels, documents, gold tags."""

from lmtx_search.records import BadLine
from lmtx_search.sources.documents import count_documents, read_documents
from lmtx_search.sources.gold import Gold, open_gold, read_gold
from lmtx_search.sources.gold_field import FieldGold
from lmtx_search.sources.labels import LabelFile, read_labels

__all__ = [
    "BadLine",
    "FieldGold",
    "Gold",
    "LabelFile",
    "count_documents",
    "open_gold",
    "read_documents",
    "read_gold",
    "read_labels",
]
