"""The part of the ONNX graph that suggests labels and computes probabilities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lmtx_search.encoder.bands import LEAST_PROBABILITY, Bands
from lmtx_search.tagging.in_cluster.graph_part import Node
from lmtx_search.tagging.in_cluster.rule_graph import best_of_sets


@dataclass(frozen=True, slots=True)
class BandedLabels:
    """Which of L labels are suggested.

    Attributes:
        least: float32 [L], lowest score at which a label is suggested; positive.
        offsets: float32 [L], log-odds of each label.
        most: highest number of suggestions of a text.
    """

    bands: Bands
    least: NDArray[np.float32]
    offsets: NDArray[np.float32]
    most: int


def band_values(banded: BandedLabels, labels: int) -> dict[str, NDArray[Any]]:
    """Return the constants of :func:`band_nodes`."""
    return {
        "least_suggested": banded.least,
        "most_suggested": np.array([min(banded.most, labels)], dtype=np.int64),
        "slope": np.array(banded.bands.slope, dtype=np.float32),
        "intercepts": (banded.bands.intercept + banded.offsets).astype(np.float32),
        "thousand": np.array(1000, dtype=np.float32),
        "least_probability": np.array(LEAST_PROBABILITY, dtype=np.float32),
        "to_suggested": np.array(labels, dtype=np.int64),
        "to_probabilities": np.array(2 * labels, dtype=np.int64),
    }


def band_nodes(applied: str, output: str, sets: int = 1) -> list[Node]:
    """Return the nodes that add suggestions and probabilities to the scores of tags.

    They read ``tags``, ``rounded``, ``kept``, ``rows`` and ``places`` of the graph.

    Args:
        applied: float32 [n, width], the scores of tags in their places.
        output: the name of the result.
        sets: number of sets of labels from which suggestions are taken (``best_of_sets``).
    """
    add = {"axis": 1, "reduction": "add"}
    return [
        # A label that is a tag is not suggested. TopK fills up with rows that are none.
        ("Shape", ["rounded"], ["labels_shape"], {}),
        ("Expand", ["zero", "labels_shape"], ["no_tags"], {}),
        ("ScatterElements", ["no_tags", "rows", "kept"], ["kept_scores"], add),
        ("Greater", ["kept_scores", "zero"], ["is_tag"], {}),
        ("GreaterOrEqual", ["rounded", "least_suggested"], ["near"], {}),
        ("Where", ["near", "rounded", "zero"], ["near_scores"], {}),
        ("Where", ["is_tag", "zero", "near_scores"], ["candidates"], {}),
        *best_of_sets("candidates", "most_suggested", "suggested", "suggested_rows", sets),
        ("Mul", ["rounded", "slope"], ["sloped"], {}),
        ("Add", ["sloped", "intercepts"], ["log_odds"], {}),
        ("Sigmoid", ["log_odds"], ["exact_probabilities"], {}),
        ("Mul", ["exact_probabilities", "thousand"], ["large_probabilities"], {}),
        ("Round", ["large_probabilities"], ["whole_probabilities"], {}),
        ("Div", ["whole_probabilities", "thousand"], ["rounded_probabilities"], {}),
        ("Max", ["rounded_probabilities", "least_probability"], ["probabilities"], {}),
        ("Add", ["places", "to_probabilities"], ["tag_probability_places"], {}),
        *_shown("kept", "rows", "tag_probabilities"),
        ("Add", ["suggested_rows", "first"], ["suggested_first"], {}),
        ("Add", ["suggested_first", "to_suggested"], ["suggested_places"], {}),
        ("Add", ["suggested_first", "to_probabilities"], ["probability_places"], {}),
        *_shown("suggested", "suggested_rows", "suggested_probabilities"),
        (
            "ScatterElements",
            [applied, "suggested_places", "suggested"],
            ["with_suggested"],
            add,
        ),
        (
            "ScatterElements",
            ["with_suggested", "tag_probability_places", "tag_probabilities"],
            ["with_probabilities"],
            add,
        ),
        (
            "ScatterElements",
            ["with_probabilities", "probability_places", "suggested_probabilities"],
            [output],
            add,
        ),
    ]


def _shown(scores: str, rows: str, output: str) -> list[Node]:
    """Return the probabilities of the rows with a score; 0 for the others."""
    return [
        ("GatherElements", ["probabilities", rows], [f"{output}_of_rows"], {"axis": 1}),
        ("Greater", [scores, "zero"], [f"{output}_shown"], {}),
        ("Where", [f"{output}_shown", f"{output}_of_rows", "zero"], [output], {}),
    ]
