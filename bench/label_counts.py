"""Documents a second against the number of labels, for both kinds of encoder, as a table and drawn.

For each number of labels, taggers take turns on the same requests of 256 documents, so that a busy
machine slows all of them: a transformer in int8 and a static encoder, each comparing all labels in
memory (as a service does up to `service.exact_labels`) and, with --index, searching the label index
(as it does above). Embeddings of labels and the table of the static encoder are random: no time
depends on them. Words count. If the file has too few labels, pairs of names are added. --index uses
the cluster of the settings and a version of the label index of its own, which is deleted.

    python bench/label_counts.py labels.jsonl.gz documents.jsonl.gz --figure label-counts.svg
    python bench/label_counts.py labels.jsonl.gz documents.jsonl.gz --index --data-dir D
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from statistics import median

import numpy as np
from first_documents import first_documents
from many_labels import many_labels
from numpy.typing import NDArray

from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.labels.index import LabelIndex
from lmtx_search.encoder.load import load_encoder
from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.encoder.student import Student
from lmtx_search.encoder.windows import Windows, word_windows
from lmtx_search.encoder.word_scoring import word_scoring
from lmtx_search.evaluation.plots import ACCENT, OTHER, figure, require_plots, save
from lmtx_search.records import Label, content_digest
from lmtx_search.settings import Settings, load_settings
from lmtx_search.sources import LabelFile
from lmtx_search.tagging.scoring.ranking import LabelSearch, Nearest
from lmtx_search.tagging.scoring.tagger import Tagger
from lmtx_search.tagging.versions.contents import (
    TaggingRule,
    VersionEncoder,
    VersionLabels,
    VersionStudent,
)
from lmtx_search.tagging.versions.store import TaggerVersions
from lmtx_search.training.static_encoder.student_folder import write_student
from lmtx_search.words.weights import DEFAULT_FACTOR, WordScoring

Vectors = NDArray[np.float32]
OWNER = "lmtx-bench"
# Documents that the pipeline sends in a request.
BATCH = 256


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("labels", type=Path, help="JSONL")
    parser.add_argument("documents", type=Path, help="JSONL")
    parser.add_argument("--counts", type=int, nargs="+", default=[10**3, 10**4, 10**5, 10**6])
    parser.add_argument("--encoder", type=Path, help="folder of the transformer")
    parser.add_argument("--texts", type=int, default=2 * BATCH, help="documents of a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--index", action="store_true", help="search the label index too")
    parser.add_argument("--data-dir", type=Path, help="of `lmtx-search up`, for --index")
    parser.add_argument("--figure", type=Path, help="SVG or PNG to draw")
    arguments = parser.parse_args()
    if arguments.figure:
        require_plots()
    settings = load_settings(flags={"data_dir": arguments.data_dir})
    known = list(LabelFile(arguments.labels))
    found = first_documents(settings, arguments.documents, arguments.texts)
    texts = [document.text for document in found]
    tokens = settings.encoder.document_tokens
    encoder = load_encoder(settings, max_tokens=tokens, folder=arguments.encoder, precision="int8")
    rates: dict[str, dict[int, float]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        student = random_student(settings, Path(scratch), encoder)
        for count in arguments.counts:
            labels = many_labels(known, count)
            vectors = unit_vectors(count, encoder.dimension)
            opened = index_search(settings, labels, vectors) if arguments.index else nullcontext()
            with opened as nearest, tempfile.TemporaryDirectory() as folder:
                words = word_scoring(
                    encoder,
                    labels,
                    texts,
                    word_windows(tokens, settings.encoder.windows),
                    DEFAULT_FACTOR,
                )
                versions = TaggerVersions(Path(folder))
                taggers: dict[str, Tagger] = {}
                for kind, of_student in (("transformer", None), ("static", student)):
                    name = make_version(
                        versions, settings, encoder, of_student, labels, vectors, words
                    )
                    taggers[f"{kind}, all labels compared"] = Tagger(versions.get(name))
                    if nearest is not None:
                        search = LabelSearch(0, nearest)
                        taggers[f"{kind}, label index"] = Tagger(versions.get(name), search=search)
                row = documents_per_second(taggers, texts, arguments.rounds)
            for way, rate in row.items():
                rates.setdefault(way, {})[count] = rate
            print(json.dumps({"labels": count, "documents/s": row}), flush=True)
    print(json.dumps({"cores": len(os.sched_getaffinity(0)), "documents": len(texts)}))
    if arguments.figure:
        draw(rates, arguments.figure)


def unit_vectors(count: int, dimension: int) -> Vectors:
    """Return random embeddings: float32[count, dimension]."""
    vectors = np.random.default_rng(0).standard_normal((count, dimension), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def random_student(settings: Settings, scratch: Path, encoder: OnnxEncoder) -> VersionStudent:
    """Return a static encoder with the transformer's tokenizer and a random table."""
    folder = scratch / "student"
    folder.mkdir()
    write_student(folder, encoder, unit_vectors(len(encoder.vocabulary()), encoder.dimension))
    # What is made of it is not kept.
    passing = settings.model_copy(update={"cache_dir": scratch})
    student = load_encoder(passing, max_tokens=encoder.max_tokens, folder=folder)
    return VersionStudent(student.folder, Student(student.digest, 1.0, 0))


