"""Whether the judge's answers made a better encoder than what needs none.

Rivals are the untrained encoder with words, and the encoder that only documents that name a label
taught. All rank the same held-out documents. The judge says which first labels are right, or people
where they have answered. The judged encoder is kept unless a rival is better beyond chance: it has
learned from more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from lmtx_search.encoder.score_threshold import RANKED, ChosenThreshold, choose_threshold
from lmtx_search.progress import Progress
from lmtx_search.records import Document, PYes
from lmtx_search.training.certainty import CONFIDENCE, chance_of_change, difference_interval
from lmtx_search.training.development import FirstLabels, changed, first_labels, judged_for_all
from lmtx_search.training.resources import RunResources
from lmtx_search.training.settings import TrainingSettings
from lmtx_search.training.trained_encoder import TrainedEncoder
from lmtx_search.words.weights import WordScoring

RivalName = Literal["untrained", "named"]

NAMES: Mapping[str, str] = {
    "judged": "the encoder that learned from the judge's answers",
    "named": "the encoder that learned without the judge, from documents that name a label",
    "untrained": "the untrained encoder with words",
}
"""What people call an encoder that a run can keep."""

NOT_COMPARED = (
    "it was not compared with others, because no held-out document has answers about both first "
    "labels"
)


@dataclass(frozen=True)
class Rival:
    """An encoder that needs no answers, and its first labels of the held-out documents."""

    name: RivalName
    encoder: TrainedEncoder
    firsts: FirstLabels

    @classmethod
    def of(
        cls,
        name: RivalName,
        encoder: TrainedEncoder,
        documents: Sequence[Document],
        progress: Progress,
    ) -> Rival:
        """Return the encoder with its first labels of these documents."""
        stage = f"Rank held-out documents with the {name} encoder"
        with progress.stage(stage, len(documents), "documents") as advance:
            return cls(name, encoder, first_labels(encoder.rank(documents, 1, advance)))

    def threshold(self, documents: Sequence[Document]) -> ChosenThreshold:
        """Return the threshold of a tagger with this encoder."""
        rankings = list(self.encoder.rank(documents, RANKED).values())
        words = self.encoder.words
        return choose_threshold(rankings, {} if words is None else words.named)


def open_rivals(
    resources: RunResources,
    settings: TrainingSettings,
    words: WordScoring | None,
    taught: TrainedEncoder | None,
    firsts: FirstLabels | None,
    progress: Progress,
) -> list[Rival]:
    """Return the untrained encoder, if words count beside it, and then the one taught by names.

    Args:
        taught: the encoder that documents that name a label taught (None: there is none).
        firsts: first labels of the untrained encoder, if an earlier cycle stored them.
    """
    found: list[Rival] = []
    if words is not None:
        untrained = TrainedEncoder(resources.base, resources, settings.fine_tuning, words)
        found.append(
            Rival.of("untrained", untrained, resources.development, progress)
            if firsts is None
            else Rival("untrained", untrained, firsts)
        )
    if taught is not None:
        found.append(Rival.of("named", taught, resources.development, progress))
    return found


@dataclass(frozen=True, slots=True)
class Comparison:
    """The judged encoder against a rival, on held-out documents.

    Attributes:
        documents: number of documents whose first labels by both were judged.
        better, worse: number of those for which only the judged encoder's first label is right,
            and for which only the rival's is.
    """

    rival: RivalName
    documents: int
    better: int
    worse: int

    @property
    def certain(self) -> bool:
        """Whether the difference is more than chance."""
        return chance_of_change(self.better, self.worse) < 1 - CONFIDENCE

    @property
    def lost(self) -> bool:
        """Whether the rival is better beyond chance."""
        return self.certain and self.worse > self.better

    def as_record(self) -> dict[str, object]:
        """Return the comparison for the record of the run, with the 95 % interval."""
        return {
            "rival": self.rival,
            "documents": self.documents,
            "better": self.better,
            "worse": self.worse,
            "difference_interval": list(
                difference_interval(self.better, self.worse, self.documents)
            ),
            "certain": self.certain,
        }


def compare_with_rivals(
    firsts: FirstLabels, rivals: Sequence[Rival], p_yes: PYes, yes_from: float
) -> list[Comparison]:
    """Compare the judged encoder's first labels with those of each rival.

    Args:
        p_yes: the answers about held-out documents.
        yes_from: the P(yes) from which a label is right.
    """
    return [
        Comparison(
            rival.name,
            len(judged_for_all((rival.firsts, firsts), p_yes)),
            *changed(rival.firsts, firsts, p_yes, yes_from),
        )
        for rival in rivals
    ]


def best_rival(comparisons: Sequence[Comparison]) -> RivalName | None:
    """Return the rival to keep in place of the judged encoder (None: keep the judged one)."""
    lost = [one for one in comparisons if one.lost]
    return max(lost, key=lambda one: one.worse - one.better).rival if lost else None


def kept_because(comparisons: Sequence[Comparison]) -> str:
    """Say which encoder is kept and why ("": there was no rival)."""
    if not comparisons:
        return ""
    rival = best_rival(comparisons)
    if rival is not None:
        found = next(one for one in comparisons if one.rival == rival)
        return (
            f"{NAMES[rival]}: its first label is right for {found.worse} held-out documents where "
            f"that of {NAMES['judged']} is wrong, and the reverse for {found.better} "
            f"({found.documents} documents)"
        )
    compared = [one.documents for one in comparisons if one.documents]
    if not compared:
        return f"{NAMES['judged']}: {NOT_COMPARED}"
    documents = min(compared)
    if all(one.certain for one in comparisons):
        return f"{NAMES['judged']}: it is better than what needs no judge ({documents} documents)"
    return (
        f"{NAMES['judged']}: {documents} held-out documents do not show that an encoder without "
        "the judge is better"
    )
