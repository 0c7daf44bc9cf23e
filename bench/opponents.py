"""How good is it without an LLM and without any training?

For each FOLDER (see bench/loop.py), the comparators that need neither training nor a judge rank
labels for all test documents. Embeddings are kept in --cache, so that a stopped run goes on.
Prints a Markdown table of P@1 with its 95 % interval over documents, P@5 and R@10, in percent. The
lines of JSON also say which label most documents get, and how many have it as a gold tag.

    python bench/opponents.py ../sets/* --encoder all-MiniLM-L6-v2 --cache embeddings

Gold tags are used for measuring only.
"""

from __future__ import annotations

import json
import sys
import time
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
from embedding_cache import CachedEncoder
from loop import SHOWN, Folder, over_use, read_folder

from lmtx_search.encoder.form import Precision
from lmtx_search.encoder.load import load_encoder
from lmtx_search.encoder.windows import Windows
from lmtx_search.evaluation.comparators import ComparisonContext, open_comparator
from lmtx_search.evaluation.comparators.unjudged_training import open_unjudged
from lmtx_search.evaluation.comparators.untrained import Untrained, read_untrained
from lmtx_search.evaluation.metrics.measure import Output, measure
from lmtx_search.progress import SILENT, Progress
from lmtx_search.settings import Settings, load_settings
from lmtx_search.training.profiles import small
from lmtx_search.training.sampling import hold_out, sample_documents
from lmtx_search.training.settings import TrainingSettings

UNTRAINED = (
    "tfidf",
    "tfidf-chars",
    "frozen",
    "centered",
    "fusion",
    "fusion-chars",
    "frozen-words",
)


def context_of(
    settings: Settings,
    folder: Folder,
    training: TrainingSettings,
    work: Path,
    stored: Path,
    precision: Precision = "fp32",
) -> ComparisonContext:
    """Return the context of a comparison on all test documents, without a cluster.

    Args:
        work: for temporary files.
        stored: for embeddings.
        precision: with which documents are embedded.
    """
    all_training = sample_documents(folder.train, training.most_documents, training.seed)
    held_in, held_out = hold_out(all_training, training.most_development)
    tuning = training.fine_tuning

    @cache
    def untrained(progress: Progress) -> Untrained:
        documents = load_encoder(settings, max_tokens=tuning.document_tokens, precision=precision)
        labels = load_encoder(settings, max_tokens=tuning.label_tokens, precision="fp32")
        return read_untrained(
            CachedEncoder(documents, stored / precision),
            CachedEncoder(labels, stored / "fp32"),
            Windows.of(settings.encoder),
            folder.labels,
            folder.test,
            all_training,
            progress,
        )

    return ComparisonContext(
        settings=settings,
        client=None,
        labels=folder.labels,
        documents=folder.test,
        training=all_training,
        learn_from=all_training,
        learn_gold=None,
        run=None,
        tuning=tuning,
        shortlist=min(training.shortlist, len(folder.labels)),
        retrieval=training.retrieval,
        centered=training.centered,
        spared=training.spared <= 1,
        judged=0,
        prompt=training.prompt,
        seed=training.seed,
        label_index=lambda: "",
        untrained=untrained,
        unjudged=open_unjudged(
            settings, training, folder.labels, held_in, held_out, work / "unjudged"
        ),
        folder=work / "work",
    )


def rank(context: ComparisonContext, name: str) -> Output:
    """Return the rankings of a comparator."""
    return open_comparator(name).run(context, SILENT).output


@click.command()
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--systems", default=",".join(UNTRAINED), show_default=True)
@click.option("--encoder", help="Name or folder.")
@click.option("--cache", "stored", default="embeddings", show_default=True, type=click.Path())
@click.option("--output", default="opponents.jsonl", show_default=True, type=click.Path())
@click.option("--seed", default=0, show_default=True, help="Of the training documents' order.")
def main(folders: tuple[Path, ...], systems: str, stored: str, output: str, **o: Any) -> None:
    """Print a table of all sets, and write a line of JSON for each set and system."""
    settings = load_settings(flags={"encoder.name": o["encoder"]})
    names = systems.split(",")
    rows: dict[str, dict[str, str]] = {name: {} for name in names}
    with Path(output).open("a", encoding="utf-8") as out:
        for path in folders:
            folder = read_folder(path)
            gold = {document.id: folder.gold_test[document.id] for document in folder.test}
            training = small(settings.encoder)
            with TemporaryDirectory() as work:
                context = context_of(settings, folder, training, Path(work), Path(stored))
                for name in names:
                    started = time.monotonic()
                    ranked = rank(context, name)
                    found = measure(ranked, gold).estimates()
                    seconds = time.monotonic() - started
                    values = {x: 100 * found[x].value for x in SHOWN}
                    low, high = (100 * getattr(found["P@1"], end) for end in ("low", "high"))
                    line = {"set": folder.name, "documents": len(gold), "system": name, **values}
                    line |= {"P@1 low": low, "P@1 high": high, "seconds": round(seconds, 1)}
                    line |= over_use(folder, ranked.rankings)
                    print(json.dumps(line), file=sys.stderr, flush=True)
                    out.write(json.dumps(line) + "\n")
                    out.flush()
                    head = f"{folder.name} ({len(gold):,})"
                    rows[name][head] = (
                        f"{values['P@1']:.1f} ({low:.1f}–{high:.1f}) / "
                        f"{values['P@5']:.1f} / {values['R@10']:.1f}"
                    )
    heads = list(next(iter(rows.values())))
    print("| |", " | ".join(heads), "|")
    print("|---" * (len(heads) + 1) + "|")
    for name, cells in rows.items():
        print(f"| {name} |", " | ".join(cells.values()), "|")


if __name__ == "__main__":
    main()
