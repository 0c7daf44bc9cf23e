"""What decisions of people teach: a simulated editor answers from gold tags, in the queue's order.

Scores the documents of a folder with a trained encoder. The editor decides on labels that are among
the best of training documents, `--step` at a time, either in the order of the page Decide
(uncertainty times the weight of the label) or in random order. After each step, the offsets of
labels are fitted to the judge's answers and to the editor's, as `deploy` fits them, and so are the
probabilities. The queue holds what the page would show (suggestions, and tags that are not sure)
and is ordered anew (see lmtx_search/cluster/decisions/worth.py). Words are read and weighed as by
the run. P@1, P@5, R@10 and micro F1 are those
of all test documents; the editor never sees these. Random order is the mean of `--draws` runs.

    python bench/editors.py FOLDER --encoder runs/RUN/encoder --answers judgments.jsonl
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from loop import FileStore, Folder, Gold, read_folder
from numpy.typing import NDArray

from lmtx_search.cluster.decisions.worth import (
    FIRST_LABELS,
    OF_A_LATER_LABEL,
    SURE,
    label_weight,
    uncertainty,
)
from lmtx_search.encoder.bands import MOST_SUGGESTIONS, Bands, choose_bands
from lmtx_search.encoder.calibration import fit_calibration
from lmtx_search.encoder.label_embeddings import embed_labels
from lmtx_search.encoder.load import load_encoder
from lmtx_search.encoder.reading import TextReader
from lmtx_search.encoder.score_threshold import RANKED, choose_threshold
from lmtx_search.encoder.windows import ONE_WINDOW, word_windows
from lmtx_search.encoder.word_scoring import MOST_DOCUMENTS, word_scoring
from lmtx_search.records import Document
from lmtx_search.settings import load_settings
from lmtx_search.tagging.deployment.encoder_source import run_words
from lmtx_search.tagging.versions.thresholds import own_thresholds
from lmtx_search.training.targets.answers import Answers
from lmtx_search.training.targets.label_offsets import label_offsets
from lmtx_search.words.importance import PAIRS_FILE
from lmtx_search.words.weights import DEFAULT_FACTOR, DEFAULT_WEIGHTS, fitted

DEPTH = 10

MAX_TAGS = 10
"""The largest number of tags of a document, as `deploy` has it."""

RANDOM_CANDIDATES = 5
"""Best labels of a document from which random order chooses."""

HELD_OUT = 100

ANY_SCORE = 9.0
"""Above all scores, with evidence from words and offsets."""

Floats = NDArray[np.float32]


@dataclass
class Scored:
    """Documents with the score of each label (float32[documents, labels]) and its gold tags."""

    ids: list[str]
    scores: Floats
    gold: NDArray[np.bool_]


class Editor:
    """Decides on labels of training documents.

    Args:
        order: "queue" or "random".
        named: number of documents that name a label, by id.
    """

    def __init__(
        self,
        train: Scored,
        labels: list[str],
        judge: dict[str, dict[str, float]],
        order: str,
        named: Mapping[str, int],
    ) -> None:
        self.train, self.labels, self.judge, self.order = train, labels, judge, order
        self.named = named
        self.decided: dict[tuple[int, int], bool] = {}
        self.generator = np.random.default_rng(0)
        self._row_of = {id_: row for row, id_ in enumerate(train.ids)}
        self._column_of = {id_: column for column, id_ in enumerate(labels)}

    def offsets(self) -> Floats:
        """Return the offsets of labels by all answers: float32[labels]."""
        rows, columns, right = self._answers()
        scores = self.train.scores[rows, columns]
        by_people = [pair in self.decided for pair in zip(rows, columns, strict=True)]
        return label_offsets(scores, columns, right, by_people, len(self.labels))

    def decide(self, count: int, offsets: Floats) -> None:
        """Decide on the ``count`` pairs that come next."""
        scores = self.train.scores + offsets
        best = np.argsort(-scores, axis=1, kind="stable")[:, : MAX_TAGS + MOST_SUGGESTIONS]
        if self.order == "random":
            chosen = self._at_random(best, count)
        else:
            near = np.take_along_axis(scores, best, axis=1)
            chosen = self._queue(near, best, self._bands(scores, offsets), count)
        for row, column in chosen:
            self.decided[row, column] = bool(self.train.gold[row, column])

    def _at_random(self, best: NDArray[np.int64], count: int) -> list[tuple[int, int]]:
        candidates = best[:, :RANDOM_CANDIDATES].tolist()
        pairs = [(row, column) for row, columns in enumerate(candidates) for column in columns]
        new = [pair for pair in pairs if pair not in self.decided]
        return [new[place] for place in self.generator.permutation(len(new))[:count]]

    def _queue(
        self, scores: Floats, best: NDArray[np.int64], bands: Bands, count: int
    ) -> list[tuple[int, int]]:
        """Return the pairs that are worth most, one after another."""
        labels = len(self.labels)
        of_labels = bands.rows(self.labels)[best]
        probabilities = bands.probabilities(scores.ravel(), of_labels.ravel())
        probabilities = probabilities.reshape(scores.shape)
        applied = probabilities >= bands.apply_from
        applied &= np.cumsum(applied, axis=1) <= MAX_TAGS
        suggested = ~applied & (probabilities >= bands.suggest_from)
        suggested &= np.cumsum(suggested, axis=1) <= MOST_SUGGESTIONS
        accepted = np.zeros(labels, dtype=np.int64)
        for (row, column), right in self.decided.items():
            there = best[row] == column
            suggested[row] &= ~there
            accepted[column] += right and not (applied[row] & there).any()
            applied[row] &= ~there | right
        is_open = suggested | (applied & (probabilities < SURE))
        for row, column in self.decided:
            is_open[row] &= best[row] != column
        worth = np.vectorize(uncertainty)(probabilities) * np.where(
            _first(np.where(is_open, probabilities, -1.0)), 1, OF_A_LATER_LABEL
        )
        worth[~is_open] = 0
        changes = np.bincount(best[suggested], minlength=labels).tolist()
        occurs = (np.bincount(best[applied | suggested], minlength=labels) + accepted).tolist()
        decided = np.bincount([c for _, c in self.decided], minlength=labels).tolist()
        weights = np.array(
            [label_weight(o, c, d) for o, c, d in zip(occurs, changes, decided, strict=True)]
        )
        chosen: list[tuple[int, int]] = []
        for _ in range(count):
            row, place = np.unravel_index(int(np.argmax(worth * weights[best])), worth.shape)
            if not worth[row, place]:
                break  # the queue is empty
            column = int(best[row, place])
            worth[row, place] = 0
            decided[column] += 1
            weights[column] = label_weight(occurs[column], changes[column], decided[column])
            chosen.append((int(row), column))
        return chosen

    def _bands(self, scores: Floats, offsets: Floats) -> Bands:
        """Return which labels are applied and suggested, as a deployment chooses them."""
        rows, columns, right = self._answers()
        known = zip(rows, columns, right, strict=True)
        pairs = [(self.labels[c], float(scores[r, c]), p) for r, c, p in known]
        held_out = scores[-HELD_OUT:]
        best = np.argsort(-held_out, axis=1, kind="stable")[:, :RANKED]
        rankings = [
            [(self.labels[column], float(of_document[column])) for column in columns]
            for of_document, columns in zip(held_out, best.tolist(), strict=True)
        ]
        chosen = choose_threshold(rankings, self.named)
        assert chosen.spread is not None, "all best scores are equal"
        own = own_thresholds(chosen.value, fit_calibration(pairs), ANY_SCORE, chosen.lowered)
        return choose_bands(chosen.value, chosen.spread, own)

    def _answers(self) -> tuple[list[int], list[int], list[float]]:
        people: dict[str, dict[str, float]] = {}
        for (row, column), right in self.decided.items():
            people.setdefault(self.train.ids[row], {})[self.labels[column]] = float(right)
        found = [
            (self._row_of[document], self._column_of[label], p)
            for document, of_labels in Answers(self.judge, people).right().items()
            for label, p in of_labels.items()
            if document in self._row_of and label in self._column_of
        ]
        rows, columns, right = zip(*found, strict=True) if found else ((), (), ())
        return list(rows), list(columns), list(right)


def _first(probabilities: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which open labels are the first ones of their document; those that are not have −1."""
    order = np.argsort(-probabilities, axis=1, kind="stable")
    place = np.argsort(order, axis=1, kind="stable")
    found: NDArray[np.bool_] = place < FIRST_LABELS
    return found


