"""Which documents teach a static encoder, which choose its epoch, and which measure it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lmtx_search.errors import UserError
from lmtx_search.progress import Progress
from lmtx_search.records import Document, first_of_each_text
from lmtx_search.training.run_answers import RunAnswers
from lmtx_search.training.sampling import note_copies, other_texts
from lmtx_search.training.settings import TrainingSettings
from lmtx_search.training.static_encoder.settings import LEAST_DOCUMENTS, Distillation

_LEAST_MEASURED = 10


@dataclass(frozen=True)
class Split:
    """Documents that teach, choose the epoch and measure, without overlap.

    No text is on two sides, and each one chooses or measures once.
    """

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
    """Return the ids of the documents that a run held out and did not learn from.

    A run of an earlier release may have learned from copies of documents that it held out. Runs of
    the first release did not write down which these are: they held out the end of their sample.

    Args:
        encoder: the folder of the run's encoder.
        documents: sampled as the run did.
    """
    answers = RunAnswers.read(encoder.parent)
    if answers is None:
        count = max(1, min(training.most_development, len(documents) // 10))
        held_out = frozenset(one.id for one in documents[-count:])
    else:
        held_out = frozenset(answers.held_out)
        if answers.copies_apart:
            return held_out
    learned = [one for one in documents if one.id not in held_out]
    apart = [one for one in documents if one.id in held_out]
    return frozenset(one.id for one in other_texts(apart, learned))


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

    Raises:
        UserError: too few documents have different texts.
    """
    note_copies(documents, progress)
    different = first_of_each_text(documents)
    if len(different) < LEAST_DOCUMENTS:
        raise UserError(
            f"a static encoder learns from at least {LEAST_DOCUMENTS} training documents with "
            f"different texts, and there are {len(different):,}: `lmtx-search docs load FILE` "
            "first, or deploy without --static"
        )
    count = min(distillation.most_held_out, int(distillation.held_out_share * len(different)))
    measured, chosen = count - count // 2, count // 2
    if held_out is not None:
        of_run = [document for document in documents if document.id in held_out]
        others = other_texts(different, of_run)
        apart = first_of_each_text(of_run)
        if len(apart) < _LEAST_MEASURED:
            progress.note(
                f"Of the documents that the run held out, {len(apart):,} can measure the static "
                "encoder: they are still training documents, they have different texts, and the "
                f"run did not learn from copies of them. It is measured on {measured:,} documents, "
                "and most of them taught the run: its threshold is probably too high. Train again "
                "for a better one"
            )
        else:
            measured = min(measured, len(apart))
        different = [*others, *apart]
        documents = [*other_texts(documents, of_run), *of_run]
    choosing = different[len(different) - measured - chosen : len(different) - measured]
    measuring = different[len(different) - measured :]
    return Split(other_texts(documents, [*choosing, *measuring]), choosing, measuring)
