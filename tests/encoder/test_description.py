"""What an encoder's files say about it, and the encoders that are refused in one line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lmtx_search.encoder.chosen import chosen_encoder
from lmtx_search.encoder.description import describe
from lmtx_search.encoder.folder import encoder_digest
from lmtx_search.errors import UserError
from lmtx_search.settings import EncoderSettings, Settings

TRANSFORMER = ("sentence_transformers.models.Transformer", "")
POOLING = ("sentence_transformers.models.Pooling", "1_Pooling")
DENSE = ("sentence_transformers.models.Dense", "2_Dense")


def write(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def folder_of(
    tmp_path: Path,
    *,
    config: dict[str, Any] | None = None,
    pooling: dict[str, Any] | None = None,
    said: Any = None,
    modules: tuple[tuple[str, str], ...] = (TRANSFORMER, POOLING),
) -> Path:
    folder = tmp_path / "encoder"
    write(folder / "config.json", {"hidden_size": 32, **(config or {})})
    write(folder / "1_Pooling" / "config.json", pooling or {"pooling_mode_mean_tokens": True})
    write(folder / "modules.json", [{"type": kind, "path": path} for kind, path in modules])
    write(folder / "config_sentence_transformers.json", {} if said is None else said)
    (folder / "model.safetensors").write_bytes(b"weights")
    return folder


def choose(folder: Path, tmp_path: Path, **choices: Any) -> Path:
    wanted = EncoderSettings(name=str(folder), **choices)
    return chosen_encoder(Settings(cache_dir=tmp_path / "cache", encoder=wanted))


@pytest.mark.parametrize(
    ("config", "pooling"),
    [
        ({"pooling_mode_mean_tokens": True, "pooling_mode_cls_token": False}, "mean"),
        ({"pooling_mode_cls_token": True, "include_prompt": True}, "cls"),
        ({"pooling_mode": "mean", "embedding_dimension": 384}, "mean"),
        ({"pooling_mode_max_tokens": True}, "max"),
        ({"pooling_mode_weightedmean_tokens": True}, "weightedmean"),
        ({"pooling_mode_lasttoken": True}, "lasttoken"),
        ({"pooling_mode": ["lasttoken"]}, "lasttoken"),
    ],
)
def test_the_pooling_is_read_from_the_folder(
    tmp_path: Path, config: dict[str, Any], pooling: str
) -> None:
    assert describe(folder_of(tmp_path, pooling=config)).pooling == pooling


def test_the_dimension_is_that_of_the_last_dense_module(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, modules=(TRANSFORMER, POOLING, DENSE))
    write(folder / "2_Dense" / "config.json", {"in_features": 32, "out_features": 24})
    (folder / "2_Dense" / "model.safetensors").write_bytes(b"weights")
    assert describe(folder).dimension == 24


def test_a_dimension_that_the_folder_names_cuts_the_embeddings(tmp_path: Path) -> None:
    described = describe(folder_of(tmp_path, said={"truncate_dim": 8}))
    assert (described.dimension, described.own_dimension) == (8, 32)


@pytest.mark.parametrize(
    ("said", "document", "label"),
    [
        ({"prompts": {"query": "query: ", "passage": "passage: "}}, "passage: ", "query: "),
        ({"prompts": {"query": "search: ", "document": ""}}, "", "search: "),
        ({"prompts": {"query": None, "corpus": "text: "}}, "text: ", ""),
        ({"prompts": {"all": "about: "}, "default_prompt_name": "all"}, "about: ", "about: "),
        (
            {
                "prompts": {"query": "q: ", "document": "", "all": "a: "},
                "default_prompt_name": "all",
            },
            "",
            "q: ",
        ),
        # As sentence-transformers saves an encoder whose only prompt is for all texts.
        (
            {
                "prompts": {"query": "", "document": "", "all": "a: "},
                "default_prompt_name": "all",
            },
            "a: ",
            "a: ",
        ),
        (
            {"prompts": {"query": "q: ", "all": "a: "}, "default_prompt_name": "all"},
            "a: ",
            "q: ",
        ),
        ({"prompts": {"query": "q: "}, "default_prompt_name": "query"}, "", "q: "),
        ({"prompts": {"passage": "p: "}, "default_prompt_name": "passage"}, "p: ", ""),
        ({"prompts": {"search_query": "q: ", "search_document": "d: "}}, "d: ", "q: "),
        ({"prompts": {"query": "q: ", "document": "", "passage": "p: "}}, "p: ", "q: "),
        ({}, "", ""),
    ],
)
def test_documents_and_labels_have_the_prompts_of_documents_and_queries(
    tmp_path: Path, said: dict[str, Any], document: str, label: str
) -> None:
    described = describe(folder_of(tmp_path, said=said))
    assert (described.document_prompt, described.label_prompt) == (document, label)


def test_an_older_folder_has_the_files_of_the_transformer_in_a_folder_of_their_own(
    tmp_path: Path,
) -> None:
    inner = ("sentence_transformers.models.Transformer", "0_Transformer")
    folder = folder_of(tmp_path, modules=(inner, POOLING))
    (folder / "0_Transformer").mkdir()
    (folder / "config.json").rename(folder / "0_Transformer" / "config.json")
    write(folder / "0_Transformer" / "sentence_bert_config.json", {"do_lower_case": True})
    described = describe(folder)
    assert (described.dimension, described.lowers) == (32, True)


def test_prompts_that_are_for_something_else_are_named(tmp_path: Path) -> None:
    said = {"prompts": {"query": "q: ", "clustering": "c: ", "empty": ""}}
    assert describe(folder_of(tmp_path, said=said)).unused_prompts == ["clustering"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"pooling": {"pooling_mode_mean_tokens": True, "pooling_mode_cls_token": True}},
            r"pools in 2 ways at once \(mean_tokens, cls_token\)",
        ),
        ({"pooling": {"pooling_mode": ["mean", "max"]}}, r"pools in 2 ways at once \(mean, max\)"),
        ({"pooling": {"pooling_mode_mean_sqrt_len_tokens": True}}, "pools by mean_sqrt_len_tokens"),
        ({"modules": (TRANSFORMER,)}, "has no pooling module"),
        ({"modules": (POOLING,)}, "starts with the module Pooling"),
        (
            {"modules": (TRANSFORMER, POOLING, ("sentence_transformers.models.LSTM", "2_LSTM"))},
            "has a module LSTM",
        ),
        (
            {"modules": (("custom_st.Transformer", ""), POOLING)},
            r"needs code that comes with it \(custom_st.Transformer, trust_remote_code\)",
        ),
        ({"config": {"attention_type": "block_sparse"}}, "in another way than short ones"),
        ({"config": {"auto_map": {"AutoModel": "x.Y"}}}, "trust_remote_code"),
        ({"modules": (TRANSFORMER, POOLING, DENSE)}, "pickled weights are not read"),
        ({"config": {"hidden_size": None}}, "does not say how long an embedding is"),
        ({"said": {"prompts": {"query": 3}}}, "has no texts under `prompts`"),
        ({"said": {"default_prompt_name": "all"}}, "names a default prompt"),
        ({"said": []}, "is not a JSON object"),
        ({"said": {"truncate_dim": "small"}}, "`truncate_dim` is 'small' in place of a number"),
        ({"modules": (("sentence_transformers.models.StaticEmbedding", ""),)}, "cannot read"),
    ],
)
def test_an_encoder_that_is_not_supported_is_one_clear_line(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(UserError, match=message) as refused:
        describe(folder_of(tmp_path, **changes))
    assert "\n" not in str(refused.value)


def test_prompts_of_the_settings_replace_those_of_the_folder(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, said={"prompts": {"query": "q: "}, "similarity_fn_name": "cosine"})
    chosen = choose(folder, tmp_path, document_prompt="passage: ", label_prompt="")
    described = describe(chosen)
    assert (described.document_prompt, described.label_prompt) == ("passage: ", "")
    assert encoder_digest(chosen) != encoder_digest(folder)
    assert chosen == choose(folder, tmp_path, document_prompt="passage: ", label_prompt="")


def test_a_prompt_of_the_settings_leaves_the_other_as_it_is(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, said={"prompts": {"query": "q: "}})
    described = describe(choose(folder, tmp_path, document_prompt="passage: "))
    assert (described.document_prompt, described.label_prompt) == ("passage: ", "q: ")


def test_the_dimension_of_the_settings_cuts_the_embeddings(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    assert describe(choose(folder, tmp_path, dimension=16)).dimension == 16


def test_settings_that_say_what_the_folder_says_change_nothing(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, said={"prompts": {"query": "q: "}})
    assert choose(folder, tmp_path, dimension=32, label_prompt="q: ") == folder


def test_a_dimension_above_that_of_the_encoder_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"dimension is 64, and the embeddings .* have 32"):
        choose(folder_of(tmp_path), tmp_path, dimension=64)
