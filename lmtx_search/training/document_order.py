"""Strategies for the order in which the judge is asked about documents, by name.

``random`` is the order of the sample, so that a stop at any time leaves a fair sample.
``disagreement`` begins with the documents whose nearest label is not the first one by nearness and
names together: at least one of the two is wrong, and an answer says which (query by committee:
Seung, Opper, Sompolinsky, COLT 1992).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lmtx_search.errors import find_named
from lmtx_search.progress import SILENT, Progress
from lmtx_search.records import Document
from lmtx_search.training.centering import open_shortlister
from lmtx_search.training.development import FirstLabels, first_labels
from lmtx_search.training.settings import TrainingSettings
from lmtx_search.training.shortlist import Embeddings, Encoder, Search, embed_once

MOST = 3000
"""Documents that are looked at, at most: the first of the sample. The others follow them."""

FirstsBy = Callable[[str], FirstLabels]
"""Returns the first labels of documents by a strategy of ``retrieval.py``."""


def _random(documents: Sequence[Document], firsts: FirstsBy) -> Sequence[Document]:
    return documents


def _disagreement(documents: Sequence[Document], firsts: FirstsBy) -> Sequence[Document]:
    nearest, fused = firsts("dense"), firsts("hybrid")
    return sorted(documents, key=lambda one: nearest.get(one.id) == fused.get(one.id))


DOCUMENT_ORDERS: dict[str, Callable[[Sequence[Document], FirstsBy], Sequence[Document]]] = {
    "random": _random,
    "disagreement": _disagreement,
}
"""Each is given documents in a random order, and returns them in the order to judge them."""


def order_documents(
    settings: TrainingSettings,
    encoder: Encoder,
    search: Search,
    documents: Sequence[Document],
    labels: int,
    progress: Progress = SILENT,
) -> list[Document]:
    """Return the training documents in the order in which the judge is asked about them.

    Documents are embedded only if the strategy of the settings asks for first labels.

    Args:
        encoder, search: make the shortlists of the cycle.
        documents: in a random order.
        labels: the size of the label set.

    Raises:
        UserError: there is no such strategy.
    """
    order = find_named("document order", DOCUMENT_ORDERS, settings.document_order)
    looked_at = documents[:MOST]
    known: Embeddings = {}

    def firsts(retrieval: str) -> FirstLabels:
        if not known:
            with progress.stage("Embed documents", len(looked_at), "documents") as advance:
                embed_once(encoder, looked_at, known, advance)
        shortlister = open_shortlister(
            encoder,
            search,
            1,
            documents=documents,
            labels=labels,
            tokens=settings.fine_tuning.document_tokens,
            centered=settings.centered,
            retrieval=retrieval,
            known=known,
            progress=progress,
        )
        with progress.stage("Find first labels", len(looked_at), "documents") as advance:
            for _ in shortlister.shortlists(looked_at):
                advance(1)
        return first_labels(shortlister.rankings)

    return [*order(looked_at, firsts), *documents[MOST:]]
