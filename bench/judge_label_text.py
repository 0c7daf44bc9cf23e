"""Measures whether a label's description or synonyms improve the judge's answers.

The pairs are each document's shortlist of the untrained encoder. The judge gets the default
question about the name alone, and about the name with the description in brackets. Gold tags of
training documents give the order of a document's labels (AUC), and the share of documents whose
best label by the judge is right (P@1), with 95 % intervals of the differences (bootstrap over
documents). Example:

    python bench/judge_label_text.py FOLDER --gguf model.gguf --documents 30
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import numpy as np
from loop import perfect_judge, read_folder, run_resources
from numpy.typing import NDArray

from lmtx_search.judges.base import Pair
from lmtx_search.judges.llamacpp import LlamaCppJudge
from lmtx_search.judges.prompts import DEFAULT_PROMPT, load_prompt, shorten
from lmtx_search.records import Label
from lmtx_search.settings import load_settings
from lmtx_search.training.profiles import PROFILES
from lmtx_search.training.shortlist import Shortlister
from lmtx_search.training.without_judge import NoStore

Values = NDArray[np.float64]


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True))
@click.option("--gguf", required=True, help="The judge's model file.")
@click.option("--fields", default="title,text", show_default=True)
@click.option("--documents", default=30, show_default=True)
@click.option("--labels", default=10, show_default=True, help="Labels in a document's shortlist.")
@click.option("--characters", default=200, show_default=True, help="Characters of a description.")
@click.option("--seed", default=0, show_default=True)
def main(folder: Path, **o: Any) -> None:
    """Print a line of JSON for each form, and one for the differences."""
    settings = load_settings(flags={"judge.gguf": o["gguf"]})
    data = read_folder(folder, o["fields"].split(","))
    training = replace(PROFILES["small"](settings.encoder), seed=o["seed"])
    resources = run_resources(settings, data, training, perfect_judge(data.gold_train), NoStore())
    encoder, search = resources.open_base()
    by_id = {label.id: label for label in data.labels}
    documents = resources.training[: o["documents"]]
    asked = [
        pair
        for of_document in Shortlister(encoder, search, o["labels"]).pairs(
            documents, by_id, o["labels"]
        )
        for pair in of_document
    ]
    judge = LlamaCppJudge(settings.judge, load_prompt(DEFAULT_PROMPT))
    measured: dict[str, dict[str, Values]] = {}
    for form in ("name", "name (description)"):
        started = time.monotonic()
        answers = judge.ask(_shown(asked, form, o["characters"]))
        said: dict[str, dict[str, float]] = {document.id: {} for document in documents}
        for answer in answers:
            said[answer.pair.document.id][answer.pair.label.id] = answer.p_yes or 0.0
        seconds = time.monotonic() - started
        measured[form] = _measures(said, data.gold_train)
        line = {name: round(100 * float(np.nanmean(v)), 1) for name, v in measured[form].items()}
        described = sum(bool(pair.label.description) for pair in asked)
        click.echo(
            json.dumps(
                {
                    "set": data.name,
                    "judge": judge.name,
                    "label": form,
                    "documents": len(documents),
                    "pairs": len(asked),
                    "described": described,
                    **line,
                    "pairs/s": round(len(asked) / seconds, 2),
                }
            )
        )
    plain, described = measured.values()
    click.echo(json.dumps({name: _difference(plain[name], described[name]) for name in plain}))


def _shown(asked: list[Pair], form: str, characters: int) -> Iterator[Pair]:
    for pair in asked:
        label = pair.label
        if form != "name" and label.description:
            text = f"{label.text} ({shorten(label.description, characters)})"
            label = Label(label.id, text)
        yield replace(pair, label=label)


def _measures(said: dict[str, dict[str, float]], gold: Any) -> dict[str, Values]:
    """AUC (nan if all labels are right, or none) and P@1 of each document."""
    auc, first = [], []
    for document, labels in said.items():
        right = np.array([p for label, p in labels.items() if label in gold[document]])
        wrong = np.array([p for label, p in labels.items() if label not in gold[document]])
        higher = (right[:, None] > wrong[None]) + 0.5 * (right[:, None] == wrong[None])
        auc.append(float(higher.mean()) if higher.size else float("nan"))
        first.append(float(max(labels, key=lambda label: labels[label]) in gold[document]))
    return {"AUC inside a document": np.array(auc), "P@1 of the judge's best": np.array(first)}


def _difference(one: Values, other: Values) -> dict[str, Any]:
    gain = 100 * (other - one)
    gain = gain[~np.isnan(gain)]
    draws = np.random.default_rng(0).choice(gain, (10_000, len(gain))).mean(axis=1)
    low, high = np.percentile(draws, [2.5, 97.5])
    ratio = np.nanmean(other) / np.nanmean(one)
    return {
        "difference": round(float(gain.mean()), 1),
        "interval": [round(float(low), 1), round(float(high), 1)],
        "ratio": round(float(ratio), 3),
    }


if __name__ == "__main__":
    main()
