"""Why documents are not tagged, or not as usual, as a load reports it, on a real cluster."""

from __future__ import annotations

from typing import Any

import pytest

from lmtx_search.cluster.setup import indices
from lmtx_search.cluster.setup.bootstrap import apply, plan
from lmtx_search.cluster.setup.indices import prepare_tagged_index, tagging_errors
from lmtx_search.settings import Settings
from tests.support.suggestions import AT, index_tagged, tagged

pytestmark = pytest.mark.integration


def test_reasons_are_counted_in_full_and_apart_from_notes_on_tagged_documents(
    client: Any, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply(client, plan(client, settings))
    prepare_tagged_index(client, "articles")
    states = [("tagged", "no labels for a"), ("tagged", None), ("pending", "no answer")]
    states += [("pending", "no answer"), ("pending", "timeout"), ("failed", "refused")]
    documents = []
    for number, (status, error) in enumerate(states):
        tagging = {"status": status, "tagger": "t1", "at": AT}
        tagging |= {"error": error} if error else {}
        documents.append(tagged(f"d{number}", tagging=tagging))
    index_tagged(client, "articles", documents)
    assert tagging_errors(client, "articles", tagged=True) == {"no labels for a": 1}
    monkeypatch.setattr(indices, "_REASONS", 1)
    assert tagging_errors(client, "articles") == {"no answer": 2, "other reasons": 2}
