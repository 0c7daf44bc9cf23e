"""Checks the answers that a person gives to `init`; each check returns what it found."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.setup.requirements import check_cluster
from lmtx_search.cluster.setup.text_fields import require_fields
from lmtx_search.errors import UserError
from lmtx_search.judges.open import open_judge
from lmtx_search.settings import OpenSearchSettings, Settings
from lmtx_search.sources.labels import LabelFile

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


def try_judge(settings: Settings) -> str:
    """Check that the judge can be asked."""
    return f"the judge {open_judge(settings).name} is there"
