"""Label sets from JSONL and CSV files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lmtx_search.errors import UserError
from lmtx_search.progress import SILENT, Progress
from lmtx_search.records import BadLine, Label
from lmtx_search.sources.rows import read_rows

# OpenSearch takes ids of up to 512 bytes.
_ID_BYTES = 512
# A label's text is written into every document that it tags.
_TEXT_CHARACTERS = 1024


def read_labels(path: Path) -> Iterator[Label]:
    """Read labels (id, text, description, synonyms) in the order of the file.

    In CSV the synonyms of a label are separated by ``|``. Only the ids are kept in memory.

    Raises:
        UserError: the first thing wrong, with file, line and field: a line that is no object, a
            label without id or text, a field of a wrong kind, an id that came before.
    """
    seen: dict[str, int] = {}
    for row in read_rows(path):
        if isinstance(row, BadLine):
            raise UserError(str(row))
        label = make_label(row.fields, f"{path}, line {row.line}")
        if label.id in seen:
            raise UserError(
                f"{path}, line {row.line}: field id: {label.id!r} is also on line "
                f"{seen[label.id]}; an id stands for one label"
            )
        seen[label.id] = row.line
        yield label


@dataclass(frozen=True, slots=True)
class LabelFile:
    """The labels of a file, to be read as often as needed, never all in memory."""

    path: Path

    def __iter__(self) -> Iterator[Label]:
        return read_labels(self.path)


def check_labels(labels: LabelFile, progress: Progress = SILENT) -> int:
    """Read a whole file and return how many labels it has.

    Raises:
        UserError: as :func:`read_labels`, or there is no label.
    """
    count = 0
    with progress.stage(f"Check {labels.path.name}", unit="labels") as advance:
        for _ in labels:
            count += 1
            advance(1)
    if not count:
        raise UserError(f"{labels.path} holds no labels")
    return count


def make_label(fields: Mapping[str, Any], where: str) -> Label:
    """Return the label of a record; ``where`` says in an error where it stands.

    Raises:
        UserError: a field is missing or not as it should be.
    """

    def wrong(field: str, problem: str) -> UserError:
        return UserError(f"{where}: field {field}: {problem}")

    id_ = fields.get("id")
    if isinstance(id_, int) and not isinstance(id_, bool):
        id_ = str(id_)
    if not isinstance(id_, str) or not id_.strip():
        raise wrong("id", "missing; each label needs an id of its own that stays the same")
    if len(id_.encode("utf-8", "replace")) > _ID_BYTES:
        raise wrong("id", f"longer than {_ID_BYTES} bytes")
    text = fields.get("text")
    if not isinstance(text, str) or not text.strip():
        raise wrong("text", f"missing or empty in label {id_!r}; a label needs a text")
    if len(text) > _TEXT_CHARACTERS:
        raise wrong(
            "text",
            f"longer than {_TEXT_CHARACTERS:,} characters; it is the label's name, and what "
            "explains it belongs into description",
        )
    description = fields.get("description")
    if description is None:
        description = ""
    if not isinstance(description, str):
        raise wrong("description", "must be a text")
    synonyms = _synonyms(fields.get("synonyms"))
    if synonyms is None:
        raise wrong("synonyms", "must be a list of texts (in CSV: one text, separated by |)")
    return Label(_clean(id_), _clean(text), _clean(description), synonyms)


def _synonyms(value: Any) -> tuple[str, ...] | None:
    if value is None:
        return ()
    if isinstance(value, str):
        value = value.split("|")
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        return None
    return tuple(clean for item in value if (clean := _clean(item)))


def _clean(text: str) -> str:
    """Strip; replace lone surrogates, which no cluster and no tokenizer takes."""
    return text.strip().encode("utf-16", "surrogatepass").decode("utf-16", "replace")
