"""The part of the ONNX graph that computes evidence from words."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lmtx_search.tagging.in_cluster.form_graph import best_forms, weigh_forms
from lmtx_search.tagging.in_cluster.graph_part import GraphPart
from lmtx_search.tagging.in_cluster.pair_graph import count_pairs
from lmtx_search.words.evidence import LabelWords
from lmtx_search.words.tokens import WordTokens
from lmtx_search.words.weights import WordScoring

WORDS = "words"
"""The result of the nodes: float32 [n, labels], the weighted evidence and offset of each label."""


def word_graph(
    words: WordScoring,
    tokens: WordTokens,
    labels: LabelWords,
    inputs: tuple[str, str],
    skipped: int = 0,
) -> GraphPart:
    """Return the nodes that compute :data:`WORDS` from the tokens of texts.

    Args:
        tokens: which tokens are words.
        inputs: names of the token ids and the attention mask, int64 [n, tokens] each.
        skipped: number of first tokens that are not part of a text, but of the prompt.
    """
    part = GraphPart()
    if skipped:
        inputs = _without_first(part, skipped, inputs)
    _count_words(part, tokens, words.importance.words, inputs)
    if len(labels.pairs):
        _weigh_pairs(part, len(tokens), labels)
    order = weigh_forms(part, words, labels)
    best_forms(part, order, labels.forms_per_label)
    part.constant("label_offsets", labels.offsets)
    part.add("Add", ["best_of_labels", "label_offsets"], WORDS)
    return part


def _without_first(part: GraphPart, number: int, inputs: tuple[str, str]) -> tuple[str, str]:
    """Return the names of the inputs without their first tokens."""
    bounds = [
        part.constant("text_start", [number], np.int64),
        part.constant("text_end", [np.iinfo(np.int64).max], np.int64),
        part.constant("token_axis", [1], np.int64),
    ]
    ids, mask = inputs
    return (
        part.add("Slice", [ids, *bounds], "text_ids"),
        part.add("Slice", [mask, *bounds], "text_mask"),
    )


def _count_words(
    part: GraphPart,
    tokens: WordTokens,
    importance: NDArray[np.float32],
    inputs: tuple[str, str],
) -> None:
    """Compute which words a text has and their weights in a unit vector: float32 [n, V + 1].

    The last place collects what is no word.
    """
    none = len(tokens)
    constant, add = part.constant, part.add
    constant("folded", np.where(tokens.folded < 0, none, tokens.folded), np.int64)
    constant("none", none, np.int64)
    constant("no_token", 0, np.int64)
    constant("vocabulary", [none + 1], np.int64)
    constant("importance", [*importance, 0.0])
    constant("is_word", [*np.ones(none), 0.0])
    constant("one", 1.0)
    constant("tiny", 1e-12)
    ids, mask = inputs
    add("Greater", [mask, "no_token"], "is_token")
    add("Gather", ["folded", ids], "folded_ids", {"axis": 0})
    add("Shape", [ids], "number", {"start": 0, "end": 1})
    counted = _at_beginnings(part, tokens, ids)
    add("Where", ["is_token", counted, "none"], "word_ids")
    add("Concat", ["number", "vocabulary"], "word_shape", {"axis": 0})
    add("Expand", ["zero", "word_shape"], "no_counts")
    add("Shape", [ids], "ids_shape")
    add("Expand", ["one", "ids_shape"], "ones")
    add(
        "ScatterElements",
        ["no_counts", "word_ids", "ones"],
        "counts",
        {"axis": 1, "reduction": "add"},
    )
    add("Min", ["counts", "is_word"], "has")
    add(
        "ReduceL2",
        [_weighed(part, "counts", "has", "importance")],
        "word_length",
        {"axes": [1], "keepdims": 1},
    )
    add("Max", ["word_length", "tiny"], "length")
    add("Div", ["weighed_counts", "length"], "vector")


def _at_beginnings(part: GraphPart, tokens: WordTokens, ids: str) -> str:
    """Return the name of the words: ``folded_ids``, but for tokens at the beginning of a word."""
    if np.array_equal(tokens.at_beginning, tokens.folded):
        return "folded_ids"
    constant, add = part.constant, part.add
    none = len(tokens)
    constant("at_beginning", np.where(tokens.at_beginning < 0, none, tokens.at_beginning), np.int64)
    constant("one_token", [1], np.int64)
    constant("first_token", [0], np.int64)
    constant("last_token", [-1], np.int64)
    constant("of_tokens", [1], np.int64)
    add("Concat", ["number", "one_token"], "column", {"axis": 0})
    add("Expand", ["none", "column"], "before_first")
    add("Concat", ["before_first", "folded_ids"], "shifted_ids", {"axis": 1})
    add("Slice", ["shifted_ids", "first_token", "last_token", "of_tokens"], "previous_ids")
    add("Equal", ["previous_ids", "none"], "begins")
    add("Gather", ["at_beginning", ids], "beginning_ids", {"axis": 0})
    return add("Where", ["begins", "beginning_ids", "folded_ids"], "counted_ids")


def _weigh_pairs(part: GraphPart, none: int, labels: LabelWords) -> None:
    """Compute the weights of a text's pairs beside words of length 1: float32 [n, Q + 1]."""
    constant, add = part.constant, part.add
    counts = count_pairs(part, "word_ids", none, labels.pairs)
    constant("pair_importance", [*labels.importance[none:], 0.0])
    add("Min", [counts, "one"], "has_pair")
    weighed = _weighed(part, counts, "has_pair", "pair_importance")
    add("Div", [weighed, "length"], "pair_vector")


def _weighed(part: GraphPart, counts: str, has: str, importance: str) -> str:
    """Return the name of the TF-IDF weights: 1 plus the logarithm of a count, times importance.

    Args:
        counts, has: float32 [n, terms], how often a text has a term, and 1 if it has it.
        importance: float32 [terms].
    """
    add = part.add
    add("Max", [counts, "one"], f"least_{counts}")
    add("Log", [f"least_{counts}"], f"log_{counts}")
    add("Add", [f"log_{counts}", "one"], f"frequency_{counts}")
    add("Mul", [f"frequency_{counts}", has], f"seen_{counts}")
    return add("Mul", [f"seen_{counts}", importance], f"weighed_{counts}")
