"""Encoders of other kinds than the default one give the same tags in both runtimes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.setup.bootstrap import apply, plan
from lmtx_search.records import Label
from lmtx_search.settings import load_settings
from lmtx_search.tag_fields import scores_of
from lmtx_search.tagging.deployment.deploy import deploy
from lmtx_search.tagging.deployment.encoder_source import untrained_source
from lmtx_search.tagging.deployment.options import DeployOptions, Runtime
from tests.conftest import environment_of, flags_of
from tests.support.backends import Servers
from tests.support.live_tagger import index_documents, load_labels
from tests.support.random_encoders import SENTENCES, make_random_encoder
from tests.support.tagger_service import running
from tests.support.wipe import wipe

pytestmark = pytest.mark.integration
pytest.importorskip("sentence_transformers")

RUNTIMES: tuple[Runtime, ...] = ("service", "in-cluster")
NAMES = ("web browser", "electronic mail", "board game", "stars", "Bibliothek", "radio music")
TEXTS = [
    *SENTENCES,
    "chess",
    "x",
    "数学 と 音楽",
    "A </s> web <mask>browser<s> and <pad> chess</s>",
    "mail " * 999,
    " ".join(SENTENCES) * 9,
]


@pytest.mark.parametrize("kind", ["XLM-R", "Qwen3", "T5"])
def test_ten_documents_have_the_same_tags(kind: str, servers: Servers, tmp_path: Path) -> None:
    prompts = {"query": "query: ", "document": "passage: "}
    flags = {
        **flags_of(servers, tmp_path / "data"),
        "encoder.name": str(make_random_encoder(tmp_path / "encoder", kind, prompts=prompts)),
        "cache_dir": tmp_path / "cache",
        "encoder.document_tokens": 40,
        "encoder.label_tokens": 16,
    }
    settings = load_settings(flags=flags)
    client = connect(settings.opensearch)
    wipe(client)
    apply(client, plan(client, settings))
    load_labels(client, settings, [Label(str(n), name) for n, name in enumerate(NAMES)])
    documents = [{"id": str(place), "text": text} for place, text in enumerate(TEXTS)]
    given: list[list[dict[str, float]]] = []
    with running(environment_of(settings)):
        for runtime in RUNTIMES:
            options = DeployOptions("fp32", threshold=0.05, max_tags=3, runtime=runtime)
            deploy(client, settings, untrained_source(settings), options)
            index_documents(client, "articles", documents)
            given.append(_scores(client, documents))
    wipe(client)
    service, cluster = given
    assert any(service)
    assert cluster == [pytest.approx(scores, abs=2e-4) for scores in service]


def _scores(client: Any, documents: list[dict[str, Any]]) -> list[dict[str, float]]:
    body = {"ids": [document["id"] for document in documents]}
    sources = [found["_source"] for found in client.mget(index="articles", body=body)["docs"]]
    assert {source["tagging"]["status"] for source in sources} == {"tagged"}
    return [scores_of(source.get("tag_scores")) for source in sources]
