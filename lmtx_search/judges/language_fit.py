"""Notices that a judge was hardly made for the language of the documents."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath

from lmtx_search.settings import Settings
from lmtx_search.words.english import is_english

ADVICE = (
    "choose a judge that knows it, for example gemma3:4b (--model, or judge.gguf for llama.cpp); "
    "it needs about eight times as long for an answer as the default"
)

# A small model that was trained on English and program code. Larger and newer models know more
# languages than can be listed here, and about these nothing is said.
_MOSTLY_ENGLISH = "qwen2.5-coder"


def judge_name(settings: Settings) -> str:
    """Return the model of the settings' judge, without asking for it ("" if none is set)."""
    if settings.judge.runtime == "llamacpp":
        return PurePath(settings.judge.gguf or "").name
    return settings.ollama.model


def judge_language_problem(judge: str, documents: Iterable[str]) -> str:
    """Return in words that the judge does not fit the documents, else nothing.

    Args:
        judge: name of the model.
        documents: some texts.
    """
    if not judge.lower().startswith(_MOSTLY_ENGLISH) or is_english(documents) is not False:
        return ""
    return (
        f"the documents are probably not in English, and the judge {judge} knows little of other "
        "languages, so that more of its answers will be wrong"
    )
