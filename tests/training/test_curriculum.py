"""The loop over cycles: stopping, keeping the best, accumulating answers, going on after a kill.

The encoder is a stand-in whose quality each cycle is written down beforehand, so that the loop can
be seen without a model: training writes its quality and what it was trained on to its folder.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lmtx_search.encoder.nearest import nearest
from lmtx_search.encoder.onnx import TokenisedText
from lmtx_search.errors import LmtxError, UserError
from lmtx_search.judges.base import Answer, Pair
from lmtx_search.judges.budget import Budget
from lmtx_search.judges.order import ORDERS
from lmtx_search.records import Document, Judgment, Label
from lmtx_search.settings import EncoderSettings
from lmtx_search.training import curriculum, cycle
from lmtx_search.training.curriculum import Curriculum, run_curriculum
from lmtx_search.training.profiles import paper
from lmtx_search.training.record import _rival_measures
from lmtx_search.training.resources import RunResources
from lmtx_search.training.resume import RunState
from lmtx_search.training.rivals import Rival
from lmtx_search.training.run_answers import RunAnswers
from lmtx_search.training.settings import TrainingSettings
from lmtx_search.training.targets.learning_targets import LearningTargets
from lmtx_search.training.teacher.human_feedback import person_judgment
from lmtx_search.words.importance import WordImportance
from lmtx_search.words.weights import (
    DEFAULT_WEIGHTS,
    OFFSETS_FILE,
    WordScoring,
    fitted,
    read_offsets,
    write_offsets,
    write_weights,
)
from tests.support.memory_judge import MemoryStore, NumberJudge

LABELS = [Label(f"l{number}", f"label {number}") for number in range(10)]
ANSWERS = RunAnswers("2026-01-01T00:00:00+00:00", ["h"], {}, {}, {}, {}, True, 0.6, 10)


class Encoder:
    """Puts the right label first for ``quality`` of ten documents, and second for the others.

    What comes after these two depends on the quality, so that better encoders bring new pairs.
    """

    digest, dimension = "d", 10

    def __init__(self, quality: int) -> None:
        self.quality = quality

    def encode_windows(self, texts: Sequence[str], most: int, on_batch: Any) -> Any:
        return self.encode(texts), [1] * len(texts)

    def tokenise_with_words(self, texts: Sequence[str], most: int, for_words: int) -> Any:
        return [TokenisedText([text], []) for text in texts]  # type: ignore[list-item]

    def embed(self, read: Any, on_batch: Any = None) -> Any:
        return self.encode([window for windows in read for window in windows])

    def encode(self, texts: Sequence[str], **_: Any) -> Any:
        return np.stack([self._embed(*text.split()) for text in texts]).astype(np.float32)

    encode_labels = encode

    def _embed(self, kind: str, number: str) -> Any:
        right, vector = int(number) % 10, np.zeros(10)
        if kind == "label":
            vector[right] = 1.0
            return vector
        places = [right, (right + 1) % 10]
        if int(number) % 10 >= self.quality:
            places.reverse()
        vector[places] = 0.8, 0.5
        vector[(right + 2 + self.quality % 7) % 10] = 0.3
        return vector


class Judge(NumberJudge):
    labels = 10


class World:
    """Everything that a run needs; ``qualities`` of the encoders that the cycles train."""

    def __init__(self, folder: Path, *qualities: int) -> None:
        self.qualities = qualities
        self.state = RunState(folder)
        self.store = MemoryStore()
        self.published: list[int] = []
        self.bases_opened = 0

    def train(
        self,
        base: Path,
        output: Path,
        documents: Sequence[Document],
        labels: Sequence[Label],
        targets: LearningTargets,
        settings: TrainingSettings,
        progress: Any,
    ) -> tuple[int, float]:
        number = int(output.parent.name.removeprefix("cycle-"))
        output.mkdir(parents=True, exist_ok=True)
        positives = sorted(targets.positives.items())
        learned = {document: sorted(right) for document, right in positives}
        found = {"quality": self.qualities[number - 1], "learned": learned}
        (output / "encoder.json").write_text(json.dumps(found))
        return len(targets.positives), 0.1

    def load(self, folder: Path, tokens: int) -> Encoder:
        return Encoder(json.loads((folder / "encoder.json").read_text())["quality"])

    def search(self, encoder: Any) -> Any:
        labels = encoder.encode([label.text for label in LABELS])
        ids = [label.id for label in LABELS]
        return lambda vectors, k, words=None: nearest(vectors, labels, ids, k)

    def publish(self, encoder: Any, vectors: Any) -> Any:
        self.published.append(encoder.quality)
        return self.search(encoder)

    def open_base(self) -> Any:
        self.bases_opened += 1
        return Encoder(1), self.search(Encoder(1))

    def run(self, judge: Judge, people: Sequence[Judgment] = (), **changes: Any) -> Curriculum:
        settings = TrainingSettings(
            **{
                "cycles": 4,
                "budget": Budget(calls=1000),
                "shortlist": 4,
                "least_documents": 2,
                "unjudged_documents": 0,
                "words": 0.0,
            }
            | changes
        )
        documents = [Document(f"d{number}", f"document {number}") for number in range(120)]
        resources = RunResources(
            base=Path("base"),
            open_base=self.open_base,
            publish=self.publish,
            load_encoder=self.load,
            labels=LABELS,
            training=documents[:100],
            development=documents[100:],
            judge=judge,
            store=self.store,
            people=people,
        )
        return run_curriculum(resources, settings, self.state)

    def learned(self, number: int) -> str:
        return (self.state.encoder(number) / "encoder.json").read_text()


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Make a world; every cycle's training is the stand-in's."""
    made: list[World] = []

    def make(*qualities: int) -> World:
        made.append(World(tmp_path / str(len(made)), *qualities))
        monkeypatch.setattr(cycle, "train_student", made[-1].train)
        return made[-1]

    return make


