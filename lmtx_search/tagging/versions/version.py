"""A tagger's version: a folder that holds everything it needs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lmtx_search.encoder.calibration import Calibration
from lmtx_search.encoder.folder import read_json
from lmtx_search.encoder.form import OnnxForm, Precision
from lmtx_search.encoder.windows import ONE_WINDOW, Windows
from lmtx_search.errors import UserError
from lmtx_search.records import Label
from lmtx_search.tagging.versions.label_changes import LabelChange, read_changes
from lmtx_search.tagging.versions.label_matrix import LabelRows
from lmtx_search.tagging.versions.thresholds import Thresholds

MANIFEST = "manifest.json"
SCHEMA = 2
"""Form of a version's folder; 1 is the first release's, whose manifests do not say it."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a version says about itself.

    ``threshold`` is the least cosine score of a tag but for labels with ``own_thresholds`` (by
    id), ``max_tags`` the most tags of a document,
    ``document_tokens`` what the encoder reads of it at a time, ``windows`` how many times;
    ``run`` is the training run the encoder came from (None: it was not trained). ``labels`` and
    ``labels_digest`` are of the labels that it was made with; ``passages`` says how they are
    embedded, as the label index notes it. ``schema`` is the form of the folder. With
    ``broader_tags`` the labels above a document's tags go into its ``tags_broader``.
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
    schema: int = 1

    @property
    def thresholds(self) -> Thresholds:
        """From which score a label is a tag."""
        return Thresholds(self.threshold, self.own_thresholds)


@dataclass(frozen=True, slots=True)
class TaggerVersion:
    """One version: its folder and its manifest."""

    folder: Path
    manifest: Manifest

    @classmethod
    def read(cls, folder: Path) -> TaggerVersion:
        """Read what a version says about itself.

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
            values["windows"] = Windows(**values.get("windows", {}))
            # A field that came later has a default: versions made before stay usable.
            known = {one.name for one in fields(Manifest)} & set(values)
            manifest = Manifest(**{name: values[name] for name in known})
        except (KeyError, TypeError) as error:
            raise UserError(f"{folder / MANIFEST} is damaged ({error}): deploy again") from error
        return cls(folder, manifest)

    @property
    def encoder_folder(self) -> Path:
        """The encoder's ONNX form."""
        return self.folder / "encoder"

    def labels(self) -> Iterator[Label]:
        """Yield the labels as they are now."""
        changed: dict[str, Label | None] = {}
        for change in self.changes():
            changed.update({label.id: label for label in change.puts})
            changed.update(dict.fromkeys(change.retired))
        for made in self.labels_made_with():
            label = changed.pop(made.id, made)
            if label is not None:
                yield label
        yield from filter(None, changed.values())

    def rows(self) -> LabelRows:
        """Return the labels as they are now, ready to be scored."""
        rows = self.rows_made_with(self.embeddings())
        for change in self.changes():
            rows = rows.after(change)
        return rows

    def rows_made_with(self, embeddings: NDArray[np.float32]) -> LabelRows:
        """Return the labels that the version was made with, with these embeddings."""
        ids, texts, broader = [], [], {}
        for label in self.labels_made_with():
            ids.append(label.id)
            texts.append(label.text)
            if label.broader:
                broader[label.id] = label.broader
        return LabelRows.of(ids, texts, embeddings, broader=broader)

    def changes(self, after: int = 0) -> Iterator[LabelChange]:
        """Yield what changed in the labels since the version was made, beyond a number."""
        return read_changes(self.folder, self.manifest.encoder_digest, after)

    def check(self) -> None:
        """See that the encoder is the one that the labels were embedded with.

        Raises:
            UserError: it is another one.
        """
        if OnnxForm.read(self.encoder_folder).digest != self.manifest.encoder_digest:
            raise UserError(
                f"{self.encoder_folder} holds another encoder than the labels of this version "
                "were embedded with: deploy again"
            )

    def labels_made_with(self) -> Iterator[Label]:
        """Yield the labels that the version was made with, in the order of the embeddings."""
        with (self.folder / "labels.jsonl").open(encoding="utf-8") as lines:
            for line in lines:
                yield Label.of(json.loads(line))

    def embeddings(self) -> NDArray[np.float32]:
        """Return float32[labels, dimension] of the labels it was made with, rows of length 1."""
        vectors: NDArray[np.float32] = np.load(self.folder / "embeddings.npy", allow_pickle=False)
        expected = (self.manifest.labels, self.manifest.dimension)
        if vectors.shape != expected or vectors.dtype != np.float32:
            raise UserError(f"{self.folder / 'embeddings.npy'} is not {expected}: deploy again")
        return vectors
