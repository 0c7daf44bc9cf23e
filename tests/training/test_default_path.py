"""The default path of training, with a real encoder that is tiny and has random weights.

Documents that name a label teach first; then all documents teach, judged or not.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from lmtx_search.encoder.folder import encoder_digest
from lmtx_search.encoder.label_embeddings import embed_labels
from lmtx_search.encoder.load import onnx_form
from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.judges.budget import Budget
from lmtx_search.progress import SILENT, Silent
from lmtx_search.records import Document, Label
from lmtx_search.training.centering import open_shortlister
from lmtx_search.training.curriculum import Curriculum, run_curriculum
from lmtx_search.training.decided_share import read_share
from lmtx_search.training.named_once import (
    first_encoder,
    leave,
    named_state,
    remove_left,
    take_over,
)
from lmtx_search.training.resources import RunResources
from lmtx_search.training.resume import RunState
from lmtx_search.training.settings import FineTuning, TrainingSettings
from lmtx_search.training.shortlist import search_in
from tests.support.memory_judge import MemoryStore, NumberJudge
from tests.support.random_encoders import make_random_encoder

pytestmark = pytest.mark.integration

NAMES = """amber lamp, brass horn, cedar boat, denim coat, ember fire, flint axe, grain mill,
honey cake, ivory comb, jade ring, kelp soup, linen sheet, maple desk, nylon rope, opal stone,
pearl string, quartz clock, ruby glass, silk scarf, tweed hat""".replace("\n", " ").split(", ")
LABELS = [Label(f"l{number}", name) for number, name in enumerate(NAMES)]
DOCUMENTS = [
    Document(f"d{n}", f"Story {n} of the {NAMES[n % 20]}, volume {n % 20} of many")
    for n in range(140)
]
TRAINING, HELD_OUT = DOCUMENTS[:120], DOCUMENTS[120:]
SETTINGS = TrainingSettings(
    budget=Budget(calls=100),
    shortlist=4,
    pairs_per_document=2,
    least_documents=2,
    fine_tuning=FineTuning(epochs=1, batch_size=20, document_tokens=24, label_tokens=12),
)
BY_NAMES = "Train on documents that name a label"
ON_ALL = "Train the encoder on all documents"


class Judge(NumberJudge):
    labels = 20


class Stages(Silent):
    """Keeps the names of stages; the process is killed in the middle of the one ``dies_in``."""

    def __init__(self, dies_in: str = "") -> None:
        self.dies_in = dies_in
        self.names: list[str] = []

    @contextmanager
    def stage(
        self, name: str, total: int | None = None, unit: str = "items"
    ) -> Iterator[Callable[[int], None]]:
        self.names.append(name)

        def advance(_: int) -> None:
            if name == self.dies_in:
                raise KeyboardInterrupt

        yield advance


@dataclass
class World:
    """A state of its own, and the encoders that others share.

    ``published`` are the digests of the encoders that made shortlists after the untrained one.
    """

    folder: Path
    base: Path
    cache: Path
    store: MemoryStore = field(default_factory=MemoryStore)
    published: list[str] = field(default_factory=list)

    @property
    def state(self) -> RunState:
        return RunState(self.folder / ".run")

    def load(self, folder: Path, tokens: int) -> OnnxEncoder:
        return OnnxEncoder(onnx_form(folder, self.cache), tokens, threads=1)

    def open_base(self) -> Any:
        vectors = embed_labels(self.load(self.base, 12), LABELS)
        return self.load(self.base, 24), search_in(vectors, LABELS)

    def publish(self, encoder: Any, vectors: Any) -> Any:
        self.published.append(encoder.digest)
        return search_in(vectors, LABELS)

    def resources(self, judge: Judge) -> RunResources:
        return RunResources(
            base=self.base,
            open_base=self.open_base,
            publish=self.publish,
            load_encoder=self.load,
            labels=LABELS,
            training=TRAINING,
            development=HELD_OUT,
            judge=judge,
            store=self.store,
        )

    def train(self, judge: Judge, stages: Stages | None = None) -> Curriculum:
        return run_curriculum(self.resources(judge), SETTINGS, self.state, stages or Stages())

    def digests(self) -> list[str]:
        """Of the encoders of the stage before the first cycle, and of the first cycle."""
        return [encoder_digest(self.state.encoder(number)) for number in (0, 1)]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_random_encoder(tmp_path_factory.mktemp("encoder") / "base")


@pytest.fixture
def world(tmp_path: Path, base: Path) -> World:
    return World(tmp_path / "runs", base, base.parent / "cache")


@dataclass
class Whole:
    """A training that nothing interrupted."""

    world: World
    found: Curriculum
    judge: Judge


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, base: Path) -> Whole:
    world, judge = World(tmp_path_factory.mktemp("whole"), base, base.parent / "cache"), Judge()
    return Whole(world, world.train(judge), judge)


def test_names_teach_first_and_then_all_documents(whole: Whole, base: Path) -> None:
    named, cycle = whole.found.named, whole.found.cycles[0]
    assert named is not None
    assert (named.read, named.named, named.labels, named.trained) == (120, 120, 20, True)
    assert cycle.scored_documents == 120
    assert 2 <= len(cycle.judged.p_yes) < 120
    # Each starts from the untrained encoder, and is another one.
    by_names, on_all = whole.world.digests()
    assert len({encoder_digest(base), by_names, on_all}) == 3
    assert whole.found.words is not None


def test_the_encoder_that_names_taught_makes_the_first_shortlists(whole: Whole) -> None:
    by_names, _ = whole.world.digests()
    assert len(whole.world.published) == 1
    encoder = whole.world.load(whole.world.state.encoder(0), 24)
    assert encoder_digest(whole.world.state.encoder(0)) == by_names
    assert whole.world.published == [encoder.digest]


def same(world: World, found: Curriculum, whole: Whole) -> bool:
    """Return whether a training ended as the one that nothing interrupted."""
    one, other = found.cycles[0], whole.found.cycles[0]
    return (
        world.digests() == whole.world.digests()
        and one.judged.p_yes == other.judged.p_yes
        and one.development.firsts == other.development.firsts
        and one.development.threshold == other.development.threshold
        and found.words is not None
        and whole.found.words is not None
        and found.words.weights == whole.found.words.weights
        and found.words.offsets == whole.found.words.offsets
    )


def test_killed_after_the_first_stage_it_goes_on_and_ends_the_same(
    world: World, whole: Whole
) -> None:
    with pytest.raises(KeyboardInterrupt):
        world.train(Judge(dies_at=0))
    judge, stages = Judge(), Stages()
    found = world.train(judge, stages)
    assert BY_NAMES not in stages.names
    assert judge.asked == whole.judge.asked
    assert same(world, found, whole)


def test_killed_while_all_documents_teach_it_goes_on_and_ends_the_same(
    world: World, whole: Whole
) -> None:
    killed, again, stages = Judge(), Judge(), Stages()
    with pytest.raises(KeyboardInterrupt):
        world.train(killed, Stages(dies_in=ON_ALL))
    assert world.state.finished() == []
    found = world.train(again, stages)
    assert (BY_NAMES in stages.names, ON_ALL in stages.names) == (False, True)
    assert killed.asked + again.asked == whole.judge.asked
    assert same(world, found, whole)


def test_what_is_judged_ahead_is_asked_from_the_same_encoder_which_training_takes_over(
    world: World, whole: Whole
) -> None:
    other = named_state(world.folder, "of-other-inputs")
    shutil.copytree(whole.world.state.folder / "cycle-0", other.folder / "cycle-0")
    left = named_state(world.folder, "fingerprint")
    encoder, search, named = first_encoder(world.resources(Judge()), SETTINGS, left, SILENT)
    assert encoder.digest == whole.world.published[0]
    assert named is not None
    assert not other.folder.exists()
    shortlister = open_shortlister(
        encoder, search, SETTINGS.shortlist, documents=TRAINING, labels=20, tokens=24
    )
    by_id = {label.id: label for label in LABELS}
    ahead = [
        (pair.document.id, pair.label.id)
        for pairs in shortlister.pairs(TRAINING, by_id, SETTINGS.pairs_per_document)
        for pair in pairs
    ]
    asked = [pair for pair in whole.judge.asked if pair[0] not in {one.id for one in HELD_OUT}]
    assert set(asked) <= set(ahead)

    # A second call, and a training, find it done.
    stages = Stages()
    first_encoder(world.resources(Judge()), SETTINGS, left, stages)
    take_over(world.state, left)
    assert read_share(world.state.folder) == read_share(left.folder) is not None
    found = world.train(Judge(), stages)
    assert BY_NAMES not in stages.names
    assert same(world, found, whole)
    remove_left(left)
    assert not left.folder.exists()


def test_judging_ahead_leaves_nothing_if_no_document_names_a_label(world: World) -> None:
    few = RunResources(
        **{**vars(world.resources(Judge())), "training": TRAINING[:30], "development": []}
    )
    left = named_state(world.folder, "fingerprint")
    encoder, _, named = first_encoder(few, SETTINGS, left, SILENT)
    assert named is not None
    assert not named.trained
    assert encoder.digest == world.load(world.base, 24).digest
    assert not left.folder.exists()


def test_a_training_that_stops_before_its_first_cycle_leaves_the_stage_for_another(
    world: World, tmp_path: Path
) -> None:
    left = named_state(tmp_path, "fingerprint")
    with pytest.raises(KeyboardInterrupt):
        world.train(Judge(dies_at=1))
    taught = encoder_digest(world.state.encoder(0))
    leave(world.state, left)
    assert not world.state.folder.exists()
    again, stages = RunState(world.folder / ".run"), Stages()
    take_over(again, left)
    world.train(Judge(), stages)
    assert encoder_digest(again.encoder(0)) == taught
    assert BY_NAMES not in stages.names
    # A finished cycle belongs to its own training.
    leave(again, named_state(tmp_path, "other"))
    assert again.has_cycle
