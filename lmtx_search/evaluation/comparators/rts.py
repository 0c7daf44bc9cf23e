"""RTS's idea: a random segment of a text is the pseudo-label of the rest.

Zhang, Xu, Medini, Shrivastava: Structural Contrastive Representation Learning for Zero-shot
Multi-label Text Classification (Findings of EMNLP 2022). Encoder, loss and number of steps are
those of the other comparators.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from random import Random

from lmtx_search.evaluation.comparators.base import Bench, Comparator, Found
from lmtx_search.evaluation.comparators.learning import few, learn, ranked
from lmtx_search.progress import Progress
from lmtx_search.records import Document, Label
from lmtx_search.tagging.deployment.encoder_source import untrained_source

_LEAST_WORDS = 8
# Words of a segment: as long as a label or a title, at most half of the text.
_SEGMENT = (2, 24)


class Rts(Comparator):
    """Each time a document is seen, another segment of it."""

    def missing(self, bench: Bench) -> str | None:
        """Return that too few documents are long enough."""
        enough = sum(len(document.text.split()) >= _LEAST_WORDS for document in bench.learn_from)
        return few(bench, enough, f"documents of {_LEAST_WORDS} words")

    def run(self, bench: Bench, progress: Progress) -> Found:
        """Learn and rank."""
        started = time.monotonic()
        epochs = bench.tuning.epochs
        texts, segments, positives = segmented(bench.learn_from, epochs, bench.seed)
        # Each segment is seen once, with the text that it was cut from.
        tuning = replace(bench.tuning, epochs=1, positives="weighted")
        folder = bench.folder / "encoder"
        base = untrained_source(bench.settings).folder
        learn(bench, base, texts, segments, positives, folder, progress, tuning)
        return ranked(bench, folder, "rts", started, progress)


def segmented(
    documents: Sequence[Document], times: int, seed: int
) -> tuple[list[Document], list[Label], dict[str, dict[str, float]]]:
    """Cut a segment from each document, so many times.

    Returns:
        The texts without their segments, the segments under the same ids, and for each text its
        own segment with the weight 1 and the document's others with 0 (no negatives).
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
