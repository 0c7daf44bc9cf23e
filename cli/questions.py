"""The questions of `lmtx-search init`; each answer is checked immediately."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

import click
from pydantic import ValidationError

from lmtx_search.cli.context import Context
from lmtx_search.errors import LmtxError, UserError
from lmtx_search.settings import JudgeSettings, OllamaSettings, OpenSearchSettings
from lmtx_search.settings.first_file import Answers
from lmtx_search.settings.paths import expanded

EMBEDDED = "embedded"
T = TypeVar("T")
S = TypeVar("S", OpenSearchSettings, JudgeSettings, OllamaSettings)


@dataclass(frozen=True, slots=True)
class Given:
    """The answers that flags give."""

    embedded: bool
    index: str | None
    text_fields: tuple[str, ...]
    labels: Path | None
    judge: Literal["ollama", "llamacpp"] | None
    gguf: Path | None


class Questions:
    """Asks the questions that no flag answers; ``quiet`` uses the defaults instead."""

    def __init__(self, context: Context, given: Given, quiet: bool) -> None:
        self._context = context
        self._settings = context.settings
        self._given = given
        self._quiet = quiet
        self._answers = False
        self.notes: list[str] = []

    def ask(self) -> tuple[Answers, str | None, Path | None]:
        """Return the answers for the settings file, the documents' index and the labels' file."""
        cluster = self._cluster()
        index = self._given.index
        if cluster is not None and index is None:
            index = self._text("Index with your documents (empty: none yet)", "")
        if cluster is None and index:
            self.note(
                f"the index {index} is not used: the address of its cluster is missing (--url)"
            )
            index = None
        fields = self._fields()
        readable = bool(cluster is not None and index and self._answers) and self._look(
            lambda: _checks().try_fields(cluster, index, fields)
        )
        labels = self._given.labels or _path(self._text("File with your labels (empty: later)", ""))
        known = labels if labels and self._look(lambda: _checks().try_labels(labels)) else None
        judge, ollama = self._judge(embedded=cluster is None)
        update = {"judge": judge, "ollama": ollama, **({"opensearch": cluster} if cluster else {})}
        chosen = self._settings.model_copy(update=update)
        for note in _checks().try_languages(chosen, known, index if readable else None, fields):
            self.note(note)
        flags = self._context.flags
        asked = cluster is not None and judge.runtime == "ollama"
        return (
            Answers(
                url=cluster.url if cluster else None,
                user=cluster.user if cluster else None,
                ca_file=cluster.ca_file if cluster else None,
                text_fields=fields,
                runtime=judge.runtime,
                hosts=ollama.hosts if asked or "ollama.hosts" in flags else (),
                model=ollama.model if asked or "ollama.model" in flags else None,
                gguf=judge.gguf,
                verify=cluster is None or cluster.verify or not self._is_set("opensearch.verify"),
                encoder=self._settings.encoder.name if "encoder.name" in flags else None,
                data_dir=self._settings.data_dir if "data_dir" in flags else None,
            ),
            index or None,
            labels,
        )

    def _is_set(self, key: str) -> bool:
        """Tell whether a flag or the settings file, which is replaced, sets a value."""
        return self._context.origins.get(key, "").startswith(("flag", "file "))

    def _cluster(self) -> OpenSearchSettings | None:
        cluster = None if self._given.embedded else self._own_cluster()
        unused = [key for key in self._context.flags if key.startswith("opensearch.")]
        if cluster is None and unused:
            self.note(
                f"flags that are not used, because the cluster is the one that `lmtx-search up` "
                f"starts: {', '.join(unused)}"
            )
        return cluster

    def _own_cluster(self) -> OpenSearchSettings | None:
        there = self._settings.opensearch
        known = self._context.origins.get("opensearch.url", "")
        mine = known and known != "embedded servers"
        question = f"Address of your OpenSearch (`{EMBEDDED}`: from `lmtx-search up`)"

        def read(text: str) -> OpenSearchSettings | None:
            return None if text == EMBEDDED else _valid(there, url=text)

        cluster = self._value(question, there.url if mine else EMBEDDED, read)
        if cluster is None:
            return None
        user = self._text("User (empty: none)", there.user or "")
        cluster = _valid(cluster, user=user or None)
        if cluster.url.startswith("https://"):
            shown = str(there.ca_file or "")
            ca = self._text("Certificate authority, a PEM file (empty: the system's)", shown)
            cluster = _valid(cluster, ca_file=_path(ca))
        if user and cluster.password is None:
            self.note("set the password in LMTX_OPENSEARCH_PASSWORD, which is not set yet")
        self._answers = self._look(lambda: _checks().try_cluster(cluster))
        return cluster

    def _fields(self) -> tuple[str, ...]:
        if self._given.text_fields:
            return _field_names(",".join(self._given.text_fields))
        question = "Fields with a document's text, comma separated, in order"
        default = ",".join(self._settings.documents.text_fields)
        return self._value(question, default, _field_names)

    def _judge(self, embedded: bool) -> tuple[JudgeSettings, OllamaSettings]:
        judge, ollama = self._settings.judge, self._settings.ollama
        runtime: str | None = self._given.judge
        if runtime is None and embedded:
            runtime = "ollama"
        if runtime is None:
            kinds = click.Choice(["ollama", "llamacpp"])
            runtime = self._value("Program that runs the judge", judge.runtime, kinds)
        judge = _valid(judge, runtime=runtime)
        if runtime == "llamacpp":
            ours = self._context.origins.get("judge.gguf") == "embedded servers"
            gguf = self._given.gguf or (None if ours and embedded else judge.gguf)
            if gguf is None:
                later = " (empty: the one that `lmtx-search up` downloads)" if embedded else ""
                gguf = _path(self._text(f"GGUF file with the judge's model{later}", ""))
            judge = _valid(judge, gguf=gguf)
        elif self._given.gguf is not None:
            self.note(f"{self._given.gguf} is not used: only --judge llamacpp reads a model file")
        if runtime == "ollama" and not embedded:
            hosts = ",".join(ollama.hosts)
            ollama = self._value(
                "Ollama servers, comma separated", hosts, lambda v: _valid(ollama, hosts=v)
            )
            model = self._text("The judge's model", ollama.model)
            ollama = _valid(ollama, model=model)
        if not embedded or judge.gguf is not None:
            update = {"judge": judge, "ollama": ollama}
            self._look(lambda: _checks().try_judge(self._settings.model_copy(update=update)))
        return judge, ollama

    def _text(self, question: str, default: str) -> str:
        return self._value(question, default, str.strip)

    def _value(self, question: str, default: str, read: Callable[[str], T]) -> T:
        """Ask until the answer is valid."""
        if self._quiet:
            return read(default)
        with answered():
            answer: T = click.prompt(
                question, default=default, value_proc=read, show_default=bool(default), err=True
            )
        return answer

    def _look(self, check: Callable[[], str]) -> bool:
        """Print the result of a check; return whether it succeeded. A failure becomes a note."""
        from lmtx_search.cluster.client.errors import translate

        try:
            self._context.say(f"  {check()}")
            return True
        except LmtxError as error:
            self.note(str(error))
        except Exception as error:
            known = translate(error)
            if known is None:
                raise
            self.note(str(known))
        return False

    def note(self, text: str) -> None:
        """Print a note, and keep it for the result."""
        self.notes.append(text)
        self._context.say(f"  Note: {text}")


_NO_ANSWER = UserError(
    "nothing was written, because standard input has no answer: --yes uses the flags and the "
    "settings instead of asking"
)


@contextmanager
def answered(otherwise: UserError = _NO_ANSWER) -> Iterator[None]:
    """Turn the end of standard input, as in a script, into an error.

    Raises:
        UserError: ``otherwise``, which says how to do without answers.
    """
    try:
        yield
    except click.Abort:
        if sys.stdin.isatty():  # Ctrl-C
            raise
        click.echo(err=True)
        raise otherwise from None


def _checks() -> Any:
    """Return the checks. They import the cluster's client, which not every answer needs."""
    from lmtx_search.doctor import answers

    return answers


def _valid(section: S, **changes: Any) -> S:
    """Return a section of the settings with other values; a wrong value is asked for again."""
    try:
        return type(section)(**{**section.model_dump(), **changes})
    except ValidationError as error:
        first = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise click.BadParameter(first) from error


def _field_names(text: str) -> tuple[str, ...]:
    fields = tuple(filter(None, map(str.strip, text.split(","))))
    if not fields:
        raise click.BadParameter("name at least one field")
    return fields


def _path(text: str) -> Path | None:
    try:
        return expanded(Path(text)) if text else None
    except ValueError as error:
        raise click.BadParameter(str(error)) from error
