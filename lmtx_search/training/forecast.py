"""What a training will cost with the labels and documents of the cluster on this machine."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lmtx_search.encoder.load import load_encoder
from lmtx_search.progress import SILENT, Progress
from lmtx_search.settings import Settings
from lmtx_search.training.decided_share import read_share
from lmtx_search.training.estimate import Estimate, Sizes, estimate
from lmtx_search.training.inputs import gather_inputs
from lmtx_search.training.learning_share import LearningShare, learning_share
from lmtx_search.training.named_once import named_state
from lmtx_search.training.run import need_torch
from lmtx_search.training.settings import TrainingSettings
from lmtx_search.training.speeds import Speeds, measure_speeds


@dataclass(frozen=True, slots=True)
class Forecast:
    """Sizes, measured speeds, and the estimate that follows from them.

    ``learning`` tells how many documents teach without the judge (None: none does).
    """

    sizes: Sizes
    speeds: Speeds
    estimate: Estimate
    learning: LearningShare | None = None


def forecast(
    settings: Settings, training: TrainingSettings, progress: Progress = SILENT
) -> Forecast:
    """Measure for some seconds and estimate the cost of a training with these settings.

    Nothing is stored: no judgment, no encoder, nothing in the cluster.

    Raises:
        UserError: no labels or documents, no judge, or settings that do not fit them.
        LmtxError: the cluster, the judge or the training failed.
    """
    need_torch()
    inputs = gather_inputs(settings, training, progress)
    training.check_batch(len(inputs.training) + len(inputs.development))
    sizes = Sizes(
        labels=len(inputs.labels),
        documents=len(inputs.training),
        held_out=len(inputs.development),
        dimension=inputs.index.require().dimension,
        label_index_bytes=inputs.index.size(),
        encoder_bytes=sum(path.stat().st_size for path in inputs.base.glob("*.safetensors")),
        # Loading takes less in fp32, and nothing is embedded.
        vocabulary=len(
            load_encoder(settings, folder=inputs.base, max_tokens=8, precision="fp32").vocabulary()
        ),
    )
    speeds = measure_speeds(
        settings, training, inputs.base, inputs.judge, inputs.labels, inputs.training, progress
    )
    if speeds.learning is None:
        return Forecast(sizes, speeds, estimate(sizes, training, speeds))
    # A stopped `train`, or `judge`, may have decided already.
    runs = settings.data_dir / "runs"
    share = (
        read_share(runs / f".{inputs.fingerprint}")
        or read_share(named_state(runs, inputs.named_fingerprint).folder)
        or learning_share(sizes.documents, sizes.labels, training, speeds.learning)
    )
    decided = replace(training, unjudged_documents=share.documents)
    return Forecast(sizes, speeds, estimate(sizes, decided, speeds), share)
