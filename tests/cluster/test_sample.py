"""The random sample of an index."""

from __future__ import annotations

from typing import Any

import pytest

from lmtx_search.cluster.documents.load import load_documents
from lmtx_search.cluster.documents.sample import sample_documents
from lmtx_search.cluster.setup.bootstrap import apply, plan
from lmtx_search.records import Document
from lmtx_search.settings import Settings

pytestmark = pytest.mark.integration


def test_the_copies_of_a_text_are_one_document_of_the_sample(
    client: Any, settings: Settings
) -> None:
    apply(client, plan(client, settings))
    texts = ["the same wire"] * 300 + ["a king", "a queen"]
    documents = [Document(f"{n:03}", text, {"text": text}) for n, text in enumerate(texts)]
    load_documents(client, documents, "lmtx-documents")

    found = sample_documents(client, "lmtx-documents", ["text"], 1000)

    assert sorted(one.id for one in found) == ["000", "300", "301"]
