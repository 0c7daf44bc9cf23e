"""A tagger version whose documents a static encoder reads, while the encoder embeds its labels."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray
from tokenizers import Tokenizer

from lmtx_search.encoder.form import MODEL_FILES, OnnxForm
from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.encoder.student import Student
from lmtx_search.errors import UserError
from lmtx_search.records import Label
from lmtx_search.settings import Settings
from lmtx_search.tagging.in_cluster.archive import write_archive
from lmtx_search.tagging.scoring.explain import explain
from lmtx_search.tagging.scoring.ranking import LabelSearch
from lmtx_search.tagging.scoring.tagger import Tagger
from lmtx_search.tagging.versions.contents import (
    TaggingRule,
    VersionEncoder,
    VersionLabels,
    VersionStudent,
)
from lmtx_search.tagging.versions.label_changes import write_change
from lmtx_search.tagging.versions.label_sync import label_encoder
from lmtx_search.tagging.versions.store import TaggerVersions
from lmtx_search.tagging.versions.version import TaggerVersion
from lmtx_search.words.weights import WordScoring, WordWeights
from tests.support.tiny_encoder import make_tiny_encoder
from tests.support.tiny_tagger import LABELS, TEXTS, WITH_PAIRS

STUDENT = Student("1" * 64, agreement=0.8, documents=50)


def static_version(folder: Path, words: WordWeights | None = None) -> TaggerVersion:
    """Return a version whose student has other vectors than the encoder of its labels."""
    folder.mkdir(exist_ok=True)
    form = make_tiny_encoder(folder / "form", prompt="web: ")
    student = make_tiny_encoder(folder / "student", seed=1)
    replace(OnnxForm.read(student), digest=STUDENT.digest).write(student)
    encoder = OnnxEncoder(form, 64)
    return TaggerVersions(folder).create(
        VersionEncoder(
            form, "tiny", encoder.digest, "fp32", 8, student=VersionStudent(student, STUDENT)
        ),
        VersionLabels(LABELS, encoder.encode_labels([label.text for label in LABELS])),
        TaggingRule(threshold=0.1, max_tags=3),
        None if words is None else WordScoring(words, WITH_PAIRS),
    )


def test_the_student_reads_documents_and_the_encoder_embeds_labels(tmp_path: Path) -> None:
    version = static_version(tmp_path)
    student = OnnxEncoder(tmp_path / "student", 8)
    cosines = student.encode(["plays chess"]) @ version.embeddings().T
    found = {tag.label_id: tag.score for tag in Tagger(version).tag(["plays chess"])[0]}
    assert found
    for row, label in enumerate(LABELS):
        if label.id in found:
            assert found[label.id] == pytest.approx(cosines[0, row], abs=1e-4)
    read = label_encoder(version, Settings()).encode_labels(["chess"])
    np.testing.assert_allclose(read[0], version.embeddings()[0], atol=1e-5)


def test_a_version_says_which_kind_of_encoder_reads_its_documents(tmp_path: Path) -> None:
    made = static_version(tmp_path)
    read = TaggerVersions(tmp_path).get(made.manifest.version)
    assert read.manifest == made.manifest
    assert (read.manifest.kind, read.manifest.student) == ("static", STUDENT)
    assert read.manifest.schema == 8


def test_a_version_of_an_earlier_release_has_a_transformer(tmp_path: Path) -> None:
    made = static_version(tmp_path)
    file = made.folder / "manifest.json"
    values = json.loads(file.read_text())
    del values["student"]
    file.write_text(json.dumps({**values, "schema": 3}))
    read = TaggerVersions(tmp_path).get(made.manifest.version)
    assert read.manifest.kind == "transformer"
    assert read.document_encoder_folder == read.encoder_folder


def test_another_student_than_the_version_was_made_with_is_refused(tmp_path: Path) -> None:
    version = static_version(tmp_path)
    form = version.document_encoder_folder / "encoder.json"
    form.write_text(form.read_text().replace("1" * 64, "2" * 64))
    with pytest.raises(UserError, match=r"another static encoder .*: deploy again"):
        Tagger(version)


def test_a_folder_without_its_student_is_refused(tmp_path: Path) -> None:
    version = static_version(tmp_path)
    (version.document_encoder_folder / MODEL_FILES["fp32"]).unlink()
    with pytest.raises(UserError, match="missing"):
        Tagger(version)


@pytest.mark.parametrize("words", [None, WordWeights(0.3, 0.1, 0.2)])
def test_a_changed_label_counts_at_once(tmp_path: Path, words: WordWeights | None) -> None:
    version = static_version(tmp_path, words)
    tagger = Tagger(version)
    before = tagger.tag(["plays chess"])[0]
    vector = label_encoder(version, Settings()).encode_labels(["plays"])
    digest = version.manifest.encoder_digest
    write_change(version.folder, digest, [Label("9", "plays")], vector, [before[0].label_id])
    after = {tag.label_id for tag in tagger.tag(["plays chess"])[0]}
    assert before[0].label_id not in after
    assert tagger.tag(TEXTS) == Tagger(version).tag(TEXTS)
    if words:
        assert "9" in after


class ExactIndex:
    """A label index that finds all labels."""

    def __init__(self, version: TaggerVersion) -> None:
        self._version = version

    def __call__(
        self, encoder_digest: str, vectors: NDArray[np.float32], k: int
    ) -> list[list[tuple[str, float]]]:
        assert encoder_digest == self._version.manifest.encoder_digest
        scores = vectors @ self._version.embeddings().T
        return [
            [(LABELS[row].id, float(of_text[row])) for row in np.argsort(-of_text)]
            for of_text in scores
        ]


@pytest.mark.parametrize("words", [None, WordWeights(0.3, 0.1, 0.2)])
def test_the_label_index_of_the_encoder_is_searched_with_the_students_embeddings(
    tmp_path: Path, words: WordWeights | None
) -> None:
    version = static_version(tmp_path, words)
    searching = Tagger(version, search=LabelSearch(0, ExactIndex(version)))
    assert searching.tag(TEXTS) == Tagger(version).tag(TEXTS)


@pytest.mark.parametrize("words", [None, WordWeights(0.3, 0.1, 0.2)])
def test_the_cluster_gives_what_the_service_gives(
    tmp_path: Path, words: WordWeights | None
) -> None:
    version = static_version(tmp_path, words)
    write_archive(version, tmp_path / "tagger.zip")
    with zipfile.ZipFile(tmp_path / "tagger.zip") as archive:
        archive.extractall(tmp_path / "archive")
    tokenizer = Tokenizer.from_file(str(tmp_path / "archive" / "tokenizer.json"))
    session = onnxruntime.InferenceSession(str(tmp_path / "archive" / "tagger.onnx"))
    tagger = Tagger(version)
    texts = [*TEXTS, "\u200b"]  # the last one has no token
    for text, decision in zip(texts, tagger.decide(texts), strict=True):
        ids = np.array([tokenizer.encode(text).ids], dtype=np.int64)
        names = {"input1.input_ids": ids, "input1.attention_mask": np.ones_like(ids)}
        (scores,) = session.run(None, names)[0]
        given = {tokenizer.decode([at]): scores[at] for at in np.flatnonzero(scores)}
        assert given == pytest.approx(tagger.weights(decision), abs=2e-4)


def test_an_explanation_adds_the_students_cosine_and_words(tmp_path: Path) -> None:
    version = static_version(tmp_path, WordWeights(0.3, 0.1, 0.2))
    student = OnnxEncoder(tmp_path / "student", 8)
    cosines = (student.encode(["plays chess"]) @ version.embeddings().T)[0]
    for label in explain(Tagger(version), "plays chess"):
        row = [one.id for one in LABELS].index(label.label_id)
        assert label.cosine == pytest.approx(cosines[row], abs=1e-3)
        assert label.words is not None
        assert label.score == pytest.approx(label.cosine + label.words, abs=2e-4)
