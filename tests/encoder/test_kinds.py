"""Every kind of encoder gives the same embeddings in ONNX as in sentence-transformers."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from tokenizers import Tokenizer

from lmtx_search.encoder import export
from lmtx_search.encoder.chosen import chosen_encoder
from lmtx_search.encoder.description import describe
from lmtx_search.encoder.folder import encoder_digest
from lmtx_search.encoder.form import OnnxForm
from lmtx_search.encoder.language_fit import find_tokenizer
from lmtx_search.encoder.load import load_encoder, onnx_form
from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.encoder.torch_model import load_torch_model
from lmtx_search.errors import UserError
from lmtx_search.records import Label
from lmtx_search.settings import EncoderSettings, Settings
from lmtx_search.tagging.in_cluster.archive import write_archive
from lmtx_search.tagging.scoring.tagger import Tagger
from lmtx_search.tagging.versions.contents import TaggingRule, VersionEncoder, VersionLabels
from lmtx_search.tagging.versions.store import TaggerVersions
from lmtx_search.training.settings import FineTuning
from lmtx_search.training.student.training_data import TrainingData
from lmtx_search.words.importance import word_importance
from lmtx_search.words.weights import WordScoring, WordWeights
from tests.support.random_encoders import (
    HIDDEN,
    KINDS,
    SENTENCES,
    make_random_encoder,
    make_static_encoder,
)

pytestmark = pytest.mark.integration

FAITHFUL = 0.9999
TOKENS = 40
TEXTS = ["chess", "A web browser", SENTENCES[2], " ".join(SENTENCES) * 2, "Library / Bibliothek"]
PROMPTS = {"query": "query: ", "document": "passage: "}


def torch_embeddings(model: Any, texts: list[str], prompt: str = "", tokens: int = TOKENS) -> Any:
    """Return what sentence-transformers computes."""
    if tokens:
        model.max_seq_length = tokens
    return model.encode(texts, prompt=prompt, normalize_embeddings=True, show_progress_bar=False)


def open_plainly(folder: Path) -> Any:
    """Open a folder as any other program does."""
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(folder), device="cpu")


def worst(first: Any, second: Any) -> float:
    return float(np.min(np.sum(np.asarray(first) * np.asarray(second), axis=1)))


def read(folder: Path, tmp_path: Path, tokens: int = TOKENS) -> OnnxEncoder:
    return OnnxEncoder(onnx_form(folder, tmp_path / "cache"), tokens)


def settings_of(folder: Path, tmp_path: Path, **encoder: Any) -> Settings:
    return Settings(
        cache_dir=tmp_path / "cache", encoder=EncoderSettings(name=str(folder), **encoder)
    )


def train(folder: Path, output: Path, tokens: int = TOKENS) -> Path:
    from lmtx_search.training.student.fine_tuning import fine_tune

    labels = ["web browsers", "chess", "electronic mail", "astronomy"]
    data = TrainingData(
        documents=[f"A program about {label}, {SENTENCES[0]}" for label in labels],
        labels=labels,
        never_negative=[frozenset({number}) for number in range(4)],
        steps=[(number, number) for number in range(4)],
    )
    tuning = FineTuning(
        batch_size=2, learning_rate=1e-3, document_tokens=tokens, label_tokens=16, warmup_steps=0
    )
    fine_tune(folder, output, data, tuning, seed=0)
    return output


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_trained_and_gives_what_sentence_transformers_gives(
    kind: str, tmp_path: Path
) -> None:
    base = make_random_encoder(tmp_path / "base", kind, prompts=PROMPTS)
    trained = train(base, tmp_path / "trained")
    assert encoder_digest(base) != encoder_digest(trained)
    for folder, model in ((base, load_torch_model(base)), (trained, open_plainly(trained))):
        encoder = read(folder, tmp_path)
        documents, labels = encoder.encode(TEXTS), encoder.encode_labels(TEXTS)
        assert worst(documents, torch_embeddings(model, TEXTS, "passage: ")) >= FAITHFUL
        assert worst(labels, torch_embeddings(model, TEXTS, "query: ")) >= FAITHFUL
        assert (documents @ documents.T)[0, 1] < 0.999


def test_a_static_encoder_can_be_trained_and_gives_what_sentence_transformers_gives(
    tmp_path: Path,
) -> None:
    base = make_static_encoder(tmp_path / "base", prompts=PROMPTS)
    trained = train(base, tmp_path / "trained")
    texts = [text for text in TEXTS if len(text) < 100]  # it has no limit of its own
    for folder in (base, trained):
        encoder, model = read(folder, tmp_path), open_plainly(folder)
        expected = torch_embeddings(model, texts, "passage: ", tokens=0)
        assert worst(encoder.encode(texts), expected) >= FAITHFUL
    assert encoder_digest(base) != encoder_digest(trained)


def test_a_trained_encoder_reads_as_many_tokens_as_were_asked_for(tmp_path: Path) -> None:
    base = make_random_encoder(tmp_path / "base", max_seq_length=24)
    trained = train(base, tmp_path / "trained", tokens=100)
    words = " ".join(SENTENCES[0].split()[:12])
    texts = [f"{words} {words} " + f"{end} " * 10 for end in ("chess", "astronomy")]
    encoder = load_encoder(settings_of(trained, tmp_path), max_tokens=100)
    assert encoder.max_tokens == 100
    first, second = encoder.encode(texts)
    assert float(first @ second) < FAITHFUL
    plain = open_plainly(trained)
    assert plain.max_seq_length == 100
    assert worst(encoder.encode(texts), torch_embeddings(plain, texts, tokens=0)) >= FAITHFUL


def test_more_tokens_than_the_model_has_positions_are_one_clear_line(tmp_path: Path) -> None:
    folder = make_random_encoder(tmp_path / "base", values={"max_position_embeddings": 40})
    assert load_encoder(settings_of(folder, tmp_path), max_tokens=40).max_tokens == 40
    with pytest.raises(UserError, match="reads at most 40 tokens, and 64 are asked for"):
        load_encoder(settings_of(folder, tmp_path), max_tokens=64)


@pytest.mark.parametrize("kind", ["XLM-R", "T5", "BERT"])
def test_the_tokens_are_those_of_the_file_before_and_after_training(
    kind: str, tmp_path: Path
) -> None:
    from tokenizers.normalizers import NFKC

    base = make_random_encoder(tmp_path / "base", kind, normalizer=NFKC())
    texts = ["Chess ﬁle Ⅷ", "Ｃｈｅｓｓ", "The BIBLIOTHEK"]
    of_file = Tokenizer.from_file(str(base / "tokenizer.json"))
    expected = [of_file.encode(text).ids for text in texts]
    trained = train(base, tmp_path / "trained")
    for folder in (base, trained):
        assert load_torch_model(folder).tokenizer(texts)["input_ids"] == expected
        form = Tokenizer.from_file(str(onnx_form(folder, tmp_path / "cache") / "tokenizer.json"))
        assert [form.encode(text).ids for text in texts] == expected
    assert open_plainly(trained).tokenizer(texts)["input_ids"] == expected


@pytest.mark.parametrize("padding_side", ["left", "right"])
@pytest.mark.parametrize("pooling", ["mean", "cls", "lasttoken", "max", "weightedmean"])
def test_every_pooling_is_that_of_sentence_transformers_on_either_side_of_padding(
    pooling: str, padding_side: str, tmp_path: Path
) -> None:
    folder = make_random_encoder(
        tmp_path / "base", "Qwen3", pooling={"pooling_mode": pooling}, padding_side=padding_side
    )
    encoder = read(folder, tmp_path)
    expected = torch_embeddings(load_torch_model(folder), TEXTS)
    assert worst(encoder.encode(TEXTS), expected) >= FAITHFUL
    alone = np.concatenate([encoder.encode([text]) for text in TEXTS])
    assert worst(encoder.encode(TEXTS), alone) >= FAITHFUL
    assert np.isfinite(encoder.encode(["", " "])).all()


@pytest.mark.parametrize("kind", ["BERT", "RoBERTa", "XLM-R", "Qwen3"])
@pytest.mark.parametrize("pooling", ["mean", "weightedmean"])
def test_a_prompt_that_is_not_pooled_is_read_and_left_out(
    kind: str, pooling: str, tmp_path: Path
) -> None:
    base = make_random_encoder(
        tmp_path / "base",
        kind,
        pooling={"pooling_mode": pooling, "include_prompt": False},
        prompts=PROMPTS,
    )
    trained = train(base, tmp_path / "trained")
    for folder in (base, trained):
        encoder, model = read(folder, tmp_path), load_torch_model(folder)
        expected = torch_embeddings(model, TEXTS, "passage: ")
        assert worst(encoder.encode(TEXTS), expected) >= FAITHFUL
        expected = torch_embeddings(model, TEXTS, "query: ")
        assert worst(encoder.encode_labels(TEXTS), expected) >= FAITHFUL


def dense() -> Any:
    from sentence_transformers.models import Dense

    return Dense(HIDDEN, 24)


def identity_dense() -> Any:
    import torch
    from sentence_transformers.models import Dense

    return Dense(HIDDEN, 40, bias=False, activation_function=torch.nn.Identity())


def normalize() -> Any:
    from sentence_transformers.models import Normalize

    return Normalize()


def layer_norm() -> Any:
    from sentence_transformers.models import LayerNorm

    return LayerNorm(HIDDEN)


@pytest.mark.parametrize(
    ("later", "dimension"),
    [
        ([dense], 24),
        ([normalize, dense, normalize], 24),
        ([identity_dense, normalize], 40),
        ([layer_norm], HIDDEN),
        ([normalize], HIDDEN),
    ],
)
def test_modules_after_the_pooling_are_part_of_the_graph(
    later: list[Callable[[], Any]], dimension: int, tmp_path: Path
) -> None:
    base = make_random_encoder(tmp_path / "base", later=later)
    trained = train(base, tmp_path / "trained")
    for folder in (base, trained):
        encoder = read(folder, tmp_path)
        assert encoder.dimension == dimension
        expected = torch_embeddings(load_torch_model(folder), TEXTS)
        assert worst(encoder.encode(TEXTS), expected) >= FAITHFUL


@pytest.mark.parametrize("static", [False, True])
def test_a_smaller_dimension_cuts_and_normalises(static: bool, tmp_path: Path) -> None:
    make = make_static_encoder if static else make_random_encoder
    folder = make(tmp_path / "base")
    texts = ["chess", "A web browser"]
    settings = settings_of(folder, tmp_path, dimension=8)
    whole = torch_embeddings(open_plainly(folder), texts, tokens=0)[:, :8]
    expected = whole / np.linalg.norm(whole, axis=1, keepdims=True)
    encoder = load_encoder(settings, max_tokens=TOKENS)
    assert encoder.dimension == 8
    assert worst(encoder.encode(texts), expected) >= FAITHFUL
    trained = train(chosen_encoder(settings), tmp_path / "trained")
    assert load_encoder(settings, max_tokens=TOKENS, folder=trained).dimension == 8


def test_prompts_of_the_settings_are_kept_in_training(tmp_path: Path) -> None:
    folder = make_random_encoder(tmp_path / "base", prompts=PROMPTS)
    settings = settings_of(folder, tmp_path, document_prompt="title: none | text: ")
    trained = train(chosen_encoder(settings), tmp_path / "trained")
    encoder = load_encoder(settings, max_tokens=TOKENS, folder=trained)
    expected = torch_embeddings(open_plainly(trained), TEXTS, "title: none | text: ")
    assert worst(encoder.encode(TEXTS), expected) >= FAITHFUL
    expected = torch_embeddings(open_plainly(trained), TEXTS, "query: ")
    assert worst(encoder.encode_labels(TEXTS), expected) >= FAITHFUL


def test_a_prompt_that_leaves_no_token_for_a_text_is_refused(tmp_path: Path) -> None:
    long = "Instruct: name the subject of this document, in one word or two: "
    folder = make_random_encoder(tmp_path / "base", prompts={"query": long, "document": ""})
    encoder = read(folder, tmp_path, tokens=8)
    assert encoder.encode(["chess"]).shape == (1, HIDDEN)
    with pytest.raises(UserError, match=r"takes 8 of the 8 tokens .*encoder\.label_tokens"):
        encoder.encode_labels(["chess"])


def test_a_default_prompt_stands_before_documents_and_labels(tmp_path: Path) -> None:
    folder = make_random_encoder(
        tmp_path / "base", prompts={"all": "about: "}, default_prompt="all"
    )
    encoder = read(folder, tmp_path)
    expected = torch_embeddings(load_torch_model(folder), TEXTS, "about: ")
    assert worst(encoder.encode(TEXTS), expected) >= FAITHFUL
    assert worst(encoder.encode_labels(TEXTS), expected) >= FAITHFUL


@pytest.mark.parametrize(
    ("prompts", "default"),
    [
        ({"query": "query: "}, "query"),
        ({"query": "query: ", "document": ""}, "query"),
        ({"document": "text: "}, "document"),
        ({"query": "query: ", "document": "text: "}, None),
    ],
)
def test_prompts_are_those_of_encode_query_and_encode_document(
    prompts: dict[str, str], default: str | None, tmp_path: Path
) -> None:
    folder = make_random_encoder(tmp_path / "base", prompts=prompts, default_prompt=default)
    encoder, expected = read(folder, tmp_path), open_plainly(folder)
    expected.max_seq_length = TOKENS
    documents = expected.encode_document(TEXTS, normalize_embeddings=True)
    assert worst(encoder.encode(TEXTS), documents) >= FAITHFUL
    labels = expected.encode_query(TEXTS, normalize_embeddings=True)
    assert worst(encoder.encode_labels(TEXTS), labels) >= FAITHFUL


def test_a_form_with_prompts_that_an_earlier_release_read_otherwise_is_made_anew(
    tmp_path: Path,
) -> None:
    folder = make_random_encoder(
        tmp_path / "base", prompts={"query": "query: "}, default_prompt="query"
    )
    form = read(folder, tmp_path).folder
    replace(OnnxForm.read(form), document_prompt="query: ").write(form)
    assert read(folder, tmp_path).form.document_prompt == ""


def test_the_side_of_a_prompt_is_kept_in_training(tmp_path: Path) -> None:
    prompts = {"query": "query: ", "all": "about: "}
    folder = make_random_encoder(tmp_path / "base", prompts=prompts, default_prompt="all")
    trained = train(folder, tmp_path / "trained")
    described = describe(trained)
    assert (described.document_prompt, described.label_prompt) == ("about: ", "query: ")


def test_an_older_folder_with_a_folder_for_its_transformer_is_read(tmp_path: Path) -> None:
    folder = make_random_encoder(tmp_path / "base")
    expected = torch_embeddings(open_plainly(folder), TEXTS)
    inner = folder / "0_Transformer"
    inner.mkdir()
    for name in ("config.json", "model.safetensors", "sentence_bert_config.json"):
        (folder / name).rename(inner / name)
    for path in folder.glob("tokenizer*"):
        path.rename(inner / path.name)
    modules = json.loads((folder / "modules.json").read_text())
    modules[0]["path"] = inner.name
    (folder / "modules.json").write_text(json.dumps(modules))
    assert worst(read(folder, tmp_path).encode(TEXTS), expected) >= FAITHFUL
    assert find_tokenizer(folder, tmp_path) == inner / "tokenizer.json"


def test_every_window_of_a_document_starts_with_the_prompt(tmp_path: Path) -> None:
    folder = make_random_encoder(tmp_path / "base", "RoBERTa", prompts=PROMPTS)
    encoder = read(folder, tmp_path, tokens=24)
    text = SENTENCES[0]
    vectors, (count,) = encoder.encode_windows([text], 3)
    assert count > 1
    # A window is what the encoder reads of the text from some place on.
    from_each_place = encoder.encode([text[start:] for start in range(len(text))])
    assert (vectors @ from_each_place.T).max(axis=1).min() >= FAITHFUL
    assert worst(vectors[:1], encoder.encode([text])) >= FAITHFUL


def test_a_quantised_model_that_is_too_inexact_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(export._FAITHFUL, "int8", 1.1)
    form = onnx_form(make_random_encoder(tmp_path / "base"), tmp_path / "cache")
    assert not (form / "model_int8.onnx").exists()
    assert OnnxEncoder(form, TOKENS).encode(TEXTS).shape == (len(TEXTS), HIDDEN)
    with pytest.raises(UserError, match="int8 changes the embeddings of this encoder too much"):
        OnnxEncoder(form, TOKENS, precision="int8")


def test_the_lowest_precision_that_is_offered_stays_close(tmp_path: Path) -> None:
    folder = make_random_encoder(tmp_path / "base", "Qwen3")
    form = onnx_form(folder, tmp_path / "cache")
    exact = OnnxEncoder(form, TOKENS).encode(TEXTS)
    assert worst(OnnxEncoder(form, TOKENS, precision="int8").encode(TEXTS), exact) > 0.95


def test_a_model_of_over_two_gigabytes_keeps_its_weights_in_a_second_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lmtx_search.encoder.onnx_files.MOST_BYTES", 0)
    folder = make_random_encoder(tmp_path / "base")
    form = onnx_form(folder, tmp_path / "cache")
    models = ["model.onnx", "model.onnx.data", "model_int8.onnx", "model_int8.onnx.data"]
    assert sorted(path.name for path in form.iterdir() if "model" in path.name) == models
    version = TaggerVersions(tmp_path / "data").create(
        VersionEncoder(form, "large", OnnxEncoder(form, 8).digest, "int8", TOKENS),
        VersionLabels([Label("1", "chess")], OnnxEncoder(form, 8).encode_labels(["chess"])),
        TaggingRule(threshold=0.1, max_tags=3),
    )
    expected = torch_embeddings(load_torch_model(folder), TEXTS)
    encoder = OnnxEncoder(version.encoder_folder, TOKENS)
    assert worst(encoder.encode(TEXTS), expected) >= FAITHFUL


POOLED_AFTER_THE_PROMPT = ("BERT", "RoBERTa", "XLM-R", "Qwen3", "EmbeddingGemma", "T5")


@pytest.mark.parametrize(
    ("kind", "pooling"),
    [
        *((kind, {}) for kind in KINDS),
        *((kind, {"include_prompt": False}) for kind in POOLED_AFTER_THE_PROMPT),
    ],
)
def test_the_clusters_form_gives_what_the_service_gives(
    kind: str, pooling: dict[str, Any], tmp_path: Path
) -> None:
    how = {"pooling_mode": KINDS[kind].pooling, **pooling}
    folder = make_random_encoder(tmp_path / "base", kind, pooling=how, prompts=PROMPTS)
    compare_with_the_clusters_form(read(folder, tmp_path), tmp_path)


@pytest.mark.parametrize("truncate", [None, 8])
def test_the_clusters_form_has_the_later_modules_and_the_cut(
    truncate: int | None, tmp_path: Path
) -> None:
    folder = make_random_encoder(tmp_path / "base", later=[dense], truncate=truncate)
    compare_with_the_clusters_form(read(folder, tmp_path), tmp_path)


def compare_with_the_clusters_form(encoder: OnnxEncoder, tmp_path: Path) -> None:
    """Check that the model of the cluster gives the tags that the tagger gives."""
    labels = [Label("1", "chess"), Label("2", "Bibliothek"), Label("3", "music players")]
    tokens = encoder.word_tokens()
    importance = word_importance([tokens.words(ids) for ids in encoder.tokens(TEXTS)], len(tokens))
    version = TaggerVersions(tmp_path / "data").create(
        VersionEncoder(encoder.folder, "encoder", encoder.digest, "fp32", TOKENS),
        VersionLabels(labels, encoder.encode_labels([label.text for label in labels])),
        TaggingRule(threshold=0.01, max_tags=3),
        WordScoring(WordWeights(0.3, 0.1, 0.2), importance, windows=2),
    )
    write_archive(version, tmp_path / "tagger.zip")
    with zipfile.ZipFile(tmp_path / "tagger.zip") as archive:
        archive.extractall(tmp_path)
    tokenizer = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    session = onnxruntime.InferenceSession(str(tmp_path / "tagger.onnx"))
    special = "A </s> web <mask>browser<s> and [SEP] <pad> chess</s>"
    texts = [*TEXTS, " ".join(SENTENCES) * 9, special]
    given = []
    for text in texts:
        ids = np.array([tokenizer.encode(text).ids])
        names = {"input1.input_ids": ids, "input1.attention_mask": np.ones_like(ids)}
        (scores,) = session.run(None, names)[0]
        given.append({tokenizer.decode([at]): scores[at] for at in np.flatnonzero(scores)})
    tagger = Tagger(version)
    expected = [tagger.weights(one) for one in tagger.decide(texts)]
    assert [pytest.approx(tags, abs=2e-4) for tags in expected] == given
    assert any(expected)
