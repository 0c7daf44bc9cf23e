"""What `evaluate` prints, and what it refuses before anything is opened."""

from __future__ import annotations

import json
from itertools import combinations

import pytest
from click.testing import CliRunner
from rich.console import Console

from lmtx_search.cli.context import Context
from lmtx_search.cli.evaluation_tables import show
from lmtx_search.cli.main import cli
from lmtx_search.errors import UserError
from lmtx_search.evaluation.gold.coverage import UsableGold
from lmtx_search.evaluation.gold.gold_set import GoldSet
from lmtx_search.evaluation.metrics.measure import Output, measure, weigh
from lmtx_search.evaluation.metrics.permutation_test import compare
from lmtx_search.evaluation.record import record
from lmtx_search.evaluation.run import Evaluation
from lmtx_search.evaluation.systems import Rule, System
from lmtx_search.records import Document
from tests.support.real_rankings import GOLD, MINILM, TFIDF, TRAIN

RUN = "run:20260131-120000-1a2b3c"


def evaluation(**outputs: Output) -> Evaluation:
    weighing = weigh(TRAIN)
    measured = {
        name.replace("_", ":"): measure(output, GOLD, weighing) for name, output in outputs.items()
    }
    return Evaluation(
        systems=[
            System(name, lambda *_: MINILM, name, Rule(0.335, 10) if "labels" in m.parts else None)
            for name, m in measured.items()
        ],
        results={name: m.estimates() for name, m in measured.items()},
        differences={
            (b, a): compare(measured[b], measured[a]) for a, b in combinations(measured, 2)
        },
        gold_set=GoldSet(
            documents=[Document(id_, "text") for id_ in GOLD],
            labels=50,
            usable=UsableGold(GOLD, ["nobody"], ["gone"], []),
            weighing=weighing,
            propensity=(0.55, 1.5),
            counted="the gold itself",
            repeated=0,
            bad_lines=2,
        ),
    )


@pytest.fixture(scope="module")
def found() -> Evaluation:
    return evaluation(
        bm25=Output(TFIDF.rankings), frozen=TFIDF, **{RUN.replace(":", "_"): MINILM}, tagger=MINILM
    )


def shown(found: Evaluation, everything: bool) -> str:
    context = Context()
    context.console = Console(highlight=False, soft_wrap=True, width=80, record=True, quiet=False)
    with context.console.capture() as captured:
        show(context, found, everything)
    return captured.get()


@pytest.mark.parametrize("everything", [False, True])
def test_tables_are_readable_at_80_columns(found: Evaluation, everything: bool) -> None:
    text = shown(found, everything)
    assert max(map(len, text.splitlines())) <= 80
    for name in ("bm25", "frozen", "tagger", "1a2b3c"):
        assert name in text


def test_the_short_table_has_the_usual_measures_and_the_last_system_beside_the_others(
    found: Evaluation,
) -> None:
    lines = shown(found, everything=False).splitlines()
    assert lines[0].split() == ["system", "P@1", "P@5", "R@10", "nDCG@5", "PSP@5"]
    assert any(line.split()[:2] == ["tagger", "minus"] for line in lines)
    assert sum("p=" in line or "p<" in line for line in lines) == 3


def test_all_shows_each_measure_of_each_system_and_each_pair(found: Evaluation) -> None:
    text = shown(found, everything=True)
    for measure_ in found.results["tagger"]:
        assert f"{measure_} " in text
    assert "Head: labels with 174 documents or more (20 labels)" in text
    assert text.count(" minus ") == 6


def test_one_system_has_no_differences() -> None:
    assert " minus" not in shown(evaluation(tagger=MINILM), everything=False)


def test_the_record_is_json_with_everything(found: Evaluation) -> None:
    kept = json.loads(json.dumps(record(found), allow_nan=False))
    assert kept["systems"]["tagger"].keys() >= {"P@1", "R@100", "PSP@5", "macro F1", "P@1 tail"}
    assert kept["systems"]["bm25"]["P@1"].keys() == {"value", "low", "high"}
    assert len(kept["differences"]) == 6
    assert kept["differences"][0]["measures"]["P@1"].keys() == {"value", "low", "high", "p"}
    assert kept["tagger"] == "tagger"
    assert kept["label_counts"] == {"of": "the gold itself", "documents": 5000}
    assert "There are 50 labels: R@100 includes all of them" in kept["notes"]
    assert "Malformed lines that were skipped: 2" in kept["notes"]


@pytest.mark.parametrize("name", ["nothing", "bm25:1", "tagger:", "run:", "frozen:x", ""])
def test_an_unknown_system_is_refused_with_what_there_is(name: str) -> None:
    words = ["evaluate", "test.jsonl", "--gold", "gold.tsv", "--system", name]
    result = CliRunner().invoke(cli, words)
    assert isinstance(result.exception, UserError)
    assert "there are bm25, frozen, tagger" in str(result.exception)


@pytest.mark.parametrize("words", [[], ["--gold", "x", "--gold-field", "y"]])
def test_gold_is_needed_in_one_way(words: list[str]) -> None:
    result = CliRunner().invoke(cli, ["evaluate", "test.jsonl", *words])
    assert isinstance(result.exception, UserError)
    assert "--gold-field" in str(result.exception)


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("--gold", "g.tsv", "--sample", "9"), "--sample needs --by-judge"),
        (("--gold", "g.tsv", "--prompt", "librarian"), "--prompt needs --by-judge"),
        (("--by-judge", "--gold-field", "tags"), "--gold-field cannot be combined with --by-judge"),
        (("--by-judge", "--labels", "l.jsonl"), "--labels cannot be combined with --by-judge"),
        (("--by-judge", "--train-gold", "g.tsv"), "--train-gold cannot be combined with"),
        (("--by-judge", "--propensity-a", "0.5"), "--propensity-a cannot be combined with"),
        (("--by-judge", "--all"), "--all cannot be combined with --by-judge"),
    ],
)
def test_options_of_the_other_kind_of_evaluation_are_refused(tmp_path, words, problem):
    (tmp_path / "d.jsonl").write_text("")
    result = CliRunner().invoke(cli, ["evaluate", str(tmp_path / "d.jsonl"), *words])
    assert isinstance(result.exception, UserError)
    assert str(result.exception).startswith(problem)
