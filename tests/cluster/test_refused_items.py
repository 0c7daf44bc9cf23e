"""A bulk request of which the cluster refuses items is an error, although its status is 200."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lmtx_search.cluster.client import names
from lmtx_search.cluster.decisions.claims import claim
from lmtx_search.cluster.decisions.order import Place
from lmtx_search.cluster.judgments.feedback import keep_opinions, remove_opinions, train_on
from lmtx_search.cluster.setup.bootstrap import apply, plan
from lmtx_search.errors import LmtxError
from lmtx_search.records import Document, Judgment
from lmtx_search.settings import DocumentSettings, Settings

pytestmark = pytest.mark.integration

WRITERS: dict[str, tuple[str, Callable[[Any, str], object]]] = {
    "keep_opinions": (
        names.JUDGMENTS,
        lambda client, id_: keep_opinions(
            client, [Judgment(id_, "1", "chess", 1.0, 1, "anna", "prompt")]
        ),
    ),
    "remove_opinions": (names.JUDGMENTS, lambda client, id_: remove_opinions(client, [id_])),
    "train_on": (
        DocumentSettings().training_index,
        lambda client, id_: train_on(
            client, DocumentSettings(), [Document(id_, "plays chess", {"text": "plays chess"})]
        ),
    ),
    "claim": (
        names.DECISIONS,
        lambda client, id_: claim(client, "anna", [Place("articles", id_)]),
    ),
}


@pytest.mark.parametrize("writer", WRITERS)
def test_an_index_that_takes_nothing_is_an_error(
    client: Any, settings: Settings, writer: str
) -> None:
    index, write = WRITERS[writer]
    apply(client, plan(client, settings))
    write(client, "first")
    client.indices.put_settings(index=index, body={"index.blocks.write": True})
    with pytest.raises(LmtxError, match=rf"^{index} refused .*blocked by"):
        write(client, "second")
