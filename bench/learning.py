"""Measures what the student learns, and how much of it is due to the judge.

The systems use the same documents, settings and seed of one labelled folder, and are measured on
all test documents:

judged       trained on the judge's answers
perfect      trained on the gold tags inside the shortlists: the upper limit of any judge
unjudged     the pipeline of `judged` with everything equal, but without an answer of the judge
control      trained on the first label of each shortlist, without an LLM; shortlists, centering
             and spared labels are those of `judged`
control-all  the same with all training documents (at most --all-documents, one epoch; only if
             named)
tfidf, tfidf-chars, frozen, centered, fusion, fusion-chars, frozen-words
             systems without training (see `lmtx-search compare --help`)

Only `perfect` uses gold tags for training. Judgments are kept in --store and asked once. Each run
is a line of JSON; runs that are in --output already are not repeated. A table at the end has the
mean of all seeds and the difference to the best system without an LLM, with its 95 % interval over
documents and seeds: what the judge adds. Example:

    python bench/learning.py FOLDER --gguf model.gguf --seeds 0,1,2 --output learning.jsonl
"""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import click
import numpy as np
from loop import (
    SHOWN,
    FileStore,
    Folder,
    applied_shares,
    first_label_judge,
    outcomes,
    over_use,
    percent,
    perfect_judge,
    rankings,
    run_resources,
    scored_rankings,
)
from loop import read_folder as read
from numpy.typing import NDArray
from opponents import UNTRAINED, context_of, rank

from lmtx_search.evaluation.metrics.over_seeds import difference_over_seeds
from lmtx_search.judges.budget import Budget, parse_budget
from lmtx_search.judges.order import OrderedJudge
from lmtx_search.judges.prompts import load_prompt
from lmtx_search.progress import SILENT
from lmtx_search.settings import Settings, load_settings
from lmtx_search.training.curriculum import run_curriculum
from lmtx_search.training.profiles import PROFILES
from lmtx_search.training.resume import RunState
from lmtx_search.training.settings import TrainingSettings
from lmtx_search.training.teacher.judging import Store
from lmtx_search.training.without_judge import NoJudge, NoStore, without_judge
from lmtx_search.words.weights import WordScoring, fitted

NO_LLM = (*UNTRAINED, "control", "control-all", "unjudged")
"""Systems that use neither an LLM nor gold tags."""


def run(
    settings: Settings,
    folder: Folder,
    system: str,
    training: TrainingSettings,
    judge: OrderedJudge | None,
    store: FileStore,
    embeddings: Path,
) -> list[tuple[dict[str, Any], NDArray[np.float64]]]:
    """Train and measure one system; for each cycle a row, and the outcomes of all documents."""
    if system in UNTRAINED:
        with tempfile.TemporaryDirectory() as work:
            # They may read all training documents, and embed in int8 as trained encoders do here.
            every = replace(training, most_documents=len(folder.train))
            context = context_of(settings, folder, every, Path(work), embeddings, "int8")
            ranked = rank(context, system).rankings
        found = outcomes(folder, ranked)
        return [({"cycle": 0, "kept": True, **percent(found), **over_use(folder, ranked)}, found)]
    chosen, where, training = _teacher(folder, system, training, judge, store)
    resources = run_resources(settings, folder, training, chosen, where)
    work_folder = Path(tempfile.mkdtemp())
    try:
        started = time.monotonic()
        done = run_curriculum(resources, training, RunState(work_folder), SILENT)
        seconds = time.monotonic() - started
        rows = []
        for number, cycle in enumerate(done.cycles, 1):
            encoder = RunState(work_folder).encoder(number)
            words = fitted(done.words, encoder.parent)
            scored = scored_rankings(settings, folder, encoder, words)
            ranked = {id_: [label for label, _ in ranking] for id_, ranking in scored.items()}
            found = outcomes(folder, ranked)
            shares = applied_shares(cycle, scored.values()) if system == "judged" else {}
            row = {
                "cycle": number,
                **percent(found),
                **over_use(folder, ranked),
                **shares,
                "without words": _without_words(settings, folder, encoder, words),
                "kept": done.best + 1 == number,
                "llm_p1": cycle.development.llm_p1,
                "calls": cycle.judged.pairs + cycle.development.judged.pairs,
                "documents": cycle.documents,
                "positives": cycle.positives,
                "seconds": round(seconds, 1),
                "stages": {k: round(v, 1) for k, v in cycle.seconds.items()},
            }
            rows.append((row, found))
        return rows
    finally:
        shutil.rmtree(work_folder, ignore_errors=True)


def _without_words(
    settings: Settings, folder: Folder, encoder: Path, words: WordScoring | None
) -> dict[str, float] | None:
    """Return the measures of the encoder alone (None: words do not count anyway)."""
    if words is None:
        return None
    return percent(outcomes(folder, rankings(settings, folder, encoder)))


