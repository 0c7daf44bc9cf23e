"""The passage of a text that speaks for a label: without it, the label scores least."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lmtx_search.encoder.reading import TextReader
from lmtx_search.tagging.scoring.explain import Explanation
from lmtx_search.tagging.scoring.tagger import Tagger
from lmtx_search.words.sentences import sentences

# The text is read once without each passage. Of a text with more sentences, neighbouring ones are
# left out together.
_MOST = 16


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage, and the label's score for the text without it."""

    text: str
    score_without: float


def supporting_passages(
    tagger: Tagger, text: str, explanations: Sequence[Explanation]
) -> list[Passage | None]:
    """Return for each explained label the passage that it owes most of its score to.

    Only what the tagger reads of the text counts. The result is None if the text has a single
    passage, or if the label scores no less without any of them.
    """
    passages = passages_of(tagger.reader, text)
    if len(passages) < 2 or not explanations:
        return [None] * len(explanations)
    compared = tagger.compared()
    row_of = {id_: row for row, id_ in enumerate(compared.current().ids)}
    shortened = ["".join(passages[:at] + passages[at + 1 :]) for at in range(len(passages))]
    rows = [row_of[label.label_id] for label in explanations]
    without = compared.scores(tagger.reader.read(shortened), rows)
    found: list[Passage | None] = []
    for label, scores in zip(explanations, without.T, strict=True):
        least = int(np.argmin(scores))
        score = round(float(scores[least]), 4)
        found.append(Passage(passages[least].strip(), score) if score < label.score else None)
    return found


def passages_of(reader: TextReader, text: str) -> list[str]:
    """Return the passages of what is read of a text: its sentences, at most 16."""
    parts = sentences(text)
    parts = parts[: reader.parts_read(parts)]
    size = -(-len(parts) // _MOST) or 1
    return ["".join(parts[at : at + size]) for at in range(0, len(parts), size)]
