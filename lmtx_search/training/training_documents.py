"""The documents that a run learns from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lmtx_search.cluster.documents.load import read_documents
from lmtx_search.cluster.judgments.store import JudgmentStore
from lmtx_search.progress import Progress
from lmtx_search.records import PERSON, Document
from lmtx_search.settings import Settings
from lmtx_search.training.sampling import sample_documents
from lmtx_search.training.settings import TrainingSettings
from lmtx_search.untouched import left_out


def training_documents(
    client: Any, settings: Settings, training: TrainingSettings, progress: Progress
) -> list[Document]:
    """Return the training documents, or a sample of them, in the order that the seed decides.

    Documents that are never touched are left out, with a note of their number. The sample includes
    all documents that people judged. Without an index of training documents the result is empty.
    """
    where = settings.documents
    if not client.indices.exists(index=where.training_index):
        return []
    people = {judgment.document_id for judgment in JudgmentStore(client).of(PERSON)}
    untouched, never = where.untouched, 0
    with progress.stage("Read training documents", unit="documents") as advance:

        def counted() -> Iterator[Document]:
            nonlocal never
            for document in read_documents(client, where.training_index, where.text_fields):
                advance(1)
                if untouched is not None and untouched.matches(document.source):
                    never += 1
                else:
                    yield document

        found = sample_documents(counted(), training.most_documents, training.seed, people)
    if never:
        progress.note(left_out(never, "training documents"))
    return found
