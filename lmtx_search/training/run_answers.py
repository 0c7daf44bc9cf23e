"""The answers that a run learned from, in a file beside its encoder.

A later deployment compares them with the answers that are stored by then (``refit.py``).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from lmtx_search.errors import UserError
from lmtx_search.records import PYes

ANSWERS_FILE = "answers.json"


@dataclass(frozen=True)
class RunAnswers:
    """What a run knew of pairs of document and label, by document id, then by label id.

    Attributes:
        since: when the run read its inputs (ISO, by the cluster's clock). Answers of the judge
            after that are new.
        held_out: ids of the documents that were held out of training.
        judge: the judge's P(yes) about training documents (empty: the encoder that was kept did not
            learn from them).
        nearness: of the same pairs.
        people: what people said about training documents.
        named: number of training documents that name a label, by id.
        calibrated: whether the judge's answers were calibrated on ``sure_share`` of the documents.
        ranked: number of labels of a held-out document that the threshold was chosen by.
        copies_apart: whether copies of held-out documents were left out of training. Earlier
            releases did not do so.
    """

    since: str
    held_out: Sequence[str]
    judge: PYes
    nearness: PYes
    people: PYes
    named: Mapping[str, int]
    calibrated: bool
    sure_share: float
    ranked: int
    copies_apart: bool = False

    def without_names(self, labels: Collection[str]) -> RunAnswers:
        """Return the answers without the numbers of documents that name these labels."""
        named = {id_: number for id_, number in self.named.items() if id_ not in labels}
        return replace(self, named=named)

    def write(self, folder: Path) -> None:
        """Write the answers into a folder."""
        (folder / ANSWERS_FILE).write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> RunAnswers | None:
        """Return the answers in a folder (None: the run is of an earlier release).

        Raises:
            UserError: the file is damaged.
        """
        file = folder / ANSWERS_FILE
        try:
            return cls(**json.loads(file.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError) as error:
            raise UserError(f"{file} is damaged ({error}): train again") from error
