"""A static encoder that learns from another encoder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lmtx_search.encoder import nearest
from lmtx_search.encoder.calibration import Calibration
from lmtx_search.encoder.load import onnx_form
from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.encoder.reading import TextReader, rank_labels
from lmtx_search.encoder.score_threshold import RANKED, choose_threshold
from lmtx_search.encoder.windows import ONE_WINDOW, Windows
from lmtx_search.errors import UserError
from lmtx_search.records import Document, Label
from lmtx_search.training.static_encoder.examples import Examples, TeacherReader, passages
from lmtx_search.training.static_encoder.fidelity import LabelSet, compare_with_teacher
from lmtx_search.training.static_encoder.settings import Distillation
from lmtx_search.words.weights import WordScoring, WordWeights
from tests.support.random_encoders import SENTENCES, make_random_encoder
from tests.support.tiny_encoder import WORDS, make_tiny_encoder
from tests.support.tiny_tagger import LABELS, WITH_PAIRS

torch = pytest.importorskip("torch")
pytest.importorskip("sentence_transformers")

from torch.utils._python_dispatch import TorchDispatchMode  # noqa: E402

TOKENS = 40
Floats = NDArray[np.float32]


class LargestProduct(TorchDispatchMode):
    """Remembers the number of elements of the largest matrix product."""

    elements = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if func is torch.ops.aten.mm.default:
            self.elements = max(self.elements, result.numel())
        return result


def unit(rows: int, columns: int, seed: int = 0) -> Floats:
    """Return random rows of length 1."""
    values = np.random.default_rng(seed).normal(size=(rows, columns)).astype(np.float32)
    return np.asarray(values / np.linalg.norm(values, axis=1, keepdims=True))


def bags(table: Floats, number: int, seed: int = 0) -> Examples:
    """Return random texts, read by a teacher that is a table itself."""
    random = np.random.default_rng(seed)
    tokens = [random.integers(0, len(table), random.integers(3, 20)) for _ in range(number)]
    read = np.array([table[ids].mean(0) for ids in tokens])
    return Examples(tokens, (read / np.linalg.norm(read, axis=1, keepdims=True)).astype("float32"))


@pytest.mark.parametrize("labels", [50, 3])
def test_a_table_learns_the_labels_that_its_teacher_finds(labels: int) -> None:
    from lmtx_search.training.static_encoder.fitting import fit_table

    hidden = unit(60, 24)
    start = hidden + unit(60, 24, seed=1)
    examples, held_out, vectors = bags(hidden, 900), bags(hidden, 200, seed=1), unit(labels, 24)
    settings = Distillation(batch_size=64, learning_rate=3e-2, decay=0.0, labels=10)
    untaught = fit_table(start, examples, held_out, vectors, replace(settings, epochs=0))
    taught = fit_table(start, examples, held_out, vectors, replace(settings, epochs=15))
    np.testing.assert_array_equal(untaught.table, start)
    assert untaught.epoch == 0
    assert taught.epoch > 0
    assert taught.agreement > untaught.agreement + 0.15


def test_only_scores_that_fit_into_memory_are_there_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from lmtx_search.training.static_encoder.fitting import fit_table

    hidden, pairs = unit(60, 24), 1_000
    monkeypatch.setattr(nearest, "_PAIRS", pairs)
    settings = Distillation(epochs=1, batch_size=8, labels=20)
    with LargestProduct() as largest:
        fit_table(hidden, bags(hidden, 300), bags(hidden, 100, 1), unit(100, 24), settings)
    assert 0 < largest.elements <= pairs


def test_tokens_that_no_document_has_keep_their_start() -> None:
    from lmtx_search.training.static_encoder.fitting import fit_table

    hidden, start = unit(60, 24), unit(70, 24, seed=1)
    settings = Distillation(epochs=3, batch_size=64, learning_rate=1e-2)
    fitted = fit_table(start, bags(hidden, 500), bags(hidden, 100, 1), unit(20, 24), settings)
    assert fitted.epoch > 0
    np.testing.assert_array_equal(fitted.table[60:], start[60:])
    assert not np.allclose(fitted.table[:60], start[:60])


def test_a_token_of_all_documents_starts_with_less_weight_than_a_rare_one() -> None:
    from lmtx_search.training.static_encoder.fitting import start_table

    texts = [np.array([0, 0, 1]), np.array([0]), np.array([0])]
    start = start_table(np.ones((3, 2), np.float32), texts)
    assert start[0].tolist() == [1, 1]
    assert start[0, 0] < start[1, 0] < start[2, 0]


def test_passages_are_parts_of_the_windows_that_are_long_enough() -> None:
    windows = [np.arange(3), np.arange(100, 130), np.arange(200, 212)]
    found = passages(windows, 40, 20, 8, seed=1)
    assert len(found) == 40
    for number, part in enumerate(found):
        whole = windows[1 + number % 2]
        assert len(part) >= 8
        np.testing.assert_array_equal(part, np.arange(part[0], part[0] + len(part)))
        assert part[0] >= whole[0]
        assert part[-1] <= whole[-1]
    assert passages(windows[:1], 40, 20, 8, seed=1) == []


def test_no_window_has_more_passages_than_it_may() -> None:
    windows = [np.arange(3)] * 50 + [np.arange(100, 130)]
    assert len(passages(windows, 1000, 4, 8, seed=1)) == 4
    assert passages(windows, -7, 4, 8, seed=1) == []


def test_short_documents_decide_how_much_tokens_weigh_at_the_start(tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer

    from lmtx_search.training.static_encoder.student_folder import make_student

    encoder = OnnxEncoder(make_tiny_encoder(tmp_path / "form"), 8)
    common, *rare = "plays", "chess", "web", "and"
    texts = [f"{common} {word}" for word in rare]
    folder = tmp_path / "student"
    folder.mkdir()
    labels = encoder.encode_labels(["chess"])
    make_student(folder, encoder, labels, texts, texts[:1], Distillation(epochs=0))
    (table,) = SentenceTransformer(str(folder), device="cpu")[0].state_dict().values()
    lengths = np.linalg.norm(table.numpy(), axis=1)
    assert lengths[WORDS.index(common)] == pytest.approx(1)
    assert lengths[WORDS.index(rare[0])] == pytest.approx(1 + np.log(4 / 2))


@pytest.fixture(scope="module", params=["BERT", "XLM-R"])
def teacher(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> OnnxEncoder:
    """A transformer with random weights, and a prompt for documents."""
    folder = tmp_path_factory.mktemp("teacher")
    prompts = {"document": "passage: ", "query": "query: "}
    made = make_random_encoder(folder / "encoder", request.param, prompts=prompts)
    return OnnxEncoder(onnx_form(made, folder), TOKENS)


def test_the_teacher_reads_tokens_as_it_reads_their_text(teacher: OnnxEncoder) -> None:
    reader = TeacherReader(teacher)
    windows = reader.windows(SENTENCES, 1)
    read = reader.examples(windows)
    assert not np.isin(np.concatenate(windows), teacher.special_tokens()).any()
    np.testing.assert_allclose(read.targets, teacher.encode(SENTENCES), atol=1e-5)


def test_the_teacher_reads_every_token_but_the_special_ones(teacher: OnnxEncoder) -> None:
    table = TeacherReader(teacher).single_tokens()
    lengths = np.linalg.norm(table, axis=1)
    special = teacher.special_tokens()
    assert lengths[special].tolist() == [0] * len(special)
    assert np.delete(lengths, special) == pytest.approx(1, abs=1e-4)


def test_a_student_is_an_ordinary_folder_with_the_words_of_its_teacher(
    teacher: OnnxEncoder, tmp_path: Path
) -> None:
    from sentence_transformers import SentenceTransformer

    from lmtx_search.training.static_encoder.student_folder import make_student

    labels = teacher.encode_labels(["chess", "astronomy", "a web browser"])
    folder = tmp_path / "student"
    folder.mkdir()
    settings = Distillation(epochs=2, batch_size=8, texts=40)
    make_student(folder, teacher, labels, SENTENCES * 4, SENTENCES, settings)
    student = OnnxEncoder(onnx_form(folder, tmp_path), TOKENS)
    plain = SentenceTransformer(str(folder), device="cpu").encode(["a web browser"])
    np.testing.assert_allclose(student.encode(["a web browser"]), plain, atol=1e-5)
    assert student.dimension == teacher.dimension
    assert student.vocabulary() == teacher.vocabulary()
    assert student.prompt_length == 0
    special = teacher.special_tokens()
    for mine, of_teacher in zip(student.tokens(SENTENCES), teacher.tokens(SENTENCES), strict=True):
        assert mine[: TOKENS - 3] == [id_ for id_ in of_teacher if id_ not in special][: TOKENS - 3]


def test_documents_without_a_known_word_are_one_clear_line(tmp_path: Path) -> None:
    from lmtx_search.training.static_encoder.student_folder import make_student

    encoder = OnnxEncoder(make_tiny_encoder(tmp_path / "form"), 8)
    labels = encoder.encode_labels(["chess"])
    with pytest.raises(UserError, match="knows none of the words of the training documents"):
        make_student(tmp_path, encoder, labels, ["数学"] * 20, ["数学"], Distillation())


DOCUMENTS = [Document(str(n), f"plays {word}") for n, word in enumerate(WORDS[1:] * 3)]


@pytest.mark.parametrize("windows", [ONE_WINDOW, Windows(2, "max")])
def test_a_student_like_its_teacher_agrees_and_has_the_same_threshold(
    tmp_path: Path, windows: Windows
) -> None:
    encoder = OnnxEncoder(make_tiny_encoder(tmp_path / "form"), 8)
    words = WordScoring(WordWeights(0.3, 0.1, 0.2), WITH_PAIRS)
    reader = TextReader(encoder, windows, words)
    vectors = encoder.encode_labels([label.text for label in LABELS])
    answers = {"0": {label.id: 0.9 for label in LABELS}, "1": {"1": 0.2}}
    calibration = Calibration(6.0, -2.0, 100)
    found = compare_with_teacher(
        "d", reader, reader, LabelSet(LABELS, vectors), DOCUMENTS, calibration, answers, 0.5
    )
    student = found.student
    assert (student.agreement, student.documents) == (1, len(DOCUMENTS))
    assert (student.judged, student.yes, student.teacher_yes) == (1, 1, 1)
    ids = [label.id for label in LABELS]
    texts = [document.text for document in DOCUMENTS]
    rankings = rank_labels(reader, texts, LABELS, ids, vectors, RANKED)
    assert found.threshold.value == pytest.approx(choose_threshold(rankings).value, abs=1e-4)
    assert found.calibration is not None
    assert found.calibration.slope == pytest.approx(6, abs=0.5)


def test_labels_that_documents_name_have_lower_thresholds_here_too(tmp_path: Path) -> None:
    encoder = OnnxEncoder(make_tiny_encoder(tmp_path / "form"), 8)
    reader = TextReader(encoder, ONE_WINDOW)
    labels = LabelSet(LABELS, encoder.encode_labels([label.text for label in LABELS]))
    named = {LABELS[0].id: 5}
    found = compare_with_teacher("d", reader, reader, labels, DOCUMENTS, None, {}, 0.5, named)
    assert set(found.threshold.lowered) == set(named)
    assert found.threshold.lowered[LABELS[0].id] > 0


def test_another_student_agrees_less_and_has_a_threshold_of_its_own(tmp_path: Path) -> None:
    encoder = OnnxEncoder(make_tiny_encoder(tmp_path / "form"), 8)
    vectors = encoder.encode_labels([label.text for label in LABELS])
    texts = [document.text for document in DOCUMENTS]

    class Lower(TextReader):
        """Reads documents with smaller and partly wrong scores."""

        def read(self, texts, on_batch=None):  # type: ignore[no-untyped-def]
            read = super().read(texts, on_batch)
            read.vectors[::2] = -read.vectors[::2]
            read.vectors[:] *= 0.5
            return read

    labels = LabelSet([Label(label.id, label.text) for label in LABELS], vectors)
    reader, lower = TextReader(encoder, ONE_WINDOW), Lower(encoder, ONE_WINDOW)
    found = compare_with_teacher("d", reader, lower, labels, DOCUMENTS, None, {}, 0.5)
    assert 0 < found.student.agreement < 1
    assert (found.student.judged, found.student.yes) == (0, None)
    best = (lower.read(texts).vectors @ vectors.T).max(axis=1)
    expected = choose_threshold([[("label", float(score))] for score in best])
    assert found.threshold.value == pytest.approx(expected.value, abs=1e-4)
