"""What `docs load` and `ingest` share: options and the report."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from shlex import quote
from typing import Any, TypeVar

import click

from lmtx_search.cli.context import Context
from lmtx_search.cli.document_options import all_option, format_option
from lmtx_search.cli.settings_flags import given_flags
from lmtx_search.cluster.documents.bulk_report import BulkReport

# Characters of an error that are shown.
_ERROR = 160

F = TypeVar("F", bound=Callable[..., Any])


def load_options(function: F) -> F:
    """Add the options that every load of documents has."""
    for option in (
        format_option,
        all_option,
        click.option(
            "--strict",
            is_flag=True,
            help="Index nothing if any line is malformed, or if an id comes twice with other "
            "content.",
        ),
        click.option(
            "--failed",
            type=click.Path(path_type=Path, dir_okay=False),
            help="JSONL file to which failed documents are written, with reasons.",
        ),
        click.option(
            "--from-start",
            is_flag=True,
            help="Do not continue an earlier run.",
        ),
        click.option(
            "--keep-own-tags",
            is_flag=True,
            help="Move values of your own in fields like tags to tags_manual.",
        ),
        click.option(
            "--threads",
            type=click.IntRange(1, 8),
            show_default="4, or 6 while the cluster answers quickly",
            help="Number of parallel requests.",
        ),
    ):
        function = option(function)
    return function


def finish(context: Context, report: BulkReport) -> None:
    """Print what the load did; exit code 1 if documents failed."""
    if report.resumed_after:
        context.say(f"Continued after the first {report.resumed_after:,} records")
    context.say(
        f"{report.index}: {report.indexed:,} documents indexed "
        f"({report.created:,} new, {report.updated:,} replaced), {report.failed:,} failed"
    )
    if report.present:
        context.say(
            f"  {report.present:,} were there already and stay as they are: a data stream takes "
            "no replacement"
        )
    for reason in report.reasons.values():
        context.say(f"  {reason.count:,} × {reason.example}")
    if report.repeated:
        context.say(
            f"Note: {report.repeated:,} documents replaced an earlier one of the same file with "
            f"the same id and other content (the first: {report.first_repeated})"
        )
    if not report.records:
        context.say("Note: there was no document to index")
    if report.without_text:
        fields = ", ".join(context.settings.documents.text_fields)
        context.say(
            f"Note: {report.without_text:,} documents have no text in the fields {fields} "
            "(documents.text_fields)"
        )
    if report.tagging:
        held = [f"{count:,} {status}" for status, count in report.tagging.items() if count]
        context.say(f"The index now holds {', '.join(held) or 'no documents'}")
    for error, times in report.tagging_errors.items():
        context.say(f"  not tagged: {times:,} × {_cut(error)}")
    for note, times in report.tagging_notes.items():
        context.say(f"  tagged, but: {times:,} × {_cut(note)}")
    if report.tagging.get("pending"):
        where = f"{quote(report.index)}{given_flags(context)}"
        context.say(f"`lmtx-search retag --pending --index {where}` tags the pending ones")
    context.result(report.as_dict())
    if report.failed:
        raise click.exceptions.Exit(1)


def _cut(error: str) -> str:
    """Return the beginning of an error, which is enough to recognise it."""
    return error if len(error) <= _ERROR else error[: _ERROR - 1] + "…"
