"""Tags documents again that are already in an index, without losing what others write meanwhile."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from opensearchpy import OpenSearch

from lmtx_search.cluster.bulk import Action, Chunk, ChunkResult, send_chunks
from lmtx_search.cluster.by_id import read_by_id
from lmtx_search.cluster.checkpoint import Checkpoint
from lmtx_search.cluster.retry import patiently
from lmtx_search.cluster.scan import scan
from lmtx_search.cluster.selection import Target
from lmtx_search.errors import LmtxError
from lmtx_search.progress import SILENT, Progress

_CONFLICT = "version_conflict_engine_exception"
# So many documents without an answer in a row say that the tagger is away.
_TELLING = 16
_RESULT = ("tags", "tag_scores", "tagging")


@dataclass(slots=True)
class RetagReport:
    """What became of the documents that were selected.

    ``changed`` of those that are ``tagged`` have other tags than before, ``overtaken`` documents
    were written or deleted by others meanwhile and left as they are, ``failed`` were refused.
    """

    documents: int = 0
    tagged: int = 0
    changed: int = 0
    untagged: int = 0
    pending: int = 0
    overtaken: int = 0
    failed: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    resumed_after: int = 0

    def fail(self, reason: str) -> None:
        """Note a document that was refused."""
        self.failed += 1
        if reason in self.reasons or len(self.reasons) < 5:
            self.reasons[reason] = self.reasons.get(reason, 0) + 1


def retag(
    client: OpenSearch,
    target: Target,
    query: Mapping[str, Any],
    checkpoint: Checkpoint,
    *,
    total: int | None = None,
    per_second: float | None = None,
    keep_but: Collection[str] | None = None,
    progress: Progress = SILENT,
) -> RetagReport:
    """Send an index's documents through the tagging pipeline again, in the order of their ids.

    A document is replaced only if nobody has written it since it was read; all its fields but the
    tagger's stay. Interrupted, the same call goes on behind the last document that was done.

    Args:
        query: which documents.
        per_second: documents at most, on average.
        keep_but: names of the labels there are. Where given, a tag of a document that is none of
            them (a retired label's) stays, behind the new ones.

    Raises:
        LmtxError: the tagger answers for no document any more; what is done is kept.
    """
    saved = checkpoint.read()
    report = RetagReport(**saved["report"]) if saved else RetagReport()
    report.resumed_after = report.documents
    after = saved["after"] if saved else None
    hits = scan(client, target.index, query=query, after=after, versions=True)
    with progress.stage(f"Tag {target.index} again", total, "documents") as advance:
        advance(report.documents)
        chunks = _chunks(hits, per_second)
        for chunk, result in send_chunks(client, chunks, target.index, pipeline=target.pipeline):
            assert isinstance(chunk, _Chunk)
            _account(client, target.index, report, chunk, result, keep_but)
            advance(len(chunk.ids))
            checkpoint.write({"report": asdict(report), "after": chunk.ids[-1]})
    client.indices.refresh(index=target.index)
    checkpoint.clear()
    return report


@dataclass(slots=True)
class _Chunk(Chunk):
    """A chunk, and the tags that its documents had."""

    before: dict[str, dict[str, Any]] = field(default_factory=dict)
    routing: dict[str, str] = field(default_factory=dict)


def _chunks(hits: Iterator[dict[str, Any]], per_second: float | None) -> Iterator[_Chunk]:
    started, sent = time.monotonic(), 0
    chunk = _Chunk()
    most = None if per_second is None else max(1, int(per_second))
    for hit in hits:
        only = {"if_seq_no": hit["_seq_no"], "if_primary_term": hit["_primary_term"]}
        if "_routing" in hit:
            only["routing"] = chunk.routing[hit["_id"]] = hit["_routing"]
        chunk.before[hit["_id"]] = {name: hit["_source"].get(name) for name in _RESULT}
        chunk.add(Action(hit["_id"], hit["_source"], only))
        if chunk.full or len(chunk.ids) == most:
            yield chunk
            sent += len(chunk.ids)
            if per_second is not None:
                time.sleep(max(0.0, started + sent / per_second - time.monotonic()))
            chunk = _Chunk()
    if chunk.ids:
        yield chunk


def _account(
    client: OpenSearch,
    index: str,
    report: RetagReport,
    chunk: _Chunk,
    result: ChunkResult,
    keep_but: Collection[str] | None,
) -> None:
    refused = {item.id: item.reason for item in result.refused}
    after = _read(client, index, chunk, [id_ for id_ in chunk.ids if id_ not in refused])
    waiting = [source["tagging"] for source in after.values() if _status(source) == "pending"]
    # A few that it cannot answer for are no reason to stop.
    telling = report.documents == report.resumed_after or len(chunk.ids) >= _TELLING
    if waiting and len(waiting) == len(chunk.ids) and telling:
        raise LmtxError(
            f"the tagger answers for no document ({waiting[0].get('error')}); their earlier tags "
            "stay. See `lmtx-search status`; then the same command continues"
        )
    puts_back: list[dict[str, Any]] = []
    for id_ in chunk.ids:
        report.documents += 1
        if id_ in refused:
            if refused[id_].startswith(_CONFLICT):
                report.overtaken += 1
            else:
                report.fail(refused[id_])
            continue
        source = after.get(id_)
        status = _status(source) if source else None
        if source is None:
            report.overtaken += 1
        elif status == "tagged":
            earlier = chunk.before[id_]
            if keep_but is not None:
                puts_back += _kept(chunk, id_, earlier, source, keep_but)
            report.tagged += 1
            report.changed += (source.get("tags") or []) != (earlier["tags"] or [])
        elif status == "pending":
            report.pending += 1
        else:
            report.untagged += 1
    if puts_back:
        # A part of a document in a bulk goes through no pipeline; alone, it would go through the
        # final one. What was written meanwhile stays as it is.
        patiently(client.bulk, body=puts_back, index=index)


def _read(
    client: OpenSearch, index: str, chunk: _Chunk, ids: list[str]
) -> dict[str, dict[str, Any]]:
    if not ids:
        return {}
    docs = [
        {"_id": id_, **({"routing": chunk.routing[id_]} if id_ in chunk.routing else {})}
        for id_ in ids
    ]
    params = {"_source_includes": ",".join(_RESULT)}
    hits = read_by_id(client, index, {"docs": docs}, params)
    return {hit["_id"]: {**hit["_source"], **_version(hit)} for hit in hits}


def _kept(
    chunk: _Chunk,
    id_: str,
    earlier: Mapping[str, Any],
    source: dict[str, Any],
    labels: Collection[str],
) -> list[dict[str, Any]]:
    """Return what puts the tags back into a document that no label has any more."""
    kept = [tag for tag in earlier["tags"] or [] if tag not in labels]
    if not kept:
        return []
    scores = earlier["tag_scores"] or {}
    source["tags"] = [*source["tags"], *(tag for tag in kept if tag not in source["tags"])]
    doc = {
        "tags": source["tags"],
        "tag_scores": {tag: scores[tag] for tag in kept if tag in scores},
    }
    only = {name: source[name] for name in ("if_seq_no", "if_primary_term")}
    if id_ in chunk.routing:
        only["routing"] = chunk.routing[id_]
    return [{"update": {"_id": id_, **only}}, {"doc": doc}]


def _version(hit: Mapping[str, Any]) -> dict[str, Any]:
    return {"if_seq_no": hit["_seq_no"], "if_primary_term": hit["_primary_term"]}


def _status(source: Mapping[str, Any]) -> str | None:
    tagging = source.get("tagging")
    return tagging.get("status") if isinstance(tagging, Mapping) else None
