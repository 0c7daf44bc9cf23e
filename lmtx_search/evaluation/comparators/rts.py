"""The idea of RTS: a random segment of a text is the pseudo-label of the rest.

Zhang, Xu, Medini, Shrivastava: Structural Contrastive Representation Learning for Zero-shot
Multi-label Text Classification (Findings of EMNLP 2022). Encoder, loss and number of steps are
those of the other comparators.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from random import Random

from lmtx_search.evaluation.comparators.base import Comparator, ComparatorResult, ComparisonContext
from lmtx_search.evaluation.comparators.learning import few, learn, ranked
from lmtx_search.progress import Progress
from lmtx_search.records import Document, Label
from lmtx_search.tagging.deployment.encoder_source import untrained_source

_LEAST_WORDS = 8
# Words of a segment: as long as a label or a title, at most half of the text.
_SEGMENT = (2, 24)


class Rts(Comparator):
    """Uses another segment of a document each time it is seen."""

    def missing(self, context: ComparisonContext) -> str | None:
        """Return that too few documents are long enough."""
        enough = sum(len(document.text.split()) >= _LEAST_WORDS for document in context.learn_from)
        return few(context, enough, f"documents of {_LEAST_WORDS} words")

    def run(self, context: ComparisonContext, progress: Progress) -> ComparatorResult:
        """Learn, then rank labels for the documents."""
        started = time.monotonic()
        epochs = context.tuning.epochs
        texts, segments, positives = segmented(context.learn_from, epochs, context.seed)
        # Each segment is seen once, with the text that it was cut from.
        tuning = replace(context.tuning, epochs=1, positives="weighted")
        folder = context.folder / "encoder"
        base = untrained_source(context.settings).folder
        learn(context, base, texts, segments, positives, folder, progress, tuning)
        return ranked(context, folder, "rts", started, progress)


def segmented(
    documents: Sequence[Document], times: int, seed: int
) -> tuple[list[Document], list[Label], dict[str, dict[str, float]]]:
    """Cut ``times`` segments from each document.

    Returns:
        The texts without their segments, the segments under the same ids, and the positives of each
        text: its own segment with weight 1, and the document's other segments with weight 0, so
        that they are no negatives.
    """
    random = Random(f"{seed} segments")
    texts: list[Document] = []
    segments: list[Label] = []
    positives: dict[str, dict[str, float]] = {}
    for document in documents:
        words = document.text.split()
        if len(words) < _LEAST_WORDS:
            continue
        ids = [f"{document.id} {number}" for number in range(times)]
        for id_ in ids:
            length = random.randint(_SEGMENT[0], min(_SEGMENT[1], len(words) // 2))
            start = random.randint(0, len(words) - length)
            end = start + length
            texts.append(Document(id_, " ".join(words[:start] + words[end:])))
            segments.append(Label(id_, " ".join(words[start:end])))
            positives[id_] = {other: float(other == id_) for other in ids}
    return texts, segments, positives


COMPARATOR = Rts()