def _teacher(
    folder: Folder,
    system: str,
    training: TrainingSettings,
    judge: OrderedJudge | None,
    store: FileStore,
) -> tuple[OrderedJudge, Store, TrainingSettings]:
    """Return the judge, the store of its answers, and the settings for such answers."""
    if system == "judged":
        assert judge is not None
        return judge, store, training
    if system == "unjudged":
        return NoJudge(), NoStore(), without_judge(training)
    # These judges are always right, so that a document without a yes is left out.
    training = replace(
        training,
        calibrated=False,
        budget=Budget(),
        yes_above=0.5,
        always_best=False,
        cycles=1,
        order="exhaustive",
        pairs_per_document=training.shortlist,
    )
    if system == "perfect":
        return perfect_judge(folder.gold_train), NoStore(), training
    # Only the first label is known. The others may be right, so they are spared as in `judged`. A
    # second pair of each document is a no, because a judge that says yes to everything is refused.
    return (
        first_label_judge(),
        NoStore(),
        replace(training, pairs_per_document=2, spared=0.0, unjudged_documents=0, words=0.0),
    )


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True))
@click.option(
    "--systems",
    default=",".join((*UNTRAINED, "control", "unjudged", "judged", "perfect")),
    show_default=True,
)
@click.option("--seeds", default="0", show_default=True)
@click.option("--fields", default="title,text", show_default=True)
@click.option("--test", default=0, help="Test documents; 0: all.")
@click.option("--documents", default=300, show_default=True, help="Of training.")
@click.option(
    "--all-documents", default=5000, show_default=True, help="Training documents of control-all."
)
@click.option("--pairs", default=10, show_default=True, help="Labels per document.")
@click.option("--order", default="exhaustive", show_default=True)
@click.option("--budget", help="The judge's budget: calls or time.")
@click.option("--cycles", default=1, show_default=True)
@click.option("--set", "tuned", multiple=True, help="KEY=VALUE: an option of the fine-tuning.")
@click.option("--prompt", help="The judge's.")
@click.option("--gguf", help="The judge's model file (llama.cpp).")
@click.option("--store", default="judgments.jsonl", show_default=True, type=click.Path())
@click.option("--output", default="learning.jsonl", show_default=True, type=click.Path())
@click.option("--embeddings", default="embeddings", show_default=True, help="A folder.")
@click.option("--name", default="", help="Name of this variant in the output.")
def main(folder: Path, **o: Any) -> None:
    """Print a line of JSON for each run's cycles, and append it to the output."""
    settings = load_settings(flags={"judge.gguf": o["gguf"]})
    data = read(folder, o["fields"].split(","))
    if o["test"]:
        data = replace(data, test=data.test[: o["test"]])
    judge: OrderedJudge | None = None
    base = PROFILES["small"](settings.encoder)
    prompt = load_prompt(o["prompt"] or base.prompt)
    if o["gguf"] and "judged" in o["systems"]:
        from lmtx_search.judges.llamacpp import LlamaCppJudge

        judge = LlamaCppJudge(settings.judge, prompt)
    tuning = {k: _value(v) for k, v in (pair.split("=") for pair in o["tuned"])}
    own = {k: tuning.pop(k) for k in list(tuning) if k in asdict(base) and k != "fine_tuning"}
    base = replace(
        base,
        cycles=o["cycles"],
        budget=parse_budget(o["budget"]) if o["budget"] else Budget(),
        prompt=prompt.name,
        pairs_per_document=o["pairs"],
        order=o["order"],
        most_documents=o["documents"],
        fine_tuning=replace(base.fine_tuning, **tuning),
        **own,
    )
    output = Path(o["output"])
    lines = output.read_text("utf-8").splitlines() if output.is_file() else []
    finished = {tuple(json.loads(line)["key"]) for line in lines}
    seeds = list(map(int, o["seeds"].split(",")))
    for seed in seeds:
        for system in o["systems"].split(","):
            key = (data.name, o["fields"], o["name"], system, seed)
            if key in finished:
                continue
            training = replace(base, seed=seed)
            if system == "control-all":
                once = replace(base.fine_tuning, epochs=1)
                training = replace(training, most_documents=o["all_documents"], fine_tuning=once)
            store = FileStore(Path(o["store"]))
            rows = run(settings, data, system, training, judge, store, Path(o["embeddings"]))
            with output.open("a", encoding="utf-8") as out:
                for row, of_documents in rows:
                    kept = {"outcomes": of_documents.round(4).tolist()} if row["kept"] else {}
                    out.write(json.dumps({"key": key, **row, **kept}) + "\n")
                    click.echo(json.dumps({"key": key, **row}))
    lines = output.read_text("utf-8").splitlines()
    click.echo(table(lines, (data.name, o["fields"], o["name"]), o["systems"].split(","), seeds))


def table(
    lines: Sequence[str], of: tuple[str, str, str], systems: list[str], seeds: list[int]
) -> str:
    """Return the means over seeds, and the differences to the best system without an LLM.

    Args:
        lines: of the output.
        of: the first parts of the keys: set, fields and name.
    """
    found: dict[tuple[str, int], list[list[float]]] = {}
    for line in lines:
        row = json.loads(line)
        if row.get("outcomes") and tuple(row["key"][:3]) == of:
            found[row["key"][3], row["key"][4]] = row["outcomes"]
    every = {
        system: np.array([found[system, seed] for seed in seeds])
        for system in systems
        if all((system, seed) in found for seed in seeds)
    }
    opponents = [system for system in every if system in NO_LLM]
    best = [
        max(opponents, key=lambda system: every[system][..., column].mean())
        for column in range(len(SHOWN))
        if opponents
    ]
    rows = [
        f"| {of[0]}, seeds {', '.join(map(str, seeds))} | {' | '.join(SHOWN)} |",
        "|---|---|---|---|",
    ]
    for system, values in every.items():
        cells = []
        for column, opponent in enumerate(best or [""] * len(SHOWN)):
            cell = f"{100 * values[..., column].mean():.1f}"
            if opponent and system != opponent:
                difference = difference_over_seeds(
                    values[..., column : column + 1], every[opponent][..., column : column + 1]
                )
                low, high = 100 * difference.low[0], 100 * difference.high[0]
                cell += f" ({100 * difference.value[0]:+.1f}: {low:+.1f} to {high:+.1f})"
            cells.append(cell + " *best without an LLM*" * (system == opponent))
        rows.append(f"| {system} | {' | '.join(cells)} |")
    return "\n".join(rows)


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


if __name__ == "__main__":
    main()
