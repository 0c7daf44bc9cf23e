"""How many windows of a document words should be read from, beside one window for the encoder.

All rows use one encoder, the same weights of words, and all test documents of a folder. Gold tags
measure. Example:

    python bench/word_windows.py FOLDER --encoder runs/RUN/encoder --weights 0.36,0.12,0.12
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
@click.option("--windows", default="1,2,4,8")
def main(folder: Path, encoder: Path, weights: str, windows: str) -> None:
    """Print a row of measures for each number of windows."""
    settings, read = load_settings(flags={}), read_folder(folder)
    reads = load_encoder(settings, folder=encoder, max_tokens=settings.encoder.document_tokens)
    texts = [document.text for document in read.train[:MOST_DOCUMENTS]]
    click.echo("| windows for words | P@1 | P@5 | R@10 |\n|---|---|---|---|")
    for number in map(int, windows.split(",")):
        words = word_scoring(reads, read.labels, texts, number, DEFAULT_FACTOR)
        words = replace(words, weights=WordWeights(*map(float, weights.split(","))))
        ranked = rankings(settings, read, encoder, words)
        found = percent(outcomes(read, ranked))
        click.echo(f"| {number} | " + " | ".join(f"{value}" for value in found.values()) + " |")


if __name__ == "__main__":
    main()
