"""What training learns from decisions: judgments, and copies of their documents."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from lmtx_search.cluster.client.connect import Client
from lmtx_search.cluster.client.errors import clear_errors
from lmtx_search.cluster.decisions.records import Record
from lmtx_search.cluster.judgments.feedback import keep_opinions, remove_opinions, train_on
from lmtx_search.cluster.judgments.store import JudgmentStore
from lmtx_search.errors import LmtxError
from lmtx_search.records import PERSON, Document, Judgment
from lmtx_search.settings import DocumentSettings


@dataclass(slots=True)
class Learned:
    """From which documents training learns, by id, and why it does not learn from others."""

    documents: Collection[str] = ()
    problem: str = ""

    @contextmanager
    def problem_kept(self) -> Iterator[None]:
        """Keep an error of the cluster, so that the caller can go on."""
        try:
            with clear_errors():
                yield
        except LmtxError as error:
            self.problem = " ".join(str(error).split())


def earlier_judgments(client: Client, judgments: Sequence[Judgment]) -> dict[str, dict[str, Any]]:
    """Return what :func:`take_back` puts back in place of judgments, by their ids.

    ``p_yes`` is None if there is no earlier judgment.
    """
    earlier = JudgmentStore(client).find(one.id for one in judgments)
    return {
        one.id: {
            "id": one.id,
            "p_yes": earlier[one.id].p_yes if one.id in earlier else None,
            "rank": one.rank,
        }
        for one in judgments
    }


def teach(
    client: Client,
    where: DocumentSettings,
    judged: Sequence[tuple[Document, Judgment]],
    learned: Learned,
) -> None:
    """Keep judgments, and their documents as training documents; ``learned`` says what became."""
    documents: Collection[str] = ()
    with learned.problem_kept():
        documents = train_on(client, where, [document for document, _ in judged])
    with learned.problem_kept():
        keep_opinions(client, [judgment for _, judgment in judged])
        learned.documents = documents


def take_back(client: Client, undone: Sequence[Record]) -> None:
    """Put the judgments back that were there before decisions that are undone.

    Raises:
        LmtxError: the cluster refused it.
    """
    gone: list[str] = []
    earlier: list[Judgment] = []
    for record in undone:
        was = record.before.get("judgment")
        if was is None or record.label_id is None:
            continue
        if was["p_yes"] is None:
            gone.append(was["id"])
            continue
        earlier.append(
            Judgment(
                id=was["id"],
                document_id=record.place.id,
                label_id=record.label_id,
                p_yes=was["p_yes"],
                rank=was["rank"],
                judge=PERSON,
                prompt="",
            )
        )
    remove_opinions(client, gone)
    keep_opinions(client, earlier)
