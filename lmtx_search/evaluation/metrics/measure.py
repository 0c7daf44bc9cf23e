"""Computes all measures of a system with their confidence intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import numpy as np

from lmtx_search.evaluation.metrics.additive import Floats, Sums
from lmtx_search.evaluation.metrics.bootstrap import Estimate, bootstrap, share_intervals
from lmtx_search.evaluation.metrics.classification import macro_f1, tag_measures
from lmtx_search.evaluation.metrics.head_tail import Cut, bucket_measures, cut
from lmtx_search.evaluation.metrics.label_frequencies import Frequencies
from lmtx_search.evaluation.metrics.propensity import Weight, inverse_propensity, psp
from lmtx_search.evaluation.metrics.ranking import ranking_measures, require_measures


@dataclass(frozen=True, slots=True)
class Output:
    """The output of a system by document id.

    ``rankings`` are label ids, best first. ``tags`` are the ids that it would assign (None: it only
    ranks). ``note`` says what is to be known about them, for people.
    """

    rankings: Mapping[str, Sequence[str]]
    tags: Mapping[str, Sequence[str]] | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Weighing:
    """How rare labels are treated: ``weight`` for PSP, ``cut`` for head, middle and tail."""

    weight: Weight
    cut: Cut


@dataclass(frozen=True, slots=True)
class Part:
    """Measures that are computed together: float64[m], and float64[resamples, m]."""

    sums: Sums
    values: Floats
    resamples: Floats


@dataclass(frozen=True, slots=True)
class Measured:
    """A system's measures on ``documents``, by part."""

    documents: tuple[str, ...]
    parts: dict[str, Part]

    def estimates(self) -> dict[str, Estimate]:
        """Return each measure with its interval, without measures that are not defined here."""
        found: dict[str, Estimate] = {}
        for part in self.parts.values():
            bounds = share_intervals(part.sums, part.values, part.resamples)
            found |= {
                name: Estimate(*map(float, row))
                for name, *row in zip(part.sums.names, part.values, *bounds, strict=True)
                if not np.isnan(row[0])
            }
        return found


def weigh(frequencies: Frequencies, a: float = 0.55, b: float = 1.5) -> Weighing:
    """Return weights and buckets from how often labels are gold tags."""
    return Weighing(inverse_propensity(frequencies, a, b), cut(frequencies))


def measure(
    output: Output,
    gold: Mapping[str, AbstractSet[str]],
    weighing: Weighing | None = None,
    seed: int = 0,
) -> Measured:
    """Measure a system against gold tags.

    Args:
        output: a document of ``gold`` without output counts as one without any found label.
        gold: right label ids by document id, at least one each; only these documents count.
        weighing: by default from ``gold`` itself.
        seed: of the bootstrap.
    """
    require_measures()
    weighing = weighing or weigh(Frequencies.of(gold.values()))
    documents = tuple(sorted(gold))
    parts = {
        "ranking": ranking_measures(output.rankings, gold, documents),
        "propensity": psp(output.rankings, gold, documents, weighing.weight),
        "buckets": bucket_measures(output.rankings, gold, documents, weighing.cut),
    }
    if output.tags is not None:
        parts["tags"] = tag_measures(output.tags, gold, documents)
        parts["labels"] = macro_f1(output.tags, gold, documents)
    return Measured(
        documents,
        {name: Part(sums, sums.values(), bootstrap(sums, seed)) for name, sums in parts.items()},
    )
