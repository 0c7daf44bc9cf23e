"""A small encoder that the cluster runs as a model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lmtx_search.cluster.labels.index import LabelIndex
from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.encoder.passages import passages_digest
from lmtx_search.records import Label
from lmtx_search.settings import Settings
from lmtx_search.tagging.deployment.deploy import deploy
from lmtx_search.tagging.deployment.encoder_source import EncoderSource
from lmtx_search.tagging.deployment.options import DeployOptions
from tests.support.tiny_encoder import make_tiny_encoder

LABELS = [Label("1", "chess"), Label("2", "mail"), Label("3", "web")]


def deployed_in_cluster(client: Any, settings: Settings, folder: Path) -> None:
    """Load the labels and deploy the encoder. The cluster is bootstrapped."""
    form = make_tiny_encoder(folder / "tiny")
    encoder = OnnxEncoder(form, settings.encoder.label_tokens)
    LabelIndex(client).load(
        LABELS,
        lambda labels: encoder.encode([label.text for label in labels]),
        passages_digest(encoder.digest, settings.encoder.label_tokens, encoder.form.label_prompt),
        encoder.dimension,
    )
    options = DeployOptions("fp32", threshold=0.2, max_tags=2, runtime="in-cluster")
    deploy(client, settings, EncoderSource(form, "tiny"), options)
