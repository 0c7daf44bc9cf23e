"""A first settings file, with comments, from a few answers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

_HEAD = """\
# Settings of lmtx-search. `lmtx-search config` shows all that can be set, and where each value
# comes from. Variables (LMTX_OPENSEARCH_URL) win over this file, flags win over both.
"""
_COMMENTS_FROM = 44


@dataclass(frozen=True, slots=True)
class Answers:
    """What a first settings file is made of.

    ``url`` None is the cluster that ``lmtx-search up`` starts, with a judge and a tagger.
    """

    url: str | None
    user: str | None
    ca_file: Path | None
    text_fields: Sequence[str]
    runtime: Literal["ollama", "llamacpp"]
    hosts: Sequence[str]
    model: str
    gguf: Path | None


def settings_text(answers: Answers) -> str:
    """Return the file's text; no password is in it."""
    return "\n".join(
        [_HEAD, *_cluster(answers), *_documents(answers), *_judge(answers), *_service(answers)]
    )


def _cluster(answers: Answers) -> list[str]:
    if answers.url is None:
        return [
            "# The cluster, the judge and the tagger: those that `lmtx-search up` starts.",
            "# [opensearch]",
            _line("# url", "https://search.example:9200", "a cluster of your own, later"),
            "",
        ]
    lines = ["[opensearch]", _line("url", answers.url, "address of the cluster")]
    if answers.user:
        lines.append(_line("user", answers.user, "the password: LMTX_OPENSEARCH_PASSWORD"))
    if answers.ca_file:
        lines.append(_line("ca_file", str(answers.ca_file), "who signed the cluster's certificate"))
    return [*lines, ""]


def _documents(answers: Answers) -> list[str]:
    return [
        "[documents]",
        _line("text_fields", list(answers.text_fields), "what is read of a document, in order"),
        _line("# id_field", "id", "field that holds a document's id"),
        "",
    ]


def _judge(answers: Answers) -> list[str]:
    if answers.runtime == "llamacpp":
        gguf = str(answers.gguf) if answers.gguf else "model.gguf"
        return [
            "[judge]",
            _line("runtime", "llamacpp", "the judge runs inside the command"),
            _line("gguf", gguf, "its model file"),
            "",
        ]
    if answers.url is None:
        return []
    return [
        "[ollama]",
        _line("hosts", list(answers.hosts), "all of them are asked at once"),
        _line("model", answers.model, "on each: ollama pull it first"),
        "",
    ]


def _service(answers: Answers) -> list[str]:
    if answers.url is None:
        return []
    return [
        "[service]",
        _line(
            "# url", "http://tagger.example:8787", "where the cluster reaches `lmtx-search serve`"
        ),
        "",
    ]


def _line(name: str, value: str | list[str], comment: str) -> str:
    # A JSON string or list of strings is one in TOML too, but for the delete character.
    written = json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return f"{name} = {written}".ljust(_COMMENTS_FROM) + f"  # {comment}"
