"""The part of the ONNX graph that weighs the words and pairs of names, form by form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lmtx_search.tagging.in_cluster.graph_part import GraphPart
from lmtx_search.words.evidence import COMPLETE, FormWords, LabelWords
from lmtx_search.words.weights import WordScoring

# More than the exponent of any size.
_EXPONENTS = 64


def weigh_forms(part: GraphPart, words: WordScoring, labels: LabelWords) -> NDArray[np.int64]:
    """Compute the weighted evidence of all forms, by length; return their order."""
    constant, add = part.constant, part.add
    entries, vocabulary = labels.entries(), len(words.importance.words)
    of_words = _Terms.of(entries, entries.term < vocabulary, 0, vocabulary)
    of_pairs = _Terms.of(entries, entries.term >= vocabulary, vocabulary, len(labels.pairs))
    order: list[NDArray[np.int64]] = []
    similarities: list[str] = []
    shares: list[str] = []
    groups = of_words.exponents * _EXPONENTS + of_pairs.exponents
    for group in np.unique(groups):
        rows = np.flatnonzero(groups == group)
        name = f"group_{group}"
        similarity, share = of_words.sums(part, f"words_{name}", rows, ("vector", "has"))
        if of_pairs.sizes[rows].any():
            (paired,) = of_pairs.sums(part, f"pairs_{name}", rows, ("pair_vector",))
            similarity = add("Add", [similarity, paired], f"similarity_{name}")
        similarities.append(similarity)
        shares.append(share)
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


@dataclass(frozen=True, slots=True)
class _Terms:
    """The terms of forms, form by form.

    Attributes:
        sizes, starts: int64[forms], how many terms a form has, and where they begin.
        exponents: int64[forms], the power of two that holds so many.
        term: int64[P], as columns of what :meth:`sums` reads; ``none`` is one without any value.
        similarity, share: float32[P].
    """

    sizes: NDArray[np.int64]
    starts: NDArray[np.int64]
    exponents: NDArray[np.int64]
    term: NDArray[np.int64]
    none: int
    similarity: NDArray[np.float32]
    share: NDArray[np.float32]

    @staticmethod
    def of(entries: FormWords, chosen: NDArray[np.bool_], first: int, none: int) -> _Terms:
        """Return some of the terms, numbered from ``first`` on."""
        sizes = np.bincount(entries.form[chosen], minlength=entries.forms)
        return _Terms(
            sizes,
            np.cumsum(sizes) - sizes,
            _exponents(sizes),
            entries.term[chosen] - first,
            none,
            entries.similarity[chosen],
            entries.share[chosen],
        )

    def sums(
        self, part: GraphPart, name: str, rows: NDArray[np.int64], sources: Sequence[str]
    ) -> list[str]:
        """Compute weighted sums over the terms of forms of similar size: float32 [n, rows] each.

        Args:
            sources: float32 [n, none + 1] each, weighed by similarity and by share.
        """
        width = 1 << int(self.exponents[rows[0]])
        # One place more, for the forms that are shorter: it has no weight.
        places = _places(self.starts[rows], self.sizes[rows], width, len(self.term)).T
        part.constant(f"terms_{name}", np.append(self.term, self.none)[places], np.int32)
        results = []
        for source, weights in zip(sources, (self.similarity, self.share), strict=False):
            of_source = f"{source}_{name}"
            part.constant(f"weights_{of_source}", np.append(weights, np.float32(0))[places])
            part.add("Gather", [source, f"terms_{name}"], of_source, {"axis": 1})
            part.add("Mul", [of_source, f"weights_{of_source}"], f"parts_{of_source}")
            results.append(_reduced(part, "ReduceSum", f"parts_{of_source}"))
        return results


def best_forms(part: GraphPart, order: NDArray[np.int64], forms: NDArray[np.int64]) -> None:
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
    exponents = _exponents(sizes)
    return [(1 << int(e), np.flatnonzero(exponents == e)) for e in np.unique(exponents)]


def _exponents(sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the least power of two that is not below each size, as an exponent."""
    return np.asarray(np.ceil(np.log2(np.maximum(sizes, 1))).astype(np.int64))


def _places(
    starts: NDArray[np.int64], sizes: NDArray[np.int64], width: int, other: int
) -> NDArray[np.int64]:
    """Return int64[rows, width]: places from each start on, and ``other`` beyond the size."""
    steps = np.arange(width)
    return np.where(steps < sizes[:, None], starts[:, None] + steps, other)
