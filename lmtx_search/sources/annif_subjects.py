"""Annif's subjects of a document: a file beside its text, with the same name."""

from __future__ import annotations

import re
from pathlib import Path

from lmtx_search.sources.annif_records import clean_uri
from lmtx_search.sources.lines import read_lines
from lmtx_search.sources.tab_separated import is_address
from lmtx_search.sources.text_encoding import wide_encoding

SUBJECT_ENDINGS = (".tsv", ".key")
"""Endings of files of subjects: addresses, or labels. Other programs use them too."""
_BEGINNING = 1 << 16
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")
# What keys of cryptography consist of, without the words that labels consist of.
_KEY = re.compile(r"^-----BEGIN |^(?=\S*\d)[\w+/=-]{40,}$", re.MULTILINE | re.ASCII)


def subject_file(text_file: Path) -> Path | None:
    """Return the file of subjects beside a text (None: there is none).

    A ``.tsv`` file of Annif begins with an address. A ``.key`` file has a label on each line; it is
    neither binary, as presentations of Keynote are, nor a key of cryptography.

    Raises:
        OSError: a file cannot be read.
    """
    for ending in SUBJECT_ENDINGS:
        path = text_file.with_suffix(ending)
        if path.is_file() and _is_annif(path):
            return path
    return None


def subjects_beside(text_file: Path) -> list[str] | None:
    """Return the subjects in the file beside a text (None: there is no such file).

    Raises:
        UserError, OSError: the file cannot be read.
    """
    path = subject_file(text_file)
    if path is None:
        return None
    first = (line.split("\t")[0].strip() for _, line in read_lines(path))
    return [clean_uri(name) for name in first if name]


def _is_annif(path: Path) -> bool:
    with path.open("rb") as stream:
        start = stream.read(_BEGINNING)
    text = start.decode(wide_encoding(start) or "utf-8-sig", "replace").strip()
    if path.suffix == ".tsv":
        return not text or is_address(text.splitlines()[0].split("\t")[0])
    return not _CONTROL.search(text) and not _KEY.search(text)
