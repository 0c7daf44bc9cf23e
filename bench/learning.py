"""Measures what the student learns, and how much of it is due to the judge.

The systems use the same documents, settings and seed of one labelled folder, and are measured on
all test documents:

- frozen: the untrained encoder
- control: trained on each document's own first label, without an LLM (control-centered: with
  centered shortlists)
- judged: trained on the judge's answers
- perfect: trained on the gold tags inside the shortlists, the upper limit of any judge

Only `perfect` uses gold tags for training. Judgments are kept in --store and asked once. Each run
is a line of JSON; runs that are in --output already are not repeated. Example:

    python bench/learning.py FOLDER --gguf model.gguf --seeds 0,1,2 --output learning.jsonl
"""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import click
from loop import (
    FileStore,
    Folder,
    Nowhere,
    first_label_judge,
    perfect_judge,
    quality,
    run_resources,
)
from loop import read_folder as read

from lmtx_search.judges.budget import Budget, parse_budget
from lmtx_search.judges.order import OrderedJudge
from lmtx_search.judges.prompts import load_prompt
from lmtx_search.progress import SILENT
from lmtx_search.settings import Settings, load_settings
from lmtx_search.training.curriculum import run_curriculum
from lmtx_search.training.profiles import PROFILES
from lmtx_search.training.resume import RunState
from lmtx_search.training.settings import TrainingSettings


def run(
    settings: Settings,
    folder: Folder,
    system: str,
    training: TrainingSettings,
    judge: OrderedJudge | None,
    store: FileStore,
) -> list[dict[str, Any]]:
    """Train and measure one system; one row per cycle."""
    if system == "frozen":
        return [{"cycle": 0, **quality(settings, folder, None)}]
    if system == "judged":
        assert judge is not None
        chosen, where = judge, store
    else:
        chosen = perfect_judge(folder.gold_train) if system == "perfect" else first_label_judge()
        where = Nowhere()
        # These judges are always right, so that a document without a yes is left out.
        training = replace(
            training,
            centered=system != "control",
            calibrated=False,
            budget=Budget(),
            yes_above=0.5,
            always_best=False,
            cycles=1,
            order="exhaustive",
            pairs_per_document=training.shortlist,
        )
    resources = run_resources(settings, folder, training, chosen, where)
    work = Path(tempfile.mkdtemp())
    try:
        started = time.monotonic()
        done = run_curriculum(resources, training, RunState(work), SILENT)
        seconds = time.monotonic() - started
        return [
            {
                "cycle": number,
                **quality(settings, folder, RunState(work).encoder(number)),
                "kept": done.best + 1 == number,
                "llm_p1": cycle.development.llm_p1,
                "calls": cycle.judged.pairs + cycle.development.judged.pairs,
                "documents": cycle.documents,
                "positives": cycle.positives,
                "seconds": round(seconds, 1),
                "stages": {k: round(v, 1) for k, v in cycle.seconds.items()},
            }
            for number, cycle in enumerate(done.cycles, 1)
        ]
    finally:
        shutil.rmtree(work, ignore_errors=True)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True))
@click.option(
    "--systems", default="frozen,control,control-centered,judged,perfect", show_default=True
)
@click.option("--seeds", default="0", show_default=True)
@click.option("--fields", default="title,text", show_default=True)
@click.option("--test", default=0, help="Test documents; 0: all.")
@click.option("--documents", default=300, show_default=True, help="Of training.")
@click.option("--pairs", default=10, show_default=True, help="Labels per document.")
@click.option("--order", default="exhaustive", show_default=True)
@click.option("--budget", help="The judge's budget: calls or time.")
@click.option("--cycles", default=1, show_default=True)
@click.option("--set", "tuned", multiple=True, help="KEY=VALUE: an option of the fine-tuning.")
@click.option("--prompt", help="The judge's.")
@click.option("--gguf", help="The judge's model file (llama.cpp).")
@click.option("--store", default="judgments.jsonl", show_default=True, type=click.Path())
@click.option("--output", default="learning.jsonl", show_default=True, type=click.Path())
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
    for seed in map(int, o["seeds"].split(",")):
        for system in o["systems"].split(","):
            key = (data.name, o["fields"], o["name"], system, seed)
            if key in finished:
                continue
            rows = run(
                settings, data, system, replace(base, seed=seed), judge, FileStore(Path(o["store"]))
            )
            with output.open("a", encoding="utf-8") as out:
                for row in rows:
                    line = json.dumps({"key": key, **row})
                    out.write(line + "\n")
                    click.echo(line)


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


if __name__ == "__main__":
    main()
