"""Judged pairs per second: a naive client against ours; same server, model and pairs, one run.

The naive client asks one question after another through the ollama package's `generate`: the
paper's sentence, up to ten tokens of answer. It is given the same part of the document as ours,
which is to its advantage. Example:

    python bench/judge.py test.jsonl labels.jsonl --documents 20 --labels 4
"""

from __future__ import annotations

import json
import random
import time
from itertools import islice
from pathlib import Path

import click
import ollama

from lmtx_search.judges.base import Pair
from lmtx_search.judges.ollama import OllamaJudge
from lmtx_search.judges.prompts import load_prompt, shorten
from lmtx_search.records import BadLine
from lmtx_search.settings import load_settings
from lmtx_search.sources import read_documents, read_labels


@click.command()
@click.argument("documents_file", type=click.Path(path_type=Path))
@click.argument("labels_file", type=click.Path(path_type=Path))
@click.option("--documents", default=20, show_default=True)
@click.option("--labels", "per_document", default=4, show_default=True, help="Pairs a document.")
@click.option("--ollama", "hosts", help="Ollama servers, comma separated.")
@click.option("--model", help="The judge's model.")
def main(
    documents_file: Path,
    labels_file: Path,
    documents: int,
    per_document: int,
    hosts: str | None,
    model: str | None,
) -> None:
    """Print both rates and their ratio as JSON."""
    settings = load_settings(flags={"ollama.hosts": hosts, "ollama.model": model}).settings.ollama
    labels = list(read_labels(labels_file))
    found = (d for d in read_documents(documents_file) if not isinstance(d, BadLine) and d.text)
    draw = random.Random(0)
    pairs = [
        Pair(document, label, rank)
        for document in islice(found, documents)
        for rank, label in enumerate(draw.sample(labels, per_document))
    ]
    judge = OllamaJudge(settings, load_prompt("librarian"))
    # Half of the pairs for each in turn: what else the machine does weighs on both alike.
    half = len(pairs) // per_document // 2 * per_document
    ours = naive = 0.0
    list(judge.ask(pairs[:1]))  # loads the model
    for part in (pairs[:half], pairs[half:]):
        # Each client has its own context size, and another one makes the server load the model
        # anew: that is not counted.
        _ask(settings.hosts[0], settings.model, part[:1])
        naive += _seconds(lambda part=part: _ask(settings.hosts[0], settings.model, part))
        list(judge.ask(part[:1]))
        ours += _seconds(lambda part=part: list(judge.ask(part)))
    rates = {"naive": len(pairs) / naive, "ours": len(pairs) / ours}
    click.echo(
        json.dumps(
            {"pairs": len(pairs), "pairs_per_second": rates, "ratio": naive / ours}, indent=1
        )
    )


def _ask(host: str, model: str, pairs: list[Pair]) -> None:
    client = ollama.Client(host)
    for pair in pairs:
        text = shorten(pair.document.text, 500)
        prompt = (
            f'document = "{text}". Is the tag "{pair.label.text}" relevant to the document? '
            "answer yes or no"
        )
        client.generate(model, prompt, options={"num_predict": 10})


def _seconds(work: object) -> float:
    started = time.monotonic()
    work()  # type: ignore[operator]
    return time.monotonic() - started


if __name__ == "__main__":
    main()
