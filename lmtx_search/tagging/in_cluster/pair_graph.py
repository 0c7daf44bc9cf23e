"""The part of the ONNX graph that finds pairs of words, which names of labels have too."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lmtx_search.tagging.in_cluster.graph_part import GraphPart

# Places of the hash table for each pair.
_SPACE = 4
_NO_PAIR = -1
_EMPTY = -2


def count_pairs(part: GraphPart, word_ids: str, none: int, pairs: NDArray[np.int64]) -> str:
    """Count how often a text has each pair; return the name of the counts: float32 [n, Q + 1].

    The last place collects pairs that are not among them.

    Args:
        word_ids: name of the words of texts, int64 [n, tokens].
        none: what stands for no word there, which is also the size of the vocabulary.
        pairs: int64[Q], as :func:`~lmtx_search.words.importance.pair_keys` writes them.
    """
    constant, add = part.constant, part.add
    table = _hash_table(pairs)
    constant("pair_keys", np.append(pairs, _EMPTY), np.int64)
    constant("pair_table", table, np.int64)
    constant("pair_places", len(table), np.int64)
    constant("pair_base", none, np.int64)
    constant("no_pair", _NO_PAIR, np.int64)
    constant("other_pair", len(pairs), np.int64)
    first, second = _neighbours(part, word_ids, none)
    add("Mul", [first, "pair_base"], "first_of_pair")
    add("Add", ["first_of_pair", second], "any_pair_key")
    add("Equal", [second, "none"], "is_last_word")
    add("Where", ["is_last_word", "no_pair", "any_pair_key"], "pair_key")
    add("Mod", ["pair_key", "pair_places"], "place_of_pair")
    add("Gather", ["pair_table", "place_of_pair"], "pair_candidates", {"axis": 0})
    add("Gather", ["pair_keys", "pair_candidates"], "candidate_pair_keys", {"axis": 0})
    constant("pair_behind", [-1], np.int64)
    add("Unsqueeze", ["pair_key", "pair_behind"], "pair_key_column")
    add("Equal", ["candidate_pair_keys", "pair_key_column"], "is_pair")
    add("Where", ["is_pair", "pair_candidates", "other_pair"], "found_pairs")
    add("ReduceMin", ["found_pairs"], "pair_ids", {"axes": [-1], "keepdims": 0})
    constant("pair_columns", [len(pairs) + 1], np.int64)
    add("Concat", ["number", "pair_columns"], "pair_shape", {"axis": 0})
    add("Expand", ["zero", "pair_shape"], "no_pairs")
    add("Shape", ["pair_ids"], "pair_ids_shape")
    add("Expand", ["one", "pair_ids_shape"], "pair_ones")
    return add(
        "ScatterElements",
        ["no_pairs", "pair_ids", "pair_ones"],
        "pair_counts",
        {"axis": 1, "reduction": "add"},
    )


def _neighbours(part: GraphPart, word_ids: str, none: int) -> tuple[str, str]:
    """Return the names of each word and the next one, with what is no word left out between them.

    Words move to the front; ``none`` fills the rest, and follows the last word.
    """
    constant, add = part.constant, part.add
    constant("pair_start", 0, np.int64)
    constant("pair_step", 1, np.int64)
    constant("pair_axis", [1], np.int64)
    constant("pair_second", [1], np.int64)
    constant("pair_first", [0], np.int64)
    constant("pair_end", [np.iinfo(np.int64).max], np.int64)
    add("Shape", [word_ids], "tokens_number", {"start": 1, "end": 2})
    add("Squeeze", ["tokens_number"], "tokens_count")
    add("Range", ["pair_start", "tokens_count", "pair_step"], "token_places")
    add("Add", ["token_places", "tokens_count"], "places_behind")
    add("Equal", [word_ids, "none"], "is_no_word")
    add("Where", ["is_no_word", "places_behind", "token_places"], "moved_places")
    part.nodes.append(
        (
            "TopK",
            ["moved_places", "tokens_number"],
            ["sorted_places", "sorted_tokens"],
            {"axis": 1, "largest": 0, "sorted": 1},
        )
    )
    add("GatherElements", [word_ids, "sorted_tokens"], "front_words", {"axis": 1})
    constant("pair_none", [[none]], np.int64)
    add("Concat", ["number", "pair_second"], "pair_column", {"axis": 0})
    add("Expand", ["pair_none", "pair_column"], "behind_last")
    add("Slice", ["front_words", "pair_second", "pair_end", "pair_axis"], "without_first")
    add("Concat", ["without_first", "behind_last"], "next_words", {"axis": 1})
    return "front_words", "next_words"


def _hash_table(pairs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the pairs of each place, a pair's number modulo the places: int64[places, most].

    Places with fewer pairs are filled up with the number of pairs, which stands for none.
    """
    places = _SPACE * len(pairs) + 1
    place = pairs % places
    order = np.argsort(place, kind="stable")
    sizes = np.bincount(place, minlength=places)
    starts = np.cumsum(sizes) - sizes
    table = np.full((places, max(1, int(sizes.max(initial=0)))), len(pairs), dtype=np.int64)
    table[place[order], np.arange(len(pairs)) - starts[place[order]]] = order
    return table
