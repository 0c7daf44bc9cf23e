"""Samples and orders documents. One seed decides both."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from random import Random

from lmtx_search.progress import Progress
from lmtx_search.records import Document, content_digest, first_of_each_text
from lmtx_search.training.positives import Draw
from lmtx_search.training.positives.one_random import one_random

# Batches whose texts are sorted by length together.
_BATCHES_SORTED = 16


def sample_documents(
    documents: Iterable[Document], most: int, seed: int, wanted: Collection[str] = ()
) -> list[Document]:
    """Return at most ``most`` documents in a random order that the seed decides.

    The result does not depend on the order of the input. Documents without text are left out, and
    ``source`` is dropped to save memory. Documents are judged in this order, so a stop at any time
    leaves a fair sample. Documents with ``wanted`` ids are preferred. Those that chance would not
    have drawn come first, because the end of the list is held out.
    """
    special: list[Document] = []

    def others() -> Iterator[Document]:
        for document in documents:
            if document.text.strip():
                light = Document(document.id, document.text)
                if document.id in wanted:
                    special.append(light)
                else:
                    yield light

    def place(document: Document) -> str:
        return content_digest(str(seed), document.id)

    drawn = heapq.nsmallest(most, others(), key=place)[: max(0, most - len(special))]
    end = place(drawn[-1]) if drawn else ""
    late = [document for document in special if place(document) > end]
    early = [document for document in special if place(document) <= end]
    return [*sorted(late, key=place), *sorted([*drawn, *early], key=place)][:most]


def training_order(
    positives: Sequence[Mapping[int, float]], epochs: int, seed: int, draw: Draw = one_random
) -> list[tuple[int, int]]:
    """Return (document, label) for every step of training, epoch after epoch.

    Each epoch visits the documents in a new order. At each visit ``draw`` chooses from the
    positives of the document. Documents without positives are left out.

    Args:
        positives: the positives of each document with their evidence.
    """
    random = Random(f"{seed} training")
    documents = [document for document, labels in enumerate(positives) if labels]
    steps: list[tuple[int, int]] = []
    for _ in range(epochs):
        random.shuffle(documents)
        for document in documents:
            labels = sorted(positives[document])
            evidence = [positives[document][label] for label in labels]
            steps += ((document, label) for label in draw(labels, evidence, random))
    return steps


def shuffled_by_length(texts: Sequence[str], batch_size: int, random: Random) -> list[int]:
    """Return the positions of texts in a random order in which batches have similar lengths.

    The texts of a batch are read together, padded to the longest one. After shuffling, texts only
    change places with those of a few batches around them.

    Args:
        batch_size: number of texts in a batch.
    """
    order = list(range(len(texts)))
    random.shuffle(order)
    found: list[int] = []
    for start in range(0, len(order), _BATCHES_SORTED * batch_size):
        places = order[start : start + _BATCHES_SORTED * batch_size]
        places.sort(key=lambda place: len(texts[place]))
        batches = [
            places[first : first + batch_size] for first in range(0, len(places), batch_size)
        ]
        # A batch that is not full stays the last one.
        rest = batches.pop() if len(batches[-1]) < batch_size else []
        random.shuffle(batches)
        found += chain(*batches, rest)
    return found


def hold_out(documents: Sequence[Document], most: int) -> tuple[list[Document], list[Document]]:
    """Split documents, in their order, into (training, development).

    Development documents are the last tenth of those with different texts, at most ``most``, at
    least one. Copies of them are left out: they would teach what is measured.
    """
    different = first_of_each_text(documents)
    development = different[-max(1, min(most, len(different) // 10)) :]
    return other_texts(documents, development), development


def other_texts(documents: Iterable[Document], than: Iterable[Document]) -> list[Document]:
    """Return the documents that have the text of none of the others."""
    texts = {document.text for document in than}
    return [document for document in documents if document.text not in texts]


def note_copies(documents: Sequence[Document], progress: Progress) -> None:
    """Say how many documents have the text of an earlier one."""
    if copies := len(documents) - len(first_of_each_text(documents)):
        progress.note(
            f"Training documents with the same text as another one: {copies:,} of "
            f"{len(documents):,}. Those that repeat a held-out document are left out"
        )
