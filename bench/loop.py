"""Shared parts of the benchmarks of the loop: labelled folders, perfect judges, a file store.

A folder holds labels.jsonl.gz, train.jsonl.gz, test.jsonl.gz, gold-train.tsv.gz, gold-test.tsv.gz.
The loop is that of the product, without OpenSearch: labels are searched exactly in memory, and
judgments are stored in a JSONL file. Many runs therefore fit into an hour.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lmtx_search.encoder.bands import choose_bands
from lmtx_search.encoder.folder import resolve_encoder
from lmtx_search.encoder.label_embeddings import embed_labels
from lmtx_search.encoder.load import load_encoder
from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.encoder.reading import TextReader, rank_labels
from lmtx_search.encoder.windows import ONE_WINDOW
from lmtx_search.judges.base import Answer, Pair
from lmtx_search.judges.order import Case, Order, OrderedJudge, cases_of
from lmtx_search.judges.order.exhaustive import Exhaustive
from lmtx_search.judges.prompts import Prompt
from lmtx_search.records import Document, Judgment, Label
from lmtx_search.settings import Settings
from lmtx_search.sources import read_documents, read_gold, read_labels
from lmtx_search.tagging.versions.thresholds import own_thresholds
from lmtx_search.training.cycle import CycleResult
from lmtx_search.training.resources import RunResources
from lmtx_search.training.resources_in_memory import resources_in_memory
from lmtx_search.training.sampling import hold_out, sample_documents
from lmtx_search.training.settings import TrainingSettings
from lmtx_search.training.targets.answers import Answers
from lmtx_search.training.targets.judge_calibration import YES
from lmtx_search.training.teacher.judging import Store
from lmtx_search.words.weights import WordScoring

Gold = Mapping[str, Set[str]]

# Above all scores, with evidence from words and offsets.
_ANY_SCORE = 9.0


@dataclass(frozen=True)
class Folder:
    """The content of a labelled folder."""

    name: str
    labels: list[Label]
    train: list[Document]
    test: list[Document]
    gold_train: Gold
    gold_test: Gold


def read_folder(folder: Path, fields: Sequence[str] = ("title", "text")) -> Folder:
    """Read a folder; documents without text or without gold tags are left out."""
    gold = {part: read_gold(folder / f"gold-{part}.tsv.gz") for part in ("train", "test")}
    documents = {
        part: [
            document
            for document in read_documents(folder / f"{part}.jsonl.gz", "id", list(fields))
            if isinstance(document, Document) and document.text.strip() and document.id in tags
        ]
        for part, tags in gold.items()
    }
    return Folder(
        folder.name,
        list(read_labels(folder / "labels.jsonl.gz")),
        documents["train"],
        documents["test"],
        gold["train"],
        gold["test"],
    )


class FileStore:
    """Judgments in a JSONL file, so that each is asked only once."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._known: dict[str, Judgment] = {}
        if file.is_file():
            with file.open(encoding="utf-8") as lines:
                for line in lines:
                    judgment = Judgment(**json.loads(line))
                    self._known[judgment.id] = judgment

    def find(self, ids: Iterable[str]) -> dict[str, Judgment]:
        """Return the stored judgments."""
        return {id_: self._known[id_] for id_ in ids if id_ in self._known}

    def by_document(self) -> dict[str, dict[str, float]]:
        """Return P(yes) by document id, then by label id."""
        found: dict[str, dict[str, float]] = {}
        for judgment in self._known.values():
            found.setdefault(judgment.document_id, {})[judgment.label_id] = judgment.p_yes
        return found

    def add(self, judgments: list[Judgment]) -> None:
        """Write judgments."""
        with self._file.open("a", encoding="utf-8") as out:
            for judgment in judgments:
                self._known[judgment.id] = judgment
                out.write(json.dumps(asdict(judgment)) + "\n")


@dataclass
class KnowingJudge:
    """Answers from a function: gold tags (a perfect judge), or the rank (no judge at all)."""

    name: str
    answer: Callable[[Pair], float]
    prompt: Prompt = field(default_factory=lambda: Prompt("none", "", "{document}", "{label}", 1))
    lost: dict[str, str] = field(default_factory=dict)
    chat_problem: str = ""

    @property
    def digest(self) -> str:
        """The judge's name; nothing is stored under it."""
        return self.name

    def ask(self, pairs: Iterable[Pair]) -> Iterator[Answer]:
        """Answer pairs."""
        return self.ask_cases(cases_of(pairs), Exhaustive())

    def ask_cases(self, cases: Iterable[Case], order: Order) -> Iterator[Answer]:
        """Answer the questions that the order chooses for each document."""
        for case in cases:
            while isinstance(position := order.next(case), int):
                pair = case.pairs[position]
                case.answers[position] = value = self.answer(pair)
                order.learn(pair, value)
                yield Answer(pair, value, self.name)


def perfect_judge(gold: Gold) -> KnowingJudge:
    """The ceiling: says yes only to the gold tags."""
    return KnowingJudge("perfect", lambda pair: float(pair.label.id in gold[pair.document.id]))


