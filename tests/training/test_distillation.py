"""Training the real encoder on probabilities of labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lmtx_search.training.settings import FineTuning

pytestmark = pytest.mark.integration

LABELS = ["red", "green", "blue"]
DOCUMENTS = [f"document number {number} of the third kind" for number in range(32)]


def test_the_encoder_learns_the_wanted_order_of_labels(
    encoder_folder: Path, tmp_path: Path
) -> None:
    from lmtx_search.encoder.load import load_encoder
    from lmtx_search.settings import load_settings
    from lmtx_search.training.student.distillation import DistillationData, distil

    wanted = np.tile(np.array([0.1, 0.6, 0.3], dtype=np.float32), (32, 1))
    data = DistillationData(
        DOCUMENTS * 4, LABELS, np.tile(wanted, (4, 1)), np.tile([1, 2], (128, 1)), 0.05
    )
    seen: list[int] = []
    tuning = FineTuning(batch_size=8, document_tokens=32, learning_rate=1e-4)
    loss = distil(encoder_folder, tmp_path / "encoder", data, tuning, 0, seen.append)
    assert loss < 0.1
    assert sum(seen) == 128
    encoder = load_encoder(load_settings(), folder=tmp_path / "encoder", max_tokens=32)
    scores = encoder.encode(["a document of the third kind"]) @ encoder.encode_labels(LABELS[1:]).T
    assert scores[0, 0] > scores[0, 1]


def test_the_loss_is_zero_for_an_encoder_that_has_the_wanted_scores(encoder_folder: Path) -> None:
    import torch

    from lmtx_search.encoder.torch_model import load_torch_model
    from lmtx_search.training.student.distillation import DistillationData, DistillationLoss

    labels = ["music for the whole day", "chess", "electronic mail", "web", "a long walk"]
    model = load_torch_model(encoder_folder)
    of_documents = model.encode(DOCUMENTS[:3], normalize_embeddings=True)
    scores = of_documents @ model.encode(labels, normalize_embeddings=True).T
    best = np.tile(np.arange(len(labels)), (3, 1))
    loss = DistillationLoss(
        model, DistillationData(DOCUMENTS[:3], labels, scores, best, 0.05), labels, ""
    )
    model.eval()
    found = loss([model.preprocess(DOCUMENTS[:3])], torch.arange(3))
    assert float(found.detach()) == pytest.approx(0, abs=1e-4)


def test_weights_are_a_mean_with_the_untrained_ones(
    encoder_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from safetensors.numpy import load_file

    from lmtx_search.training.student import distillation

    data = distillation.DistillationData(
        DOCUMENTS[:8],
        LABELS,
        np.tile(np.array([0.1, 0.6, 0.3], dtype=np.float32), (8, 1)),
        np.tile([1, 2], (8, 1)),
        0.05,
    )
    tuning = FineTuning(batch_size=8, document_tokens=32, learning_rate=1e-3)
    written = {}
    for share in (0.0, 0.2):
        monkeypatch.setattr(distillation, "_UNTRAINED_SHARE", share)
        folder = tmp_path / str(share)
        distillation.distil(encoder_folder, folder, data, tuning, 0)
        written[share] = load_file(folder / "model.safetensors")
    untrained = load_file(encoder_folder / "model.safetensors")
    name = "embeddings.word_embeddings.weight"
    trained = written[0.0][name]
    assert np.abs(trained - untrained[name]).max() > 1e-4
    expected = 0.8 * trained + 0.2 * untrained[name]
    np.testing.assert_allclose(written[0.2][name], expected, atol=1e-6)
