"""Which documents teach a static encoder, which choose its epoch, and which measure it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lmtx_search.progress import Progress
from lmtx_search.records import Document
from lmtx_search.training.run_answers import RunAnswers
from lmtx_search.training.sampling import hold_out
from lmtx_search.training.settings import TrainingSettings
from lmtx_search.training.static_encoder.settings import Distillation

_LEAST_MEASURED = 10


@dataclass(frozen=True)
class Split:
    """Documents that teach, choose the epoch and measure, without overlap."""

    teaching: Sequence[Document]
    choosing: Sequence[Document]
    measuring: Sequence[Document]


def sampled_as(training: TrainingSettings, record: Mapping[str, Any] | None) -> TrainingSettings:
    """Return settings that sample the training documents as a run did (None: there was none)."""
    if record is None:
        return training
    run = record["settings"]
    return replace(
        training,
        seed=run["seed"],
        most_documents=run["most_documents"],
        most_development=run["most_development"],
    )


def held_out_by(
    encoder: Path, documents: Sequence[Document], training: TrainingSettings
) -> frozenset[str]:
    """Return the ids of the documents that a run held out.

    A run of an earlier release did not write them down. It held out the end of its sample.

    Args:
        encoder: the folder of the run's encoder.
        documents: sampled as the run did.
    """
    answers = RunAnswers.read(encoder.parent)
    if answers is not None:
        return frozenset(answers.held_out)
    return frozenset(one.id for one in hold_out(documents, training.most_development)[1])


def split_documents(
    documents: Sequence[Document],
    held_out: frozenset[str] | None,
    distillation: Distillation,
    progress: Progress,
) -> Split:
    """Split training documents. Those that the teacher did not learn from measure.

    The scores of documents that taught the teacher are higher than those of others, and so would be
    a threshold that is chosen on them.

    Args:
        held_out: ids of the documents that the teacher's run held out (None: the teacher was not
            trained).
    """
    count = min(distillation.most_held_out, int(distillation.held_out_share * len(documents)))
    measured = count - count // 2
    if held_out is not None:
        apart = [document for document in documents if document.id in held_out]
        if len(apart) < _LEAST_MEASURED:
            progress.note(
                f"Of the documents that the run held out, {len(apart):,} are still training "
                f"documents. The static encoder is measured on {measured:,} documents, and most of "
                "them taught the run: its threshold is probably too high. Train again for a better "
                "one"
            )
        else:
            measured = min(measured, len(apart))
        documents = [*(one for one in documents if one.id not in held_out), *apart]
    choosing = len(documents) - measured - count // 2
    return Split(
        documents[:choosing],
        documents[choosing : len(documents) - measured],
        documents[len(documents) - measured :],
    )
