"""Gold tags in a field of the documents themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from typing import Any

from lmtx_search.errors import UserError
from lmtx_search.records import Document, Label
from lmtx_search.sources.label_names import label_name


class FieldGold:
    """Reads a field: a list of label ids, or one; in CSV separated by ``|``.

    A value that is not an id but the text of exactly one label means that label.

    Args:
        field: a top-level field of the documents.
        labels: the label set.
    """

    def __init__(self, field: str, labels: Iterable[Label]) -> None:
        self._field = field
        self._ids: set[str] = set()
        texts: dict[str, str] = {}
        shared: Counter[str] = Counter()
        for label in labels:
            self._ids.add(label.id)
            text = label_name(label.text)
            texts[text] = label.id
            shared[text] += 1
        self._by_text = {text: id_ for text, id_ in texts.items() if shared[text] == 1}

    def tags(self, row: int, document: Document) -> AbstractSet[str] | None:
        """Return the labels in the field; None if the field is missing.

        Raises:
            UserError: the field is not a list of labels.
        """
        value = document.source.get(self._field)
        if value is None:
            return None
        if isinstance(value, str):
            value = value.split("|")
        if not isinstance(value, list):
            value = [value]
        return {
            name if name in self._ids else self._by_text.get(label_name(name), name)
            for name in (self._name(item, document) for item in value)
            if name
        }

    def unused(self, rows: int, seen: AbstractSet[str]) -> list[str]:
        """Return nothing, because the tags are part of the documents."""
        if not seen:
            raise UserError(f"not one of the {rows:,} documents has a field {self._field}")
        return []

    def label_sets_of(self, documents: Iterable[Document]) -> Iterator[AbstractSet[str]]:
        """Yield the gold tags of each other document that has the field."""
        for row, document in enumerate(documents):
            if (tags := self.tags(row, document)) is not None:
                yield tags

    def _name(self, item: Any, document: Document) -> str:
        if isinstance(item, bool) or not isinstance(item, str | int):
            raise UserError(
                f"document {document.id}: field {self._field}: a list of labels is expected"
            )
        return str(item).strip()
