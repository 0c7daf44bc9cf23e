"""The gold tags of training documents, for the comparator that measures the ceiling."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path

from lmtx_search.evaluation.gold.coverage import collect_gold
from lmtx_search.evaluation.gold.files import GoldFiles
from lmtx_search.records import Label
from lmtx_search.settings import Settings
from lmtx_search.sources import FieldGold, open_gold, read_gold, read_labels
from lmtx_search.sources.xmc import is_xmc


def training_gold(
    settings: Settings, gold: GoldFiles, train: Path | None, labels: list[Label]
) -> Mapping[str, AbstractSet[str]] | None:
    """Return the gold tags of the training documents by document id.

    Args:
        train: the file of training documents (None: those of the cluster).

    Returns:
        None if there are none, or if their documents cannot be identified.
    """
    if gold.train is None:
        return None
    id_field = settings.documents.id_field
    if gold.in_documents:
        assert gold.field is not None  # open_gold_files has refused this
        documents = gold.documents(gold.train, id_field)
        return collect_gold(documents, FieldGold(gold.field, labels)).gold
    if not is_xmc(gold.train):
        return read_gold(gold.train)
    if train is None:
        return None
    ids = None if gold.labels is None else [label.id for label in read_labels(gold.labels)]
    return collect_gold(gold.documents(train, id_field), open_gold(gold.train, ids)).gold
