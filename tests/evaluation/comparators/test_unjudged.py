"""Comparators that train as `train` does, without a judge."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lmtx_search.errors import UserError
from lmtx_search.evaluation.comparators import (
    DEFAULT,
    WITH_A_JUDGE,
    WITH_GOLD,
    ComparisonContext,
    open_comparator,
)
from lmtx_search.evaluation.comparators.unjudged_training import open_unjudged
from lmtx_search.evaluation.comparison.run_settings import (
    settings_of_run,
    with_unjudged_documents,
)
from lmtx_search.progress import SILENT
from lmtx_search.records import Document, Label
from lmtx_search.settings import Settings
from lmtx_search.training.settings import FineTuning, TrainingSettings
from tests.evaluation.conftest import DOCUMENTS, LABELS
from tests.support.random_encoders import make_random_encoder

UNJUDGED = ("named", "named-words", "unjudged")
NAMES = ("web browser", "chess board", "electronic mail", "music players", "radio stations")
TRAINING = TrainingSettings(
    unjudged_documents=140,
    fine_tuning=FineTuning(batch_size=16, document_tokens=40, label_tokens=16),
)


def about(label: str, number: int) -> Document:
    return Document(f"{label} {number}", f"Program {number} for two: the {label} shows pages.")


def test_they_run_unless_others_are_named_and_can_be_the_best_without_a_judge() -> None:
    assert set(UNJUDGED) <= set(DEFAULT)
    assert not set(UNJUDGED) & {*WITH_A_JUDGE, *WITH_GOLD}


@pytest.mark.parametrize("name", UNJUDGED)
def test_too_few_documents_are_said_before_any_is_read(
    name: str, context: ComparisonContext
) -> None:
    why = open_comparator(name).missing(context)
    assert why == "of 8 training documents, fewer than 100 name a label"


@pytest.mark.parametrize("name", UNJUDGED)
def test_other_held_out_documents_or_settings_make_another_result(
    name: str, context: ComparisonContext, tmp_path: Path
) -> None:
    def identity(training: TrainingSettings, held_out: list[Document]) -> str:
        where = (context.settings, training, LABELS, DOCUMENTS, held_out, tmp_path)
        return open_comparator(name).identity(replace(context, unjudged=open_unjudged(*where)))

    usual = identity(TRAINING, DOCUMENTS[:1])
    assert usual == identity(TRAINING, DOCUMENTS[:1])
    assert usual != identity(TRAINING, DOCUMENTS[:2])
    assert usual != identity(replace(TRAINING, unjudged_documents=9), DOCUMENTS[:1])


def test_a_run_that_learned_from_judged_documents_alone_leaves_the_number_to_the_default() -> None:
    recorded = {
        "shortlist": 10,
        "prompt": "paper",
        "most_development": 800,
        "most_documents": 500,
        "seed": 3,
        "fine_tuning": {"batch_size": 64},
    }
    of_run = settings_of_run({"settings": recorded})
    assert (of_run.unjudged_documents, of_run.words) == (0, 0.0)
    found = with_unjudged_documents(of_run, TrainingSettings())
    assert (found.unjudged_documents, found.words) == (3000, 0.5)
    assert (found.seed, found.fine_tuning.batch_size) == (3, 64)
    own = settings_of_run({"settings": {**recorded, "unjudged_documents": 50, "words": 0.1}})
    assert with_unjudged_documents(own, TrainingSettings()) == own


def test_documents_that_name_no_label_teach_nothing(
    context: ComparisonContext, tmp_path: Path
) -> None:
    pytest.importorskip("sentence_transformers")
    documents = [Document(str(number), "zzz") for number in range(120)]
    unjudged = open_unjudged(
        context.settings, TRAINING, LABELS, documents, DOCUMENTS, tmp_path / "silent"
    )
    where = replace(context, unjudged=unjudged)
    for name in UNJUDGED:
        assert open_comparator(name).missing(where) is None
        with pytest.raises(UserError, match="of 120 training documents, 0 name a label, and 100"):
            open_comparator(name).run(where, SILENT)


@pytest.mark.integration
def test_documents_that_name_a_label_are_learned_from_once_for_all(
    context: ComparisonContext, tmp_path: Path
) -> None:
    folder = make_random_encoder(tmp_path / "encoder")
    encoder = {"name": str(folder), "document_tokens": 40, "label_tokens": 16}
    settings = Settings(encoder=encoder, cache_dir=tmp_path / "cache")  # type: ignore[arg-type]
    labels = [Label(name, name) for name in NAMES]
    training = [about(name, number) for number in range(28) for name in NAMES]
    held_out = [about(name, 28) for name in NAMES]
    documents = [about(name, 29) for name in NAMES]
    unjudged = open_unjudged(
        settings, TRAINING, labels, training, held_out, tmp_path / "now" / "unjudged"
    )
    where = replace(
        context, settings=settings, labels=labels, documents=documents, unjudged=unjudged
    )

    found = {name: open_comparator(name).run(where, SILENT) for name in UNJUDGED}

    for one in found.values():
        assert one.calls == 0
        assert {id_: set(ranked) for id_, ranked in one.output.rankings.items()} == {
            document.id: set(NAMES) for document in documents
        }
    seconds = sum(unjudged.taught_by_names(SILENT).seconds.values())
    assert all(one.learn_seconds > seconds for one in found.values())
    assert found["named"].note == "learned from 140 documents that name one of 5 labels"
    assert found["unjudged"].note == "learned from 140 documents, none of them judged"
    right = {
        name: sum(one.output.rankings[f"{label} 29"][0] == label for label in NAMES)
        for name, one in found.items()
    }
    # All documents name their label; without words, an encoder with random weights knows little.
    assert right["named-words"] >= max(3, right["named"])
