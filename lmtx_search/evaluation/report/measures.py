"""Tags documents with the run's encoder and measures it beside other systems."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from lmtx_search.encoder.label_embeddings import embed_labels
from lmtx_search.encoder.load import load_encoder
from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.encoder.reading import TextReader, rank_labels
from lmtx_search.encoder.windows import Windows
from lmtx_search.evaluation import systems
from lmtx_search.evaluation.gold.gold_set import GoldSet
from lmtx_search.evaluation.metrics.measure import Output, measure
from lmtx_search.evaluation.report.data import Measures
from lmtx_search.progress import Progress
from lmtx_search.records import Document, Label
from lmtx_search.settings import Settings
from lmtx_search.tagging.deployment.encoder_source import EncoderSource, untrained_source
from lmtx_search.words.weights import fitted


@dataclass(frozen=True)
class TaggedDocuments:
    """Tags and rankings, the score of each first label, and the label embeddings."""

    output: Output
    scores: dict[str, float]
    vectors: Any


def tag_documents(
    settings: Settings,
    labels: Sequence[Label],
    source: EncoderSource,
    documents: Sequence[Document],
    progress: Progress,
) -> TaggedDocuments:
    """Tag documents as the run's tagger would, and keep what the report needs besides."""
    system = systems.encoder(settings, labels, source, "this run")
    output = system.rank(documents, progress)
    settings = source.as_read(settings)

    def load(tokens: int) -> OnnxEncoder:
        return load_encoder(settings, max_tokens=tokens, folder=source.folder)

    vectors = embed_labels(load(settings.encoder.label_tokens), labels)
    read = [document for document in documents if document.text.strip()]
    reader = TextReader(
        load(settings.encoder.document_tokens), Windows.of(settings.encoder), source.words
    )
    ids = [label.id for label in labels]
    firsts = rank_labels(reader, [document.text for document in read], labels, ids, vectors, 1)
    scores = {d.id: ranking[0][1] for d, ranking in zip(read, firsts, strict=True)}
    return TaggedDocuments(output, scores, vectors)


def other_systems(
    settings: Settings,
    client: Any,
    labels: Sequence[Label],
    documents: Sequence[Document],
    progress: Progress,
) -> dict[str, Output]:
    """Rank labels for documents with the systems that the run is shown beside."""
    untrained = systems.encoder(settings, labels, untrained_source(settings), "untrained")
    return {
        "BM25": systems.bm25(client, "BM25").rank(documents, progress),
        "untrained": untrained.rank(documents, progress),
    }


def measures_of(outputs: Mapping[str, Output], gold_set: GoldSet) -> dict[str, Measures]:
    """Measure each system against the gold tags."""
    return {
        name: {
            m: asdict(one)
            for m, one in measure(output, gold_set.usable.gold, gold_set.weighing)
            .estimates()
            .items()
        }
        for name, output in outputs.items()
    }


def cycle_measures(
    settings: Settings,
    labels: Sequence[Label],
    source: EncoderSource,
    gold_set: GoldSet,
    progress: Progress,
) -> list[Measures]:
    """Measure the encoder of each cycle that the run kept.

    Args:
        source: of the run, with the digests of the labels that it learned.
    """
    found = []
    settings = source.as_read(settings)
    for cycle in cycles_of(source, labels):
        system = systems.encoder(settings, labels, cycle, f"cycle {cycle.name}")
        output = Output(system.rank(gold_set.documents, progress).rankings)
        found.append(measures_of({"": output}, gold_set)[""])
    return found


def cycles_of(source: EncoderSource, labels: Sequence[Label]) -> Iterator[EncoderSource]:
    """Yield the encoder of each cycle that a run kept, without offsets of labels that changed."""
    folder = source.folder.parent / "cycles"
    number = 1
    while (encoder := folder / str(number) / "encoder").is_dir():
        words = fitted(source.words, encoder.parent)
        cycle = EncoderSource(encoder, str(number), words=words, label_digests=source.label_digests)
        yield cycle.for_labels(labels)[0]
        number += 1
