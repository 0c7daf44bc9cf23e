"""What documents teach that the judge was not asked about.

The encoder of the cycle before and words score all labels. The best labels of the documents with
the highest scores are right more often than not, and there are many such documents. A label that a
document names is taken out of half of the documents, so that the encoder learns from the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from random import Random

import numpy as np

from lmtx_search.records import Document, Label
from lmtx_search.training.named_documents import without_name
from lmtx_search.training.shortlist import Ranking
from lmtx_search.training.targets.learning_targets import LearningTargets
from lmtx_search.words.names import words, words_of_names

SURE_SHARE = 0.7
"""The share of the documents that teach: those whose best label has the highest scores."""

MOST_LABELS = 5
"""A document is pulled towards one of at most this many labels."""


def scored_targets(
    documents: Sequence[Document],
    rankings: Mapping[str, Ranking],
    labels: Mapping[str, Label],
    seed: int,
) -> tuple[list[Document], LearningTargets]:
    """Return the documents that teach, some without a name, and their targets.

    Args:
        rankings: the labels with the highest scores of each document, best first.
        labels: the label set by id.
    """
    best = [ranking[0][1] for document in documents if (ranking := rankings.get(document.id))]
    if not best:
        return [], LearningTargets({}, {})
    least = float(np.quantile(best, 1 - SURE_SHARE))
    random = Random(f"{seed} scored")
    chosen: list[Document] = []
    positives: dict[str, frozenset[str]] = {}
    spared: dict[str, frozenset[str]] = {}
    for document in documents:
        ranking = [(id_, score) for id_, score in rankings.get(document.id, ()) if id_ in labels]
        sure = [id_ for id_, score in ranking[:MOST_LABELS] if score >= least]
        if not sure:
            continue
        label = random.choice(sure)
        text = document.text
        if random.random() < 0.5:
            text = _without_names(text, (labels[label].text, *labels[label].synonyms))
        chosen.append(replace(document, text=text))
        positives[document.id] = frozenset([label])
        spared[document.id] = frozenset(id_ for id_, _ in ranking)
    evidence = {id_: dict.fromkeys(of_document, 1.0) for id_, of_document in positives.items()}
    return chosen, LearningTargets(positives, evidence, spared)


def _without_names(text: str, names: Iterable[str]) -> str:
    own = frozenset(words(text))
    there = [name for name in words_of_names(names) if name <= own]
    return without_name(text, frozenset().union(*there)) if there else text
