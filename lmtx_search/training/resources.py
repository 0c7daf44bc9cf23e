"""What all cycles of a run use: labels, documents, judge, store, and access to encoders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.judges.order import OrderedJudge
from lmtx_search.records import Document, Judgment, Label
from lmtx_search.training.shortlist import Embeddings, Encoder, Search
from lmtx_search.training.teacher.judging import Store

LoadEncoder = Callable[[Path, int], OnnxEncoder]
"""Loads the encoder in a folder, with the number of tokens that it reads of a text."""
OpenBase = Callable[[], tuple[Encoder, Search]]
"""Returns the base encoder, and the search in a label index of its embeddings."""
Publish = Callable[[Encoder, NDArray[np.float32]], Search]
"""Writes an encoder's label embeddings to a label index and returns the search in it."""


@dataclass(frozen=True)
class RunResources:
    """What all cycles of a run use.

    Attributes:
        base: folder of the encoder that each cycle trains anew.
        open_base: prepares the shortlists of the first cycle.
        publish: prepares the shortlists of the later cycles.
        development: documents that are held out of training.
        people: judgments of people, which take precedence over those of the judge.
        untrained: the base encoder's embeddings of training documents so far, by document id.
    """

    base: Path
    open_base: OpenBase
    publish: Publish
    load_encoder: LoadEncoder
    labels: Sequence[Label]
    training: Sequence[Document]
    development: Sequence[Document]
    judge: OrderedJudge
    store: Store
    people: Sequence[Judgment] = ()
    untrained: Embeddings = field(default_factory=dict)
