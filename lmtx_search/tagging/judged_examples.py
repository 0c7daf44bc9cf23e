"""The judged documents that are nearest to a text, for each label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lmtx_search.cluster.client import names
from lmtx_search.cluster.judgments.judge_names import judge_names
from lmtx_search.cluster.judgments.similar import similar_judged
from lmtx_search.cluster.labels import edits
from lmtx_search.encoder.reading import TextReader
from lmtx_search.encoder.windows import mean_of_windows
from lmtx_search.settings import DocumentSettings

if TYPE_CHECKING:
    from lmtx_search.cluster.client.connect import Client

EXAMPLES = 3
"""Judged documents that are shown for a label."""

_TITLE = 120


@dataclass(frozen=True, slots=True)
class JudgedExample:
    """A judged document near a text.

    Attributes:
        document: its id in the training documents.
        title: the first line of its text.
        p_yes: the answer, in [0, 1]. A person's is 0 or 1.
        judge: the model's name, or ``person``.
        prompt: the prompt's name ("": a person had none).
        at: when it was judged (ISO).
        similarity: the cosine similarity of its embedding and the text's.
    """

    document: str
    title: str
    p_yes: float
    judge: str
    prompt: str
    at: str
    similarity: float


def judged_examples(
    client: Client,
    documents: DocumentSettings,
    reader: TextReader,
    text: str,
    labels: Sequence[str],
) -> dict[str, list[JudgedExample]]:
    """Return for each label id the judged documents nearest to a text, nearest first.

    Of the documents that were judged for a label, those that share most words with the text are
    embedded: three with a yes and three with a no.
    """
    known = edits.find(client, names.LABELS, labels)
    judged = similar_judged(client, documents.training_index, documents.text_fields, text, known)
    texts = {one.document.id: one.document.text for found in judged.values() for one in found}
    if not texts:
        return {}
    near = _similarities(reader, text, texts)
    named = judge_names(client)
    examples: dict[str, list[JudgedExample]] = {}
    for label, found in judged.items():
        best = sorted(found, key=lambda one: -near[one.document.id])[:EXAMPLES]
        examples[label] = [
            JudgedExample(
                document=one.document.id,
                title=one.document.text.partition("\n")[0][:_TITLE],
                p_yes=round(one.p_yes, 3),
                judge=named.model(one.judge),
                prompt=named.prompt(one.prompt),
                at=one.at,
                similarity=round(near[one.document.id], 4),
            )
            for one in best
        ]
    return examples


def _similarities(reader: TextReader, text: str, texts: Mapping[str, str]) -> dict[str, float]:
    read = reader.read([text, *texts.values()])
    vectors: NDArray[np.float32] = mean_of_windows(read.vectors, read.counts)
    return dict(zip(texts, (vectors[1:] @ vectors[0]).tolist(), strict=True))
