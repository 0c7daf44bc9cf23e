"""A tagger version: a folder that holds everything it needs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lmtx_search.encoder.bands import MOST_SUGGESTIONS, NEVER, Bands
from lmtx_search.encoder.calibration import Calibration
from lmtx_search.encoder.folder import read_json
from lmtx_search.encoder.form import OnnxForm, Precision
from lmtx_search.encoder.label_digests import digests_of, stored_digests
from lmtx_search.encoder.student import Student
from lmtx_search.encoder.windows import ONE_WINDOW, Windows
from lmtx_search.errors import UserError
from lmtx_search.records import Label
from lmtx_search.rules import Rules
from lmtx_search.tagging.versions.label_changes import LabelChange, read_changes
from lmtx_search.tagging.versions.label_matrix import LabelRows
from lmtx_search.tagging.versions.refit import Refit
from lmtx_search.tagging.versions.thresholds import Thresholds
from lmtx_search.untouched import Untouched
from lmtx_search.words.importance import (
    PAIRS_FILE,
    PairImportance,
    WordImportance,
    read_pairs,
)
from lmtx_search.words.weights import OFFSETS_FILE, WordScoring, WordWeights, read_offsets

MANIFEST = "manifest.json"
WORDS_FILE = "words.npy"
STUDENT = "student"
"""Folder of the ONNX form of the static encoder that reads documents, if there is one."""

EncoderKind = Literal["transformer", "static"]
SCHEMA = 8
"""Format of a version's folder. Manifests of the first release (1) do not contain it.

