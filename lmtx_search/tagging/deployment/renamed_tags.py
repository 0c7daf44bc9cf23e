"""Notes about tags that have other names after a change of labels."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

from lmtx_search.records import Label
from lmtx_search.tagging.versions.label_matrix import LabelRows

# A load may rename very many tags.
_NAMED = 10


def renamed_tags(
    before: Mapping[str, str],
    now: Mapping[str, str],
    puts: Sequence[Label] = (),
    *,
    in_use: bool,
) -> list[str]:
    """Return notes about tags that got another name, or another one than the text of their label.

    Args:
        before: the tag names of other labels by id, before a change of labels.
        now: after it, with the labels that were put.
        in_use: whether a tagger already gives documents the new names.
    """
    notes = [
        f"The tag of {label.id} is {now[label.id]}, because other labels share its text"
        for label in puts
        if now[label.id] != label.text
    ]
    renamed = [id_ for id_, tag in before.items() if now[id_] != tag]
    for id_ in renamed[:_NAMED]:
        told = f"The tag of {id_} is now {now[id_]} instead of {before[id_]}"
        retag = f"`lmtx-search retag --index INDEX --label {shlex.quote(id_)}`"
        notes.append(f"{told}: documents get the new name with {retag}" if in_use else told)
    more = len(renamed) - _NAMED
    if more > 0:
        notes.append(
            "The tag of 1 more label has another name now"
            if more == 1
            else f"The tags of {more:,} more labels have other names now"
        )
    return notes


def renamed_by_load(before: LabelRows, now: LabelRows) -> list[str]:
    """Return notes about tags whose names a load of labels changed, but not their texts.

    Args:
        before: the labels of the tagger in use, before the load.
        now: after it.
    """
    texts = dict(zip(before.ids, before.texts, strict=True))
    same = {id_ for id_, text in zip(now.ids, now.texts, strict=True) if texts.get(id_) == text}
    names = zip(before.ids, before.names, strict=True)
    return renamed_tags(
        {id_: name for id_, name in names if id_ in same},
        dict(zip(now.ids, now.names, strict=True)),
        in_use=True,
    )
