"""Tags documents of an index again without losing changes that others make in the meantime."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from opensearchpy import OpenSearch

from lmtx_search.cluster.client.clock import cluster_time
from lmtx_search.cluster.documents.bulk import Action, Chunk, ChunkResult, send_chunks
from lmtx_search.cluster.documents.checkpoint import Checkpoint
from lmtx_search.cluster.documents.scan import scan
from lmtx_search.cluster.ml.pipeline import tag_fields
from lmtx_search.cluster.retag.retired_tags import (
    Before,
    before,
    kept,
    listed,
    put_back,
    read,
    retired_of,
    send_back,
)
from lmtx_search.cluster.retag.selection import Selection, Target
from lmtx_search.cluster.retag.stale import TextCheck
from lmtx_search.errors import LmtxError
from lmtx_search.progress import SILENT, Progress
from lmtx_search.tag_fields import TagFields
from lmtx_search.untouched import Untouched

_CONFLICT = "version_conflict_engine_exception"
# After this many documents in a row without an answer, the tagger counts as unreachable.
_TELLING = 16


@dataclass(slots=True)
class RetagReport:
    """The result for the selected documents.

    ``tagged`` documents were tagged again. ``changed`` of them have other tags than before, and
    ``suggestions_changed`` of them other suggestions.
    ``overtaken`` documents were written or deleted by others in the meantime; they are not
    changed. ``skipped`` documents have values that people wrote in the tag fields; they keep them.
    ``failed`` documents were refused. ``untouched`` documents are never touched.
    """

    documents: int = 0
    tagged: int = 0
    changed: int = 0
    suggestions_changed: int = 0
    untagged: int = 0
    skipped: int = 0
    pending: int = 0
    overtaken: int = 0
    failed: int = 0
    untouched: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    resumed_after: int = 0

    def fail(self, reason: str) -> None:
        """Record a refused document."""
        self.failed += 1
        if reason in self.reasons or len(self.reasons) < 5:
            self.reasons[reason] = self.reasons.get(reason, 0) + 1


def retag(
    client: OpenSearch,
    target: Target,
    selection: Selection,
    tagger: str,
    checkpoint: Checkpoint,
    notes: Checkpoint,
    *,
    per_second: float | None = None,
    keep_but: frozenset[str] | None = None,
    texts: TextCheck | None = None,
    untouched: Untouched | None = None,
    progress: Progress = SILENT,
) -> RetagReport:
    """Send an index's documents through the tagging pipeline again, in the order of their ids.

    A document is replaced only if it was not written since it was read. Only the tagger's fields
    change. After an interruption, the same call selects what is not finished. A mark at the last
    finished id would leave out new documents with lower ids.

    Args:
        tagger: version of the tagger in use.
        checkpoint: of this selection.
        notes: tags of retired labels that a killed run may have removed from the index. Each later
            run restores them first, whatever it selects.
        per_second: the most documents per second, on average.
        keep_but: names that existing labels have or had as tags. If given, a document keeps tags
            that are not among them (those of retired labels), after its new tags.
        texts: only documents whose text has changed since it was read.
        untouched: documents that are left as they are (None: none). The query leaves most of them
            out; the mapping of a field may hide others from it.

    Raises:
        LmtxError: the tagger no longer answers; documents that are finished keep their new tags.
    """
    fields = tag_fields(client)
    for one_of_each in _layers((notes.read() or {"open": []})["open"]):
        put_back(client, target.index, one_of_each, fields)
    notes.clear()
    saved = checkpoint.read()
    started = saved["started"] if saved else cluster_time(client).isoformat()
    report = _continued(saved["report"], selection) if saved else RetagReport()
    query = (selection.unfinished(tagger, started) if saved else selection).body()
    total = None
    if texts is None:
        client.indices.refresh(index=target.index)
        total = client.count(index=target.index, body={"query": query})["count"] + report.documents
    open_: dict[tuple[str, str | None], Before] = {}

    def note() -> None:
        if keep_but is not None:
            notes.write({"open": [(id_, one) for (id_, _), one in open_.items()]})
        checkpoint.write({"report": asdict(report), "started": started})

    def noted(chunks: Iterator[_Chunk]) -> Iterator[_Chunk]:
        """Record the tags to restore before the documents are sent, in case of a kill."""
        for chunk in chunks:
            if keep_but is not None:
                open_.update(
                    ((id_, one["routing"]), retired_of(one, keep_but))
                    for id_, one in chunk.before.items()
                    if not keep_but.issuperset(one["tags"])
                )
                note()
            yield chunk

    script = texts.script_fields() if texts else None
    hits = scan(client, target.index, query=query, versions=True, script_fields=script)
    if texts:
        hits = (hit for hit in hits if texts.is_stale(hit))
    if untouched:
        hits = _touched(hits, untouched, report)
    with progress.stage(f"Tag {target.index} again", total, "documents") as advance:
        advance(report.documents)
        chunks = noted(_chunks(hits, per_second, fields))
        for chunk, result in send_chunks(client, chunks, target.index, pipeline=target.pipeline):
            assert isinstance(chunk, _Chunk)
            _account(client, target.index, report, chunk, result, keep_but, fields)
            advance(len(chunk.ids))
            for id_, one in chunk.before.items():
                open_.pop((id_, one["routing"]), None)
            note()
    client.indices.refresh(index=target.index)
    notes.clear()
    checkpoint.clear()
    return report


def _touched(
    hits: Iterator[dict[str, Any]], untouched: Untouched, report: RetagReport
) -> Iterator[dict[str, Any]]:
    for hit in hits:
        if untouched.matches(hit["_source"]):
            report.untouched += 1
        else:
            yield hit


@dataclass(slots=True)
class _Chunk(Chunk):
    """A chunk of documents, with their earlier tags."""

    before: dict[str, Before] = field(default_factory=dict)

    def sent(self, id_: str) -> dict[str, Any]:
        """Return a document as it was sent."""
        line = self.lines[self.ids.index(id_)]
        return dict(json.loads(line.split(b"\n", 1)[1]))


def _continued(saved: Mapping[str, Any], selection: Selection) -> RetagReport:
    """Return what an interrupted run counted, without documents that are selected again."""
    before = RetagReport(**saved)
    report = RetagReport(
        tagged=before.tagged,
        changed=before.changed,
        suggestions_changed=before.suggestions_changed,
    )
    if selection.pending:
        # These documents are no longer pending.
        report.untagged, report.skipped = before.untagged, before.skipped
    report.documents = report.tagged + report.untagged + report.skipped
    report.resumed_after = report.documents
    return report


def _layers(saved: Sequence[tuple[str, Before]]) -> list[dict[str, Before]]:
    """Return the documents that a killed run had in flight, in layers without repeated ids."""
    layers: list[dict[str, Before]] = []
    for id_, one in saved:
        free = next((layer for layer in layers if id_ not in layer), None)
        if free is None:
            layers.append(free := {})
        free[id_] = one
    return layers


def _chunks(
    hits: Iterator[dict[str, Any]], per_second: float | None, fields: TagFields
) -> Iterator[_Chunk]:
    """Gather hits into chunks without repeated ids (an id may occur once for each routing)."""
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
    # If the answer to a write got lost, the repeated write conflicts with the first one.
    conflicts = {
        id_: chunk.before[id_] for id_, why in refused.items() if why.startswith(_CONFLICT)
    }
    for id_, there in read(client, index, conflicts, fields, whole=True).items():
        if _content(there, fields) == _content(chunk.sent(id_), fields):
            after[id_] = there
            del refused[id_]
    waiting = [one[fields.tagging] for one in after.values() if _status(one, fields) == "pending"]
    # A few documents without an answer are no reason to stop.
    telling = report.documents == report.resumed_after or len(chunk.ids) >= _TELLING
    if waiting and len(waiting) == len(chunk.ids) and telling:
        raise LmtxError(
            f"the tagger does not answer ({waiting[0].get('error')}); the documents keep their "
            "earlier tags. See `lmtx-search status`; then the same command continues"
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
            report.changed += listed(source.get(fields.tags)) != earlier["tags"]
            report.suggestions_changed += (
                listed(source.get(fields.suggested)) != earlier["suggested"]
            )
        elif status == "pending":
            report.pending += 1
        elif status == "skipped":
            report.skipped += 1
        else:
            report.untagged += 1
    if puts_back:
        # OpenSearch runs no pipeline on a partial update in a bulk request; alone, it would run the
        # final one. Documents that others wrote in the meantime are not changed.
        send_back(client, index, puts_back)


def _status(source: Mapping[str, Any], fields: TagFields) -> str | None:
    tagging = source.get(fields.tagging)
    return tagging.get("status") if isinstance(tagging, Mapping) else None


def _content(source: Mapping[str, Any], fields: TagFields) -> dict[str, Any]:
    own = ("if_seq_no", "if_primary_term", *fields.written)
    return {name: value for name, value in source.items() if name not in own}
