"""Tags documents again that are already in an index, without losing what others write meanwhile."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from opensearchpy import OpenSearch

from lmtx_search.cluster.client.retry import patiently
from lmtx_search.cluster.documents.bulk import Action, Chunk, ChunkResult, send_chunks
from lmtx_search.cluster.documents.checkpoint import Checkpoint
from lmtx_search.cluster.documents.scan import Place, scan
from lmtx_search.cluster.ml.pipeline import tag_fields
from lmtx_search.cluster.retag.retired_tags import Before, before, kept, put_back, read
from lmtx_search.cluster.retag.selection import Target
from lmtx_search.cluster.retag.stale import TextCheck
from lmtx_search.errors import LmtxError
from lmtx_search.progress import SILENT, Progress
from lmtx_search.tag_fields import TagFields

_CONFLICT = "version_conflict_engine_exception"
# So many documents without an answer in a row say that the tagger is away.
_TELLING = 16


@dataclass(slots=True)
class RetagReport:
    """What became of the documents that were selected.

    ``changed`` of those that are ``tagged`` have other tags than before, ``overtaken`` documents
    were written or deleted by others meanwhile and left as they are, ``skipped`` have values of
    people's in the fields of the tags and keep them, ``failed`` were refused.
    """

    documents: int = 0
    tagged: int = 0
    changed: int = 0
    untagged: int = 0
    skipped: int = 0
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
    keep_but: frozenset[str] | None = None,
    texts: TextCheck | None = None,
    progress: Progress = SILENT,
) -> RetagReport:
    """Send an index's documents through the tagging pipeline again, in the order of their ids.

    A document is replaced only if it was not written since it was read; all its fields but the
    tagger's stay. Interrupted, the same call goes on behind the last document that was done.

    Args:
        query: which documents.
        per_second: documents at most, on average.
        keep_but: names of the labels there are. Where given, a tag of a document that is none of
            them (a retired label's) stays, behind the new ones.
        texts: only documents whose text is no longer the one that was read.

    Raises:
        LmtxError: the tagger answers for no document any more; what is done is kept.
    """
    saved = checkpoint.read()
    report = RetagReport(**saved["report"]) if saved else RetagReport()
    report.resumed_after = report.documents
    after = _place(saved["after"], target.index) if saved else None
    fields = tag_fields(client)
    if saved and keep_but is not None:
        for one_of_each in _layers(saved.get("open", {})):
            put_back(client, target.index, one_of_each, keep_but, fields)
    open_: dict[tuple[str, str | None], Before] = {}

    def note() -> None:
        done = [after.id, [routing for _, routing in after.done]] if after else None
        waiting = [(id_, one) for (id_, _), one in open_.items()]
        checkpoint.write({"report": asdict(report), "after": done, "open": waiting})

    def noted(chunks: Iterator[_Chunk]) -> Iterator[_Chunk]:
        """Note what has to be put back before the documents are sent, in case of a kill."""
        for chunk in chunks:
            if keep_but is not None:
                open_.update(
                    ((id_, one["routing"]), one)
                    for id_, one in chunk.before.items()
                    if not keep_but.issuperset(one["tags"])
                )
                note()
            yield chunk

    script = texts.script_fields() if texts else None
    hits = scan(client, target.index, query=query, after=after, versions=True, script_fields=script)
    if texts:
        hits = (hit for hit in hits if texts.is_stale(hit))
    with progress.stage(f"Tag {target.index} again", total, "documents") as advance:
        advance(report.documents)
        chunks = noted(_chunks(hits, per_second, fields))
        for chunk, result in send_chunks(client, chunks, target.index, pipeline=target.pipeline):
            assert isinstance(chunk, _Chunk)
            _account(client, target.index, report, chunk, result, keep_but, fields)
            advance(len(chunk.ids))
            after = _behind(after, chunk, target.index)
            for id_, one in chunk.before.items():
                open_.pop((id_, one["routing"]), None)
            note()
    client.indices.refresh(index=target.index)
    checkpoint.clear()
    return report


@dataclass(slots=True)
class _Chunk(Chunk):
    """A chunk, and the tags that its documents had."""

    before: dict[str, Before] = field(default_factory=dict)

    def sent(self, id_: str) -> dict[str, Any]:
        """Return a document as it was sent."""
        line = self.lines[self.ids.index(id_)]
        return dict(json.loads(line.split(b"\n", 1)[1]))


def _place(saved: Any, index: str) -> Place | None:
    """Return where a run that was interrupted goes on."""
    if saved is None:
        return None
    if isinstance(saved, str):  # an earlier release noted the id alone
        return Place(saved)
    id_, routings = saved
    return Place(id_, [(index, routing) for routing in routings])


def _layers(saved: Any) -> list[dict[str, Before]]:
    """Return the documents that a killed run had in flight, each id once in a layer."""
    layers: list[dict[str, Before]] = []
    # An earlier release noted them by id.
    for id_, one in saved.items() if isinstance(saved, dict) else saved:
        free = next((layer for layer in layers if id_ not in layer), None)
        if free is None:
            layers.append(free := {})
        free[id_] = one
    return layers


def _behind(after: Place | None, chunk: _Chunk, index: str) -> Place:
    """Return the place behind a chunk, of which ids may have been done before it."""
    last = chunk.ids[-1]
    done = (index, chunk.before[last]["routing"])
    earlier = after.done if after is not None and after.id == last else ()
    return Place(last, [*earlier, done])


def _chunks(
    hits: Iterator[dict[str, Any]], per_second: float | None, fields: TagFields
) -> Iterator[_Chunk]:
    """Gather hits, each id once in a chunk: with other routing it is another document."""
    started, sent = time.monotonic(), 0
    chunk = _Chunk()
    most = None if per_second is None else max(1, int(per_second))

    def paced(done: _Chunk) -> Iterator[_Chunk]:
        nonlocal sent
        yield done
        sent += len(done.ids)
        if per_second is not None:
            time.sleep(max(0.0, started + sent / per_second - time.monotonic()))

    for hit in hits:
        if hit["_id"] in chunk.before:
            yield from paced(chunk)
            chunk = _Chunk()
        only = {"if_seq_no": hit["_seq_no"], "if_primary_term": hit["_primary_term"]}
        if "_routing" in hit:
            only["routing"] = hit["_routing"]
        chunk.before[hit["_id"]] = before(hit, fields)
        chunk.add(Action(hit["_id"], hit["_source"], only))
        if chunk.full or len(chunk.ids) == most:
            yield from paced(chunk)
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
    fields: TagFields,
) -> None:
    refused = {item.id: item.reason for item in result.refused}
    written = {id_: one for id_, one in chunk.before.items() if id_ not in refused}
    after = read(client, index, written, fields)
    # What was written, but whose answer got lost, was sent again and is now a conflict with itself.
    conflicts = {
        id_: chunk.before[id_] for id_, why in refused.items() if why.startswith(_CONFLICT)
    }
    for id_, there in read(client, index, conflicts, fields, whole=True).items():
        if _content(there, fields) == _content(chunk.sent(id_), fields):
            after[id_] = there
            del refused[id_]
    waiting = [one[fields.tagging] for one in after.values() if _status(one, fields) == "pending"]
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
        status = _status(source, fields) if source else None
        if source is None:
            report.overtaken += 1
        elif status == "tagged":
            earlier = chunk.before[id_]
            if keep_but is not None:
                puts_back += kept(id_, earlier, source, keep_but, fields)
            report.tagged += 1
            report.changed += (source.get(fields.tags) or []) != earlier["tags"]
        elif status == "pending":
            report.pending += 1
        elif status == "skipped":
            report.skipped += 1
        else:
            report.untagged += 1
    if puts_back:
        # A part of a document in a bulk goes through no pipeline; alone, it would go through the
        # final one. What was written meanwhile stays as it is.
        patiently(client.bulk, body=puts_back, index=index)


def _status(source: Mapping[str, Any], fields: TagFields) -> str | None:
    tagging = source.get(fields.tagging)
    return tagging.get("status") if isinstance(tagging, Mapping) else None


def _content(source: Mapping[str, Any], fields: TagFields) -> dict[str, Any]:
    own = ("if_seq_no", "if_primary_term", *fields.written)
    return {name: value for name, value in source.items() if name not in own}
