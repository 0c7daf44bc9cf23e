"""Records of training and evaluation runs."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timezone
from typing import Any

from opensearchpy import NotFoundError, OpenSearch

from lmtx_search.cluster.client import lock, names
from lmtx_search.cluster.client.clock import cluster_time
from lmtx_search.cluster.client.retry import patiently

# Records that one request reads: those of `watch` hold all verdicts of a sample.
_PAGE = 200


def new_run_id() -> str:
    """Return a unique id that begins with the time (UTC)."""
    return f"{datetime.now(timezone.utc):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"


class RunStore:
    """Run records: any JSON object with a ``kind`` (``train``, ``evaluate``)."""

    def __init__(self, client: OpenSearch, index: str = names.RUNS) -> None:
        self._client = client
        self._index = index

    def save(self, run_id: str, body: Mapping[str, Any]) -> None:
        """Write or replace a run's record; ``run_id`` and ``at``, the cluster's time, are added."""
        now = cluster_time(self._client).isoformat()
        record = {**body, "run_id": run_id, "at": now}
        patiently(
            self._client.index,
            index=self._index,
            id=run_id,
            body=record,
            params={"refresh": "true"},
        )

    def remove(self, run_id: str) -> None:
        """Remove a run's record; a missing one is not an error."""
        with suppress(NotFoundError):
            patiently(self._client.delete, index=self._index, id=run_id, params={"refresh": "true"})

    def get(self, run_id: str) -> dict[str, Any] | None:
        """Return a run's record, or None if the run does not exist."""
        try:
            answer = patiently(self._client.get, index=self._index, id=run_id)
        except NotFoundError as error:
            if isinstance(error.info, dict) and error.info.get("found") is False:
                return None
            raise
        return dict(answer["_source"])

    def latest(self, kind: str) -> tuple[str, dict[str, Any]] | None:
        """Return id and record of the most recently saved run of a kind, or None."""
        body = {
            "size": 1,
            "query": {"term": {"kind": kind}},
            "sort": [{"at": {"order": "desc", "unmapped_type": "date"}}],
        }
        found = self._search(body)
        return found[0] if found else None

    def of_kinds(
        self, *kinds: str, index_name: str | None = None, fields: Sequence[str] = ()
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield ids and records of all runs of some kinds, the most recently saved first.

        Args:
            index_name: only runs about this index (None: all). Records from before it was a field
                of the mapping are yielded too.
            fields: paths in the records that are read (none: all).
        """
        filters: list[dict[str, Any]] = [{"terms": {"kind": kinds}}]
        if index_name is not None:
            own = {"term": {"index_name": index_name}}
            unknown = {"bool": {"must_not": {"exists": {"field": "index_name"}}}}
            filters.append({"bool": {"should": [own, unknown]}})
        body: dict[str, Any] = {
            "size": _PAGE,
            "query": {"bool": {"filter": filters}},
            "sort": [
                {"at": {"order": "desc", "unmapped_type": "date"}},
                {"run_id": {"order": "desc", "unmapped_type": "keyword"}},
            ],
        }
        if fields:
            body["_source"] = list(fields)
        while hits := self._hits(body):
            for hit in hits:
                yield hit["_id"], dict(hit["_source"])
            body["search_after"] = hits[-1]["sort"]

    def newest(self, most: int) -> list[tuple[str, dict[str, Any]]]:
        """Return ids and records of the most recently saved runs of any kind, newest first."""
        return self._search(
            {
                "size": most,
                "query": {"bool": {"must_not": {"term": {"kind": lock.KIND}}}},
                "sort": [{"at": {"order": "desc", "unmapped_type": "date"}}],
            }
        )

    def _search(self, body: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
        return [(hit["_id"], dict(hit["_source"])) for hit in self._hits(body)]

    def _hits(self, body: Mapping[str, Any]) -> list[dict[str, Any]]:
        answer = patiently(self._client.search, index=self._index, body=body)
        return list(answer["hits"]["hits"])
