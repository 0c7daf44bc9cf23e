"""What a history tells of the taggers of a document, from the records of runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lmtx_search.settings import load_settings
from lmtx_search.tagging.history.taggers import taggers


@pytest.mark.parametrize(
    ("record", "told"),
    [
        ({"previous": "v2"}, "a rollback put the tagger v1 into use again instead of v2"),
        ({"previous": None}, "a rollback put the tagger v1 into use again"),
        (
            {"previous": "v1", "put": 1200, "retired": 1},
            "a rollback gave the tagger v1, which was in use, the labels of the label index: 1,200 "
            "new or changed, 1 retired",
        ),
        ({"previous": "v1"}, "a rollback registered the tagger v1, which was in use, again"),
    ],
)
def test_a_rollback_is_told_by_what_it_did(
    record: dict[str, Any], told: str, tmp_path: Path
) -> None:
    run = {"kind": "rollback", "version": "v1", "at": "2026-01-02", "put": 0, "retired": 0}
    document = {"tagger": "v1", "at": "2026-01-03"}
    settings = load_settings(flags={"data_dir": str(tmp_path)})
    (event,) = taggers(settings, document, [("r", {**run, **record})], {})
    assert (event.kind, event.what) == ("rolled back", told)