def p1(curriculum: Curriculum) -> list[float | None]:
    return [result.development.llm_p1 for result in curriculum.cycles]


def test_the_judge_is_asked_first_where_nearness_and_names_disagree(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched = World.search

    def search(self: World, encoder: Any) -> Any:
        by_nearness = searched(self, encoder)

        def fused(vectors: Any, k: int, words: Any = None) -> Any:
            found = by_nearness(vectors, max(k, 2))
            turned = [one[::-1] if words and one[0][0] == "l4" else one for one in found]
            return [one[:k] for one in turned]

        return fused

    monkeypatch.setattr(World, "search", search)
    changes = {"cycles": 1, "retrieval": "hybrid", "centered": False, "budget": Budget(calls=40)}
    usual = world(4).run(Judge(), **changes).cycles[0].judged.p_yes
    found = world(4).run(Judge(), **changes, document_order="disagreement").cycles[0].judged.p_yes
    # The base encoder, whose quality is 1, puts label 4 first for documents with the number 3.
    assert list(usual) == [f"d{n}" for n in range(len(usual))]
    assert all(id_.endswith("3") for id_ in found)
    assert len(found) == len(usual)


def test_the_loop_stops_when_llm_p1_no_longer_rises_and_keeps_the_best(world: Any) -> None:
    found = world(4, 7, 6, 9).run(Judge(), budget=Budget())
    assert p1(found) == [0.4, 0.7, 0.6]
    assert found.best == 1
    assert found.stopped.startswith("LLM-P@1 no longer rises: 60% after cycle 3, 70%")
    assert found.cycles[0].development.llm_p1_before == 0.1


@pytest.mark.parametrize(("right", "kept"), [(10, "named"), (5, None), (0, None)])
def test_an_encoder_that_needs_no_answers_is_kept_if_its_first_labels_are_better(
    world: Any, monkeypatch: pytest.MonkeyPatch, right: int, kept: str | None
) -> None:
    firsts = {f"d{n}": f"l{(n if n % 10 < right else n + 1) % 10}" for n in range(100, 120)}
    named = Rival("named", Any, firsts)  # type: ignore[arg-type]
    monkeypatch.setattr(curriculum, "open_rivals", lambda *_: [named])
    found = world(4).run(Judge(), cycles=1)
    (comparison,) = found.comparisons
    assert comparison.documents == 20
    assert (found.rival and found.rival.name) == kept
    measures = _rival_measures(found)
    if kept is None:
        assert measures == {}
    else:
        assert (measures["llm_p1"], measures["llm_p1_before"]) == (1.0, 0.1)
        assert (measures["llm_p1_better"], measures["llm_p1_worse"]) == (18, 0)


def test_what_people_said_about_held_out_documents_decides_which_encoder_is_kept(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # To the judge, the rival's first labels are right; people say the opposite of most.
    firsts = {f"d{n}": f"l{n % 10}" for n in range(100, 120)}
    named = Rival("named", Any, firsts)  # type: ignore[arg-type]
    monkeypatch.setattr(curriculum, "open_rivals", lambda *_: [named])
    people = [
        person_judgment(Document(f"d{n}", f"document {n}"), LABELS[n % 10], False, 0)
        for n in range(100, 117)
    ]
    found = world(4).run(Judge(), people, cycles=1)
    (comparison,) = found.comparisons
    assert (comparison.documents, comparison.worse) == (20, 3)
    assert found.rival is None


def test_a_cycle_that_is_as_good_is_kept_and_is_the_last(world: Any) -> None:
    found = world(4, 4, 9).run(Judge())
    assert (len(found.cycles), found.best) == (2, 1)


def test_there_are_no_more_cycles_than_requested(world: Any) -> None:
    found = world(4, 7, 8).run(Judge(), cycles=2)
    assert (len(found.cycles), found.best) == (2, 1)
    assert found.stopped == "the requested number of cycles was reached (2)"


def test_one_cycle_is_kept_also_where_it_is_worse_than_the_base(world: Any) -> None:
    found = world(0).run(Judge(), cycles=1)
    assert (len(found.cycles), found.best) == (1, 0)


def test_each_cycles_encoder_makes_the_next_cycles_shortlists(world: Any) -> None:
    made = world(4, 7, 6)
    made.run(Judge())
    assert made.bases_opened == 1
    assert made.published == [4, 7]


def test_what_a_person_said_is_learned_instead_of_what_the_judge_said(world: Any) -> None:
    made = world(4)
    one = Document("d3", "document 3")
    people = [person_judgment(one, LABELS[3], False, 0), person_judgment(one, LABELS[9], True, 0)]
    made.run(Judge(), people, cycles=1)
    learned = json.loads(made.learned(1))["learned"]
    assert (learned["d2"], learned["d3"]) == (["l2"], ["l9"])


def test_no_pair_is_asked_twice_in_all_cycles(world: Any) -> None:
    judge = Judge()
    world(4, 7, 8, 9).run(judge)
    assert len(judge.asked) == len(set(judge.asked)) > 0


def test_answers_of_earlier_cycles_inform_pseudo_positives(world: Any) -> None:
    made = world(4, 7, 8, 9)
    found = made.run(
        Judge(), pairs_per_document=1, budget=Budget(), yes_above=0.5, calibrated=False
    )
    # With one pair a document, only the cycles together know a second label of a document.
    documents = {d for result in found.cycles for d in result.judged.p_yes}
    later = found.cycles[1].judged.p_yes
    assert later
    assert set(later) < documents
    assert found.cycles[1].documents == 100
    learned = json.loads(made.learned(2))["learned"]
    assert all(learned[document] == [f"l{int(document[1:]) % 10}"] for document in later)


def test_held_out_documents_are_never_trained_on(world: Any) -> None:
    made = world(4, 7)
    found = made.run(Judge(), cycles=2)
    held_out = {f"d{number}" for number in range(100, 120)}
    assert not held_out & set(json.loads(made.learned(2))["learned"])
    assert set(found.cycles[0].development.judged.p_yes) == held_out


def test_the_budget_is_split_over_the_cycles(world: Any) -> None:
    judge = Judge()
    found = world(4, 7, 8, 9).run(judge, budget=Budget(calls=300), cycles=3)
    calls = [r.judged.asked + r.development.judged.asked for r in found.cycles]
    assert calls[0] == 100
    assert sum(calls) == len(judge.asked) <= 300


def test_a_handful_of_judged_documents_is_not_trained_on_and_its_answers_are_kept(
    world: Any,
) -> None:
    made, judge = world(4), Judge()
    with pytest.raises(UserError, match=r"only 8 documents were judged .*--judge-budget to 151"):
        made.run(judge, budget=Budget(calls=38), cycles=1, least_documents=32)
    assert not made.state.encoder(1).exists()
    made.run(judge, budget=Budget(calls=151), cycles=1, least_documents=32)
    assert len(judge.asked) == len(set(judge.asked))
    assert made.state.encoder(1).exists()


def test_where_the_shortlists_hold_nothing_new_the_loop_ends(world: Any) -> None:
    found = world(1, 1).run(Judge(), budget=Budget())
    assert len(found.cycles) == 1
    assert found.stopped == "the judge was not asked about a new pair in cycle 2"


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("budget", [Budget(), Budget(calls=300)])
@pytest.mark.parametrize("share", [0.01, 0.2, 0.4, 0.6, 0.8, 0.99])
def test_a_killed_run_asks_no_pair_twice_and_ends_the_same(
    world: Any, order: str, budget: Budget, share: float
) -> None:
    options = {"order": order, "budget": budget}
    whole_judge = Judge()
    whole = world(4, 7, 8, 8)
    expected = whole.run(whole_judge, **options)
    assert len(whole_judge.asked) == len(set(whole_judge.asked)) > 150

    made = world(4, 7, 8, 8)
    killed, again = Judge(dies_at=round(share * len(whole_judge.asked))), Judge()
    with pytest.raises(KeyboardInterrupt):
        made.run(killed, **options)
    before = len(made.state.finished())
    found = made.run(again, **options)
    assert sorted(killed.asked + again.asked) == sorted(whole_judge.asked)
    assert found.went_on == before
    assert found.best == expected.best
    assert p1(found) == p1(expected)
    for number in range(1, len(found.cycles) + 1):
        assert made.learned(number) == whole.learned(number)


def test_with_a_yes_a_document_is_asked_no_more_as_long_as_the_label_is_near(world: Any) -> None:
    judge = Judge()
    found = world(4, 7).run(
        judge, order="until-first-yes", yes_above=0.5, cycles=2, budget=Budget()
    )
    # The right label is first or second of every shortlist, also the second cycle's.
    assert len(found.cycles) == 1
    assert found.stopped == "the judge was not asked about a new pair in cycle 2"
    assert found.cycles[0].judged.asked == 10 + 90 * 2


@pytest.mark.parametrize(("yes_above", "asked"), [(None, 2), (0.5, 2), (0.95, 4)])
def test_the_first_yes_is_a_sure_one_where_the_settings_say_what_is_sure(
    world: Any, yes_above: float | None, asked: int
) -> None:
    judge = Judge()
    world(4).run(judge, order="until-first-yes", yes_above=yes_above, cycles=1, budget=Budget())
    assert sum(document == "d1" for document, _ in judge.asked) == asked


def test_finished_cycles_are_not_run_again(world: Any) -> None:
    made = world(4, 7, 8, 8)
    with pytest.raises(KeyboardInterrupt):
        made.run(Judge(dies_at=600))
    done = len(made.state.finished())
    assert done > 0
    made.bases_opened = 0
    assert made.run(Judge()).went_on == done
    assert made.bases_opened == 0


def test_a_cycle_whose_result_was_not_written_whole_counts_as_unfinished(world: Any) -> None:
    made = world(4, 7)
    made.run(Judge(), cycles=2)
    (made.state.folder / "cycle-2" / "result.json").rename(
        made.state.folder / "cycle-2" / "result.part"
    )
    assert len(made.state.finished()) == 1


@pytest.mark.parametrize("left", ['{"l1": 0.05}', '{"l1": 0.0'])
def test_a_cycle_begins_without_the_offsets_that_a_killed_attempt_left(
    world: Any, monkeypatch: pytest.MonkeyPatch, left: str
) -> None:
    made = world(4)
    folder = made.state.encoder(1).parent
    folder.mkdir(parents=True)
    (folder / OFFSETS_FILE).write_text(left)
    words = WordScoring(DEFAULT_WEIGHTS, WordImportance(np.ones(10, dtype=np.float32)))
    monkeypatch.setattr(curriculum, "word_scoring", lambda *_: words)
    monkeypatch.setattr(curriculum, "open_rivals", lambda *_: [Rival("base", Any, {})])  # type: ignore[arg-type]
    fitted_on: list[Any] = []

    def fit(trained: Any, *_: Any) -> dict[str, float]:
        fitted_on.append(trained.words.offsets)
        raise KeyboardInterrupt

    monkeypatch.setattr(cycle, "fit_word_weights", lambda *_: DEFAULT_WEIGHTS)
    monkeypatch.setattr(cycle, "fit_label_offsets", fit)
    with pytest.raises(KeyboardInterrupt):
        made.run(Judge(), cycles=1)
    assert fitted_on == [{}]
    assert read_offsets(folder) == {}


def test_the_state_gives_back_what_was_kept(world: Any) -> None:
    made = world(4, 7)
    found = made.run(Judge(), cycles=2)
    assert made.state.finished() == list(found.cycles)


def test_the_encoder_is_handed_over_as_a_whole(world: Any, tmp_path: Path) -> None:
    made = world(4)
    made.run(Judge(), cycles=1)
    encoder = made.state.hand_over(made.state.encoder(1), tmp_path / "run", ANSWERS, LABELS)
    assert encoder == tmp_path / "run" / "encoder"
    assert (encoder / "encoder.json").is_file()
    assert RunAnswers.read(tmp_path / "run") == ANSWERS


def test_only_offsets_of_the_run_itself_are_handed_over(world: Any, tmp_path: Path) -> None:
    made = world(4)
    made.run(Judge(), cycles=1)
    write_offsets(made.state.encoder(1).parent, {"a": 0.1})
    write_weights(made.state.encoder(1).parent, DEFAULT_WEIGHTS.times(0.3))
    made.state.hand_over(made.state.encoder(1), tmp_path / "run", ANSWERS, LABELS)
    assert read_offsets(tmp_path / "run") == {"a": 0.1}
    words = fitted(
        WordScoring(DEFAULT_WEIGHTS, WordImportance(np.ones(10, dtype=np.float32))),
        tmp_path / "run",
    )
    assert words is not None
    assert words.weights == DEFAULT_WEIGHTS.times(0.3)
    # A run may begin with the encoder of an earlier run, and keep it.
    elsewhere = tmp_path / "earlier" / "encoder"
    elsewhere.mkdir(parents=True)
    write_offsets(elsewhere.parent, {"a": 0.4})
    made.state.hand_over(elsewhere, tmp_path / "other", ANSWERS, LABELS)
    assert read_offsets(tmp_path / "other") == {}


def test_a_run_that_was_handed_over_and_killed_is_the_same_run(world: Any, tmp_path: Path) -> None:
    made = world(4)
    made.run(Judge(), cycles=1)
    assert made.state.run_id("first") == made.state.run_id("second") == "first"
    encoder = made.state.hand_over(made.state.encoder(1), tmp_path / "first", ANSWERS, LABELS)
    (encoder / "encoder.json").write_text("as it was handed over")
    assert (
        made.state.hand_over(made.state.encoder(1), tmp_path / "first", ANSWERS, LABELS) == encoder
    )
    assert (encoder / "encoder.json").read_text() == "as it was handed over"


def test_a_state_in_which_nothing_is_finished_is_removed(world: Any) -> None:
    made = world(4)
    with pytest.raises(KeyboardInterrupt):
        made.run(Judge(dies_at=3))
    (made.state.folder).mkdir(exist_ok=True)
    made.state.remove_unless_finished()
    assert not made.state.folder.exists()


def test_the_papers_yes_is_above_one_half_and_nothing_else(world: Any) -> None:
    class Undecided(Judge):
        def ask(self, pairs: Iterable[Pair]) -> Iterator[Answer]:
            for answer in super().ask(pairs):
                yield Answer(answer.pair, 0.5 if answer.p_yes == 0.9 else answer.p_yes)

    settings = paper(EncoderSettings())
    options = {
        "yes_above": settings.yes_above,
        "always_best": settings.always_best,
        "calibrated": settings.calibrated,
    }
    with pytest.raises(LmtxError, match=r"says yes .* for only 0 of 53 documents"):
        world(4).run(Undecided(), **options)
    assert world(4).run(Judge(), cycles=1, **options).cycles[0].documents == 100
