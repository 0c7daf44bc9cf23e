"""A label as a document of the label index, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lmtx_search.cluster.documents.bulk import Action
from lmtx_search.records import Label
from lmtx_search.words.names import words_of_names

Vectors = NDArray[np.float32]
FIELDS = ("text", "description", "synonyms", "broader", "translations")
"""The fields of a document that make up its label."""


def label_action(label: Label, vector: Vectors) -> Action:
    """Return the action that writes a label with its embedding, float32[dimension]."""
    return Action(
        label.id,
        {
            "id": label.id,
            "text": label.text,
            "description": label.description,
            "synonyms": list(label.synonyms),
            "names": [
                {"words": " ".join(sorted(name)), "count": len(name)}
                for name in words_of_names((label.text, *label.synonyms))
            ],
            # Indices that were made before labels had these fields do not accept them.
            **({"broader": list(label.broader)} if label.broader else {}),
            **({"translations": dict(label.translations)} if label.translations else {}),
            "digest": label.digest,
            "embedding": rounded(vector),
        },
    )


def label_of(hit: Mapping[str, Any]) -> Label:
    """Return the label of a hit."""
    return Label.of({"id": hit["_id"], **hit["_source"]})


def rounded(vector: Vectors) -> list[float]:
    """Round to seven decimals: the precision of float32 for a unit vector, in half the bytes."""
    return [round(value, 7) for value in vector.tolist()]
