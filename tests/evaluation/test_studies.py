"""What a study varies, what it says, and the files it writes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lmtx_search.errors import UserError
from lmtx_search.evaluation.comparators import ComparatorResult, ComparisonContext
from lmtx_search.evaluation.comparison import open_context
from lmtx_search.evaluation.comparison.open_context import context_digest
from lmtx_search.evaluation.comparison.result_cache import ResultCache
from lmtx_search.evaluation.gold.coverage import UsableGold
from lmtx_search.evaluation.gold.gold_set import GoldSet
from lmtx_search.evaluation.metrics.measure import Output, measure, weigh
from lmtx_search.evaluation.metrics.permutation_test import Difference
from lmtx_search.evaluation.studies import STUDIES, identity, run
from lmtx_search.evaluation.studies.base import Point
from lmtx_search.evaluation.studies.identity import (
    JudgeDigests,
    common_digest,
    keep_judge,
    point_digest,
    same_judge,
)
from lmtx_search.evaluation.studies.run import _enough
from lmtx_search.evaluation.studies.study_result import sentence, study_record, study_result
from lmtx_search.judges.open import open_judge
from lmtx_search.progress import SILENT
from lmtx_search.records import Document
from lmtx_search.settings import OllamaSettings, Settings
from lmtx_search.training.negatives import NEGATIVES
from lmtx_search.training.settings import TrainingSettings
from tests.support.fake_ollama import fake_ollama, first_token
from tests.support.notes import Notes
from tests.support.real_rankings import GOLD, MINILM, TFIDF, TRAIN


def points(name: str, *values: str):
    return STUDIES[name].points(Settings(), TrainingSettings(), values)


def test_each_study_changes_one_thing() -> None:
    assert [p.training.most_documents for p in points("documents", "50", "1000")] == [50, 1000]
    assert [p.value for p in points("documents", "50", "1000")] == ["50", "1,000"]
    shortlists = [
        (p.training.shortlist, p.training.pairs_per_document) for p in points("shortlist")
    ]
    assert shortlists == [(n, n) for n in (1, 3, 5, 10, 20)]
    assert [p.training.fine_tuning.negatives for p in points("negatives")] == list(NEGATIVES)
    assert [p.training.cycles for p in points("cycles")] == [4]
    models = points("teacher", "a:1b", "b:3b")
    assert [p.settings.ollama.model for p in models] == ["a:1b", "b:3b"]
    assert all(p.training == TrainingSettings() for p in models)


def test_a_teacher_inside_the_process_is_a_file() -> None:
    settings = Settings()
    judge = settings.judge.model_copy(update={"runtime": "llamacpp"})
    settings = settings.model_copy(update={"judge": judge})
    (point,) = STUDIES["teacher"].points(settings, TrainingSettings(), ["models/small.gguf"])
    assert point.settings.judge.gguf == Path("models/small.gguf")
    assert point.value == "small"


def test_two_files_of_the_same_name_are_two_rows() -> None:
    settings = Settings()
    judge = settings.judge.model_copy(update={"runtime": "llamacpp"})
    settings = settings.model_copy(update={"judge": judge})
    files = ["a/model.gguf", "b/model.gguf", "b/other.gguf"]
    found = STUDIES["teacher"].points(settings, TrainingSettings(), files)
    assert [point.value for point in found] == ["a/model.gguf", "b/model.gguf", "other"]


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("documents", "0", "a number above 0"),
        ("shortlist", "ten", "a number above 0"),
        ("negatives", "none", "no negatives 'none': there are hardest"),
    ],
)
def test_a_value_that_cannot_be_is_refused(name: str, value: str, why: str) -> None:
    with pytest.raises(UserError, match=why):
        points(name, value)


def test_teachers_must_be_named_and_documents_must_be_there() -> None:
    with pytest.raises(UserError, match="--values"):
        points("teacher")
    with pytest.raises(UserError, match="only 60 training documents, not 100"):
        _enough(points("documents", "50", "100"), 60)


def gold_set_of(weighing: Any) -> GoldSet:
    return GoldSet(
        documents=[Document(id_, "text") for id_ in GOLD],
        labels=50,
        usable=UsableGold(GOLD, [], [], []),
        weighing=weighing,
        propensity=(0.55, 1.5),
        counted="the gold itself",
        repeated=0,
        bad_lines=0,
    )


def result(**outputs: Output):
    weighing = weigh(TRAIN)
    gold_set = gold_set_of(weighing)
    found = {
        name.strip("_"): ComparatorResult(output, 12.5, 0, 40) for name, output in outputs.items()
    }
    measured = {name: measure(Output(one.output.rankings), GOLD) for name, one in found.items()}
    return study_result("shortlist", STUDIES["shortlist"], measured, found, gold_set, 0)


def test_a_killed_study_leaves_no_run_that_a_deployment_takes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    kinds = []

    def killed(*_: Any, kind: str = "train", **__: Any) -> None:
        kinds.append(kind)
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "train", killed)
    gold_set: Any = None
    with pytest.raises(KeyboardInterrupt):
        run._point(
            STUDIES["cycles"],
            points("cycles")[0],
            [],
            gold_set,
            ResultCache(tmp_path),
            JudgeDigests(),
            SILENT,
        )
    assert kinds == ["study-training"]


def test_the_sentence_says_how_sure_the_best_value_is() -> None:
    worse = Output({id_: ranking[5:] for id_, ranking in MINILM.rankings.items()})
    said = sentence(result(untrained=TFIDF, _1=worse, _5=MINILM))
    assert said.startswith("Labels of a shortlist: best P@1 with 5 (P@1 ")
    assert "points against 1 (95 %: +" in said
    assert said.endswith("p<0.001).")


def test_a_difference_within_chance_is_reported_as_none() -> None:
    said = sentence(result(untrained=TFIDF, _1=MINILM, _5=TFIDF))
    assert f"no difference that {len(GOLD):,} documents could show" in said
    assert sentence(result(untrained=TFIDF, _5=MINILM)).endswith(").")


def test_an_interval_above_zero_alone_is_no_difference() -> None:
    found = result(untrained=TFIDF, _1=TFIDF, _5=MINILM)
    few = replace(found, best="5", first="1", gain={"P@1": Difference(0.4, 0.2, 0.8, 0.07)})
    assert "could show" in sentence(few)
    sure = replace(few, gain={"P@1": Difference(0.4, 0.2, 0.8, 0.04)})
    assert "could show" not in sentence(sure)


def test_a_study_gives_a_table_a_plot_and_a_sentence(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    from lmtx_search.evaluation.studies.files import write_files

    record = study_record(result(untrained=TFIDF, _1=TFIDF, _5=MINILM))
    table, picture, text = write_files(record, tmp_path / "studies")
    rows = [line.split(",") for line in table.read_text().splitlines()]
    assert rows[0][:4] == ["labels of a shortlist", "calls", "learn_seconds", "P@1 value"]
    assert [row[0] for row in rows[1:]] == ["untrained", "1", "5"]
    assert "<svg" in picture.read_text()
    assert text.read_text() == record["sentence"] + "\n"


def point_of(host: str, prompt: str = "label-last") -> Point:
    ollama = OllamaSettings(hosts=(host,), model="tiny")
    settings = Settings().model_copy(update={"ollama": ollama})
    (point,) = STUDIES["documents"].points(settings, TrainingSettings(prompt=prompt), ["50"])
    return point


def test_a_stored_point_is_of_the_model_that_has_the_name_now(tmp_path: Path) -> None:
    cache, yes = ResultCache(tmp_path), (200, first_token("Yes"))
    with fake_ollama(lambda _: yes, digest="old") as host:
        point = point_of(host)
        assert not same_judge(point, "p", cache, JudgeDigests(), SILENT)
        digest = open_judge(point.settings, point.training.prompt).digest
        keep_judge("p", {"judge": {"digest": digest}}, cache)
        assert same_judge(point, "p", cache, JudgeDigests(), SILENT)
        # An earlier form had the digest in the note.
        earlier = ComparatorResult(Output({}), note=digest)
        cache.put("earlier-judge", "earlier", earlier)
        assert same_judge(point, "earlier", cache, JudgeDigests(), SILENT)
    with fake_ollama(lambda _: yes, digest="new") as host:
        assert not same_judge(point_of(host), "p", cache, JudgeDigests(), SILENT)
    notes = Notes()
    assert same_judge(point_of("http://127.0.0.1:9"), "p", cache, JudgeDigests(), notes)
    assert "50: stored results are shown without checking" in notes.kept[0]


def test_the_judge_of_several_points_is_opened_once(tmp_path: Path) -> None:
    cache, judges, notes = ResultCache(tmp_path), JudgeDigests(), Notes()
    with fake_ollama(lambda _: (200, first_token("Yes")), digest="old") as host:
        point = point_of(host)
        keep_judge("p", {"judge": {"digest": judges.of(point)}}, cache)
    # Its server is gone, and is not asked again.
    assert same_judge(point, "p", cache, judges, notes)
    assert not notes.kept


def test_a_changed_prompt_is_another_point(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    digests = []
    for question in ("Is it {label}?", "Is it about {label}?"):
        file.write_text(f'system = ""\ndocument = "{{document}}"\nquestion = "{question}"\n')
        point = point_of("http://127.0.0.1:9", str(file))
        digests.append(point_digest(STUDIES["documents"], point))
    assert digests[0] != digests[1]


def test_stored_results_of_runs_with_other_results_are_not_shown(
    context: ComparisonContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    gold_set = gold_set_of(weigh(TRAIN))

    def digests() -> set[str]:
        of_study = common_digest(context.settings, [], gold_set, [], [])
        return {context_digest(context), of_study}

    before = digests()
    assert digests() == before
    for module in (open_context, identity):
        monkeypatch.setattr(module, "RESULT_FORM", "of an earlier release")
    assert not before & digests()
