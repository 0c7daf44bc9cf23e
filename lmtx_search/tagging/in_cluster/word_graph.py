"""The part of the ONNX graph that computes evidence from words."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lmtx_search.tagging.in_cluster.graph_part import GraphPart
from lmtx_search.words.evidence import COMPLETE, LabelWords
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
    _count_words(part, tokens, words.importance, inputs)
    order = _weigh_forms(part, words, labels)
    _best_forms(part, order, labels.forms_per_label)
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
    add("Max", ["counts", "one"], "at_least_one")
    add("Log", ["at_least_one"], "log_counts")
    add("Add", ["log_counts", "one"], "frequencies")
    add("Mul", ["frequencies", "has"], "seen")
    add("Mul", ["seen", "importance"], "weighted")
    add("ReduceL2", ["weighted"], "word_length", {"axes": [1], "keepdims": 1})
    add("Max", ["word_length", "tiny"], "length")
    add("Div", ["weighted", "length"], "vector")


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


def _weigh_forms(part: GraphPart, words: WordScoring, labels: LabelWords) -> NDArray[np.int64]:
    """Compute the weighted evidence of all forms, by length; return their order."""
    constant, add = part.constant, part.add
    entries = labels.entries()
    lengths = np.bincount(entries.form, minlength=entries.forms)
    starts = np.cumsum(lengths) - lengths
    order: list[NDArray[np.int64]] = []
    similarities: list[str] = []
    shares: list[str] = []
    for width, rows in _by_size(lengths):
        name = f"{width}_words"
        # One place more, for the forms that are shorter: it has no weight.
        places = _places(starts[rows], lengths[rows], width, len(entries.token)).T
        token = np.append(entries.token, len(words.importance))[places]
        constant(f"token_{name}", token, np.int32)
        for side, weights, results in (
            ("vector", entries.similarity, similarities),
            ("has", entries.share, shares),
        ):
            constant(f"{side}_weights_{name}", np.append(weights, np.float32(0))[places])
            add("Gather", [side, f"token_{name}"], f"{side}_of_{name}", {"axis": 1})
            add("Mul", [f"{side}_of_{name}", f"{side}_weights_{name}"], f"{side}_parts_{name}")
            results.append(_reduced(part, "ReduceSum", f"{side}_parts_{name}"))
        order.append(rows)
    add("Concat", similarities, "similarity", {"axis": 1})
    add("Concat", shares, "share", {"axis": 1})
    constant("least_share", COMPLETE)
    add("GreaterOrEqual", ["share", "least_share"], "is_complete")
    add("Cast", ["is_complete"], "complete", {"to": 1})
    for side in ("similarity", "share", "complete"):
        constant(f"{side}_weight", getattr(words.weights, side))
        add("Mul", [side, f"{side}_weight"], f"{side}_evidence")
    add("Add", ["similarity_evidence", "share_evidence"], "partial_evidence")
    add("Add", ["partial_evidence", "complete_evidence"], "evidence")
    return np.concatenate(order)


def _best_forms(part: GraphPart, order: NDArray[np.int64], forms: NDArray[np.int64]) -> None:
    """Compute the evidence of each label's best form, in the order of the labels."""
    column = np.argsort(order)
    starts = np.cumsum(forms) - forms
    best: list[str] = []
    labels: list[NDArray[np.int64]] = []
    for width, rows in _by_size(forms):
        name = f"{width}_forms"
        # A label with fewer forms has its first form several times.
        places = _places(starts[rows], forms[rows], width, -1)
        places = np.where(places < 0, places[:, :1], places)
        part.constant(f"forms_{name}", column[places].T, np.int32)
        part.add("Gather", ["evidence", f"forms_{name}"], f"evidence_{name}", {"axis": 1})
        best.append(_reduced(part, "ReduceMax", f"evidence_{name}"))
        labels.append(rows)
    part.add("Concat", best, "best_evidence", {"axis": 1})
    part.constant("by_label", np.argsort(np.concatenate(labels)), np.int32)
    part.add("Gather", ["best_evidence", "by_label"], "best_of_labels", {"axis": 1})


def _reduced(part: GraphPart, kind: str, name: str) -> str:
    """Reduce the second axis of float32 [n, width, rows], which is quicker than the last one."""
    if kind == "ReduceSum":
        part.constant("second_axis", [1], np.int64)
        return part.add(kind, [name, "second_axis"], f"reduced_{name}", {"keepdims": 0})
    return part.add(kind, [name], f"reduced_{name}", {"axes": [1], "keepdims": 0})


def _by_size(sizes: NDArray[np.int64]) -> list[tuple[int, NDArray[np.int64]]]:
    """Return rows of similar size together: (the next power of two, rows)."""
    exponents = np.ceil(np.log2(np.maximum(sizes, 1))).astype(np.int64)
    return [(1 << int(e), np.flatnonzero(exponents == e)) for e in np.unique(exponents)]


def _places(
    starts: NDArray[np.int64], sizes: NDArray[np.int64], width: int, other: int
) -> NDArray[np.int64]:
    """Return int64[rows, width]: places from each start on, and ``other`` beyond the size."""
    steps = np.arange(width)
    return np.where(steps < sizes[:, None], starts[:, None] + steps, other)
