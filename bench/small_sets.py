"""Makes a set with few labels from a labelled folder (see bench/loop.py): its groups of labels.

The group of a label is what stands before the separator in its id: the archive of an arXiv
category, or the facet of a Debian tag. Its name is the first sentence of the label's description,
or the text of its only label. A document has the groups of its gold tags. With --within, the set
has the labels of one group instead, and only documents with one of them as a gold tag.

    python bench/small_sets.py FOLDER arxiv-archives --separator .
    python bench/small_sets.py FOLDER debtags-facets --separator ::
    python bench/small_sets.py FOLDER arxiv-cs --separator . --within cs
"""

from __future__ import annotations

import argparse
import gzip
import json
import shutil
from pathlib import Path

from lmtx_search.records import Label
from lmtx_search.sources import read_gold, read_labels


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--separator", required=True)
    parser.add_argument("--within", help="the group whose labels make up the set")
    arguments = parser.parse_args()
    folder, output, within = arguments.folder, arguments.output, arguments.within

    def group(id_: str) -> str:
        found: str = id_.split(arguments.separator)[0]
        return found if within is None else id_ if found == within else ""

    groups: dict[str, list[Label]] = {}
    for label in read_labels(folder / "labels.jsonl.gz"):
        groups.setdefault(group(label.id), []).append(label)
    groups.pop("", None)
    output.mkdir(parents=True, exist_ok=True)
    with gzip.open(output / "labels.jsonl.gz", "wt", encoding="utf-8") as lines:
        for id_, labels in groups.items():
            lines.write(json.dumps({"id": id_, "text": _name(labels)}) + "\n")
    for part in ("train", "test"):
        shutil.copy(folder / f"{part}.jsonl.gz", output)
        gold = read_gold(folder / f"gold-{part}.tsv.gz")
        with gzip.open(output / f"gold-{part}.tsv.gz", "wt", encoding="utf-8") as lines:
            for document, tags in gold.items():
                for id_ in sorted({group(tag) for tag in tags} - {""}):
                    lines.write(f"{document}\t{id_}\n")


def _name(labels: list[Label]) -> str:
    if len(labels) == 1:
        return labels[0].text
    return labels[0].description.split(". ")[0].rstrip(".")


if __name__ == "__main__":
    main()
