"""The idea of MACLR: a title is the pseudo-label of its text; self-training follows.

Xiong, Chang, Hsieh, Yu, Dhillon: Extreme Zero-Shot Learning for Extreme Text Classification
(NAACL 2022). Their clustering and TF-IDF positives are left out; encoder, loss and number of steps
are those of the other comparators.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from lmtx_search.evaluation.comparators.base import Comparator, ComparatorResult, ComparisonContext
from lmtx_search.evaluation.comparators.learning import few, learn, ranked, shortlists
from lmtx_search.progress import Progress
from lmtx_search.records import Document, Label
from lmtx_search.tagging.deployment.encoder_source import untrained_source


class Maclr(Comparator):
    """Two stages: text to title, then the encoder's own first label."""

    def missing(self, context: ComparisonContext) -> str | None:
        """Return that too few documents have a title."""
        return few(context, len(list(titled(context.learn_from))), "documents with title and text")

    def run(self, context: ComparisonContext, progress: Progress) -> ComparatorResult:
        """Learn, then rank labels for the documents."""
        started = time.monotonic()
        pairs = list(titled(context.learn_from))
        titles = [Label(text.id, title) for text, title in pairs]
        texts = [text for text, _ in pairs]
        own = {text.id: {text.id: 1.0} for text in texts}
        base = untrained_source(context.settings).folder
        first = learn(context, base, texts, titles, own, context.folder / "first", progress)
        firsts = shortlists(context, first, context.learn_from, 1, progress)
        positives = {document: {ranking[0][0]: 1.0} for document, ranking in firsts.items()}
        folder = context.folder / "encoder"
        learn(context, first, context.learn_from, context.labels, positives, folder, progress)
        return ranked(context, folder, "maclr", started, progress)


def titled(documents: Sequence[Document]) -> Iterator[tuple[Document, str]]:
    """Yield (text without its first line, that line) of documents that have both."""
    for document in documents:
        title, _, text = document.text.partition("\n")
        if title.strip() and text.strip():
            yield Document(document.id, text.strip()), title.strip()


COMPARATOR = Maclr()
