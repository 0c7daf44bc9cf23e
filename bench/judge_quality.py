"""Measures how often the judge is right when it says yes, by gold tags of training documents.

The whole shortlist of each training document (of the untrained encoder, as in the first cycle) is
judged. The output shows how well the answers order labels (AUC) and how often pseudo-positives are
right, next to the first labels of the plain and the centered shortlists. --picture draws a
reliability diagram. Judgments are kept in --store. Example:

    python bench/judge_quality.py FOLDER --gguf model.gguf --documents 150 --picture picture.png
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import numpy as np
from loop import FileStore, read_folder, run_resources
from numpy.typing import NDArray

from lmtx_search.judges.llamacpp import LlamaCppJudge
from lmtx_search.judges.order.exhaustive import Exhaustive
from lmtx_search.judges.prompts import load_prompt
from lmtx_search.settings import load_settings
from lmtx_search.training.centering import open_shortlister
from lmtx_search.training.profiles import PROFILES
from lmtx_search.training.shortlist import Shortlister
from lmtx_search.training.targets import judge_calibration
from lmtx_search.training.targets.judge_calibration import RIVALS, YES, calibrate
from lmtx_search.training.targets.pseudo_positives import pseudo_positives, yes_threshold
from lmtx_search.training.teacher.judging import JudgingTask, Teacher, judge_pairs
from lmtx_search.training.teacher.judging_result import JudgingResult

Values = NDArray[np.float64]


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True))
@click.option("--gguf", required=True, help="The judge's model file.")
@click.option("--prompt", help="The judge's question.")
@click.option("--fields", default="title,text", show_default=True)
@click.option("--documents", default=150, show_default=True)
@click.option("--seed", default=0, show_default=True, help="Seed of the choice of documents.")
@click.option("--share", default=0.6, show_default=True, help="Share of documents with a yes.")
@click.option("--store", default="judgments.jsonl", show_default=True, type=click.Path())
@click.option("--picture", type=click.Path(), help="PNG file to write.")
def main(folder: Path, **o: Any) -> None:
    """Print a line of JSON."""
    settings = load_settings(flags={"judge.gguf": o["gguf"]})
    data = read_folder(folder, o["fields"].split(","))
    training = replace(
        PROFILES["small"](settings.encoder), most_documents=o["documents"], seed=o["seed"]
    )
    judge = LlamaCppJudge(settings.judge, load_prompt(o["prompt"] or training.prompt))
    resources = run_resources(settings, data, training, judge, FileStore(Path(o["store"])))
    encoder, search = resources.open_base()
    shortlister = open_shortlister(
        encoder,
        search,
        10,
        documents=resources.training,
        labels=len(data.labels),
        tokens=training.fine_tuning.document_tokens,
    )
    by_id = {label.id: label for label in data.labels}
    judged = judge_pairs(
        Teacher(judge, Exhaustive(), resources.store),
        shortlister.pairs(resources.training, by_id, 10),
        JudgingTask("judge", sample=False),
    )
    plain = Shortlister(encoder, search, 1)
    first = {x.id: found[0][0] for x, found in plain.shortlists(resources.training)}
    gold = data.gold_train
    evidence = calibrate(judged.p_yes, judged.nearness, o["share"])
    answers = {"P(yes)": judged.p_yes, "calibrated": evidence}
    line: dict[str, Any] = {
        "set": data.name,
        "fields": o["fields"],
        "judge": judge.name,
        "prompt": judge.prompt.name,
        "documents": len(judged.p_yes),
        "pairs": judged.pairs,
        "first label right": _share([first[d] in gold[d] for d in judged.p_yes]),
        "first label right, centered": _share(
            [shortlister.rankings[d][0][0] in gold[d] for d in judged.p_yes]
        ),
    }
    line["AUC inside a document"] = {
        name: _auc_inside(said, gold)
        for name, said in {"nearness": judged.nearness, **answers}.items()
    }
    first_right = np.mean([first[d] in gold[d] for d in judged.p_yes])
    for name, said in answers.items():
        border = yes_threshold(said, o["share"])
        rivals = RIVALS if name == "calibrated" else 0.0
        chosen = pseudo_positives(said, border, always_best=False, rivals=rivals)
        right = [label in gold[d] for d, labels in chosen.items() for label in labels]
        line[name] = {
            "border": round(border, 3),
            "documents with a yes": round(len(chosen) / len(said), 3),
            "labels each": round(len(right) / len(chosen), 2),
            "right": _share(right),
            "right, mean of documents": _share(
                [np.mean([label in gold[d] for label in ls]) for d, ls in chosen.items()]
            ),
            "calibration error": _calibration_error(said, gold),
            "their first labels right": _share([first[d] in gold[d] for d in chosen]),
            "times first label": round(float(np.mean(right) / first_right), 2),
        }
    line["a document that raises all its labels"] = {
        name: _raised(judged, gold, o["share"], ordinary)
        for name, ordinary in {"now": judge_calibration._ORDINARY, "means not lowered": 1.0}.items()
    }
    click.echo(json.dumps(line))
    if o["picture"]:
        _draw(Path(o["picture"]), answers, gold, line)


def _share(values: Any) -> float:
    return round(100 * float(np.mean(values)), 1)


def _groups(said: Any, gold: Any) -> Values:
    """Ten groups of pairs by P(yes): the mean P(yes), and the share of right labels."""
    values = [(p, label in gold[d]) for d, found in said.items() for label, p in found.items()]
    parts = np.array_split(np.array(sorted(values), dtype=float), 10)
    return np.array([part.mean(axis=0) for part in parts])


def _calibration_error(said: Any, gold: Any) -> float:
    groups = _groups(said, gold)
    return round(float(np.abs(groups[:, 0] - groups[:, 1]).mean()), 3)


def _auc_inside(said: Any, gold: Any) -> float:
    found = []
    for document, labels in said.items():
        right = np.array([p for label, p in labels.items() if label in gold[document]])
        wrong = np.array([p for label, p in labels.items() if label not in gold[document]])
        if right.size and wrong.size:
            higher = right[:, None] > wrong[None]
            found.append((higher + 0.5 * (right[:, None] == wrong[None])).mean())
    return round(float(np.mean(found)), 3)


def _raised(judged: JudgingResult, gold: Any, share: float, ordinary: float) -> dict[str, float]:
    """Return the share of right yes answers, and of a document's wrong labels that become a yes.

    Both are computed without and with a raise of the document's logits by 0.6; other documents do
    not change.
    """
    judge_calibration._ORDINARY = ordinary
    calibrated = calibrate(judged.p_yes, judged.nearness, share)
    yes = [label in gold[d] for d, ls in calibrated.items() for label, p in ls.items() if p >= YES]
    before, after = [], []
    for document, said in list(judged.p_yes.items())[:60]:
        odds = {label: p / max(1 - p, 1e-6) * np.exp(0.6) for label, p in said.items()}
        hostile = {label: o / (1 + o) for label, o in odds.items()}
        found = calibrate({**judged.p_yes, document: hostile}, judged.nearness, share)[document]
        wrong = [label for label in said if label not in gold[document]]
        before += [calibrated[document][label] >= YES for label in wrong]
        after += [found[label] >= YES for label in wrong]
    return {"right": _share(yes), "wrong": _share(before), "wrong, raised": _share(after)}


def _draw(file: Path, answers: Any, gold: Any, line: dict[str, Any]) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(5, 4.5))
    axes.plot([0, 1], [0, 1], color="#bbb", linewidth=1)
    for name, said in answers.items():
        groups = _groups(said, gold)
        axes.plot(groups[:, 0], groups[:, 1], "o-", label=name)
    axes.set(
        xlabel="what the judge says (ten equal groups)",
        ylabel="share that is right, by gold tags",
        title=f"{line['set']}: {line['judge']}",
    )
    axes.legend()
    figure.tight_layout()
    figure.savefig(file, dpi=110)


if __name__ == "__main__":
    main()
