"""Stored judgments, so that no judge is asked about a pair twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from itertools import islice

from opensearchpy import NotFoundError, OpenSearch

from lmtx_search.cluster.client import names
from lmtx_search.cluster.client.clock import cluster_time
from lmtx_search.cluster.client.retry import patiently
from lmtx_search.cluster.documents.bulk import Action, write_all
from lmtx_search.cluster.documents.by_id import read_by_id
from lmtx_search.cluster.documents.scan import scan
from lmtx_search.records import Judgment

_BATCH = 1000


class JudgmentStore:
    """Judgments by their content hash."""

    def __init__(self, client: OpenSearch, index: str = names.JUDGMENTS) -> None:
        self._client = client
        self._index = index

    def find(self, ids: Iterable[str]) -> dict[str, Judgment]:
        """Return the judgments that exist, by id."""
        found: dict[str, Judgment] = {}
        rest = iter(ids)
        while batch := list(islice(rest, _BATCH)):
            for hit in read_by_id(self._client, self._index, {"ids": batch}):
                found[hit["_id"]] = judgment_of(hit["_id"], hit["_source"])
        return found

    def of(self, judge: str, prompt: str | None = None, since: str | None = None) -> list[Judgment]:
        """Return all judgments by a judge, in the order of their ids.

        Args:
            prompt: those with this prompt only.
            since: those that were made at this time (ISO) or later only.
        """
        terms: list[dict[str, object]] = [{"term": {"judge": judge}}]
        if prompt is not None:
            terms.append({"term": {"prompt": prompt}})
        if since is not None:
            terms.append({"range": {"at": {"gte": since}}})
        hits = scan(self._client, self._index, query={"bool": {"filter": terms}})
        return [judgment_of(hit["_id"], hit["_source"]) for hit in hits]

    def remove(self, id_: str) -> None:
        """Delete a judgment; a missing one is not an error."""
        with suppress(NotFoundError):
            patiently(self._client.delete, index=self._index, id=id_)

    def add(self, judgments: Sequence[Judgment]) -> None:
        """Write judgments; they can be found as soon as this returns.

        Raises:
            LmtxError: the cluster refused a judgment.
        """
        if not judgments:
            return
        at = cluster_time(self._client).isoformat()
        actions = (Action(judgment.id, judgment_body(judgment, at)) for judgment in judgments)
        write_all(self._client, actions, self._index)


def judgment_body(judgment: Judgment, at: str) -> dict[str, object]:
    """Return the document for a judgment.

    Args:
        at: when it was made (ISO), by the cluster's clock: runs on other machines compare it with
            the time at which they began.
    """
    body: dict[str, object] = asdict(judgment)
    del body["id"]
    return {**body, "at": at}


def judgment_of(id_: str, source: Mapping[str, object]) -> Judgment:
    """Return the judgment that a stored document holds."""
    fields = {name: value for name, value in source.items() if name != "at"}
    return Judgment(id=id_, **fields)  # type: ignore[arg-type]
