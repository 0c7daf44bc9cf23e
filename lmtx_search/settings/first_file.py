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

    ``url`` None is the cluster that ``lmtx-search up`` starts, with a judge and a tagger. Other
    values that are None or empty are left out.
    """

    url: str | None
    user: str | None
    ca_file: Path | None
    text_fields: Sequence[str]
    runtime: Literal["ollama", "llamacpp"]
    hosts: Sequence[str]
    model: str | None
    gguf: Path | None
    verify: bool = True
    encoder: str | None = None
    data_dir: Path | None = None


def settings_text(answers: Answers) -> str:
    """Return the file's text; no password is in it."""
    return "\n".join(
        [
            _HEAD,
            *_data(answers),
            *_cluster(answers),
            *_documents(answers),
            *_encoder(answers),
            *_judge(answers),
            *_service(answers),
        ]
    )


def _data(answers: Answers) -> list[str]:
    # Before the first section, because it belongs to none.
    if answers.data_dir is None:
        return []
    return [_line("data_dir", str(answers.data_dir), "runs, taggers and servers of `up`"), ""]


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
    if not answers.verify:
        lines.append(_line("verify", False, "trusts the cluster's certificate unseen"))
    return [*lines, ""]


def _documents(answers: Answers) -> list[str]:
    return [
        "[documents]",
        _line("text_fields", list(answers.text_fields), "what is read of a document, in order"),
        _line("# id_field", "id", "field that holds a document's id"),
        "",
    ]


def _encoder(answers: Answers) -> list[str]:
    if answers.encoder is None:
        return []
    return ["[encoder]", _line("name", answers.encoder, "reads documents and labels"), ""]


def _judge(answers: Answers) -> list[str]:
    lines = []
    if answers.runtime == "llamacpp":
        lines = ["[judge]", _line("runtime", "llamacpp", "the judge runs inside the command")]
        if answers.gguf:
            lines.append(_line("gguf", str(answers.gguf), "its model file"))
        elif answers.url is not None:
            lines.append(_line("# gguf", "model.gguf", "its model file"))
        lines.append("")
    if answers.hosts or answers.model:
        lines.append("[ollama]")
        if answers.hosts:
            lines.append(_line("hosts", list(answers.hosts), "all of them are asked at once"))
        if answers.model:
            own = "on each: ollama pull it first" if answers.url else "the judge's model"
            lines.append(_line("model", answers.model, own))
        lines.append("")
    return lines


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


def _line(name: str, value: str | list[str] | bool, comment: str) -> str:
    # JSON strings, lists of them and booleans are TOML too, but for the delete character.
    written = json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return f"{name} = {written}".ljust(_COMMENTS_FROM) + f"  # {comment}"
