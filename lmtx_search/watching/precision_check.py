"""One check of precision: sample, judge, compare with earlier checks, and record the result."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from lmtx_search.cluster.facets.recent_sample import Tagged, sample_tagged
from lmtx_search.cluster.facets.tag_labels import labels_of_tags
from lmtx_search.cluster.facets.untouched import count_untouched
from lmtx_search.cluster.judgments.store import JudgmentStore
from lmtx_search.cluster.ml.index_pipeline import index_text_fields
from lmtx_search.cluster.ml.pipeline import read_pipeline
from lmtx_search.cluster.retag.selection import targets
from lmtx_search.cluster.runs import RunStore, new_run_id
from lmtx_search.errors import UserError
from lmtx_search.judges.base import Judge, Pair
from lmtx_search.judges.open import open_judge
from lmtx_search.judges.order import make_order
from lmtx_search.judges.prompts import load_prompt
from lmtx_search.progress import SILENT, Progress
from lmtx_search.settings import Settings
from lmtx_search.tagging.versions.store import TaggerVersions
from lmtx_search.training.teacher.judging import (
    JudgingTask,
    Teacher,
    judge_pairs,
    require_answers,
)
from lmtx_search.training.teacher.judging_result import JudgingResult
from lmtx_search.version import __version__
from lmtx_search.watching.precision import Culprit, Precision, Verdicts, culprits, fell, precision

if TYPE_CHECKING:
    from lmtx_search.cluster.client.connect import Client

DEFAULT_YES_FROM = 0.5


@dataclass(frozen=True, slots=True)
class PrecisionCheck:
    """The result of a check.

    Attributes:
        now: the precision (None: nothing was tagged since the last check).
        earlier: the precision of earlier checks (None: this is the first one).
        culprits: the labels that explain a fall.
        yes_from: the P(yes) of a yes.
        untouched: number of documents that are never touched, which are not judged.
        asked: number of tags that the judge was asked about.
        neither: how many of these have an answer that is neither yes nor no.
        failed: how many of these have no answer, because the judge's server failed.
        unknown: number of tags of the sample that no label has as its name any more, or several
            have. The judge is not asked about them.
    """

    run: str | None
    documents: int
    now: Precision | None
    earlier: Precision | None
    fell: bool
    culprits: Sequence[Culprit]
    taggers: Sequence[str]
    yes_from: float
    untouched: int = 0
    asked: int = 0
    unknown: int = 0
    neither: int = 0
    failed: int = 0


def check_precision(
    client: Client,
    settings: Settings,
    index: str,
    sample: int,
    prompt: str,
    progress: Progress = SILENT,
) -> PrecisionCheck:
    """Judge the tags of a sample of the documents that were tagged since the last check.

    The precision is compared with that of all earlier checks by the same judge with the same
    prompt, except those in which it fell. The first check sets the P(yes) of a yes: that of the
    training run of the current tagger if the same judge with the same prompt taught it, or 0.5.
    The next check looks at later documents only, unless this one has failed.

    Raises:
        UserError: the index is not tagged, it is an alias of several indices, or no judge answers.
        LmtxError: the cluster failed, or the judge's server did on all tags without an answer.
    """
    started = time.monotonic()
    state = read_pipeline(client)
    (target, *more) = targets(client, index)
    if more:
        raise UserError(f"{index} is an alias of several indices: watch one of them")
    judge = open_judge(settings, load_prompt(prompt))
    runs = RunStore(client)
    before = [
        record
        for _, record in runs.of_kinds("watch", index_name=target.index)
        if record["index"] == target.uuid
        and record["judge"] == judge.digest
        and record["prompt"] == judge.prompt.digest
    ]
    yes_from = (
        before[-1]["yes_from"]
        if before
        else border_of(_run_of(runs, settings, state.tagger), judge)
    )
    fields = index_text_fields(client, state, target.index)
    fields = fields or list(settings.documents.text_fields)
    after = max((record["upto"] for record in before), default=None)
    seed = random.randrange(2**31)
    found = sample_tagged(client, target.index, fields, sample, seed, after)
    untouched = count_untouched(client, target.index)
    if not found:
        return PrecisionCheck(None, 0, None, None, False, [], [], yes_from, untouched)
    pairs = _pairs(client, found)
    asked = sum(map(len, pairs))
    unknown = sum(len(one.tags) for one in found) - asked
    judged = judge_pairs(
        Teacher(judge, make_order("exhaustive", yes_from), JudgmentStore(client)),
        [group for group in pairs if group],
        JudgingTask(
            "Judge tags",
            progress=progress,
            sample=False,
            without_answer="this check leaves their tags out",
        ),
    )
    require_answers(judged)
    verdicts = [_verdicts(one, judged) for one in found]
    past = [tags for record in before if not record["fell"] for tags in record["verdicts"]]
    now, earlier = precision(verdicts, yes_from), precision(past, yes_from)
    has_fallen = now is not None and earlier is not None and fell(now, earlier)
    texts = {pair.label.id: pair.label.text for group in pairs for pair in group}
    blamed = [
        replace(one, label=texts.get(one.label, one.label))
        for one in (culprits(verdicts, past, yes_from) if has_fallen else [])
    ]
    run = new_run_id()
    runs.save(
        run,
        {
            "kind": "watch",
            "version": __version__,
            "index": target.uuid,
            "index_name": target.index,
            "judge": judge.digest,
            "prompt": judge.prompt.digest,
            "yes_from": yes_from,
            "upto": max(one.at for one in found),
            "seeds": {"sample": seed},
            "measures": asdict(now) if now else {},
            "taggers": _by_tagger(found, verdicts, yes_from),
            "fell": has_fallen,
            "culprits": [asdict(one) for one in blamed],
            "verdicts": verdicts,
            "counts": judged.calls(),
            "seconds": {"all": round(time.monotonic() - started, 1)},
        },
    )
    names = sorted({one.tagger for one in found})
    return PrecisionCheck(
        run,
        len(found),
        now,
        earlier,
        has_fallen,
        blamed,
        names,
        yes_from,
        untouched,
        asked=asked,
        unknown=unknown,
        neither=judged.neither,
        failed=judged.failed,
    )


def _pairs(client: Client, found: Sequence[Tagged]) -> list[list[Pair]]:
    labels = labels_of_tags(client, (tag for one in found for tag in one.tags))
    return [
        [
            Pair(one.document, labels[tag], rank)
            for rank, tag in enumerate(one.tags)
            if tag in labels
        ]
        for one in found
    ]


def _verdicts(one: Tagged, judged: JudgingResult) -> Verdicts:
    return sorted(judged.p_yes.get(one.document.id, {}).items())


def _by_tagger(
    found: Sequence[Tagged], verdicts: Sequence[Verdicts], yes_from: float
) -> Mapping[str, Any]:
    result = {}
    for tagger in {one.tagger for one in found}:
        own = [tags for one, tags in zip(found, verdicts, strict=True) if one.tagger == tagger]
        measured = precision(own, yes_from)
        if measured:
            result[tagger] = {"precision": measured.value, "tags": measured.tags}
    return result


def _run_of(runs: RunStore, settings: Settings, tagger: str | None) -> Mapping[str, Any] | None:
    """Return the record of the training run of the tagger (None: it is not known)."""
    versions = TaggerVersions(settings.data_dir)
    run = versions.get(tagger).manifest.run if tagger in versions.names() and tagger else None
    return runs.get(run) if run else None


def border_of(run: Mapping[str, Any] | None, judge: Judge) -> float:
    """Return the P(yes) of a yes: that of a training run if its judge and prompt are the same.

    Judges, and prompts, differ in how readily they say yes.
    """
    if run is None:
        return DEFAULT_YES_FROM
    taught_by = run["judge"]
    if (taught_by["digest"], taught_by["prompt_digest"]) != (judge.digest, judge.prompt.digest):
        return DEFAULT_YES_FROM
    border = run["measures"].get("llm_p1_yes_from")
    return DEFAULT_YES_FROM if border is None else float(border)
