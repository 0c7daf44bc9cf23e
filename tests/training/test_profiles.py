"""Profiles: the authors' settings, and the defaults for two cores."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from lmtx_search.cli.main import cli
from lmtx_search.errors import UserError
from lmtx_search.judges.budget import Budget
from lmtx_search.settings import EncoderSettings
from lmtx_search.training.profiles import paper, small, training_settings
from lmtx_search.training.settings import FineTuning, TrainingSettings
from lmtx_search.training.targets.pseudo_positives import first_yes


def test_small_is_one_cycle_of_five_minutes_with_texts_read_as_the_tagger_reads_them() -> None:
    settings = small(EncoderSettings(document_tokens=99, label_tokens=33))
    assert settings == TrainingSettings(
        cycles=1,
        budget=Budget(seconds=300),
        fine_tuning=FineTuning(document_tokens=99, label_tokens=33),
    )


def test_paper_has_the_settings_of_the_authors() -> None:
    settings = paper(EncoderSettings())
    tuning = settings.fine_tuning
    assert (tuning.document_tokens, tuning.label_tokens, tuning.batch_size) == (430, 15, 128)
    assert (tuning.epochs, tuning.learning_rate, tuning.warmup_steps) == (1, 2e-4, 100)
    assert (tuning.margin, tuning.hardest, tuning.temperature) == (0.3, 10, 0.1)
    assert (tuning.negatives, tuning.positives) == ("hardest", "one_random")
    assert (settings.shortlist, settings.pairs_per_document) == (10, 10)
    assert (settings.order, settings.retrieval) == ("exhaustive", "dense")
    assert (settings.most_development, settings.development_pairs) == (800, 2)
    assert (settings.most_documents, settings.cycles) == (30_000, 6)
    assert (settings.yes_above, settings.prompt, settings.budget) == (0.5, "paper", Budget())
    assert settings.learning_budget is None


@pytest.mark.parametrize(
    ("changes", "seconds"),
    [
        ({}, 600),
        ({"learning_budget": "90s"}, 90),
        ({"learning_budget": 30.0}, 30),
        ({"unjudged_documents": 28_000}, None),
        ({"unjudged_documents": 28_000, "learning_budget": "1h"}, 3600),
    ],
    ids=str,
)
def test_a_number_of_documents_is_limited_by_time_only_if_a_time_is_given(
    changes: dict[str, Any], seconds: float | None
) -> None:
    assert training_settings(EncoderSettings(), **changes).learning_budget == seconds


@pytest.mark.parametrize("text", ["0", "0m", "10", "10 minutes", "10d", "-5m", ""])
def test_a_learning_budget_that_is_no_time_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(UserError) as refused:
        training_settings(EncoderSettings(), learning_budget=text)
    assert str(refused.value) == (
        f"the learning budget {text!r} is not a time such as 10m, 90s or 1h; to learn from judged "
        "documents only: `train --unjudged-documents 0`"
    )


@pytest.mark.parametrize("changes", [{"profile": "paper"}, {"unjudged_documents": 0}], ids=str)
def test_a_learning_budget_for_no_documents_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(UserError, match="no effect, because only judged documents teach"):
        training_settings(EncoderSettings(), learning_budget="5m", **changes)


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[TrainingSettings]:
    """What the command would train with."""
    seen: list[TrainingSettings] = []

    def remember(_: Any, training: TrainingSettings, progress: Any, *, keep_cycles: bool) -> Any:
        seen.append(training)
        raise KeyboardInterrupt

    monkeypatch.setattr("lmtx_search.training.run.train", remember)
    return seen


def call(tmp_path: Path, *words: str) -> None:
    CliRunner().invoke(cli, ["--data-dir", str(tmp_path), "train", *words])


def test_options_change_single_settings_of_a_profile(
    trained: list[TrainingSettings], tmp_path: Path
) -> None:
    pytest.importorskip("ollama")
    call(tmp_path, "--profile", "paper", "--cycles", "2", "--judge-budget", "500")
    call(tmp_path, "--negatives", "mixture", "--positives", "weighted", "--epochs", "2")
    call(tmp_path, "--order", "expected-gain", "--document-order", "disagreement")
    assert (trained[0].cycles, trained[0].budget) == (2, Budget(calls=500))
    assert [settings.order for settings in trained] == [*["exhaustive"] * 2, "expected-gain"]
    orders = [settings.document_order for settings in trained]
    assert orders == ["random", "random", "disagreement"]
    assert trained[0].fine_tuning == paper(EncoderSettings()).fine_tuning
    assert (trained[1].profile, trained[1].cycles) == ("small", 1)
    tuning = trained[1].fine_tuning
    assert (tuning.negatives, tuning.positives, tuning.epochs) == ("mixture", "weighted", 2)


@pytest.mark.parametrize(
    ("words", "yes_from"),
    [
        ((), first_yes(small(EncoderSettings()))),
        (("--profile", "paper"), first_yes(paper(EncoderSettings()))),
        (("--yes-from", "0.7"), 0.7),
    ],
)
def test_judge_takes_the_first_yes_of_a_training_unless_another_is_given(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: tuple[str, ...], yes_from: float
) -> None:
    pytest.importorskip("ollama")
    seen: list[tuple[str, float]] = []

    def remember(settings: Any, training: TrainingSettings, yes_from: float, progress: Any) -> Any:
        seen.append((training.order, yes_from))
        raise KeyboardInterrupt

    monkeypatch.setattr("lmtx_search.training.prejudge.judge_ahead", remember)
    order = ("--order", "until-first-yes")
    CliRunner().invoke(cli, ["--data-dir", str(tmp_path), "judge", *order, *words])
    assert seen == [("until-first-yes", yes_from)]


def test_the_help_names_the_authors_encoder() -> None:
    help_ = CliRunner().invoke(cli, ["train", "--help"]).output
    assert "msmarco-distilbert-base-v4" in "".join(help_.split())
