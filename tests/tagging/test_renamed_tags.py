"""What a change of labels tells about tags that have other names now."""

from __future__ import annotations

import numpy as np

from lmtx_search.records import Label
from lmtx_search.tagging.deployment.renamed_tags import renamed_by_load, renamed_tags
from lmtx_search.tagging.versions.label_matrix import LabelRows


def rows(**texts: str) -> LabelRows:
    return LabelRows.of(list(texts), list(texts.values()), np.empty((len(texts), 0), np.float32))


def test_the_way_to_the_new_name_is_told_only_if_a_tagger_gives_it() -> None:
    before, now = {"it's": "Go"}, {"it's": "Go (it's)"}
    (told,) = renamed_tags(before, now, in_use=True)
    assert told.endswith("""`lmtx-search retag --index INDEX --label 'it'"'"'s'`""")
    assert renamed_tags(before, now, in_use=False) == [
        "The tag of it's is now Go (it's) instead of Go"
    ]


def test_a_load_tells_which_tags_have_other_names_though_their_labels_are_the_same() -> None:
    before = rows(g="Go", c="Chess", old="Ludo")
    (told,) = renamed_by_load(before, rows(g="Go", c="Chess game", h="Go"))
    assert told.startswith("The tag of g is now Go (g) instead of Go: documents get the new name")


def test_many_renamed_tags_are_counted() -> None:
    before = {str(number): "Go" for number in range(12)}
    now = {id_: f"Go ({id_})" for id_ in before}
    notes = renamed_tags(before, now, in_use=True)
    assert len(notes) == 11
    assert notes[-1] == "The tags of 2 more labels have other names now"
    assert renamed_tags(before, {**now, "0": "Go"}, [Label("0", "Go")], in_use=True)[-1] == (
        "The tag of 1 more label has another name now"
    )
