"""Texts of the Extreme Classification Repository's data sets (manikvarma.org/downloads/XC).

A data set with label texts has ``lbl.json.gz``, ``trn.json.gz`` and ``tst.json.gz``: lines of
``uid``, ``title``, ``content`` and, for documents, ``target_ind`` (row numbers of labels). Others
have plain texts, one a line: ``Y.txt`` or ``Yf.txt`` for labels, ``trn_raw_texts.txt`` (or
``trn_X.txt``) for documents, in which ``/SEP/`` ends a title. The id of a label is its row number,
from 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lmtx_search.errors import UserError
from lmtx_search.records import BadLine
from lmtx_search.sources.lines import read_lines, starts_as_json
from lmtx_search.sources.read_options import ReadOptions
from lmtx_search.sources.rows import Row, ending, read_rows
from lmtx_search.sources.standard_input import is_standard_input

_LABELS = ("lbl.json.gz", "lbl.json", "Y.txt", "Yf.txt", "lbl_raw_texts.txt", "raw/Y.txt")
_DOCUMENTS = tuple(
    name
    for part in ("trn", "train")
    for name in (f"{part}.json.gz", f"{part}.json", f"{part}_raw_texts.txt", f"{part}_X.txt")
)
_JSON = ("lbl", "trn", "tst")
_TEXTS = ("_raw_texts.txt", "_x.txt", "x.trn.txt", "x.tst.txt")


def is_xmc_json(path: Path) -> bool:
    """Return whether a file is one of ``lbl.json``, ``trn.json``, ``tst.json``, by its name."""
    return path.name.lower().removesuffix(".gz") in [f"{part}.json" for part in _JSON]


def is_xmc_label_texts(path: Path) -> bool:
    """Return whether a file holds labels, one text per line, by its name."""
    return path.name.lower().removesuffix(".gz") in ("y.txt", "yf.txt", "lbl_raw_texts.txt")


def is_xmc_texts(path: Path) -> bool:
    """Return whether a file holds documents, one text per line, by its name."""
    return path.name.lower().removesuffix(".gz").endswith(_TEXTS)


def read_xmc_labels(
    path: Path, notes: list[str], most_characters: int
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each label with its position; ``notes`` receives what was left out or cut.

    Raises:
        UserError: the folder has no labels file, or a line is not a label.
    """
    path = _in_folder(path, _LABELS)
    blank = cut = 0
    for number, where, title, content in _texts(path):
        text = title or content
        if not text:
            blank += 1
            continue
        cut += len(text) > most_characters
        description = content if title else ""
        fields = {"id": str(number), "text": text[:most_characters], "description": description}
        yield where, fields
    if blank:
        notes.append(f"Labels without text, left out: {blank:,}")
    if cut:
        notes.append(f"Label texts cut to {most_characters:,} characters: {cut:,}")


def read_xmc_documents(path: Path, _: ReadOptions) -> Iterator[Row | BadLine]:
    """Yield a row of ``title``, ``text`` and, if present, ``id`` and ``target_ind``.

    Raises:
        UserError: a folder without documents to train on.
    """
    path = _in_folder(path, _DOCUMENTS)
    if not _is_json(path):
        for number, line in read_lines(path):
            title, separator, text = line.partition("/SEP/")
            fields = {"title": title.strip(), "text": text.strip()}
            yield Row(number, fields if separator else {"text": line.strip()})
        return
    for row in read_rows(path, "jsonl"):
        if isinstance(row, BadLine):
            yield row
            continue
        known = row.fields
        record: dict[str, Any] = {"title": known.get("title"), "text": known.get("content")}
        if "uid" in known:
            record["id"] = known["uid"]
        if "target_ind" in known:
            record["target_ind"] = known["target_ind"]
        yield Row(row.line, record)


def xmc_documents_file(path: Path) -> Path:
    """Return the documents file in a data set's folder; a file is returned unchanged."""
    return _in_folder(path, _DOCUMENTS)


def _texts(path: Path) -> Iterator[tuple[int, str, str, str]]:
    """Yield row number, position in the file, title and content."""
    if not _is_json(path):
        for number, line in read_lines(path):
            yield number - 1, f"{path}, line {number}", line.strip(), ""
        return
    for number, row in enumerate(read_rows(path, "jsonl")):
        if isinstance(row, BadLine):
            raise UserError(str(row))
        title, content = (str(row.fields.get(name) or "").strip() for name in ("title", "content"))
        if not row.fields.keys() & {"title", "content"}:
            raise UserError(f"{path}, line {row.line}: a field title (or content) is expected")
        yield number, f"{path}, line {row.line}", title, content


def _is_json(path: Path) -> bool:
    if is_standard_input(path):
        return starts_as_json(path)
    return ending(path) in (".json", ".jsonl")


def _in_folder(path: Path, names: tuple[str, ...]) -> Path:
    if not path.is_dir():
        return path
    for name in names:
        if (path / name).is_file():
            return path / name
    raise UserError(f"the folder {path} has no {names[0]} and none of {', '.join(names[1:])}")
