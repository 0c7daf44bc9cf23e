"""Annif's formats: a vocabulary as TSV or CSV, documents with their subjects."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from lmtx_search.errors import UserError
from lmtx_search.records import BadLine
from lmtx_search.sources.annif_records import SUBJECTS, clean_uri, read_annif_records
from lmtx_search.sources.csv_header import one_line
from lmtx_search.sources.languages import split_languages
from lmtx_search.sources.left_out import LeftOut
from lmtx_search.sources.lines import first_line, read_lines, starts_as_json
from lmtx_search.sources.read_options import ReadOptions
from lmtx_search.sources.rows import JSON_LINES, Row, ending, read_rows
from lmtx_search.sources.tab_separated import (
    has_annif_corpus_header,
    has_annif_labels_header,
    is_address,
)

_DEPRECATED = "deprecated subjects (an address without a label)"


def read_annif_labels(
    path: Path, language: str | None, left_out: LeftOut, notes: list[str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each label with its position in the file.

    A line of TSV holds an address in angle brackets, a tab, a label, and optionally a notation. CSV
    (also with tabs) has the columns ``uri`` and, for each language, ``label_xx``; with several
    languages, the first one is that of the texts. A subject with an address and no label is
    deprecated and left out (Annif keeps its number for models that were trained with it).

    Raises:
        UserError: a line has another form, or the language does not exist.
    """
    if ending(path) == ".csv" or has_annif_labels_header(path):
        yield from _csv_labels(path, language, left_out, notes)
        return
    if language is not None:
        raise UserError(f"{path}: a TSV vocabulary has one language: leave --language out")
    for number, line in read_lines(path):
        if not line.strip():
            continue
        where = f"{path}, line {number}"
        uri, _, rest = line.partition("\t")
        label = rest.split("\t")[0]
        if label.strip():
            yield where, {"id": clean_uri(uri), "text": label}
        elif is_address(uri):
            left_out.add(_DEPRECATED, f"line {number}, {clean_uri(uri)}")
        else:
            raise UserError(f"{where}: an address, a tab and a label are expected")


def _csv_labels(
    path: Path, language: str | None, left_out: LeftOut, notes: list[str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    column, others = "", dict[str, str]()
    for row in read_rows(path, "csv", notes):
        if isinstance(row, BadLine):
            raise UserError(str(row))
        if not column:
            column, others = _chosen_columns(path, list(row.fields), language)
        id_ = clean_uri(row.fields["uri"])
        names = {one: row.fields[name] for one, name in others.items()}
        translations = {one: name for one, name in names.items() if name.strip()}
        # As in SKOS, a name in the next language stands in for a missing one in the first.
        if text := next((one for one in (row.fields[column], *names.values()) if one.strip()), ""):
            fields = {"id": id_, "text": text, "translations": translations}
            yield f"{path}, line {row.line}", fields
        elif any(row.fields[name].strip() for name in _label_columns(row.fields)):
            asked = " or ".join([column, *others.values()])
            left_out.add(f"subjects without a {asked}", f"line {row.line}, {id_}")
        else:
            left_out.add(_DEPRECATED, f"line {row.line}, {id_}")


def _chosen_columns(
    path: Path, columns: list[str], language: str | None
) -> tuple[str, dict[str, str]]:
    """Return the column of the texts, and those of the other languages asked for, by language."""
    there = _label_columns(columns)
    first, *others = split_languages(language or "")
    wanted = [name for name in there if language is None or name == f"label_{first}"]
    if "uri" not in columns or not there:
        raise UserError(
            f"{path}, line 1: the columns are {one_line(columns)}: uri and label_xx are expected"
        )
    translated = {other: f"label_{other}" for other in others}
    if len(wanted) != 1 or not translated.keys() <= {name[len("label_") :] for name in there}:
        raise UserError(
            f"{path} has the columns {', '.join(there)}: choose one with `labels load --language`, "
            "or several: `labels load --language fi,en`"
        )
    return wanted[0], translated


def _label_columns(columns: Iterable[str]) -> list[str]:
    return [name for name in columns if name == "label" or name.startswith("label_")]


def read_annif_documents(path: Path, options: ReadOptions) -> Iterator[Row | BadLine]:
    """Yield a row of ``text`` and ``subjects`` for each line: text, tab, addresses.

    JSONL, and tables with a header (CSV, also with tabs), are read by
    :func:`~lmtx_search.sources.annif_records.read_annif_records`.
    """
    kind = ending(path)
    if kind in JSON_LINES or (kind != ".tsv" and _is_json(path)):
        yield from read_annif_records(path, "jsonl", options.notes)
        return
    if kind == ".csv" or has_annif_corpus_header(path):
        yield from read_annif_records(path, "csv", options.notes)
        return
    for number, line in read_lines(path):
        if not line.strip():
            continue
        text, tab, uris = line.partition("\t")
        if tab:
            yield Row(number, {"text": text, SUBJECTS: [clean_uri(uri) for uri in uris.split()]})
        else:
            reason = "no tab: a text, a tab and the addresses of its subjects are expected"
            yield BadLine(str(path), number, reason, line[:1000])


def _is_json(path: Path) -> bool:
    """Return whether a corpus is JSON, and not of texts of which the first begins as JSON does."""
    if not starts_as_json(path):
        return False
    line = first_line(path)
    # Every line of a text and its subjects has a tab; JSON may have some between its values.
    if "\t" not in line:
        return True
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False
