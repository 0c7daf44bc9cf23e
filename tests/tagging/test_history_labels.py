"""Which label a tag in a document's history belongs to."""

from __future__ import annotations

from lmtx_search.records import Label
from lmtx_search.tagging.history.read import _tagged


def test_a_tag_with_an_id_added_more_than_once_belongs_to_its_label() -> None:
    # "Go (g1)" is the text of another label, so the tag of the first one has its id twice.
    labels = [Label("g1", "Go"), Label("g2", "Go"), Label("x", "Go (g1)")]
    tags = ["Go (g1) (g1)", "Go (g2)", "Go (g1)"]
    given = [(tag, "assigned", None) for tag in tags]
    tagging = {"at": "2026-11-30T10:00:00Z", "tagger": "v1", "status": "tagged"}
    by_id = {label.id: label for label in labels}
    events = list(_tagged(tagging, given, [], "articles", by_id, None))
    assert [event.label for event in events] == ["g1", "g2", "x"]
