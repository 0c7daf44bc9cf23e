"""Debian's own packages as documents, the topical debtags as labels: real data for a first try."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from lmtx_search.errors import LmtxError
from lmtx_search.progress import SILENT, Progress
from lmtx_search.records import Label
from lmtx_search.sources.apt import Apt, Stanza, prose, read_gzip_lines, read_stanzas

# Facets about the technology or the maintenance of a package, not about its subject.
NOT_TOPICAL = frozenset(
    (
        *("special", "role", "implemented-in", "devel", "interface", "uitoolkit"),
        *("x11", "made-of", "suite", "scope", "secteam", "junior"),
    )
)
TEST_DOCUMENTS = 1_200
_SPLIT_SEED = 112


@dataclass(frozen=True)
class Package:
    """A Debian package with its topical tags (gold: for measuring only)."""

    id: str
    title: str
    text: str
    tags: tuple[str, ...]


@dataclass(frozen=True)
class DataSet:
    """Labels and packages, split into training and test documents."""

    labels: list[Label]
    train: list[Package]
    test: list[Package]


def fetch_debian(folder: Path, progress: Progress = SILENT) -> DataSet:
    """Fetch package lists and the debtags vocabulary with apt, and build the data set.

    ``folder`` keeps the files that apt downloads; the system does not change.

    Raises:
        UserError: this machine has no apt.
        LmtxError: apt failed, or its files hold no tagged packages.
    """
    apt = Apt(folder)
    with progress.stage("Fetch Debian's package lists", 4, "steps") as advance:
        apt.update()
        advance(1)
        debtags = apt.unpacked("debtags") / "usr/share/debtags"
        advance(1)
        vocabulary = (debtags / "vocabulary").read_text(encoding="utf-8").splitlines()
        labels = read_vocabulary(read_stanzas(vocabulary))
        tags = read_tags(read_gzip_lines(debtags / "tags-current.gz"), {x.id for x in labels})
        long = {x["Description-md5"]: x["Description-en"] for x in apt.translations()}
        advance(1)
        packages = select_packages(apt.packages(), tags, long)
        advance(1)
    if len(packages) <= TEST_DOCUMENTS:
        raise LmtxError(
            f"apt's lists hold {len(packages)} tagged packages with descriptions, too few to split:"
            " check that its sources name Debian's main component"
        )
    random.Random(_SPLIT_SEED).shuffle(packages)
    return DataSet(labels, packages[TEST_DOCUMENTS:], packages[:TEST_DOCUMENTS])


def read_vocabulary(stanzas: Iterable[Stanza]) -> list[Label]:
    """Return the topical tags as labels; a description starts with its facet's name."""
    facets: dict[str, str] = {}
    labels = []
    for stanza in stanzas:
        short, _, long = stanza.get("Description", "").partition("\n")
        if "Facet" in stanza:
            facets[stanza["Facet"]] = short
        elif "Tag" in stanza:
            facet = stanza["Tag"].split("::")[0]
            if facet not in NOT_TOPICAL:
                description = f"{facets.get(facet, facet)}. {' '.join(prose(long).split())}"
                labels.append(Label(stanza["Tag"], short, description.strip()))
    return labels


def read_tags(lines: Iterable[str], topical: set[str]) -> dict[str, tuple[str, ...]]:
    """Return the topical tags of every package that has at least two."""
    tags = {}
    for line in lines:
        package, _, rest = line.partition(": ")
        found = tuple(tag for tag in rest.split(", ") if tag in topical)
        if len(found) >= 2:
            tags[package] = found
    return tags


def select_packages(
    stanzas: Iterable[Stanza], tags: Mapping[str, tuple[str, ...]], long: Mapping[str, str]
) -> list[Package]:
    """Return tagged packages by name, without repeated descriptions (-dev, -dbg)."""
    by_description: dict[str, Package] = {}
    for stanza in sorted(stanzas, key=lambda x: x.get("Package", "")):
        name = stanza.get("Package", "")
        description = long.get(stanza.get("Description-md5", ""), "")
        short, _, body = description.partition("\n")
        if name in tags and body:
            package = Package(name, f"{name}: {short}", prose(body), tags[name])
            by_description.setdefault(package.text, package)
    return list(by_description.values())


def write_data_set(data: DataSet, folder: Path) -> dict[str, Path]:
    """Write labels.jsonl, train.jsonl, test.jsonl and gold.tsv; each completely or not at all.

    ``gold.tsv`` holds only the tags of test documents, so that training cannot use gold tags.
    """
    folder.mkdir(parents=True, exist_ok=True)

    def document(package: Package) -> str:
        return _line({"id": package.id, "title": package.title, "text": package.text})

    contents = {
        "labels.jsonl": [_line(_without_empty(label.record)) for label in data.labels],
        "train.jsonl": [document(package) for package in data.train],
        "test.jsonl": [document(package) for package in data.test],
        "gold.tsv": [f"{x.id}\t{tag}\n" for x in data.test for tag in x.tags],
    }
    for name, lines in contents.items():
        partial = folder / f".{name}.part"
        partial.write_text("".join(lines), encoding="utf-8")
        partial.replace(folder / name)
    return {name: folder / name for name in contents}


def _without_empty(record: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in record.items() if value}


def _line(record: Mapping[str, object]) -> str:
    return json.dumps(record, ensure_ascii=False) + "\n"