def first_label_judge() -> KnowingJudge:
    """The control: says yes to the first label of each shortlist, without an LLM."""
    return KnowingJudge("control", lambda pair: float(pair.rank == 0))


def run_resources(
    settings: Settings,
    folder: Folder,
    training: TrainingSettings,
    judge: OrderedJudge,
    store: Store,
) -> RunResources:
    """Return the resources of the loop, with labels searched in memory."""
    base = resolve_encoder(settings.encoder.name, settings.cache_dir)
    sample = sample_documents(folder.train, training.most_documents, training.seed)
    held_in, held_out = hold_out(sample, training.most_development)

    def load(path: Path, tokens: int) -> OnnxEncoder:
        return load_encoder(settings, folder=path, max_tokens=tokens)

    return resources_in_memory(
        base, load, training.fine_tuning, folder.labels, held_in, held_out, judge, store
    )


SHOWN = ("P@1", "P@5", "R@10")


def rankings(
    settings: Settings,
    folder: Folder,
    encoder: Path,
    words: WordScoring | None = None,
    tokens: int = 128,
) -> dict[str, list[str]]:
    """Return the ten best labels of all test documents, read and scored as by a tagger."""
    scored = scored_rankings(settings, folder, encoder, words, tokens)
    return {id_: [label for label, _ in ranking] for id_, ranking in scored.items()}


def scored_rankings(
    settings: Settings,
    folder: Folder,
    encoder: Path,
    words: WordScoring | None = None,
    tokens: int = 128,
) -> dict[str, list[tuple[str, float]]]:
    """Return the ten best labels of all test documents with their scores."""
    texts = load_encoder(settings, folder=encoder, max_tokens=tokens, precision="int8")
    names = load_encoder(settings, folder=encoder, max_tokens=64)
    vectors = embed_labels(names, folder.labels)
    found = rank_labels(
        TextReader(texts, ONE_WINDOW, words),
        [document.text for document in folder.test],
        folder.labels,
        [label.id for label in folder.labels],
        vectors,
        10,
    )
    return {
        document.id: list(ranking) for document, ranking in zip(folder.test, found, strict=True)
    }


def outcomes(folder: Folder, ranked: Mapping[str, Sequence[str]]) -> NDArray[np.float64]:
    """Return P@1, P@5 and R@10 of each test document, from 0 to 1: float64[n, 3]."""
    found = []
    for document in folder.test:
        gold = folder.gold_test[document.id]
        right = [label in gold for label in ranked[document.id][:10]]
        found.append((sum(right[:1]), sum(right[:5]) / 5, sum(right) / len(gold)))
    return np.array(found, dtype=np.float64)


def over_use(folder: Folder, ranked: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return the label that most test documents get, with its share and its share by gold tags.

    Each document gets as many of its best labels as documents have gold tags on average. A share
    far above that by gold tags means that the label takes the place of others.
    """
    gold = [folder.gold_test[document.id] for document in folder.test]
    each = max(1, round(sum(map(len, gold)) / len(gold)))
    given = Counter(label for document in folder.test for label in ranked[document.id][:each])
    label, count = given.most_common(1)[0]
    return {
        "most used": label,
        "its share": round(100 * count / len(gold), 1),
        "its share by gold": round(100 * sum(label in tags for tags in gold) / len(gold), 1),
    }


def applied_shares(
    cycle: CycleResult, rankings: Iterable[Sequence[tuple[str, float]]]
) -> dict[str, Any]:
    """Return the label whose share of documents is furthest above what the judge supports.

    A label is applied as by a deployment with default settings. The judge supports a label in a
    document of the training that it was asked about if the label is rather right than wrong by the
    judge's answers. Labels that are applied to less than a hundredth of the documents do not count.

    Args:
        rankings: labels and scores of each test document, best first.
    """
    development, right = cycle.development, Answers(cycle.judged.p_yes, {}).right()
    assert development.spread is not None, "all best scores are equal"
    own = own_thresholds(
        development.threshold, development.calibration, _ANY_SCORE, development.lowered
    )
    bands = choose_bands(development.threshold, development.spread, own)
    every = list(rankings)
    applied = Counter(
        label
        for ranking in every
        for label, score in ranking
        if bands.probability(label, score) >= bands.apply_from
    )
    yes = Counter(label for of in right.values() for label, p in of.items() if p >= YES)
    shares = {
        label: (100 * count / len(every), 100 * yes[label] / len(right))
        for label, count in applied.items()
        if 100 * count >= len(every)
    }
    label = max(shares, key=lambda one: shares[one][0] / max(shares[one][1], 1e-9))
    first = applied.most_common(1)[0][0]
    return {
        name: {"label": one, "applied": round(shares[one][0], 1), "judge": round(shares[one][1], 1)}
        for name, one in (("furthest above the judge", label), ("applied most", first))
    }


def percent(of_documents: NDArray[np.float64]) -> dict[str, float]:
    """Return the means of P@1, P@5 and R@10 in percent."""
    means = 100 * of_documents.mean(axis=0)
    return {name: round(float(mean), 1) for name, mean in zip(SHOWN, means, strict=True)}
