"""Prompts that an encoder was trained with, and that only its model card names."""

from __future__ import annotations

import re
from pathlib import Path

from lmtx_search.encoder.description import describe
from lmtx_search.settings import EncoderSettings

_PASSAGES = "Represent this sentence for searching relevant passages: "
_INSTRUCT = (
    "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:"
)
# Of labels (queries) and of documents, by the last part of the encoder's name.
_OF_MODEL_CARDS: tuple[tuple[str, str, str], ...] = (
    (r"(multilingual-)?e5-(small|base|large)(-v2)?", "query: ", "passage: "),
    (r"bge-(small|base|large)-en(-v1\.5)?", _PASSAGES, ""),
    (r"bge-(small|base|large)-zh(-v1\.5)?", "为这个句子生成表示以用于检索相关文章：", ""),
    (r"nomic-embed-text-v\d.*", "search_query: ", "search_document: "),
    (r"snowflake-arctic-embed-.*v2\.0", "query: ", ""),
    (r"snowflake-arctic-embed-.*", _PASSAGES, ""),
    (r"qwen3-embedding-.*", _INSTRUCT, ""),
)


def missing_prompts(choices: EncoderSettings, folder: Path) -> tuple[str, str] | None:
    """Return that an encoder is used without prompts that there are for it, and what to do.

    None is returned if it has prompts, if none are known, or if the settings say that there are
    none.

    Args:
        choices: the encoder's settings.
        folder: of the encoder, with these choices.

    Raises:
        UserError: a file is damaged, or this kind of encoder is not supported.
    """
    described = describe(folder)
    set_by_user = (choices.document_prompt, choices.label_prompt) != (None, None)
    if set_by_user or described.document_prompt or described.label_prompt:
        return None
    if described.unused_prompts:
        return (
            f"the encoder {choices.name} has prompts for other uses "
            f"({', '.join(described.unused_prompts)}), and none for documents or labels",
            "set encoder.document_prompt and encoder.label_prompt if its model card says so",
        )
    name = choices.name.rstrip("/").rsplit("/", 1)[-1].lower()
    for pattern, label, document in _OF_MODEL_CARDS:
        if re.fullmatch(pattern, name):
            return (
                f"the encoder {choices.name} was trained with prompts, and its files name none",
                f"set {_set(label, document)} (empty texts for none), then `labels load` again",
            )
    return None


def _set(label: str, document: str) -> str:
    told = [f"encoder.label_prompt = {_quoted(label)}"]
    if document:
        told.append(f"encoder.document_prompt = {_quoted(document)}")
    return " and ".join(told)


def _quoted(text: str) -> str:
    """Return a text as the settings file has it."""
    return '"' + text.replace("\n", "\\n") + '"'