def make_version(
    versions: TaggerVersions,
    settings: Settings,
    encoder: OnnxEncoder,
    student: VersionStudent | None,
    labels: Sequence[Label],
    vectors: Vectors,
    words: WordScoring,
) -> str:
    """Write a tagger version and return its name."""
    version = versions.create(
        VersionEncoder(
            encoder.folder,
            "label counts",
            encoder.digest,
            "int8" if student is None else "fp32",
            encoder.max_tokens,
            Windows.of(settings.encoder),
            student=student,
        ),
        VersionLabels(labels, vectors),
        TaggingRule(0.3, 10),
        words,
    )
    return version.manifest.version


@contextmanager
def index_search(
    settings: Settings, labels: Sequence[Label], vectors: Vectors
) -> Iterator[Nearest]:
    """Write labels into a version of the label index, and search it until the block ends."""
    index = LabelIndex(connect(settings.opensearch), settings.opensearch.knn_engine)
    digest = content_digest("bench: label counts", str(len(labels)))
    try:
        name = index.write_version(labels, vectors, digest, vectors.shape[1], owner=OWNER)
        yield lambda encoder_digest, rows, k: index.search(rows, k, index=name)
    finally:
        index.discard(OWNER)


def documents_per_second(
    taggers: Mapping[str, Tagger], texts: Sequence[str], rounds: int
) -> dict[str, float]:
    """Let the taggers take turns; return the median rate of each, after a request that warms up."""
    batches = [list(texts[start : start + BATCH]) for start in range(0, len(texts), BATCH)]
    for tagger in taggers.values():
        tagger.tag(batches[0])
    seconds: dict[str, list[float]] = {way: [] for way in taggers}
    for batch in batches * rounds:
        for way, tagger in taggers.items():
            started = time.perf_counter()
            tagger.tag(batch)
            seconds[way].append((time.perf_counter() - started) / len(batch))
    return {way: round(1 / median(times), 1) for way, times in seconds.items()}


def draw(rates: Mapping[str, Mapping[int, float]], file: Path) -> None:
    """Draw a line for each kind of encoder and way of finding labels."""
    with figure(6.5, 4) as (drawn, (axes,)):
        for way, by_count in rates.items():
            axes.plot(
                list(by_count),
                list(by_count.values()),
                color=ACCENT if way.startswith("static") else OTHER,
                marker="o",
                linestyle="--" if way.endswith("index") else "-",
                label=way,
            )
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlabel("labels")
        axes.set_ylabel("documents a second")
        axes.legend(frameon=False, fontsize=9)
        save(drawn, file)


if __name__ == "__main__":
    main()
