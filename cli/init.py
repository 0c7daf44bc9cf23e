"""``lmtx-search init``."""

from __future__ import annotations

import os
import shlex
import tempfile
from pathlib import Path
from typing import Any

import click

from lmtx_search.cli.context import Context, pass_context
from lmtx_search.cli.questions import Given, Questions
from lmtx_search.errors import UserError
from lmtx_search.settings import FILE_NAME, load_settings
from lmtx_search.settings.first_file import Answers, settings_text


@click.command()
@click.option("--yes", is_flag=True, help="Ask nothing: take what flags and settings say.")
@click.option("--force", is_flag=True, help="Replace a settings file that is there.")
@click.option("--embedded", is_flag=True, help="No cluster yet: `lmtx-search up` starts one.")
@click.option("--index", help="Index that holds your documents, if there is one.")
@click.option("--text-field", "text_fields", multiple=True, help="Field with text (repeatable).")
@click.option("--labels", type=click.Path(path_type=Path), help="File with your labels.")
@click.option("--judge", type=click.Choice(["ollama", "llamacpp"]), help="What runs the judge.")
@click.option("--gguf", type=click.Path(path_type=Path), help="The judge's model, for llamacpp.")
@pass_context
def init(context: Context, yes: bool, force: bool, **given: Any) -> None:
    """Ask a few questions and write lmtx-search.toml, with comments.

    Each answer is looked at at once; where something is not there yet, a note says so and the
    questions go on. Passwords are neither asked for nor written: they come from
    LMTX_OPENSEARCH_PASSWORD. Flags before `init` (--url, --user, --ca-file, --ollama, --model)
    are what is proposed; with --yes they are the answers.

    \b
    Example:
      lmtx-search init
      lmtx-search init --yes --embedded --labels labels.csv
      lmtx-search --url https://search.example:9200 init --yes --index articles
    """
    file = context.config_file or Path(FILE_NAME)
    if file.exists() and not force:
        kept = UserError(f"{file} is there already and stays as it is: --force replaces it")
        if yes or not click.confirm(f"{file} is there already. Replace it?", err=True):
            raise kept
    questions = Questions(context, Given(**given), quiet=yes)
    answers, index, labels = questions.ask()
    _write(file, settings_text(answers))
    context.say(f"Wrote {file}")
    for origin in sorted(set(context.origins.values())):
        if origin.startswith("environment "):
            context.say(f"Note: {origin.split()[1]} is set, and wins over the file")
    steps = _next(answers, index, labels)
    context.say("Next:")
    for step in steps:
        context.say(f"  {step}")
    context.result({"file": str(file), "notes": questions.notes, "next": steps})


def _write(file: Path, text: str) -> None:
    """Write the file as a whole, having seen that it can be read."""
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
    source = f"--from-index {shlex.quote(index)}" if index else "FILE"
    return [
        *steps,
        f"lmtx-search docs load {source}",
        "lmtx-search estimate",
        "lmtx-search train",
    ]
