"""The base encoder of a run, while other commands may write labels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lmtx_search.cluster.labels.index import LabelIndex
from lmtx_search.cluster.setup.bootstrap import apply, plan
from lmtx_search.encoder.label_embeddings import embed_labels
from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.encoder.passages import passages_digest
from lmtx_search.progress import SILENT
from lmtx_search.records import Document, Label, content_digest
from lmtx_search.settings import EncoderSettings, Settings
from lmtx_search.training.inputs import RunInputs, named_fingerprint, open_base
from lmtx_search.training.profiles import training_settings
from lmtx_search.training.settings import FineTuning
from tests.support.tiny_encoder import DIMENSION, make_tiny_encoder

LABELS = [Label("chess", "chess"), Label("mail", "mail")]
NEW = Label("web", "web")
TUNING = FineTuning()


@pytest.mark.integration
def test_a_run_leaves_the_labels_of_a_load_beside_it_as_they_are(
    client: Any, settings: Settings, tmp_path: Path
) -> None:
    apply(client, plan(client, settings))
    index, base = LabelIndex(client), make_tiny_encoder(tmp_path / "tiny")
    encoder = OnnxEncoder(base, TUNING.label_tokens)
    digest = passages_digest(encoder.digest, TUNING.label_tokens, encoder.form.label_prompt)
    index.load(
        LABELS, lambda labels: np.eye(2, 384, dtype=np.float32), content_digest("other"), 384
    )
    # A load is moving the labels back to the base encoder, and has written a new one.
    of_load = index.write_version(
        [*LABELS, NEW], lambda labels: embed_labels(encoder, labels), digest, DIMENSION
    )
    # These are the inputs of a run that began before.
    inputs = RunInputs(
        client=client,
        index=index,
        labels=LABELS,
        people_only=[],
        training=[],
        development=[],
        judge=Any,  # type: ignore[arg-type]
        base=base,
        people=[],
        fingerprint="run",
        named_fingerprint="named",
        since="",
    )
    _, search = open_base(settings, TUNING, inputs, "run", SILENT)
    assert index.digests(of_load).keys() == {"chess", "mail", "web"}
    (found,) = search(encoder.encode(["web"]), 3)
    assert {id_ for id_, _ in found} == {"chess", "mail"}
    index.discard("run")
    assert len(index.versions()) == 2
    # Where the labels are the same, nothing is written.
    index.write_version(LABELS, lambda labels: embed_labels(encoder, labels), digest, DIMENSION)
    _, search = open_base(settings, TUNING, inputs, "run", SILENT)
    assert len(index.versions()) == 2
    assert len(search(encoder.encode(["web"]), 3)[0]) == 2


def of_stage(encoder: EncoderSettings | None = None, **changes: Any) -> str:
    training = training_settings(encoder or EncoderSettings(), **changes)
    return named_fingerprint(training, "base", LABELS, [Document("1", "a")], [Document("2", "b")])


@pytest.mark.parametrize(
    "change",
    [
        {"budget": "2h"},
        {"epochs": 2},
        {"negatives": "in_batch"},
        {"positives": "weighted"},
        {"words": 1.0},
        {"encoder": EncoderSettings(windows=3, window_pooling="max")},
    ],
    ids=str,
)
def test_what_only_a_cycle_uses_keeps_the_stage_before_it(change: dict[str, Any]) -> None:
    assert of_stage(**change) == of_stage()


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 1},
        {"batch_size": 16},
        {"learning_rate": 1e-4},
        {"unjudged_documents": 100},
        {"learning_budget": "5m"},
        {"hardest": 5},
        {"encoder": EncoderSettings(document_tokens=64)},
    ],
    ids=str,
)
def test_what_the_stage_before_the_first_cycle_uses_makes_another_stage(
    change: dict[str, Any],
) -> None:
    assert of_stage(**change) != of_stage()