From 3 on, a version may score by words, from 4 on, a static encoder may read its documents,
from 5 on, it may suggest labels and have rules, from 6 on, words may be read from more windows
than the encoder reads, from 7 on, pairs of words may count, and a rollback to it brings back text
fields and documents that are never touched, and from 8 on, documents may be read in bf16.
Earlier releases would ignore these.
"""
RULES_FILE = "rules.json"

SPARE = 30
"""How many more labels than a document may have are told to the pipeline if there are rules, so
that others can take the places of those that the rules leave out."""


@dataclass(frozen=True, slots=True)
class RulesRecord:
    """The rules of a version: how many there are, and their digest."""

    number: int
    digest: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """The properties of a version, as its manifest stores them.

    Attributes:
        run: the training run of the encoder (None: it was not trained).
        document_tokens: tokens that the encoder reads of a document in each window.
        labels, labels_digest: of the labels that the version was made with.
        threshold: the least score of a tag.
        own_thresholds: thresholds of single labels, by id.
        max_tags: the largest number of tags of a document.
        passages: how labels are embedded, as the label index stores it.
        broader_tags: whether the labels above a document's tags go into its ``tags_broader``.
        bands: the probability of a score, and which labels are suggested (None: none are).
        words: what evidence from words adds to the cosine similarity (None: words do not count).
        word_windows: windows of a document that its words are read from (at least those of the
            encoder are).
        word_pairs: whether pairs of words that follow each other count too.
        student: the static encoder that reads documents (None: the encoder reads them itself).
        rules: what people ruled about labels (None: nothing).
        refit: what later answers changed in the result of the run (None: nothing).
        cluster: id of the cluster that the version was made for ("": unknown).
        text_fields: fields that the pipeline reads for it (empty: an earlier release made it).
        untouched: documents that the pipeline never touches (None: there are none).
        schema: format of the folder.
    """

    version: str
    created: str
    run: str | None
    encoder: str
    encoder_digest: str
    precision: Precision
    dimension: int
    document_tokens: int
    labels: int
    labels_digest: str
    threshold: float
    max_tags: int
    calibration: Calibration | None = None
    passages: str = ""
    windows: Windows = ONE_WINDOW
    own_thresholds: dict[str, float] = field(default_factory=dict)
    broader_tags: bool = False
    bands: Bands | None = None
    words: WordWeights | None = None
    word_windows: int = 1
    word_pairs: bool = False
    student: Student | None = None
    rules: RulesRecord | None = None
    refit: Refit | None = None
    cluster: str = ""
    text_fields: list[str] = field(default_factory=list)
    untouched: Untouched | None = None
    schema: int = 1

    @property
    def review_first(self) -> bool:
        """Whether nothing is applied, and what would be is suggested."""
        return self.bands is not None and self.bands.review_first

    @property
    def thresholds(self) -> Thresholds:
        """The scores from which labels become tags."""
        if self.review_first:
            return Thresholds(NEVER)
        return Thresholds(self.threshold, self.own_thresholds)

    @property
    def suggested_from(self) -> Thresholds:
        """The scores from which labels are suggested, or applied."""
        if self.bands is None:
            return self.thresholds
        own = {label: self.bands.suggest_at(label) for label in self.bands.own}
        return Thresholds(self.bands.suggest_at(), own)

    @property
    def most_suggested(self) -> int:
        """The largest number of suggestions of a document."""
        if self.bands is None:
            return 0
        return MOST_SUGGESTIONS + (self.max_tags if self.review_first else 0)

    @property
    def spare(self) -> int:
        """How many more labels the rules choose from than a document may have."""
        return 0 if self.rules is None else SPARE

    @property
    def windows_of_words(self) -> int:
        """How many windows of a document are read, those that only words are read from included."""
        return max(self.windows.most, self.word_windows)

    @property
    def kind(self) -> EncoderKind:
        """Which kind of encoder reads documents."""
        return "transformer" if self.student is None else "static"


@dataclass(frozen=True, slots=True)
class TaggerVersion:
    """A version: its folder and its manifest."""

    folder: Path
    manifest: Manifest

    @classmethod
    def read(cls, folder: Path) -> TaggerVersion:
        """Read the manifest of a version.

        Raises:
            UserError: it was made by a newer lmtx-search, or its manifest is damaged.
        """
        values = read_json(folder / MANIFEST)
        if int(values.get("schema", 1)) > SCHEMA:
            raise UserError(
                f"the tagger version {folder.name} was made by a newer lmtx-search: upgrade "
                f"lmtx-search here, or deploy again ({folder})"
            )
        try:
            if values.get("calibration") is not None:
                values["calibration"] = Calibration(**values["calibration"])
            if values.get("bands") is not None:
                bands = Bands(**values["bands"])
                borders = {id_: (one[0], one[1]) for id_, one in bands.of_labels.items()}
                values["bands"] = replace(bands, of_labels=borders)
            if values.get("words") is not None:
                values["words"] = WordWeights(**values["words"])
            if values.get("student") is not None:
                values["student"] = Student(**values["student"])
            if values.get("rules") is not None:
                values["rules"] = RulesRecord(**values["rules"])
            if values.get("refit") is not None:
                values["refit"] = Refit(**values["refit"])
            if values.get("untouched") is not None:
                values["untouched"] = Untouched(**values["untouched"])
            values["windows"] = Windows(**values.get("windows", {}))
            # Fields of later releases have defaults, so older versions stay usable.
            known = {one.name for one in fields(Manifest)} & set(values)
            manifest = Manifest(**{name: values[name] for name in known})
        except (KeyError, TypeError, IndexError) as error:
            raise UserError(f"{folder / MANIFEST} is damaged ({error}): deploy again") from error
        return cls(folder, manifest)

    @property
    def encoder_folder(self) -> Path:
        """The ONNX form of the encoder, which embeds labels."""
        return self.folder / "encoder"

    @property
    def document_encoder_folder(self) -> Path:
        """The ONNX form of the encoder that reads documents: the student's, if there is one."""
        return self.encoder_folder if self.manifest.student is None else self.folder / STUDENT

    def labels(self) -> Iterator[Label]:
        """Yield the current labels."""
        changed: dict[str, Label | None] = {}
        for change in self.changes():
            changed.update({label.id: label for label in change.puts})
            changed.update(dict.fromkeys(change.retired))
        for original in self.original_labels():
            label = changed.pop(original.id, original)
            if label is not None:
                yield label
        yield from filter(None, changed.values())

    def label_digests(self) -> dict[str, bytes]:
        """Return id → short digest of each current label."""
        stored = stored_digests(self.folder, "deploy again")
        digests = dict(digests_of(self.original_labels()) if stored is None else stored)
        for change in self.changes():
            digests.update(digests_of(change.puts))
            for id_ in change.retired:
                digests.pop(id_, None)
        return digests

    def rows(self) -> LabelRows:
        """Return the current labels with their embeddings."""
        rows = self.original_rows(self.embeddings())
        for change in self.changes():
            rows = rows.after(change)
        return rows

    def original_rows(self, embeddings: NDArray[np.float32]) -> LabelRows:
        """Return the labels that the version was made with, with the given embeddings."""
        ids, texts, broader = [], [], {}
        for label in self.original_labels():
            ids.append(label.id)
            texts.append(label.text)
            if label.broader:
                broader[label.id] = label.broader
        return LabelRows.of(ids, texts, embeddings, broader=broader)

    def changes(self, after: int = 0) -> Iterator[LabelChange]:
        """Yield the changes to the labels after the given number."""
        return read_changes(self.folder, self.manifest.encoder_digest, after)

    def check(self) -> None:
        """Check that the labels were embedded with the encoder of this version.

        Raises:
            UserError: they were not, or the student is another one.
        """
        if OnnxForm.read(self.encoder_folder).digest != self.manifest.encoder_digest:
            raise UserError(
                f"{self.encoder_folder} holds another encoder than the labels of this version "
                "were embedded with: deploy again"
            )
        student = self.manifest.student
        if student and OnnxForm.read(self.document_encoder_folder).digest != student.digest:
            raise UserError(
                f"{self.document_encoder_folder} holds another static encoder than this version "
                "was made with: deploy again"
            )

    def original_labels(self) -> Iterator[Label]:
        """Yield the labels that the version was made with, in the order of the embeddings."""
        with (self.folder / "labels.jsonl").open(encoding="utf-8") as lines:
            for line in lines:
                yield Label.of(json.loads(line))

    def embeddings(self, in_memory: bool = True) -> NDArray[np.float32]:
        """Return the embeddings of the original labels: float32[labels, dimension], unit rows.

        Args:
            in_memory: False leaves them in the file, from which single rows are read when needed.
        """
        return _array(
            self.folder / "embeddings.npy",
            (self.manifest.labels, self.manifest.dimension),
            None if in_memory else "r",
        )

    def rules(self) -> Rules | None:
        """Return what people ruled about labels (None: nothing).

        Raises:
            UserError: the file is damaged.
        """
        if self.manifest.rules is None:
            return None
        file = self.folder / RULES_FILE
        try:
            rules = Rules.of(json.loads(file.read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UserError(f"{file} is damaged ({error}): deploy again") from error
        if rules.digest != self.manifest.rules.digest:
            raise UserError(f"{file} was changed (its digest is another one): deploy again")
        return rules

    def words(self, vocabulary: int) -> WordScoring | None:
        """Return how words count beside the encoder (None: they do not count).

        Args:
            vocabulary: number of tokens of the encoder.
        """
        weights = self.manifest.words
        if weights is None:
            return None
        importance = WordImportance(_array(self.folder / WORDS_FILE, (vocabulary,)), self._pairs())
        try:
            offsets = read_offsets(self.folder)
        except (OSError, ValueError) as error:
            file = self.folder / OFFSETS_FILE
            raise UserError(f"{file} is damaged ({error}): deploy again") from error
        return WordScoring(weights, importance, offsets=offsets, windows=self.manifest.word_windows)

    def _pairs(self) -> PairImportance | None:
        if not self.manifest.word_pairs:
            return None
        try:
            return read_pairs(self.folder)
        except (OSError, ValueError) as error:
            file = self.folder / PAIRS_FILE
            raise UserError(f"{file} is damaged ({error}): deploy again") from error


def _array(
    file: Path, expected: tuple[int, ...], mode: Literal["r"] | None = None
) -> NDArray[np.float32]:
    try:
        values: NDArray[np.float32] = np.load(file, mmap_mode=mode, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise UserError(f"{file} is damaged ({error}): deploy again") from error
    if values.shape != expected or values.dtype != np.float32:
        raise UserError(f"{file} is not {expected}: deploy again")
    return values
