"""Why a text has its tags: scores, passages, judged examples, and where the tagger comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.client.errors import translate
from lmtx_search.cluster.ml.pipeline import CHARACTERS
from lmtx_search.cluster.runs import RunStore
from lmtx_search.encoder.language_fit import language_problem, tokenizer_fit
from lmtx_search.errors import LmtxError
from lmtx_search.settings import Settings
from lmtx_search.tagging.judged_examples import JudgedExample, judged_examples
from lmtx_search.tagging.provenance import Provenance
from lmtx_search.tagging.scoring.explain import Explanation, explain
from lmtx_search.tagging.scoring.supporting import Passage, supporting_passages
from lmtx_search.tagging.scoring.tagger import Tagger

_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a text has a label, or nearly has it."""

    explanation: Explanation
    passage: Passage | None
    examples: Sequence[JudgedExample]

    def as_json(self) -> dict[str, Any]:
        """Return the explanation's fields, with ``passage`` and ``examples``."""
        return {
            **asdict(self.explanation),
            "passage": None if self.passage is None else asdict(self.passage),
            "examples": [asdict(one) for one in self.examples],
        }


@dataclass(frozen=True, slots=True)
class Explained:
    """The tags of a text, best first, and then the labels that come next.

    Attributes:
        note: why examples and the judge are not known (None: they are).
        language: says that the encoder was probably not made for the text's language (None: nothing
            shows that).
    """

    reasons: Sequence[Reason]
    provenance: Provenance
    note: str | None
    language: str | None


def beginning(tagger: Tagger, text: str) -> str:
    """Return as much of a text as the pipeline sends."""
    return text[: CHARACTERS * tagger.manifest.windows.most]


def explain_fully(
    settings: Settings,
    tagger: Tagger,
    text: str,
    groups: frozenset[str] = frozenset(),
    rejected: frozenset[str] = frozenset(),
    manual: frozenset[str] = frozenset(),
) -> Explained:
    """Explain the tags of a text, which is from a document of these groups.

    ``rejected`` and ``manual`` are the tags that people decided on in the document.

    Judged examples and the judge are in the cluster. If it cannot be asked, the rest is explained.
    """
    found = explain(tagger, text, groups, rejected, manual)
    passages = supporting_passages(tagger, text, found)
    examples: dict[str, list[JudgedExample]] = {}
    run = note = None
    manifest = tagger.manifest
    try:
        client = connect(settings.opensearch.within(_SECONDS), reading=True)
        client.info()  # the requests that follow are repeated for minutes
        run = None if manifest.run is None else RunStore(client).get(manifest.run)
        labels = [label.label_id for label in found]
        examples = judged_examples(client, settings.documents, tagger.reader, text, labels)
    except Exception as error:
        known = error if isinstance(error, LmtxError) else translate(error)
        if known is None:
            raise
        note = f"Judged examples and the judge are not known: {known}"
    reasons = [
        Reason(label, passage, examples.get(label.label_id, []))
        for label, passage in zip(found, passages, strict=True)
    ]
    problem = language_problem(tokenizer_fit(tagger.tokenizer_file, [text]), "text")
    language = f"{problem[0].upper()}{problem[1:]}" if problem else None
    return Explained(reasons, Provenance.of(manifest, run), note, language)
