"""Measures everything about quality for one data set; continues after an interruption.

Loads the set into a separate embedded OpenSearch, trains, runs all comparators and the named
studies, and writes the report:

    python bench/quality.py FOLDER results --cycles 3 --study cycles

A set is a folder with labels.jsonl.gz, train.jsonl.gz, test.jsonl.gz, gold-train.tsv.gz and
gold-test.tsv.gz. RESULTS/<set>/ gets comparison.csv and .svg, <study>.csv, .svg and .txt,
report.html and run.json. Finished parts are not run again.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

PROGRAM = [sys.executable, "-c", "from lmtx_search.cli.main import main; main()"]


def main() -> None:
    options, judge = parsed()
    data, results = options.set.resolve(), options.results.resolve() / options.set.name
    results.mkdir(parents=True, exist_ok=True)
    base = [*PROGRAM, "--data-dir", str(results / "data"), *judge]
    labels, train, test = (str(data / f"{x}.jsonl.gz") for x in ("labels", "train", "test"))
    gold = [
        "--gold",
        str(data / "gold-test.tsv.gz"),
        "--train-gold",
        str(data / "gold-train.tsv.gz"),
    ]

    def run(*words: str) -> str:
        print("lmtx-search", *words, file=sys.stderr, flush=True)
        return subprocess.run([*base, *words], check=True, stdout=subprocess.PIPE, text=True).stdout

    run("up", "--without-tagger")
    try:
        run("bootstrap-index")
        run("labels", "load", labels)
        run("docs", "load", train)
        told = ["--cycles", str(options.cycles), "--judge-budget", options.judge_budget]
        told += ["--profile", options.profile, "--seed", str(options.seed), "--keep-cycles"]
        note = results / "run.json"
        if not note.is_file():
            note.write_text(run("train", *told, "--json"))
        trained = json.loads(note.read_text())["run"]
        compared = ["--run", trained, "--judged", str(options.judged), "--output", str(results)]
        print(run("compare", test, *gold, *compared))
        for name in options.study:
            documents = ["--documents", str(options.documents), "--output", str(results)]
            values = ["--values", options.values] if options.values else []
            print(run("study", name, test, *gold, *documents, *values))
        run("report", test, *gold, "--run", trained, "--output", str(results / "report.html"))
    finally:
        run("down")


def parsed() -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("set", type=Path, help="folder of the data set")
    parser.add_argument("results", type=Path)
    parser.add_argument("--profile", default="small")
    parser.add_argument("--cycles", type=int, default=3)
    parser.add_argument("--judge-budget", default="30m")
    parser.add_argument("--judged", type=int, default=50, help="documents of icxml")
    parser.add_argument("--study", action="append", default=[], help="again for more")
    parser.add_argument("--values", help="of the studies; their own by default")
    parser.add_argument("--documents", type=int, default=500, help="of each training of a study")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--model", help="the judge's")
    found = parser.parse_args()
    return found, ["--model", found.model] if found.model else []


if __name__ == "__main__":
    main()
