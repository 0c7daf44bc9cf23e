"""What a training will cost here: the cluster's labels and documents, this machine's speed."""

from __future__ import annotations

from dataclasses import dataclass

from lmtx_search.progress import SILENT, Progress
from lmtx_search.settings import Settings
from lmtx_search.training.estimate import Estimate, Sizes, estimate
from lmtx_search.training.inputs import find_given
from lmtx_search.training.run import need_torch
from lmtx_search.training.settings import TrainingSettings
from lmtx_search.training.speeds import Speeds, measure_speeds


@dataclass(frozen=True, slots=True)
class Forecast:
    """What there is, how fast it goes, and what follows from both."""

    sizes: Sizes
    speeds: Speeds
    estimate: Estimate


def forecast(
    settings: Settings, training: TrainingSettings, progress: Progress = SILENT
) -> Forecast:
    """Measure for some seconds and say what a training with these settings will cost.

    Nothing is kept: no judgment, no encoder, nothing in the cluster.

    Raises:
        UserError: no labels or documents, no judge, or settings that do not fit them.
        LmtxError: the cluster, the judge or the training failed.
    """
    need_torch()
    given = find_given(settings, training, progress)
    sizes = Sizes(
        labels=len(given.labels),
        documents=len(given.training),
        held_out=len(given.development),
        dimension=given.index.require().dimension,
        label_index_bytes=given.index.size(),
        encoder_bytes=sum(path.stat().st_size for path in given.base.glob("*.safetensors")),
    )
    speeds = measure_speeds(
        settings, training, given.base, given.judge, given.labels, given.training, progress
    )
    return Forecast(sizes, speeds, estimate(sizes, training, speeds))
