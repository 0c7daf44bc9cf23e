"""What decides the results of a study, so that stored results of something else are not shown."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from lmtx_search.encoder.folder import encoder_digest
from lmtx_search.errors import LmtxError
from lmtx_search.evaluation.comparators.base import ComparatorResult
from lmtx_search.evaluation.comparison.result_cache import ResultCache
from lmtx_search.evaluation.gold.gold_set import GoldSet
from lmtx_search.evaluation.metrics.measure import Output
from lmtx_search.evaluation.studies.base import Point, Study
from lmtx_search.judges.open import open_judge
from lmtx_search.judges.prompts import load_prompt
from lmtx_search.progress import SILENT, Progress
from lmtx_search.records import Document, Judgment, Label, content_digest, labels_digest
from lmtx_search.settings import Settings
from lmtx_search.sources.label_rules import rules_of
from lmtx_search.tagging.deployment.encoder_source import untrained_source
from lmtx_search.training.inputs import RESULT_FORM
from lmtx_search.version import __version__


def common_digest(
    settings: Settings,
    labels: list[Label],
    gold_set: GoldSet,
    documents: Sequence[Document],
    people: Sequence[Judgment],
) -> str:
    """Return a digest of all that the points have in common and that decides their results."""
    rules = rules_of(settings.label, labels, SILENT)
    return content_digest(
        __version__,
        RESULT_FORM,
        encoder_digest(untrained_source(settings).folder),
        str((settings.encoder.document_tokens, settings.encoder.label_tokens)),
        str((settings.encoder.windows, settings.encoder.window_pooling)),
        settings.label.model_dump_json(),
        str(sorted(() if rules is None else rules.people_only)),
        labels_digest(labels),
        str(len(gold_set.documents)),
        *(part for one in (*gold_set.documents, *documents) for part in (one.id, one.text)),
        *(f"{judgment.id} {judgment.p_yes:g}" for judgment in people),
    )


def point_digest(study: Study, point: Point) -> str:
    """Return a digest of what a point has for itself, but for the content of the judge's model."""
    settings = point.settings
    return content_digest(
        json.dumps(asdict(point.training), sort_keys=True),
        load_prompt(point.training.prompt).digest,
        f"{settings.judge.runtime} {settings.judge.gguf} {settings.ollama.model}",
        study.axis,
    )[:24]


class JudgeDigests:
    """The digests of the judges that points have now. Each is opened once: that loads its model."""

    def __init__(self) -> None:
        self._found: dict[str, str] = {}

    def of(self, point: Point) -> str:
        """Return the digest of a point's judge.

        Raises:
            LmtxError: it cannot be opened.
        """
        settings, prompt = point.settings, load_prompt(point.training.prompt)
        judge = content_digest(
            settings.judge.model_dump_json(), settings.ollama.model_dump_json(), prompt.digest
        )
        if judge not in self._found:
            self._found[judge] = open_judge(settings, prompt).digest
        return self._found[judge]


def same_judge(
    point: Point, identity: str, cache: ResultCache, judges: JudgeDigests, progress: Progress
) -> bool:
    """Return whether the judge that made the stored result of a point still has its name.

    A name may get another model. Without a judge that answers, stored results are used.
    """
    made_by = cache.get(f"{identity}-judge", identity)
    if made_by is None:
        return False
    try:
        # An earlier form of the record has the digest in ``note``.
        return judges.of(point) == (made_by.judge or made_by.note)
    except LmtxError as error:
        progress.note(
            f"{point.value}: stored results are shown without checking that the judge is still "
            f"the same, because it cannot be opened ({error})"
        )
        return True


def keep_judge(identity: str, record: Mapping[str, Any], cache: ResultCache) -> None:
    """Store which judge made the finished result of a point, from the record of its training."""
    made_by = ComparatorResult(Output({}), judge=record["judge"]["digest"])
    cache.put(f"{identity}-judge", identity, made_by)
