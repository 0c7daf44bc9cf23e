"""``lmtx-search review``."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from rich.text import Text

from lmtx_search.cli.context import Context, pass_context
from lmtx_search.cli.document_options import document_file, format_option
from lmtx_search.cli.grammar import Command
from lmtx_search.cli.numbers import SEED
from lmtx_search.judges.base import Pair
from lmtx_search.judges.prompts import shorten

_CHARACTERS = 700


@click.command(cls=Command)
@click.argument("file", type=click.Path(path_type=Path))
@format_option
@click.option(
    "--system",
    "name",
    default="tagger",
    show_default=True,
    help="System whose labels you check: bm25, frozen, tagger[:VERSION] or run[:ID].",
)
@click.option(
    "--sample",
    type=click.IntRange(1),
    default=20,
    show_default=True,
    help="Number of documents to check.",
)
@click.option(
    "--seed",
    type=SEED,
    default=0,
    show_default=True,
    help="The seed that `evaluate --by-judge` will use.",
)
@pass_context
def review(
    context: Context,
    file: Path,
    format: str | None,
    name: str,
    sample: int,
    seed: int,
) -> None:
    """Check tags yourself: answer y or n for each label of some documents of FILE.

    The command shows the labels that a system assigns and the next best ones, in random order. The
    keys are y (yes), n (no), s (skip), u (undo) and q (quit). Each answer is kept immediately.
    `evaluate --by-judge` uses your answers to measure the judge's errors. `deploy` and `train`
    prefer them to the judge's, but only answers about training documents: other documents of FILE
    are not added to these, so that they can still measure.

    \b
    Example:
      lmtx-search review test.jsonl
      lmtx-search review train.jsonl --system run --sample 50
    """
    from lmtx_search.cluster.client.connect import connect
    from lmtx_search.cluster.judgments.store import JudgmentStore
    from lmtx_search.evaluation.registry import check_names, open_systems
    from lmtx_search.evaluation.run import cluster_labels
    from lmtx_search.evaluation.without_gold.review import Review
    from lmtx_search.evaluation.without_gold.sampled_documents import draw, sample_labels
    from lmtx_search.training.known_answers import training_documents

    check_names([name])
    settings = context.settings
    client = connect(settings.opensearch)
    labels = cluster_labels(client, settings)
    drawn = draw(settings, document_file(context, file, format), sample, seed)
    if note := drawn.note():
        context.say(note)
    where = settings.documents
    drawn_ids = [one.id for one in drawn.documents]
    there = {one.id: one.text for one in training_documents(client, where, drawn_ids)}
    teach = {one.id for one in drawn.documents if there.get(one.id) == one.text}
    if others := len(drawn.documents) - len(teach):
        context.say(
            f"{others:,} of {len(drawn.documents):,} documents are not in {where.training_index}, "
            "or have another text there: answers about them correct the judge in "
            "`evaluate --by-judge`, but `deploy` and `train` do not learn from them "
            "(`docs load FILE` adds documents to learn from; measure on others)"
        )
    (system,) = open_systems(settings, client, labels, [name], progress=context.progress)
    samples = sample_labels(system, drawn.documents, context.progress)
    found = Review(samples, {label.id: label for label in labels}, JudgmentStore(client))
    if found.answered_before:
        context.say(f"{found.answered_before:,} labels already have your answer")
    shown = None
    while (pair := found.current()) is not None:
        if pair.document is not shown:
            _show_document(context, pair)
            shown = pair.document
        key = _ask(context, pair, found.left)
        if key == "q":
            break
        if key == "u":
            context.say("Undone" if found.undo() else "There is nothing to undo")
            shown = None
        elif key == "s":
            found.skip()
        else:
            found.answer(key == "y")
    context.say(f"Kept {found.answered:,} answers; {found.left:,} labels remain")
    taught = found.answered_about(teach)
    if found.answered:
        context.say(
            f"{taught:,} of these answers are about training documents: the next `deploy` and "
            "`train` take them into account"
        )
    context.result(
        {
            "answered": found.answered,
            "about_training_documents": taught,
            "left": found.left,
            "before": found.answered_before,
        }
    )


def _show_document(context: Context, pair: Pair) -> None:
    if not context.json:
        title, _, text = pair.document.text.partition("\n")
        context.console.print(Text(f"\n{shorten(title, _CHARACTERS)}", style="bold"))
        context.say(shorten(text, _CHARACTERS))


def _ask(context: Context, pair: Pair, left: int) -> str:
    """Return y, n, s, u or q."""
    label = pair.label
    about = f"  ({shorten(label.description, 200)})" if label.description else ""
    while True:
        click.echo(f"  {label.text}{about}  [y/n/s/u/q, {left} left] ", nl=False, err=context.json)
        key = _key()
        click.echo(key, err=context.json)
        if key in ("y", "n", "s", "u", "q"):
            return key
        click.echo("  y yes, n no, s skip, u undo, q quit", err=context.json)


def _key() -> str:
    """Return the next key; without a terminal, the first letter of the next line."""
    if sys.stdin.isatty():
        return click.getchar().lower()
    line = sys.stdin.readline()
    return line.strip()[:1].lower() if line else "q"
