"""A cluster with labels and a real tagger service, for tests of what happens while it tags."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lmtx_search.cluster.labels.index import LabelIndex
from lmtx_search.cluster.setup.indices import prepare_tagged_index
from lmtx_search.encoder.label_embeddings import embed_labels
from lmtx_search.encoder.load import load_encoder
from lmtx_search.encoder.passages import passages_digest
from lmtx_search.records import Label
from lmtx_search.settings import Settings
from lmtx_search.tagging.deployment.deploy import Deployment, deploy
from lmtx_search.tagging.deployment.encoder_source import untrained_source
from lmtx_search.tagging.deployment.options import DeployOptions
from tests.conftest import Run
from tests.support.tagger_service import LABELS

OPTIONS = DeployOptions(precision="fp32", threshold=0.3, max_tags=3)


def bootstrap(client: Any, settings: Settings, lmtx: Run) -> None:
    """Set the cluster up and load the labels."""
    done = lmtx("bootstrap-index")
    assert done.returncode == 0, done.stderr
    load_labels(client, settings, LABELS)


def load_labels(client: Any, settings: Settings, labels: Sequence[Label]) -> None:
    """Load labels with the settings' encoder."""
    encoder = load_encoder(settings, max_tokens=settings.encoder.label_tokens, precision="fp32")
    LabelIndex(client).load(
        labels,
        lambda labels: embed_labels(encoder, labels),
        passages_digest(encoder.digest, settings.encoder.label_tokens, encoder.form.label_prompt),
        encoder.dimension,
    )


def deployed(client: Any, settings: Settings) -> Deployment:
    """Deploy the settings' encoder."""
    return deploy(client, settings, untrained_source(settings), OPTIONS)


def index_documents(client: Any, index: str, documents: list[dict[str, Any]]) -> None:
    """Index documents (with an ``id`` each) into an index that tags."""
    prepare_tagged_index(client, index)
    lines = [part for doc in documents for part in ({"index": {"_id": doc["id"]}}, doc)]
    answer = client.bulk(body=lines, index=index, params={"refresh": "true"})
    assert not answer["errors"], answer


def tags_of(client: Any, text: str, index: str = "articles") -> list[str]:
    """Return the tags that a new document of this text gets."""
    index_documents(client, index, [{"id": "new", "text": text}])
    source = client.get(index=index, id="new")["_source"]
    assert source["tagging"]["status"] == "tagged", source
    return list(source["tags"])


def ml_parts(client: Any) -> dict[str, list[str]]:
    """Return the ids of models and connectors in ML Commons."""
    found = {}
    for kind in ("models", "connectors"):
        client.indices.refresh(index=f".plugins-ml-{kind[:-1]}")
        body = {"query": {"match_all": {}}, "_source": False}
        path = f"/_plugins/_ml/{kind}/_search"
        hits = client.transport.perform_request("POST", path, body=body)["hits"]["hits"]
        found[kind] = sorted(hit["_id"] for hit in hits)
    return found