def measure(test: Scored, held_out: Floats, offsets: Floats) -> NDArray[np.float64]:
    """Return P@1, P@5, R@10 and micro F1 of all test documents, in percent."""
    scores = test.scores + offsets
    best = np.argsort(-scores, axis=1, kind="stable")[:, :DEPTH]
    right = np.take_along_axis(test.gold, best, axis=1)
    firsts = (held_out + offsets).max(axis=1)
    threshold = choose_threshold([[("", float(score))] for score in firsts]).value
    given = np.take_along_axis(scores, best, axis=1) >= threshold
    gold = test.gold.sum(axis=1)
    f1 = 2 * (right & given).sum() / (given.sum() + gold.sum())
    recall = (right.sum(axis=1) / gold).mean()
    return 100 * np.array([right[:, 0].mean(), right[:, :5].mean(), recall, f1])


def score(
    arguments: argparse.Namespace, folder: Folder
) -> tuple[Scored, Scored, Mapping[str, int]]:
    """Return the training and the test documents with the scores of encoder and words.

    The last result is the number of training documents that name a label, by id. Offsets of labels
    do not count yet.
    """
    settings = load_settings(flags={})
    tokens = settings.encoder.document_tokens
    encoder = load_encoder(settings, folder=arguments.encoder, max_tokens=tokens, precision="int8")
    reads_labels = load_encoder(
        settings, folder=arguments.encoder, max_tokens=settings.encoder.label_tokens
    )
    train = folder.train[: arguments.train]
    windows = word_windows(tokens, ONE_WINDOW.most)
    texts = [document.text for document in train[:MOST_DOCUMENTS]]
    counted = word_scoring(encoder, folder.labels, texts, windows, DEFAULT_FACTOR)
    beside = arguments.encoder.parent
    record = {
        "words": asdict(DEFAULT_WEIGHTS.times(DEFAULT_FACTOR)),  # where answers chose none
        "word_windows": windows,
        "word_pairs": (beside / PAIRS_FILE).is_file(),
    }
    words = fitted(run_words(arguments.encoder, record), beside)
    assert words is not None
    reader = TextReader(encoder, ONE_WINDOW, replace(words, offsets={}))
    vectors = embed_labels(reads_labels, folder.labels)
    forms = reader.label_forms()
    assert forms is not None
    forms.put(folder.labels)
    evidence = forms.of([label.id for label in folder.labels])

    def scored(documents: list[Document], gold: Gold) -> Scored:
        texts = reader.read([document.text for document in documents])
        scores = texts.vectors @ vectors.T
        evidence.scores(texts.words_by_vector(), forms.weights, plus=scores)
        right = [
            [label.id in gold[document.id] for label in folder.labels] for document in documents
        ]
        return Scored([document.id for document in documents], scores, np.array(right))

    read = scored(train, folder.gold_train), scored(folder.test, folder.gold_test)
    return *read, counted.named


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="labels, documents and gold tags")
    parser.add_argument("--encoder", type=Path, required=True, help="of a training run")
    parser.add_argument("--answers", type=Path, required=True, help="the judge's, JSONL")
    parser.add_argument("--decisions", type=int, nargs="+", default=[50, 200, 400, 800])
    parser.add_argument("--step", type=int, default=25, help="decisions between two orders")
    parser.add_argument("--train", type=int, default=3300, help="documents of the queue")
    parser.add_argument("--draws", type=int, default=3, help="of random order")
    arguments = parser.parse_args()
    folder = read_folder(arguments.folder)
    train, test, named = score(arguments, folder)
    labels = [label.id for label in folder.labels]
    judge = FileStore(arguments.answers).by_document()
    held_out = train.scores[-HELD_OUT:]
    none = np.zeros(len(labels), np.float32)
    rows: dict[str, Any] = {"no answers": measure(test, held_out, none)}
    rows["the judge alone"] = measure(
        test, held_out, Editor(train, labels, judge, "", named).offsets()
    )
    for order, draws in (("queue", 1), ("random", arguments.draws)):
        for draw in range(draws):
            editor = Editor(train, labels, judge, order, named)
            editor.generator = np.random.default_rng(draw)
            for number in arguments.decisions:
                while len(editor.decided) < number:
                    step = min(arguments.step, number - len(editor.decided))
                    before = len(editor.decided)
                    editor.decide(step, editor.offsets())
                    if len(editor.decided) == before:
                        raise SystemExit(f"nothing is left to decide on after {before} decisions")
                found = measure(test, held_out, editor.offsets()) / draws
                name = f"{number} decisions, {order} order"
                rows[name] = rows.get(name, 0) + found
                rows[f"{name}: documents"] = len({row for row, _ in editor.decided})
    print(json.dumps({k: np.round(v, 1).tolist() for k, v in rows.items()}, indent=1))


if __name__ == "__main__":
    main()
