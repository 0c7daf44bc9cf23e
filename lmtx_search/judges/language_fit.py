"""Notices that a judge was hardly made for the language of the documents."""

from __future__ import annotations

import re
from pathlib import PurePath

from lmtx_search.settings import Settings

ADVICE = (
    "choose a judge that knows it, for example gemma3:4b (--model, or judge.gguf for llama.cpp); "
    "it needs about eight times as long for an answer as the default"
)

# Models that were trained on English, program code and little else. Most others know more languages
# than can be listed here, and about these nothing is said.
_MOSTLY_ENGLISH = re.compile(
    r"(?<![a-z])(qwen-?2\.5-coder|phi(-?[123](?!\.5)|:|$)|tinyllama|smollm(?!3)|stablelm(?!-?2)|"
    r"star(coder|chat)|deepseek-coder|code-?(llama|gemma)|stable-code|granite-code|orca-mini)"
)


def judge_name(settings: Settings) -> str:
    """Return the model of the settings' judge, without asking for it ("" if none is set)."""
    if settings.judge.runtime == "llamacpp":
        return PurePath(settings.judge.gguf or "").name
    return settings.ollama.model


def judge_language_problem(judge: str, not_english: str) -> str:
    """Return in words that the judge does not fit the documents or labels, else nothing.

    Args:
        judge: name of the model, perhaps behind the address of a registry.
        not_english: says that some of them are not in English (empty: nothing shows that).
    """
    if not not_english or not _MOSTLY_ENGLISH.search(judge.lower().rsplit("/", 1)[-1]):
        return ""
    return (
        f"{not_english}, and the judge {judge} knows little of other languages, so that more of "
        "its answers will be wrong"
    )
