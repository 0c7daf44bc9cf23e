"""What a static encoder loses against the transformer it was distilled from, and how fast it is.

Distils the encoder on the training documents of a folder (without gold tags), then measures both on
its test documents: P@1 and R@10, by the encoder alone and with evidence from words, as a deployed
tagger scores: words of as many windows, with the weights of words and the offsets of labels beside
--encoder (a run's), or the default weights; and the share of documents with the same first label.
For the speed, two taggers take turns
on the same batches, so that a busy machine slows both: the static one, and the transformer in int8,
as `deploy` makes it. "encoder" is the encoder alone, with its tokenizer.

    python bench/static.py FOLDER --encoder runs/RUN/encoder
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields, replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from loop import Folder, read_folder

from lmtx_search.encoder.label_embeddings import embed_labels
from lmtx_search.encoder.load import load_encoder
from lmtx_search.encoder.nearest import nearest
from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.encoder.reading import TextReader
from lmtx_search.encoder.student import Student
from lmtx_search.encoder.windows import Windows, best_of_windows, word_windows
from lmtx_search.encoder.word_scoring import MOST_DOCUMENTS, word_scoring
from lmtx_search.settings import Settings, load_settings
from lmtx_search.tagging.scoring.tagger import Tagger
from lmtx_search.tagging.versions.contents import (
    TaggingRule,
    VersionEncoder,
    VersionLabels,
    VersionStudent,
)
from lmtx_search.tagging.versions.store import TaggerVersions
from lmtx_search.training.static_encoder.settings import Distillation
from lmtx_search.training.static_encoder.student_folder import make_student
from lmtx_search.words.weights import DEFAULT_FACTOR, WordScoring, fitted

DEPTH = 10
# Documents that the pipeline sends in a request.
BATCH = 256


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="labels, documents and gold tags")
    parser.add_argument("--encoder", type=Path, help="folder of the transformer")
    parser.add_argument("--train", type=int, default=30_000, help="documents to learn from")
    parser.add_argument("--speed", type=int, default=1024, help="documents for the speed")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=0, help="of torch (0: one for each core)")
    for field in fields(Distillation):
        parser.add_argument(f"--{field.name.replace('_', '-')}", type=type(field.default))
    arguments = parser.parse_args()
    changes = {field.name: getattr(arguments, field.name) for field in fields(Distillation)}
    wanted = replace(Distillation(), **{k: v for k, v in changes.items() if v is not None})
    if arguments.threads:
        import torch

        torch.set_num_threads(arguments.threads)
    settings = load_settings(flags={})
    folder = read_folder(arguments.folder)
    train = folder.train[: arguments.train]
    with tempfile.TemporaryDirectory() as scratch:
        # What is made of the static encoder is not kept.
        passing = settings.model_copy(update={"cache_dir": Path(scratch)})
        teacher = _load(settings, arguments.encoder)
        reads_labels = _load(settings, arguments.encoder, settings.encoder.label_tokens)
        vectors = embed_labels(reads_labels, folder.labels)
        held_out = min(wanted.most_held_out, int(wanted.held_out_share * len(train)))
        texts = [document.text for document in train]
        made = Path(scratch) / "student"
        made.mkdir()
        started = time.perf_counter(), time.process_time()
        windows = Windows.of(settings.encoder)
        parts = texts[:-held_out], texts[-held_out:]
        make_student(made, teacher, vectors, *parts, wanted, windows.most)
        seconds = [round(time.perf_counter() - started[0]), round(time.process_time() - started[1])]
        student = _load(passing, made)
        words = _words(teacher, folder, texts, windows.most, arguments.encoder)
        rankings: dict[str, dict[str, list[list[str]]]] = {"encoder alone": {}, "with words": {}}
        for name, encoder in (("transformer", teacher), ("static", student)):
            for side, found in _rank(encoder, folder, vectors, words, windows).items():
                rankings[side][name] = found
        result: dict[str, Any] = {
            "folder": folder.name,
            "encoder": str(arguments.encoder or settings.encoder.name),
            "labels": len(folder.labels),
            "documents": {"train": len(train), "test": len(folder.test)},
            "words": {
                "windows": words.windows,
                "weights": asdict(words.weights),
                "labels with an offset": len(words.offsets),
            },
            "seconds to distil": {"wall": seconds[0], "processor": seconds[1]},
            "cores": len(os.sched_getaffinity(0)),
            **{side: _quality(folder, found) for side, found in rankings.items()},
            "speed": _speed(passing, arguments, folder, teacher, student, vectors, words),
        }
    print(json.dumps(result, indent=1))


def _load(settings: Settings, folder: Path | None, tokens: int | None = None) -> OnnxEncoder:
    most = tokens or settings.encoder.document_tokens
    return load_encoder(settings, max_tokens=most, folder=folder, precision="fp32")


def _words(
    teacher: OnnxEncoder, folder: Folder, texts: Sequence[str], windows: int, run: Path | None
) -> WordScoring:
    """Return how words count in a tagger of this encoder, as `deploy` lets them."""
    for_words = word_windows(teacher.max_tokens, windows)
    known = texts[:MOST_DOCUMENTS]
    words = word_scoring(teacher, folder.labels, known, for_words, DEFAULT_FACTOR)
    return words if run is None else fitted(words, run.parent) or words


def _rank(
    encoder: OnnxEncoder, folder: Folder, vectors: Any, words: WordScoring, windows: Windows
) -> dict[str, list[list[str]]]:
    """Return the best labels of each test document, without and with evidence from words."""
    reader = TextReader(encoder, windows, words)
    forms = reader.label_forms()
    assert forms is not None
    forms.put(folder.labels)
    ids = [label.id for label in folder.labels]
    read = reader.read([document.text for document in folder.test])
    evidence = forms.of(ids).scores(read.words_by_vector(), forms.weights)
    return {
        side: [
            [label for label, _ in one]
            for one in best_of_windows(
                nearest(read.vectors, vectors, ids, DEPTH, plus), read.counts, DEPTH
            )
        ]
        for side, plus in (("encoder alone", None), ("with words", evidence))
    }


def _quality(folder: Folder, found: Mapping[str, list[list[str]]]) -> dict[str, Any]:
    """P@1 and R@10 of each encoder in percent, what is lost, and how often both agree."""
    gold = [folder.gold_test[document.id] for document in folder.test]
    measures: dict[str, dict[str, float]] = {}
    for name, rankings in found.items():
        both = list(zip(rankings, gold, strict=True))
        measures[name] = {
            "P@1": 100 * float(np.mean([ranking[0] in right for ranking, right in both])),
            "R@10": 100
            * float(np.mean([len(right & set(ranking)) / len(right) for ranking, right in both])),
        }
    of = measures["transformer"], measures["static"]
    firsts = zip(found["transformer"], found["static"], strict=True)
    return {
        "lost": {name: round(of[0][name] - of[1][name], 1) for name in of[0]},
        **{name: {m: round(v, 1) for m, v in each.items()} for name, each in measures.items()},
        "same first label": round(float(np.mean([one[0] == two[0] for one, two in firsts])), 3),
    }


def _speed(
    settings: Settings,
    arguments: argparse.Namespace,
    folder: Folder,
    teacher: OnnxEncoder,
    student: OnnxEncoder,
    vectors: Any,
    words: WordScoring,
) -> dict[str, Any]:
    """Documents a second, and the ratio static to transformer."""
    texts = [document.text for document in folder.test[: arguments.speed]]
    int8 = OnnxEncoder(teacher.folder, teacher.max_tokens, precision="int8")
    record = Student(student.digest, 1.0, 0)
    taggers: dict[str, Tagger] = {}
    for name, of_student in (
        ("transformer", None),
        ("static", VersionStudent(student.folder, record)),
    ):
        version = TaggerVersions(settings.cache_dir / name).create(
            VersionEncoder(
                teacher.folder,
                name,
                teacher.digest,
                "int8" if of_student is None else "fp32",
                teacher.max_tokens,
                Windows.of(settings.encoder),
                student=of_student,
            ),
            VersionLabels(folder.labels, vectors),
            TaggingRule(0.3, DEPTH),
            words,
        )
        taggers[name] = Tagger(version)
    return {
        "encoder": _in_turns(
            {"transformer": int8.encode, "static": student.encode}, texts, arguments.rounds
        ),
        "tagger": _in_turns(
            {name: tagger.tag for name, tagger in taggers.items()}, texts, arguments.rounds
        ),
    }


def _in_turns(
    read: Mapping[str, Callable[[list[str]], Any]], texts: Sequence[str], rounds: int
) -> dict[str, Any]:
    wall: dict[str, list[float]] = {name: [] for name in read}
    processor: dict[str, list[float]] = {name: [] for name in read}
    batches = [list(texts[start : start + BATCH]) for start in range(0, len(texts), BATCH)]
    for batch in batches * rounds:
        for name, function in read.items():
            started = time.perf_counter(), time.process_time()
            function(batch)
            wall[name].append((time.perf_counter() - started[0]) / len(batch))
            processor[name].append((time.process_time() - started[1]) / len(batch))
    rates = {name: 1 / median(times) for name, times in wall.items()}
    used = {name: 1 / median(times) for name, times in processor.items()}
    return {
        "ratio": round(rates["static"] / rates["transformer"], 1),
        "ratio by processor time": round(used["static"] / used["transformer"], 1),
        "documents_per_second": {name: round(rate, 1) for name, rate in rates.items()},
    }


if __name__ == "__main__":
    main()
