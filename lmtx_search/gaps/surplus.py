"""Labels that a label set has too much of, each with the command that mends it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from urllib.parse import urlencode

import numpy as np

from lmtx_search.cluster.judgments.rejections import Rejections
from lmtx_search.gaps.near_duplicates import Pair
from lmtx_search.gaps.report import NearDuplicate, RejectedLabel, SuggestedLabel, UnusedLabel
from lmtx_search.gaps.scored import ScoredSample
from lmtx_search.tagging.versions.label_matrix import LabelRows


def labels_above(labels: LabelRows) -> frozenset[str]:
    """Return the ids of labels that have narrower ones. Retiring one removes a level."""
    return frozenset(above for of_label in labels.broader.values() for above in of_label)


def unused_labels(
    scored: ScoredSample,
    used: AbstractSet[str],
    names: Mapping[str, Collection[str]],
    for_people: AbstractSet[str],
) -> tuple[list[UnusedLabel], int]:
    """Return the labels that no document has, the one with the best score first.

    Labels for people only and labels with narrower ones are left out; the second result is their
    number.

    Args:
        used: tags that documents have, or that are suggested for them.
        names: the names that each label has or had as a tag, by its id.
        for_people: labels that only people give to documents, by id.
    """
    labels = scored.labels
    needed = labels_above(labels) | for_people
    rows = [row for row, id_ in enumerate(labels.ids) if used.isdisjoint(names[id_])]
    listed = [row for row in rows if labels.ids[row] not in needed]
    listed.sort(key=lambda row: -scored.label_best[row])
    found = []
    for row in listed:
        score, document = _best(scored, row)
        command = _retire(labels.ids[row])
        found.append(UnusedLabel(labels.ids[row], labels.names[row], score, document, command))
    return found, len(rows) - len(listed)


def _best(scored: ScoredSample, row: int) -> tuple[float | None, str | None]:
    """Return the best score of a label, and its document (None: no document may have it)."""
    best = float(scored.label_best[row])
    if best == -np.inf:
        return None, None
    return round(best, 4), scored.documents[int(scored.label_best_at[row])].id


def suggested_only(
    labels: LabelRows,
    used: AbstractSet[str],
    names: Mapping[str, Collection[str]],
    for_people: AbstractSet[str],
    suggested: Mapping[str, int],
    index: str,
) -> list[SuggestedLabel]:
    """Return the labels that no document has, but that are suggested; the most frequent first.

    Args:
        used, names, for_people: as :func:`unused_labels` has them; ``used`` without suggestions.
        suggested: number of documents for which a label is suggested, by its id.
    """
    found = [
        SuggestedLabel(
            id_,
            name,
            suggested[id_],
            f"lmtx-search ui --index {shlex.quote(index)}",
            f"/decide?{urlencode({'label': name})}",
        )
        for id_, name in zip(labels.ids, labels.names, strict=True)
        if suggested.get(id_) and used.isdisjoint(names[id_]) and id_ not in for_people
    ]
    return sorted(found, key=lambda one: -one.documents)


def rejected_labels(labels: LabelRows, refused: Mapping[str, Rejections]) -> list[RejectedLabel]:
    """Return the labels that people rejected, the one with most noes first.

    Args:
        refused: by label id.
    """
    row_of = {id_: row for row, id_ in enumerate(labels.ids)}
    above = labels_above(labels)
    rejected = sorted(
        (one for one in refused.items() if one[0] in row_of),
        key=lambda one: (-one[1].rejected, one[1].judged),
    )
    return [
        RejectedLabel(
            label,
            labels.names[row_of[label]],
            one.rejected,
            one.judged,
            _retire(label)
            if 2 * one.rejected > one.judged and label not in above
            else "lmtx-search train",
        )
        for label, one in rejected
    ]


def near_duplicate_labels(
    labels: LabelRows,
    pairs: Sequence[Pair],
    documents: Mapping[str, int],
    suggested: Mapping[str, int],
    index: str,
) -> list[NearDuplicate]:
    """Return pairs of labels, and which of the two to keep.

    That is the one with narrower labels. If both have some, or none has, it is the one with more
    documents, and then the one that is suggested for more.

    Args:
        documents: number of documents that have a label, by its id.
        suggested: number of documents for which a label is suggested, by its id.
    """
    above = labels_above(labels)

    def weight(row: int) -> tuple[bool, int, int]:
        id_ = labels.ids[row]
        return id_ in above, documents.get(id_, 0), suggested.get(id_, 0)

    found = []
    for pair in pairs:
        keep, gone = pair.first, pair.second
        if weight(gone) > weight(keep):
            keep, gone = gone, keep
        command = _retire(labels.ids[gone])
        if any(weight(gone)[1:]):
            command += (
                f" && lmtx-search retag --index {shlex.quote(index)} "
                f"--label {shlex.quote(labels.ids[gone])}"
            )
        found.append(
            NearDuplicate(
                labels.names[keep],
                labels.ids[keep],
                weight(keep)[1],
                weight(keep)[2],
                labels.names[gone],
                labels.ids[gone],
                weight(gone)[1],
                weight(gone)[2],
                round(pair.similarity, 4),
                command,
                _exclude(labels.ids[keep], labels.ids[gone]),
            )
        )
    return found


def _retire(id_: str) -> str:
    return f"lmtx-search labels retire {shlex.quote(id_)}"


def _exclude(*ids: str) -> str:
    """Return the line of a file of rules by which labels exclude each other."""
    words = ("exclude", *ids)
    return ("\t" if any(re.search(r"\s", id_) for id_ in ids) else " ").join(words)
