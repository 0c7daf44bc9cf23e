"""An encoder that is used without the prompts that it was trained with is noticed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lmtx_search.encoder.missing_prompts import missing_prompts
from lmtx_search.settings import EncoderSettings


def found(tmp_path: Path, name: str, said: Any = None, **choices: Any) -> tuple[str, str] | None:
    (tmp_path / "config.json").write_text(json.dumps({"hidden_size": 32}))
    (tmp_path / "config_sentence_transformers.json").write_text(json.dumps(said or {}))
    return missing_prompts(EncoderSettings(name=name, **choices), tmp_path)


@pytest.mark.parametrize(
    ("name", "label", "document"),
    [
        ("intfloat/multilingual-e5-small", "query: ", "passage: "),
        ("intfloat/e5-base-v2", "query: ", "passage: "),
        ("/models/nomic-embed-text-v1.5", "search_query: ", "search_document: "),
        ("BAAI/bge-small-en-v1.5", "Represent this sentence for searching relevant passages: ", ""),
        ("Snowflake/snowflake-arctic-embed-l-v2.0", "query: ", ""),
        ("Snowflake/snowflake-arctic-embed-m-v1.5", "Represent this sentence", ""),
        ("Qwen/Qwen3-Embedding-0.6B", "Instruct: Given a web search query", ""),
    ],
)
def test_prompts_of_the_model_card_are_named(
    tmp_path: Path, name: str, label: str, document: str
) -> None:
    told = found(tmp_path, name)
    assert told is not None
    assert f'encoder.label_prompt = "{label}' in told[1]
    assert (f'encoder.document_prompt = "{document}"' in told[1]) is bool(document)
    assert "\n" not in told[1]


@pytest.mark.parametrize(
    "name", ["all-MiniLM-L6-v2", "BAAI/bge-m3", "intfloat/multilingual-e5-large-instruct"]
)
def test_of_other_encoders_nothing_is_said(tmp_path: Path, name: str) -> None:
    assert found(tmp_path, name) is None


def test_nothing_is_said_if_there_are_prompts_or_none_are_wanted(tmp_path: Path) -> None:
    name, prompts = "intfloat/e5-small", {"prompts": {"query": "query: "}}
    assert found(tmp_path, name) is not None
    assert found(tmp_path, name, prompts) is None
    assert found(tmp_path, name, label_prompt="", document_prompt="") is None


def test_prompts_for_other_uses_are_named(tmp_path: Path) -> None:
    told = found(tmp_path, "an/encoder", {"prompts": {"s2p_query": "Instruct: "}})
    assert told is not None
    assert "has prompts for other uses (s2p_query)" in told[0]
