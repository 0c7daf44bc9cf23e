"""Checks the answers that a person gives to `init`; each check returns what it found."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.documents.sample import sample_texts
from lmtx_search.cluster.setup.requirements import check_cluster
from lmtx_search.cluster.setup.text_fields import require_fields
from lmtx_search.errors import UserError
from lmtx_search.judges.open import open_judge
from lmtx_search.settings import OpenSearchSettings, Settings
from lmtx_search.sources.labels import LabelFile
from lmtx_search.training.languages import language_notes
from lmtx_search.words.text_sample import MOST_TEXTS, TextSample

_SECONDS = 10.0


def try_cluster(settings: OpenSearchSettings) -> str:
    """Check that the cluster can be used; raises the project's or the client's errors."""
    found = check_cluster(connect(settings.within(_SECONDS), reading=True), settings.knn_engine)
    return f"OpenSearch {found.version}, cluster {found.name}"


def try_fields(settings: OpenSearchSettings, index: str, fields: Sequence[str]) -> str:
    """Check that an index has the fields."""
    client = connect(settings.within(_SECONDS), reading=True)
    require_fields(client, index, fields)
    return f"{client.count(index=index)['count']:,} documents in {index}"


def try_labels(path: Path) -> str:
    """Check that a file holds labels."""
    count = sum(1 for _ in LabelFile(path))
    if not count:
        raise UserError(f"{path} holds no labels: each needs an id and a text")
    return f"{count:,} labels in {path}"


def try_languages(
    settings: Settings, labels: Path | None, index: str | None, fields: Sequence[str]
) -> list[str]:
    """Return notes about labels and documents for which encoder or judge were not made."""
    names = TextSample()
    for label in LabelFile(labels) if labels else ():
        names.add(label.text)
    texts: list[str] = []
    if index:
        client = connect(settings.opensearch.within(_SECONDS), reading=True)
        texts = sample_texts(client, index, fields, MOST_TEXTS)
    return language_notes(settings, names.texts, texts)


def try_judge(settings: Settings) -> str:
    """Check that the judge can be asked."""
    return f"the judge {open_judge(settings).name} is there"
