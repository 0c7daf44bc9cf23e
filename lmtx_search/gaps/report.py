"""What `labels gaps` finds, each with the command that mends it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Example:
    """A document of a theme, with the label that scores best for it."""

    id: str
    title: str
    best_label: str
    best_score: float


@dataclass(frozen=True, slots=True)
class Theme:
    """Alike documents of the sample that no label fits.

    Attributes:
        documents: number of documents in the sample.
        terms: what their texts have and others lack.
        nearest: the label that is nearest to all of them; ``nearness`` is their mean similarity.
        likeness: mean similarity of two of the documents. Both similarities are relative: 1 for the
            same text, 0 for texts that have nothing in common.
        examples: the most typical documents.
        command: adds a label for them. Its text is a proposal. None: there is no term, or all terms
            are labels already.
    """

    documents: int
    terms: Sequence[str]
    nearest: str
    nearness: float
    likeness: float
    examples: Sequence[Example]
    command: str | None


@dataclass(frozen=True, slots=True)
class NearDuplicate:
    """Two labels that mean nearly the same.

    The command retires the one that has no narrower labels, or has fewer documents; the rule lets
    both stay, but not together. ``…_suggested`` are the numbers of documents for which they are
    only suggested.
    """

    keep: str
    keep_id: str
    keep_documents: int
    keep_suggested: int
    retire: str
    retire_id: str
    retire_documents: int
    retire_suggested: int
    similarity: float
    command: str
    rule: str


@dataclass(frozen=True, slots=True)
class UnusedLabel:
    """A label that no document of the index has, neither from the tagger nor from people.

    It is not suggested either. ``best_score`` is the best that it reached in the sample, for the
    document ``best_document`` (both None: no document of the sample is of its group).
    """

    id: str
    name: str
    best_score: float | None
    best_document: str | None
    command: str


@dataclass(frozen=True, slots=True)
class SuggestedLabel:
    """A label that no document has, but that is suggested for some ``documents``.

    The command opens the page, whose address ``queue`` is the label's queue.
    """

    id: str
    name: str
    documents: int
    command: str
    queue: str


@dataclass(frozen=True, slots=True)
class RejectedLabel:
    """A label that people rejected."""

    id: str
    name: str
    rejected: int
    judged: int
    command: str


@dataclass(frozen=True, slots=True)
class Gaps:
    """What a label set lacks and has too much of.

    Attributes:
        tagger: the version that scored the sample.
        documents: number of documents in the sample; ``without_text`` more have no text.
        uncounted: fields with tags that cannot be counted, because they are no keywords.
        themes: the first ones of ``themes_found``; likewise the other lists.
        untouched: number of documents of the index that are never touched, and not in the sample.
        near_duplicates_found: pairs of similar labels of which neither is above the other.
        near_duplicates_excluded: further pairs, which exclude each other by the rules.
        suggested: labels that no document has, but that are suggested.
        unused_needed: labels that no document has, and that are not listed, because they are for
            people only or have narrower labels.
        opinions_left_out: answers of people that are about an earlier name of a label, or about a
            text that is not there any more.
    """

    index: str
    tagger: str
    labels: int
    documents: int
    without_text: int
    untouched: int
    uncounted: Sequence[str]
    themes: Sequence[Theme]
    themes_found: int
    near_duplicates: Sequence[NearDuplicate]
    near_duplicates_found: int
    near_duplicates_excluded: int
    suggested: Sequence[SuggestedLabel]
    suggested_found: int
    unused: Sequence[UnusedLabel]
    unused_found: int
    unused_needed: int
    rejected: Sequence[RejectedLabel]
    rejected_found: int
    opinions_left_out: int = 0
