"""The tagger: from texts to tags with scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from lmtx_search.encoder.form import TOKENIZER_FILE
from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.encoder.reading import ReadTexts, TextReader
from lmtx_search.errors import UserError
from lmtx_search.records import Tag
from lmtx_search.tagging.scoring.broader import BroaderFacts, left_to_people
from lmtx_search.tagging.scoring.label_sets import Best
from lmtx_search.tagging.scoring.ranking import ComparedLabels, LabelSearch
from lmtx_search.tagging.scoring.rule_facts import RuleFacts
from lmtx_search.tagging.scoring.searched import SearchedLabels
from lmtx_search.tagging.scoring.settle import OF_MANUAL, Facts, Settled, settle
from lmtx_search.tagging.scoring.weights import PROBABILITY, SUGGESTED
from lmtx_search.tagging.versions.label_changes import change_numbers
from lmtx_search.tagging.versions.label_matrix import LabelRows
from lmtx_search.tagging.versions.version import Manifest, TaggerVersion
from lmtx_search.untouched import texts_at


@dataclass(frozen=True, slots=True)
class Pool:
    """What the rules choose from.

    Attributes:
        applied, suggested: labels that score enough for a tag, and for a suggestion only.
        facts: what the tagger says about its rules (``rule_facts.py``).
        settled: what the rules choose.
    """

    applied: list[Tag]
    suggested: list[Tag]
    facts: Mapping[str, float]
    settled: Settled


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of the labels that score enough for a text: lists of tags, best first.

    ``pool`` is what they were chosen from (None: there are no rules). ``broader`` tells about the
    labels above them, as the labels were then (None: the tagger tells nothing about these).
    """

    applied: list[Tag]
    suggested: list[Tag]
    pool: Pool | None = None
    broader: BroaderFacts | None = None


