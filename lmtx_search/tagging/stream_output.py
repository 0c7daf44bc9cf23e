"""The file that a stream of tagged records goes to, which an interrupted run can continue."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from lmtx_search.errors import UserError
from lmtx_search.tag_fields import TagFields
from lmtx_search.tagging.stream import TagStream


@contextmanager
def continued_output(
    path: Path, stream: TagStream, source: int, lines: Iterator[bytes]
) -> Iterator[IO[bytes]]:
    """Open a file for appending what ``stream`` makes of the input's other lines.

    The lines of the input that are in the file already are read, and counted in the report. A line
    that an interrupted run left without its end is removed. Nothing is removed before it is known
    that the file belongs to this input and this tagger. A small file beside it (``.labels.json``)
    says how often the tagger's labels had changed when it was begun.

    Args:
        source: descriptor of the input.
        lines: of the input.

    Raises:
        UserError: the file cannot be written, it is the input, it belongs to another input, another
            tagger wrote it, the labels have changed since, or it has no complete line.
    """
    try:
        file = path.open("r+b" if path.exists() else "w+b")
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror or error}") from error
    with file:
        if _is_same_file(source, file.fileno()):
            raise UserError(f"{path} is the input itself: give another --output")
        count, end, last = 0, 0, b""
        for line in file:
            if not line.endswith(b"\n"):
                break
            count, end, last = count + 1, end + len(line), line
            _count(stream, line, f"line {count:,} of {path}")
        if count:
            _skip_finished(lines, count, last, path, stream)
            _require_same_labels(path, stream)
        elif file.seek(0, os.SEEK_END):
            raise UserError(
                f"{path} has no complete line that shows what it belongs to: give another "
                "--output, or delete the file"
            )
        elif stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            _note_labels(path, stream)
        file.seek(end)
        file.truncate()
        yield file


def _note_labels(output: Path, stream: TagStream) -> None:
    """Write beside a new output which labels its tagger has."""
    file = _labels_file(output)
    try:
        file.write_text(json.dumps(_labels(stream)) + "\n", encoding="utf-8")
    except OSError as error:
        raise UserError(f"cannot write {file}: {error.strerror or error}") from error


def _require_same_labels(output: Path, stream: TagStream) -> None:
    """Check that the labels have not changed since an output was begun.

    An output of an earlier release does not say which labels its tagger had.
    """
    file = _labels_file(output)
    try:
        before = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return
    except (OSError, ValueError) as error:
        raise UserError(
            f"{file} is damaged ({error}), so it is not known which labels {output} was begun "
            "with: give another --output"
        ) from error
    if before != _labels(stream):
        raise UserError(
            f"{output} was begun before the labels or the tagger changed, so that tags may have "
            "other names: give another --output, or delete the file"
        )


def _labels_file(output: Path) -> Path:
    return output.with_name(f"{output.name}.labels.json")


def _labels(stream: TagStream) -> dict[str, str | int]:
    tagger = stream.tagger
    return {"tagger": tagger.manifest.version, "label_changes": tagger.label_changes}


def _count(stream: TagStream, line: bytes, where: str) -> None:
    try:
        stream.count(line)
    except (ValueError, RecursionError) as error:
        raise UserError(
            f"{where} was not written by `tag --stream`: give another --output, or delete the file"
        ) from error


def _is_same_file(one: int, other: int) -> bool:
    status = os.fstat(one)
    return stat.S_ISREG(status.st_mode) and os.path.samestat(status, os.fstat(other))


def _skip_finished(
    lines: Iterator[bytes], finished: int, last: bytes, output: Path, stream: TagStream
) -> None:
    """Read the finished lines of the input, and compare the last one with that of the output."""
    line = b""
    for number in range(finished):
        found = next(lines, None)
        if found is None:
            raise UserError(
                f"{output} has {finished:,} lines and the input only {number:,}: give the input "
                "that it belongs to, or another --output"
            )
        line = found
    if not _same(line, last, stream.names):
        raise UserError(
            f"line {finished:,} of {output} belongs to another input: give another --output, or "
            "delete the file"
        )
    tagging = (_record(last) or {}).get(stream.names.tagging)
    before = tagging.get("tagger") if isinstance(tagging, dict) else None
    if before not in (None, stream.tagger.manifest.version):
        raise UserError(
            f"{output} was written with the tagger {before}, not "
            f"{stream.tagger.manifest.version}: continue with --tagger {before}, or give another "
            "--output"
        )


def _same(line: bytes, finished: bytes, names: TagFields) -> bool:
    """Return whether a line of the output was made of a line of the input."""
    if not finished.strip():
        return not line.strip()
    record = _record(finished)
    if record is None:
        return False
    if set(record) == {"line", "error"}:
        return bool(record["line"] == line.decode(errors="replace").rstrip("\r\n"))
    source = _record(line)
    return source is not None and names.without(source) == names.without(record)


def _record(line: bytes) -> dict[str, Any] | None:
    """Return the JSON object of a line (None: it is none)."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None
