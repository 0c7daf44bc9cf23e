"""The formats of label files, chosen by the name of a file or by the user."""

from __future__ import annotations

from pathlib import Path

from lmtx_search.errors import UserError
from lmtx_search.sources.rdf import RDF_ENDINGS, is_json_ld
from lmtx_search.sources.rows import JSON_LINES, ending
from lmtx_search.sources.standard_input import is_standard_input
from lmtx_search.sources.tab_separated import format_of_labels
from lmtx_search.sources.xmc_texts import is_xmc_json, is_xmc_label_texts

FORMATS = ("jsonl", "csv", "skos", "annif", "xmc")

_ENDINGS = {
    **dict.fromkeys(JSON_LINES, "jsonl"),
    ".csv": "csv",
    **dict.fromkeys((*RDF_ENDINGS, ".skos"), "skos"),
}


def label_format(path: Path, format: str | None = None) -> str:
    """Return the format of a label file, one of :data:`FORMATS`.

    Args:
        format: the user's choice; None: by the name of the file.

    Raises:
        UserError: the name does not determine the format.
    """
    if format is not None:
        return format
    if is_standard_input(path):
        return "jsonl"
    if path.is_dir() or is_xmc_json(path) or is_xmc_label_texts(path):
        return "xmc"
    if ending(path) == ".json" and is_json_ld(path):
        return "skos"
    if ending(path) == ".tsv":
        return format_of_labels(path)
    found = _ENDINGS.get(ending(path))
    if found is None:
        raise UserError(
            f"{path}: unknown kind of file: name it .jsonl, .csv, .tsv, .rdf, .ttl, .jsonld, .trig "
            f"(SKOS), or use `labels load --format {'|'.join(FORMATS)}`"
        )
    return found
