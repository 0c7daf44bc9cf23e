"""Small immutable records that all parts of the product pass to each other."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from lmtx_search.errors import UserError


def content_digest(*parts: str) -> str:
    """Return the SHA-256 (hex) of the parts, unambiguous about where one part ends."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "big"))
        digest.update(data)
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Label:
    """One entry of the user's label set. ``broader`` holds the ids of its parent labels.

    ``translations`` are (language, name), in languages other than that of the text. These names are
    among the synonyms too.
    """

    id: str
    text: str
    description: str = ""
    synonyms: tuple[str, ...] = ()
    broader: tuple[str, ...] = ()
    translations: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Label:
        """Return a label from its :attr:`record`, even one that an earlier release wrote."""
        lists = {name: tuple(values.get(name) or ()) for name in ("synonyms", "broader")}
        translations = tuple(sorted((values.get("translations") or {}).items()))
        return cls(**{**values, **lists, "translations": translations})

    @property
    def record(self) -> dict[str, Any]:
        """The fields as JSON has them. An earlier release knows no translations."""
        fields = {**asdict(self), "translations": dict(self.translations)}
        if not self.translations:
            del fields["translations"]
        return fields

    def name_in(self, language: str) -> str:
        """Return the name in a language, or in a variant of it (de-AT is de), else the text."""
        return self.translation(language) or self.text

    def translation(self, language: str) -> str | None:
        """Return the name in a language, or in a variant of it (None: there is none).

        Args:
            language: a tag such as ``de-AT``, also written ``de_AT``.
        """
        wanted = language.lower().replace("_", "-")
        names = dict(self.translations)
        tags = sorted(names, key=lambda tag: (tag != wanted, tag))
        base = wanted.split("-")[0]
        return next((names[tag] for tag in tags if tag.split("-")[0] == base), None)

    @property
    def name_with_id(self) -> str:
        """The tag's name if another label has the same text."""
        return f"{self.text} ({self.id})"

    def may_be_called(self, tag: str) -> bool:
        """Return whether the label's tag can have this name, whatever other labels there are."""
        added = tag.removeprefix(self.text)
        return tag.startswith(self.text) and not added.replace(f" ({self.id})", "")

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of all fields except the id."""
        # A label without broader labels keeps the digest that it had in older releases.
        broader = ("\0broader", *self.broader) if self.broader else ()
        others = [part for pair in self.translations for part in ("\0translation", *pair)]
        return content_digest(self.text, self.description, *self.synonyms, *broader, *others)


def unique_names(texts: Sequence[str], ids: Sequence[str]) -> list[str]:
    """Return the tag name of each label: its text, with the id added if the text is shared.

    Raises:
        UserError: an id is repeated, so that no name could be unique.
    """
    twice = [id_ for id_, count in Counter(ids).items() if count > 1]
    if twice:
        told = (
            f"the label id {twice[0]} comes twice"
            if len(twice) == 1
            else f"{len(twice):,} label ids come twice, for instance {twice[0]}"
        )
        raise UserError(f"{told}: `lmtx-search doctor` says if several label indices are in use")
    names = list(texts)
    # Repeated, because a name with an added id may equal the text of another label.
    while repeated := {name for name, count in Counter(names).items() if count > 1}:
        names = [
            f"{name} ({id_})" if name in repeated else name
            for name, id_ in zip(names, ids, strict=True)
        ]
    return names


def short_digest(digest: str) -> bytes:
    """Return half of a SHA-256 as bytes: enough to compare contents, and small for many labels."""
    return bytes.fromhex(digest[:32])


def labels_digest(labels: Iterable[Label]) -> str:
    """Return the SHA-256 (hex) of a label set: ids and contents, in the given order."""
    return content_digest(*(part for label in labels for part in (label.id, label.digest)))


@dataclass(frozen=True, slots=True)
class Document:
    """One document. The encoder and the judge read ``text``.

    ``text`` joins the non-empty configured text fields with newlines, so a title comes first.
    ``source`` is the complete record as the user supplied it. ``repeats`` names an earlier document
    of the same file that has this id and other content ("" if there is none).
    """

    id: str
    text: str
    source: Mapping[str, Any] = field(default_factory=dict)
    repeats: str = ""


def first_of_each_text(documents: Iterable[Document]) -> list[Document]:
    """Return the documents in their order, without those that have the text of an earlier one."""
    found: dict[str, Document] = {}
    for document in documents:
        found.setdefault(document.text, document)
    return list(found.values())


def document_text(source: Mapping[str, Any], text_fields: Sequence[str]) -> str:
    """Return the text of a record that the encoder and the judge read: see :class:`Document`.

    A field may be a dotted path, which may pass through lists of (nested) objects. Numbers become
    text, and the items of a list are joined by spaces.
    """
    parts = (_written_out(value_at(source, field)).strip() for field in text_fields)
    return "\n".join(part for part in parts if part)


def value_at(node: Any, field: str) -> Any:
    """Return what a record has at a dotted path, which may pass through lists (None: nothing).

    Any part of the path may be one name with dots in it, as OpenSearch reads it.
    """
    if isinstance(node, list):
        return [value_at(item, field) for item in node]
    if not isinstance(node, Mapping):
        return None
    if field in node:
        return node[field]
    names = field.split(".")
    for end in range(len(names) - 1, 0, -1):
        found = value_at(node.get(".".join(names[:end])), ".".join(names[end:]))
        if found is not None:
            return found
    return None


def _written_out(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return " ".join(filter(None, map(_written_out, value)))
    return "" if value is None or isinstance(value, Mapping | bool) else str(value)


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line of a file that is not a document, and the reason. ``raw`` is its beginning.

    Line 0 means the whole file.
    """

    file: str
    line: int
    reason: str
    raw: str = ""

    @property
    def where(self) -> str:
        """File and line."""
        return f"{self.file}, line {self.line}" if self.line else self.file

    def __str__(self) -> str:
        return f"{self.where}: {self.reason}"


PERSON = "person"
"""The judge's name in judgments that a person made. Their prompt is empty."""


def person_judgment_id(document: Document, label: Label) -> str:
    """Return the id of a person's judgment. It depends on ids and texts of document and label.

    A person answers about one document and one label: others may have the same texts.
    """
    return content_digest(PERSON, "", document.text, label.text, document.id, label.id)


def person_judgment_ids(document: Document, label: Label) -> tuple[str, str]:
    """Return the ids that a person's judgment about a pair has if its texts are today's.

    The first one is :func:`person_judgment_id`. The second one is that of earlier releases, which
    depends on the texts alone. If there are judgments with both ids, the first one counts.
    """
    earlier = content_digest(PERSON, "", document.text, label.text)
    return person_judgment_id(document, label), earlier


PYes = Mapping[str, Mapping[str, float]]
"""P(yes) by document id, then by label id."""


@dataclass(frozen=True, slots=True)
class Judgment:
    """A judge's answer for one pair of document and label.

    ``p_yes`` is the probability of "yes" relative to "yes" and "no" together, in [0, 1]. ``id`` is
    the content hash of judge digest, prompt digest, document text and label text, so each pair is
    asked only once.
    """

    id: str
    document_id: str
    label_id: str
    p_yes: float
    rank: int
    judge: str
    prompt: str


@dataclass(frozen=True, slots=True)
class Tag:
    """A label that a tagger assigned to a document, with its score.

    The score is the cosine similarity, plus the evidence from words if the tagger uses it. It may
    therefore exceed 1. ``probability`` is how likely the label is right (None: the tagger has no
    bands).
    """

    name: str
    label_id: str
    score: float
    probability: float | None = None
