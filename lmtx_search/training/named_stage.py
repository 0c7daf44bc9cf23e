"""Teaches the encoder from documents that name a label, before the judge is asked anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from lmtx_search.encoder.passages import label_passage
from lmtx_search.progress import SILENT, Progress
from lmtx_search.training.centering import open_shortlister
from lmtx_search.training.development import FirstLabels, first_labels
from lmtx_search.training.named_documents import NEAR, NamedDocument, find_named, without_name
from lmtx_search.training.resources import RunResources
from lmtx_search.training.sampling import shuffled_by_length
from lmtx_search.training.settings import TrainingSettings
from lmtx_search.training.shortlist import Encoder, Search, Shortlister, embed_once
from lmtx_search.training.stage_timer import StageTimer

LEAST_DOCUMENTS = 100
"""Fewer documents that name a label teach nothing: the stage is left out."""


@dataclass(frozen=True)
class NamedResult:
    """What the stage did.

    Attributes:
        read: number of documents that were looked at.
        named: number of those that name a label, which the encoder was trained on.
        labels: number of different labels that they name.
        firsts: the untrained encoder's first labels of the held-out documents.
        trained: whether an encoder was written.
        seconds: by stage.
    """

    read: int
    named: int
    labels: int
    firsts: FirstLabels
    trained: bool
    seconds: Mapping[str, float]


def teach_from_names(
    resources: RunResources,
    settings: TrainingSettings,
    encoder: Encoder,
    search: Search,
    output: Path,
    progress: Progress = SILENT,
) -> NamedResult:
    """Train the encoder on the documents that name a label, and write it to ``output``.

    Nothing is written if fewer than :data:`LEAST_DOCUMENTS` documents name a label, for instance
    because the labels are codes, or words of another language.

    Args:
        encoder, search: the untrained encoder and the search in its label embeddings.

    Raises:
        LmtxError: the training failed.
    """
    timer = StageTimer()
    labels = {label.id: label for label in resources.labels}
    documents = list(resources.training[: settings.unjudged_documents])
    with timer.stage("find named labels"):
        stage = "Read documents with the untrained encoder"
        with progress.stage(stage, len(documents), "documents") as advance:
            embed_once(encoder, documents, resources.untrained, advance)
        shortlister = open_shortlister(
            encoder,
            search,
            min(NEAR, len(labels)),
            documents=documents,
            labels=len(labels),
            tokens=settings.fine_tuning.document_tokens,
            centered=settings.centered,
            retrieval="dense",
            known=resources.untrained,
            progress=progress,
        )
        with progress.stage("Find labels that documents name", len(documents), "texts") as advance:
            for _ in shortlister.shortlists(documents):
                advance(1)
        # Names behind what the encoder reads are less often right, and it cannot learn from them.
        texts = encoder.beginnings([document.text for document in documents])
        read = [replace(one, text=text) for one, text in zip(documents, texts, strict=True)]
        named = find_named(read, shortlister.rankings, labels)
        held_out = Shortlister(encoder, search, 1).shortlists(resources.development)
        firsts = first_labels({document.id: ranking for document, ranking in held_out})
    trained = len(named) >= LEAST_DOCUMENTS
    if trained:
        with timer.stage("train on named labels"):
            _train(resources, settings, named, output, progress)
    return NamedResult(
        read=len(documents),
        named=len(named),
        labels=len({label for one in named for label in one.names}),
        firsts=firsts,
        trained=trained,
        seconds=timer.seconds,
    )


def _train(
    resources: RunResources,
    settings: TrainingSettings,
    named: Sequence[NamedDocument],
    output: Path,
    progress: Progress,
) -> None:
    # Imported here, because it needs torch.
    from lmtx_search.training.student.fine_tuning import fine_tune
    from lmtx_search.training.student.training_data import TrainingData

    random = Random(f"{settings.seed} named")
    position = {label.id: place for place, label in enumerate(resources.labels)}
    texts: list[str] = []
    chosen: list[int] = []
    for one in named:
        label = random.choice(sorted(one.names))
        texts.append(without_name(one.document.text, one.names[label]))
        chosen.append(position[label])
    order = shuffled_by_length(texts, settings.fine_tuning.batch_size, random)
    steps = [(place, chosen[place]) for place in order]
    data = TrainingData(
        texts,
        [label_passage(label) for label in resources.labels],
        [frozenset(position[label] for label in one.never_negative) for one in named],
        steps,
    )
    tuning = replace(settings.fine_tuning, negatives="hardest")
    with progress.stage("Train on documents that name a label", len(steps), "documents") as advance:
        fine_tune(resources.base, output, data, tuning, settings.seed, advance)
