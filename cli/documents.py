"""``lmtx-search docs load`` and ``lmtx-search ingest``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from lmtx_search.cli.context import Context, one_index, pass_context
from lmtx_search.cluster.bulk import THREADS
from lmtx_search.cluster.checkpoint import Checkpoint, FailedFile
from lmtx_search.cluster.connect import connect
from lmtx_search.cluster.documents import load_documents
from lmtx_search.cluster.indices import (
    index_uuid,
    prepare_tagged_index,
    prepare_training_index,
    tagging_counts,
    tagging_errors,
)
from lmtx_search.cluster.model_state import redeploy
from lmtx_search.cluster.report import BulkReport
from lmtx_search.sources import count_documents, read_documents
from lmtx_search.sources.documents import require_documents, require_readable

_ERROR = 160

F = TypeVar("F", bound=Callable[..., Any])


def _load_options(function: F) -> F:
    for option in (
        click.argument("file", type=click.Path(path_type=Path)),
        click.option("--strict", is_flag=True, help="Index nothing if a line is malformed."),
        click.option(
            "--failed",
            type=click.Path(path_type=Path, dir_okay=False),
            help="Keep what failed, with reasons, in this JSONL file.",
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


@click.group()
def docs() -> None:
    """Load training documents."""


@docs.command("load")
@_load_options
@pass_context
def docs_load(context: Context, **options: Any) -> None:
    """Load training documents from FILE (JSONL or CSV, also .gz; - is standard input).

    They go into the index documents.training_index. Which fields hold a document's id and text
    is set by documents.id_field and documents.text_fields.

    \b
    Example:
      lmtx-search docs load train.jsonl.gz
      LMTX_DOCUMENTS_TEXT_FIELDS=subject,body lmtx-search docs load mails.csv
    """
    index = context.settings.documents.training_index
    report = _load(context, index, prepare_training_index, **options)
    _finish(context, report, {}, [])


@click.command()
@click.option(
    "--index",
    required=True,
    callback=one_index,
    help="Index to write to; made if it is not there.",
)
@_load_options
@pass_context
def ingest(context: Context, index: str, **options: Any) -> None:
    """Index the documents of FILE (JSONL or CSV, also .gz; - is standard input), tagged.

    They go through the tagging pipeline. Interrupted, the same command continues where it was.
    Exit code 1: some documents failed, see the report.

    \b
    Example:
      lmtx-search ingest articles.jsonl --index articles
      lmtx-search ingest articles.jsonl --index articles --failed failed.jsonl
    """
    client = connect(context.settings.opensearch)
    if redeploy(client):
        context.say("The tagger's model was undeployed: deployed it again")
    report = _load(context, index, prepare_tagged_index, **options)
    counts = tagging_counts(client, index)
    errors = tagging_errors(client, index) if counts.get("pending") or counts.get("failed") else []
    _finish(context, report, counts, errors)


def _load(
    context: Context,
    index: str,
    prepare: Callable[..., bool],
    file: Path,
    strict: bool,
    failed: Path | None,
    from_start: bool,
    threads: int,
) -> BulkReport:
    settings = context.settings
    fields = settings.documents
    total = count_documents(file)
    require_readable(file)
    kept = FailedFile(failed) if failed else None
    if kept:
        kept.check(file)
    if strict:
        require_documents(file, fields.id_field, context.progress)
    client = connect(settings.opensearch)
    if prepare(client, index, fields.id_field):
        context.say(f"Created the index {index}")
    checkpoint = None
    if str(file) != "-":
        checkpoint = Checkpoint(
            settings.data_dir / "loads",
            file,
            index=index_uuid(client, index),
            id_field=fields.id_field,
        )
        if from_start:
            checkpoint.clear()
    return load_documents(
        client,
        read_documents(file, fields.id_field, fields.text_fields),
        index,
        checkpoint=checkpoint,
        failed=kept,
        progress=context.progress,
        total=total,
        threads=threads,
    )


def _finish(
    context: Context, report: BulkReport, counts: dict[str, int], errors: list[tuple[str, int]]
) -> None:
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
        context.say("Pending documents are tagged when they are indexed again: the same command")
    context.result({**report.as_dict(), "tagging": counts, "tagging_errors": dict(errors)})
    if report.failed:
        raise click.exceptions.Exit(1)


def _cut(error: str) -> str:
    """Return the beginning: the cluster's client goes on about its channels."""
    return error if len(error) <= _ERROR else error[: _ERROR - 1] + "…"
