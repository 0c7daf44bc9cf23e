"""Writes documents to an index, and reads them in a stable order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from opensearchpy import AuthorizationException, OpenSearch

from lmtx_search.cluster.documents.bulk import (
    CHUNK_BYTES,
    Action,
    Chunk,
    ChunkResult,
    Operation,
    encoded,
    send_chunks,
    to_json,
)
from lmtx_search.cluster.documents.bulk_report import BulkReport
from lmtx_search.cluster.documents.checkpoint import Checkpoint, FailedFile
from lmtx_search.cluster.documents.scan import SharedIds, scan, told_apart
from lmtx_search.cluster.ml.pipeline import tag_fields
from lmtx_search.progress import SILENT, Progress
from lmtx_search.records import BadLine, Document, document_text

# A checkpoint is written after this many bad lines, or as many bytes as a request has, although
# nothing is sent.
_BAD_LINES = 1000


def load_documents(
    client: OpenSearch,
    documents: Iterable[Document | BadLine],
    index: str,
    pipeline: str | None = None,
    *,
    checkpoint: Checkpoint | None = None,
    failed: FailedFile | None = None,
    progress: Progress = SILENT,
    total: int | None = None,
    threads: int | None = None,
    create: bool = False,
) -> BulkReport:
    """Index whole documents in their order, and report what failed and why.

    Memory is limited to a few requests of at most 256 documents or 8 MB; a larger document is sent
    alone. Requests to a busy or unreachable cluster are repeated with growing pauses. The index is
    refreshed at the end.

    Args:
        checkpoint: with it, the same load continues where it was interrupted, even after a kill.
            ``documents`` must then start from the beginning and have the same order.
        failed: the file to which documents that were not indexed are written.
        total: number of documents, for the progress bar.
        threads: number of requests in flight (None: four, or six while the cluster answers
            quickly).
        create: do not replace an existing document, as data streams require; count it instead.

    Raises:
        UserError: documents failed before the interruption, and ``failed`` lacks them.
        LmtxError, TransportError: the load as a whole cannot continue; the checkpoint stays.
    """
    report = BulkReport(index)
    saved = checkpoint.read() if checkpoint else None
    if saved:
        report.restore(saved["report"])
    if failed:
        kept = saved["failed_bytes"] if saved else 0
        if saved:
            failed.require(report.failed, str(saved.get("failed_file")), kept)
        failed.open(kept)
    rest = islice(iter(documents), report.records, None)
    try:
        with progress.stage(f"Index into {index}", total, "documents") as advance:
            advance(report.records)
            batches = _batches(rest, report.records, "create" if create else "index")
            for chunk, result in send_chunks(
                client, batches, index, pipeline=pipeline, threads=threads
            ):
                assert isinstance(chunk, _Batch)
                _account(report, chunk, result, failed)
                advance(chunk.end - report.records)
                report.records = chunk.end
                if checkpoint:
                    state = {"report": report.as_dict(), "failed_file": str(failed)}
                    checkpoint.write({**state, "failed_bytes": failed.flush() if failed else 0})
    finally:
        if failed:
            failed.close()
    # A user who may only write cannot refresh: the documents appear a little later.
    with suppress(AuthorizationException):
        client.indices.refresh(index=index)
    if checkpoint:
        checkpoint.clear()
    return report


def read_documents(
    client: OpenSearch,
    index: str,
    text_fields: Sequence[str],
    query: Mapping[str, Any] | None = None,
    shared: SharedIds | None = None,
) -> Iterator[Document]:
    """Yield the documents of an index in the order of their ids, as they are at this moment.

    One page of documents is in memory at a time. ``text`` is empty if a document has no text
    fields; ``source`` lacks the fields that tagging adds. A ``query`` selects documents. ``index``
    may be an alias, a data stream or a pattern. Documents that share an id, in several indices or
    by routing, get unique ids (:func:`told_apart`); ``shared`` counts them.
    """
    fields = tag_fields(client)
    for id_, hit in told_apart(scan(client, index, query=query), shared):
        source = fields.without(hit["_source"])
        yield Document(id_, document_text(source, text_fields), source)


@dataclass(slots=True)
class _Batch(Chunk):
    """A chunk, and the records of the same part of the file that cannot be sent."""

    bad: list[BadLine] = field(default_factory=list)
    bad_characters: int = 0
    unfit: list[tuple[str, str]] = field(default_factory=list)
    without_text: int = 0
    repeated: list[tuple[str, str]] = field(default_factory=list)


def _batches(
    documents: Iterable[Document | BadLine], start: int, operation: Operation
) -> Iterator[_Batch]:
    batch = _Batch(end=start)
    for item in documents:
        if isinstance(item, BadLine):
            batch.bad.append(item)
            batch.bad_characters += len(item.raw)
        else:
            try:
                line = encoded(Action(item.id, item.source, operation=operation))
            except (ValueError, RecursionError) as error:
                batch.unfit.append((item.id, f"cannot be written as JSON: {error}"))
            else:
                if not batch.has_room(line):
                    yield batch
                    batch = _Batch(end=batch.end)
                batch.append(item.id, line)
                batch.without_text += not item.text
                if item.repeats:
                    batch.repeated.append((item.id, item.repeats))
        batch.end += 1
        too_many = len(batch.bad) >= _BAD_LINES or batch.bad_characters >= CHUNK_BYTES
        if batch.full or too_many:
            yield batch
            batch = _Batch(end=batch.end)
    if batch.ids or batch.bad or batch.unfit:
        yield batch


def _account(
    report: BulkReport, batch: _Batch, result: ChunkResult, failed: FailedFile | None
) -> None:
    not_taken = {one.id for one in result.refused}
    repeated = [where for id_, where in batch.repeated if id_ not in not_taken]
    report.repeat(repeated)
    report.created += result.created
    report.updated += max(0, result.updated - len(repeated))
    report.present += result.present
    report.without_text += batch.without_text
    report.bad_lines += len(batch.bad)
    report.failed += len(batch.bad) + len(batch.unfit) + len(result.refused)
    for bad in batch.bad:
        report.fail(bad.reason, bad.where)
        if failed:
            entry = {"reason": bad.reason, "file": bad.file, "line": bad.line, "raw": bad.raw}
            failed.add(to_json(entry))
    for id_, reason in batch.unfit:
        report.fail(reason, id_)
        if failed:
            failed.add(to_json({"reason": reason, "id": id_}))
    for refused in result.refused:
        report.fail(refused.reason, refused.id)
        if failed:
            head = to_json({"reason": refused.reason, "id": refused.id})
            failed.add(head[:-1] + b',"document":' + refused.source + b"}")