class Tagger:
    """A loaded tagger version.

    Args:
        version: the version to load.
        threads: of the encoder (0: one for each core).
        search: finds labels if there are too many to compare all (None: all are compared).
    """

    def __init__(
        self, version: TaggerVersion, threads: int = 0, search: LabelSearch | None = None
    ) -> None:
        version.check()
        manifest = version.manifest
        self._version = version
        self.manifest: Manifest = manifest
        encoder = OnnxEncoder(
            version.document_encoder_folder,
            manifest.document_tokens,
            threads=threads,
            precision=manifest.precision,
        )
        if encoder.dimension != manifest.dimension:
            raise UserError(
                f"{version.folder} has an encoder of {encoder.dimension} dimensions and "
                f"labels of {manifest.dimension}: deploy again"
            )
        words = None if manifest.words is None else version.words(len(encoder.vocabulary()))
        self.reader = TextReader(encoder, manifest.windows, words)
        self._labels: ComparedLabels | SearchedLabels = (
            SearchedLabels(version, search.nearest, self.reader.label_forms())
            if search and manifest.labels > search.exact_labels
            else ComparedLabels(version, self.reader.label_forms())
        )
        self._broader: BroaderFacts | None = None
        self.rules = version.rules()
        self._facts: RuleFacts | None = None

    @property
    def label_changes(self) -> int:
        """Number of the last change of its labels (0: they are as the version was made)."""
        return max(change_numbers(self._version.folder), default=0)

    @property
    def tokenizer_file(self) -> Path:
        """The tokenizer of the encoder that reads documents."""
        return self._version.document_encoder_folder / TOKENIZER_FILE

    def tag(self, texts: Sequence[str]) -> list[list[Tag]]:
        """Return the tags of each text, best first. An empty text has none.

        Changes of labels take effect with the next call.
        """
        return [decision.applied for decision in self.decide(texts)]

    def decide(self, texts: Sequence[str], groups: frozenset[str] = frozenset()) -> list[Decision]:
        """Return the tags and the suggestions of each text. An empty text has none.

        Changes of labels take effect with the next call.

        Args:
            groups: of the documents that the texts are from: labels that are for other groups are
                left out.
        """
        decisions = [Decision([], []) for _ in texts]
        rows = [row for row, text in enumerate(texts) if text.strip()]
        read = self.reader.read([texts[row] for row in rows])
        for row, found in zip(rows, self.decide_read(read, groups), strict=True):
            decisions[row] = found
        return decisions

    def decide_read(
        self,
        read: ReadTexts,
        groups: frozenset[str] = frozenset(),
        compared: ComparedLabels | None = None,
        rejected: frozenset[str] = frozenset(),
        manual: frozenset[str] = frozenset(),
    ) -> list[Decision]:
        """Return what becomes of the labels for each of some texts that were read.

        Args:
            rejected: names of labels that people rejected in the documents of the texts.
            manual: people's own tags of these documents.
            compared: compares the labels (None: as :meth:`decide` does).
        """
        compares = compared or self._labels
        labels = compares.current()
        if self.manifest.broader_tags and (
            self._broader is None or labels is not self._broader.labels
        ):
            people = left_to_people(self.manifest, self.rules)
            self._broader = BroaderFacts(labels, people)
        if self.rules is not None and (self._facts is None or labels is not self._facts.labels):
            self._facts = RuleFacts.of(self.rules, labels, self.manifest)
        facts = self._facts
        applied, suggested = compares.best(read)
        tags, near = self._tags(labels, applied), self._tags(labels, suggested)
        if facts is None:
            return [
                Decision(
                    [tag for tag in one if tag.name not in rejected],
                    [tag for tag in other if tag.name not in rejected | manual],
                    broader=self._broader,
                )
                for one, other in zip(tags, near, strict=True)
            ]
        rows = [
            [row for row, _ in (*one, *other)]
            for one, other in zip(applied, suggested, strict=True)
        ]
        return [
            self._ruled(facts, *of_text, groups, rejected, manual)
            for of_text in zip(rows, tags, near, strict=True)
        ]

    def _ruled(
        self,
        facts: RuleFacts,
        rows: Sequence[int],
        tags: list[Tag],
        near: list[Tag],
        groups: frozenset[str],
        rejected: frozenset[str],
        manual: frozenset[str],
    ) -> Decision:
        labels = facts.labels
        told = facts.about(rows)
        settled = settle(
            {tag.name: tag.score for tag in tags},
            {tag.name: tag.score for tag in near},
            Facts.of({name[1:]: number for name, number in told.items()}),
            rejected,
            manual,
            groups,
        )
        known = {tag.name: tag for tag in (*tags, *near)}
        implied = {**settled.implied_by, **settled.implied_by_manual}
        id_of = dict(zip(labels.names, labels.ids, strict=True)) if implied else {}
        for name, by in settled.implied_by.items():
            known[name] = replace(known[by], name=name, label_id=id_of[name])
        for name in settled.implied_by_manual:
            known[name] = Tag(name, id_of[name], OF_MANUAL)
        return Decision(
            [known[name] for name in settled.tags],
            [known[name] for name in settled.suggested],
            Pool(tags, near, told, settled),
            self._broader,
        )

    def _tags(self, labels: LabelRows, best: Best) -> list[list[Tag]]:
        """Return the tags of each text."""
        pairs = [pair for of_text in best for pair in of_text]
        ids = [labels.ids[row] for row, _ in pairs]
        bands = self.manifest.bands
        known: list[float] | list[None] = [None] * len(pairs)
        if bands is not None:
            scores = np.array([score for _, score in pairs])
            known = bands.probabilities(scores, bands.rows(ids)).tolist()
        tags = (
            Tag(labels.names[row], id_, score, probability)
            for id_, (row, score), probability in zip(ids, pairs, known, strict=True)
        )
        return [list(islice(tags, len(of_text))) for of_text in best]

    def weights(self, decision: Decision) -> dict[str, float]:
        """Return the answer to the pipeline: numbers by name, with marks (``weights.py``)."""
        told = decision.pool or decision
        found = {tag.name: tag.score for tag in told.applied}
        if decision.broader is not None:
            found |= decision.broader.weights(told.applied)
        found |= {SUGGESTED + tag.name: tag.score for tag in told.suggested}
        if decision.pool is not None:
            found |= decision.pool.facts
        return found | {
            PROBABILITY + tag.name: tag.probability
            for tag in (*told.applied, *told.suggested)
            if tag.probability is not None
        }

    def groups_of(self, source: Mapping[str, Any]) -> frozenset[str]:
        """Return the groups of a document that the rules ask for."""
        field = None if self.rules is None else self.rules.group_field
        return frozenset(() if field is None else texts_at(source, field))

    def group_note(self, source: Mapping[str, Any]) -> str | None:
        """Return what the pipeline says if no label is for a document's groups (else None)."""
        if self.rules is None or self.rules.group_field is None:
            return None
        named = texts_at(source, self.rules.group_field)
        if not set(named).isdisjoint(self.rules.groups):
            return None
        return (
            f"no labels are for {self.rules.group_field} = {', '.join(named) or 'nothing'}: only "
            "those for all documents are used"
        )

    def compared(self) -> ComparedLabels:
        """Return the current labels for comparing all of them with a text."""
        if isinstance(self._labels, ComparedLabels):
            return self._labels
        return ComparedLabels(self._version, self.reader.label_forms())
