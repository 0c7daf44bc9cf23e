"""Label files of the Extreme Classification Repository (manikvarma.org/downloads/XC)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from lmtx_search.errors import UserError
from lmtx_search.sources.lines import read_lines

_HEADER = re.compile(r"\d+ +\d+ +\d+\s*")


@dataclass(frozen=True, slots=True)
class XmcFile:
    """The content of a file: the number of labels, and the label row numbers of each document."""

    labels: int
    rows: list[Sequence[int]]


def is_xmc(path: Path) -> bool:
    """Return whether the first line has this form: three numbers, separated by blanks.

    Raises:
        UserError: the file does not exist, or cannot be read.
    """
    with closing(read_lines(path)) as lines:
        return _HEADER.fullmatch(next(lines, (0, ""))[1]) is not None


def read_xmc(path: Path) -> XmcFile:
    """Read the labels of a file in the repository's sparse form (also ``.gz``).

    The header holds the numbers of documents, features and labels. Each document is a line with its
    labels (row numbers from 0, separated by commas), a blank, and its features, which are ignored.
    The line of a document without labels begins with the blank.

    Raises:
        UserError: a line has another form, or the number of documents differs from the header.
    """
    with closing(read_lines(path)) as lines:
        header = next(lines, (0, ""))[1]
        if not _HEADER.fullmatch(header):
            raise UserError(f"{path}, line 1: documents, features and labels are expected")
        documents, _, labels = map(int, header.split())
        rows: list[Sequence[int]] = []
        for number, line in lines:
            if len(rows) == documents:
                if line.strip():
                    raise UserError(f"{path}, line {number}: its header says {documents} documents")
                continue
            rows.append(_labels(line, labels, f"{path}, line {number}"))
    if len(rows) < documents:
        raise UserError(
            f"{path} ends after {len(rows)} of {documents} documents: download it again"
        )
    return XmcFile(labels, rows)


def _labels(line: str, most: int, where: str) -> Sequence[int]:
    first = line.split(" ", 1)[0].strip()
    if not first or ":" in first:
        return ()
    try:
        found = tuple(int(label) for label in first.split(","))
    except ValueError:
        raise UserError(f"{where}: labels must be row numbers with commas: {first[:40]}") from None
    for label in found:
        if not 0 <= label < most:
            raise UserError(f"{where}: there is no label {label} of {most}, counted from 0")
    return found
