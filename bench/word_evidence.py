"""What evidence from words gives: read from more windows, and with pairs of words or without.

All rows use one encoder, the same weights of words, and all test documents of a folder. Gold tags
measure. Example:

    python bench/word_evidence.py FOLDER --encoder runs/RUN/encoder --weights 0.36,0.12,0.12
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click
from loop import outcomes, percent, rankings, read_folder

from lmtx_search.encoder.load import load_encoder
from lmtx_search.encoder.word_scoring import MOST_DOCUMENTS, word_scoring
from lmtx_search.settings import load_settings
from lmtx_search.words.weights import DEFAULT_FACTOR, WordWeights


@click.command(help=__doc__)
@click.argument("folder", type=click.Path(exists=True, path_type=Path))
@click.option("--encoder", type=click.Path(exists=True, path_type=Path), required=True)
@click.option("--weights", default="0.15,0.05,0.05", help="similarity, share, complete")
@click.option("--windows", default="1,2,4,8", show_default=True, help="that words are read from")
def main(folder: Path, encoder: Path, weights: str, windows: str) -> None:
    """Print two rows of measures for each number of windows."""
    settings, read = load_settings(flags={}), read_folder(folder)
    reads = load_encoder(settings, folder=encoder, max_tokens=settings.encoder.document_tokens)
    texts = [document.text for document in read.train[:MOST_DOCUMENTS]]
    click.echo("| windows for words | evidence from | P@1 | P@5 | R@10 |\n|---|---|---|---|---|")
    for number in map(int, windows.split(",")):
        words = word_scoring(reads, read.labels, texts, number, DEFAULT_FACTOR)
        words = replace(words, weights=WordWeights(*map(float, weights.split(","))))
        alone = replace(words, importance=replace(words.importance, pairs=None))
        for name, evidence in (("words", alone), ("words and pairs", words)):
            found = percent(outcomes(read, rankings(settings, read, encoder, evidence)))
            measures = " | ".join(f"{value}" for value in found.values())
            click.echo(f"| {number} | {name} | {measures} |")


if __name__ == "__main__":
    main()
