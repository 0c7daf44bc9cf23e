"""``lmtx-search tag --stream``."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from lmtx_search.cli.context import Context
from lmtx_search.cli.streams import reader_ended
from lmtx_search.errors import LmtxError, UserError

if TYPE_CHECKING:
    from lmtx_search.tagging.stream import StreamReport, TagStream
    from lmtx_search.tagging.versions.version import TaggerVersion

_CHUNK = 1 << 16


def tag_stream(
    context: Context,
    version: TaggerVersion,
    file: Path | None,
    output: Path | None,
) -> None:
    """Tag the records of a file or of standard input; exit code 1 if lines failed."""
    from lmtx_search.tagging.local import pipeline_reads
    from lmtx_search.tagging.scoring.tagger import Tagger
    from lmtx_search.tagging.stream import TagStream
    from lmtx_search.tagging.stream_output import continued_output

    reads = pipeline_reads(context.settings, version.manifest.version)
    tagger = Tagger(version, context.settings.service.threads)
    stream = TagStream(tagger, reads.fields, reads.names, reads.untouched)
    with _source(file) as source:
        lines = _lines_of(source)
        if output is None:
            _write(stream, lines, sys.stdout.buffer)
        else:
            with continued_output(output, stream, source, lines) as target:
                _write(stream, lines, target)
    _say(stream.report)
    context.result({"tagger": version.manifest.version, **asdict(stream.report)})
    if stream.report.failed:
        raise click.exceptions.Exit(1)


@contextmanager
def _source(file: Path | None) -> Iterator[int]:
    """Yield the descriptor of the input."""
    if file is None or str(file) == "-":
        if sys.stdin.isatty():
            raise UserError("give records on standard input (< FILE), or a file with --file")
        yield sys.stdin.fileno()
        return
    try:
        opened = file.open("rb")
    except OSError as error:
        raise UserError(f"cannot read {file}: {error.strerror}") from error
    with opened:
        yield opened.fileno()


def _lines_of(descriptor: int) -> Iterator[bytes]:
    """Yield lines as they arrive.

    A thread that waits in a Python file holds its lock, with which the interpreter cannot end.
    """
    begun: list[bytes] = []
    while chunk := os.read(descriptor, _CHUNK):
        *whole, rest = chunk.split(b"\n")
        for line in whole:
            yield b"".join([*begun, line, b"\n"])
            begun = []
        begun.append(rest)
    if last := b"".join(begun):
        yield last


def _write(stream: TagStream, lines: Iterable[bytes], target: IO[bytes]) -> None:
    for batch in stream.run(lines):
        target.write(b"".join(batch))
        target.flush()
        if reader_ended(target):
            raise LmtxError(
                "the program that reads the records has ended: it did not get the last ones"
            )


def _say(report: StreamReport) -> None:
    if report.resumed_after:
        click.echo(f"Continued after the first {report.resumed_after:,} lines", err=True)
    counts = {
        "tagged": report.tagged,
        "of these without a group of labels": report.without_group,
        "without text": report.untagged,
        "left untouched (documents.untouched_query)": report.untouched,
        "with their own values in the tag fields, left as they are": report.skipped,
        "failed": report.failed,
    }
    told = ", ".join(f"{count:,} {what}" for what, count in counts.items() if count)
    click.echo(f"Records: {told or 'none'}", err=True)
    if report.failed:
        click.echo(f"The first failed: {report.first_failed}", err=True)
