"""Labels that a label set has too much of, each with the command that mends it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet

from lmtx_search.cluster.judgments.rejections import Rejections
from lmtx_search.gaps.near_duplicates import Pair
from lmtx_search.gaps.report import NearDuplicate, RejectedLabel, UnusedLabel
from lmtx_search.gaps.scored import ScoredSample
from lmtx_search.rules import Rules
from lmtx_search.tagging.versions.label_matrix import LabelRows


def labels_above(labels: LabelRows) -> frozenset[str]:
    """Return the ids of labels that have narrower ones. Retiring one removes a level."""
    return frozenset(above for of_label in labels.broader.values() for above in of_label)


def unused_labels(
    scored: ScoredSample,
    used: AbstractSet[str],
    names: Mapping[str, Collection[str]],
    rules: Rules | None,
) -> tuple[list[UnusedLabel], int]:
    """Return the labels that no document has, the one with the best score first.

    Labels for people only and labels with narrower ones are left out; the second result is their
    number.

    Args:
        used: tags that documents have.
        names: the names that each label has or had as a tag, by its id.
    """
    labels = scored.labels
    needed = labels_above(labels) | set(rules.people_only if rules else ())
    rows = [row for row, id_ in enumerate(labels.ids) if used.isdisjoint(names[id_])]
    listed = [row for row in rows if labels.ids[row] not in needed]
    listed.sort(key=lambda row: -scored.label_best[row])
    found = [
        UnusedLabel(
            labels.ids[row],
            labels.names[row],
            round(float(scored.label_best[row]), 4),
            scored.documents[int(scored.label_best_at[row])].id,
            _retire(labels.ids[row]),
        )
        for row in listed
    ]
    return found, len(rows) - len(listed)


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
    labels: LabelRows, pairs: Sequence[Pair], documents: Mapping[str, int], index: str
) -> list[NearDuplicate]:
    """Return pairs of labels, and which of the two to keep.

    That is the one with narrower labels. If both have some, or none has, it is the one with more
    documents.

    Args:
        documents: number of documents that have a label, by its id.
    """
    above = labels_above(labels)

    def weight(row: int) -> tuple[bool, int]:
        return labels.ids[row] in above, documents.get(labels.ids[row], 0)

    found = []
    for pair in pairs:
        keep, gone = pair.first, pair.second
        if weight(gone) > weight(keep):
            keep, gone = gone, keep
        command = _retire(labels.ids[gone])
        if weight(gone)[1]:
            command += (
                f" && lmtx-search retag --index {shlex.quote(index)} "
                f"--label {shlex.quote(labels.ids[gone])}"
            )
        found.append(
            NearDuplicate(
                labels.names[keep],
                labels.ids[keep],
                weight(keep)[1],
                labels.names[gone],
                labels.ids[gone],
                weight(gone)[1],
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
