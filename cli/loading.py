"""What `docs load` and `ingest` have in common: options, the load of a file, the report."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from lmtx_search.cli.context import Context
from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.documents.bulk import THREADS
from lmtx_search.cluster.documents.bulk_report import BulkReport
from lmtx_search.cluster.documents.checkpoint import Checkpoint, FailedFile
from lmtx_search.cluster.documents.load import load_documents
from lmtx_search.cluster.documents.own_values import fitting, look_ahead
from lmtx_search.cluster.ml.pipeline import tag_fields
from lmtx_search.cluster.setup.indices import index_uuid
from lmtx_search.sources import count_documents, read_documents
from lmtx_search.sources.document_formats import FORMATS, document_format
from lmtx_search.sources.documents import require_documents, require_readable
from lmtx_search.sources.folder import folder_digest, passed_over
from lmtx_search.sources.xmc_texts import xmc_documents_file

_ERROR = 160

F = TypeVar("F", bound=Callable[..., Any])


def load_options(function: F) -> F:
    """Add the options that every load of documents has."""
    for option in (
        click.option(
            "--format",
            type=click.Choice(FORMATS),
            help="Where the name does not tell: folder (of texts and PDF files), a mailbox (mbox), "
            "an RSS or Atom feed, Annif's TSV, or the Extreme Classification Repository's (xmc).",
        ),
        click.option("--strict", is_flag=True, help="Index nothing if a line is malformed."),
        click.option(
            "--failed",
            type=click.Path(path_type=Path, dir_okay=False),
            help="Keep what failed, with reasons, in this JSONL file.",
        ),
        click.option(
            "--keep-own-tags",
            is_flag=True,
            help="Move values of your own in fields like tags to tags_manual.",
        ),
        click.option("--from-start", is_flag=True, help="Do not continue an earlier run."),
        click.option(
            "--threads",
            type=click.IntRange(1, 8),
            default=THREADS,
            show_default=True,
            help="Requests in flight.",
        ),
    ):
        function = option(function)
    return function


def load(
    context: Context,
    index: str,
    prepare: Callable[..., bool],
    file: Path,
    format: str | None,
    strict: bool,
    failed: Path | None,
    from_start: bool,
    threads: int,
    keep_own_tags: bool,
) -> BulkReport:
    """Load a file into an index that ``prepare`` makes or checks."""
    settings = context.settings
    fields = settings.documents
    kind = document_format(file, format)
    if kind == "xmc":
        file = xmc_documents_file(file)
    total = count_documents(file, format)
    columns = require_readable(file, format, fields.text_fields)
    if columns and not {fields.id_field, "_id"} & {*columns}:
        context.say(
            f"{file} has no column {fields.id_field} (documents.id_field): a hash of its content "
            f"is each document's id. Its columns: {', '.join(columns)}"
        )
    if kind == "folder" and (others := passed_over(file)):
        told = ", ".join(f"{count:,} {ending}" for ending, count in others.items())
        context.say(f"Files of other kinds are passed over: {told}")
    kept = FailedFile(failed) if failed else None
    if kept:
        kept.check(file)
    if strict:
        require_documents(file, fields.id_field, context.progress, format)
    client = connect(settings.opensearch)
    tags = tag_fields(client)
    if kind in ("jsonl", "csv") and str(file) != "-":
        documents = read_documents(file, fields.id_field, fields.text_fields, format)
        for note in look_ahead(documents, str(file), tags, keep_own_tags):
            context.say(f"Note: {note}")
    if prepare(client, index, fields.id_field):
        context.say(f"Created the index {index}")
    checkpoint = None
    if str(file) != "-":
        checkpoint = Checkpoint(
            settings.data_dir / "loads",
            file,
            index=index_uuid(client, index),
            id_field=fields.id_field,
            **({"format": format} if format else {}),
            **({"files": folder_digest(file)} if kind == "folder" else {}),
        )
        if from_start:
            checkpoint.clear()
    return load_documents(
        client,
        fitting(
            read_documents(file, fields.id_field, fields.text_fields, format), tags, keep_own_tags
        ),
        index,
        checkpoint=checkpoint,
        failed=kept,
        progress=context.progress,
        total=total,
        threads=threads,
    )


def finish(
    context: Context, report: BulkReport, counts: dict[str, int], errors: list[tuple[str, int]]
) -> None:
    """Print what became of the documents; exit code 1 where some failed."""
    if report.resumed_after:
        context.say(f"Continued after the first {report.resumed_after:,} records")
    context.say(
        f"{report.index}: {report.indexed:,} documents indexed "
        f"({report.created:,} new, {report.updated:,} replaced), {report.failed:,} failed"
    )
    for reason in report.reasons.values():
        context.say(f"  {reason.count:,} × {reason.example}")
    if not report.records:
        context.say("Note: there was no document to index")
    if report.without_text:
        fields = ", ".join(context.settings.documents.text_fields)
        context.say(
            f"Note: {report.without_text:,} documents have no text in the fields {fields} "
            "(documents.text_fields)"
        )
    if counts:
        told = ", ".join(f"{count:,} {status}" for status, count in counts.items() if count)
        context.say(f"The index now holds {told or 'no documents'}")
    for error, times in errors:
        context.say(f"  not tagged: {times:,} × {_cut(error)}")
    if counts.get("pending"):
        context.say(f"`lmtx-search retag --index {report.index} --pending` tags the pending ones")
    context.result({**report.as_dict(), "tagging": counts, "tagging_errors": dict(errors)})
    if report.failed:
        raise click.exceptions.Exit(1)


def _cut(error: str) -> str:
    """Return the beginning: the cluster's client goes on about its channels."""
    return error if len(error) <= _ERROR else error[: _ERROR - 1] + "…"
