"""``lmtx-search init``."""

from __future__ import annotations

import os
import shlex
import tempfile
from pathlib import Path
from typing import Any

import click

from lmtx_search.cli.context import Context, pass_context
from lmtx_search.cli.grammar import Command
from lmtx_search.cli.questions import Given, Questions, answered
from lmtx_search.cli.settings_flags import given_flags
from lmtx_search.errors import UserError
from lmtx_search.settings import FILE_NAME, load_settings
from lmtx_search.settings.first_file import Answers, settings_text


@click.command(cls=Command)
@click.option("--yes", is_flag=True, help="Ask nothing; use the flags and settings.")
@click.option("--force", is_flag=True, help="Replace an existing settings file.")
@click.option("--embedded", is_flag=True, help="Use the cluster that `lmtx-search up` starts.")
@click.option("--index", help="Index with your documents.")
@click.option(
    "--text-field",
    "text_fields",
    multiple=True,
    help="Field with text (repeatable, or comma separated).",
)
@click.option("--labels", type=click.Path(path_type=Path), help="File with your labels.")
@click.option(
    "--judge", type=click.Choice(["ollama", "llamacpp"]), help="Program that runs the judge."
)
@click.option(
    "--gguf", type=click.Path(path_type=Path), help="File with the judge's model (llamacpp)."
)
@pass_context
def init(context: Context, yes: bool, force: bool, **given: Any) -> None:
    """Ask a few questions and write lmtx-search.toml, with comments.

    Each answer is checked immediately. If something does not exist yet, a note says so and the
    questions continue. Passwords are never asked for or written; they come from
    LMTX_OPENSEARCH_PASSWORD. The flags --url, --user, --ca-file, --ollama and --model set the
    suggested answers; with --yes they are the answers. --encoder, --no-verify and --data-dir are
    written as they are given.

    \b
    Example:
      lmtx-search init
      lmtx-search init --yes --embedded --labels labels.csv
      lmtx-search init --yes --url https://search.example:9200 --index articles
    """
    file = context.config_file or Path(FILE_NAME)
    if file.exists() and not force:
        kept = UserError(f"{file} already exists and was not changed: --force replaces it")
        if yes:
            raise kept
        with answered(kept):
            agreed = click.confirm(f"{file} already exists. Replace it?", err=True)
        if not agreed:
            raise kept
    if given["embedded"] and "opensearch.url" in context.flags:
        raise UserError("give either --embedded or --url, not both")
    wrong = _without_broken_file(context, file)
    questions = Questions(context, Given(**given), quiet=yes)
    if wrong:
        questions.note(f"the values of the replaced file are not used: {wrong}")
    answers, index, labels = questions.ask()
    _write(file, settings_text(answers))
    context.say(f"Wrote {file}")
    winning = [
        f"{origin.split()[1]} is set and overrides the file"
        for origin in sorted(set(context.origins.values()))
        if origin.startswith("environment ")
    ]
    for note in winning:
        context.say(f"Note: {note}")
    steps = [
        step.replace("lmtx-search ", f"lmtx-search{given_flags(context, config_only=True)} ", 1)
        for step in _next(answers, index, labels)
    ]
    context.say("Next:")
    for step in steps:
        context.say(f"  {step}")
    context.result({"file": str(file), "notes": [*questions.notes, *winning], "next": steps})


def _without_broken_file(context: Context, file: Path) -> str | None:
    """Leave out the settings file if there is none or it is wrong; return what is wrong with it.

    Raises:
        UserError: a variable or a flag is wrong.
    """
    wrong = None
    try:
        if file.exists():
            _ = context.settings
            return None
    except UserError as error:
        wrong = str(error)
    context.read_file = False
    _ = context.settings
    return wrong


def _write(file: Path, text: str) -> None:
    """Check that the text is valid settings, then write the whole file at once."""
    try:
        handle, name = tempfile.mkstemp(prefix=f".{file.name}-", suffix=".toml", dir=file.parent)
    except OSError as error:
        raise UserError(f"cannot write {file}: {error.strerror}") from error
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(text)
        load_settings(Path(name))
        Path(name).chmod(0o644)
        Path(name).replace(file)
    finally:
        Path(name).unlink(missing_ok=True)


def _next(answers: Answers, index: str | None, labels: Path | None) -> list[str]:
    steps = []
    if answers.url is None:
        steps.append("lmtx-search up")
    if answers.user:
        steps.append("export LMTX_OPENSEARCH_PASSWORD=…")
    steps += ["lmtx-search doctor", "lmtx-search bootstrap-index"]
    steps.append(f"lmtx-search labels load {shlex.quote(str(labels)) if labels else 'FILE'}")
    load = "lmtx-search docs load FILE"
    if index:
        load = f"lmtx-search docs load --from-index {shlex.quote(index)}"
    return [
        *steps,
        load,
        "lmtx-search estimate",
        "lmtx-search train",
    ]
