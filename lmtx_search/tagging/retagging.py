"""Tags the documents that an index already holds again, with the tagger in use."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from lmtx_search.cluster.client.clock import cluster_time
from lmtx_search.cluster.decisions.renamed import follow_names
from lmtx_search.cluster.documents.checkpoint import Checkpoint
from lmtx_search.cluster.documents.scan import scan
from lmtx_search.cluster.ml.connectors import MOST_SECONDS
from lmtx_search.cluster.ml.index_pipeline import (
    index_pipeline,
    index_text_fields,
    keeps_own_tags,
)
from lmtx_search.cluster.ml.model_state import redeploy
from lmtx_search.cluster.ml.pipeline import (
    PipelineState,
    read_pipeline,
    simulate,
    with_params,
)
from lmtx_search.cluster.retag.retag import RetagReport, retag
from lmtx_search.cluster.retag.retired_tags import listed, retired_tags
from lmtx_search.cluster.retag.selection import Selection, Target, require_query, targets
from lmtx_search.cluster.retag.stale import TextCheck
from lmtx_search.cluster.retag.visibility import require_whole_documents
from lmtx_search.cluster.runs import RunStore, new_run_id
from lmtx_search.cluster.setup.own_fields import OwnField, own_fields
from lmtx_search.errors import UserError
from lmtx_search.progress import SILENT, Progress
from lmtx_search.settings import Settings
from lmtx_search.system.file_locks import only_one
from lmtx_search.tag_fields import TagFields
from lmtx_search.tagging.own_tags import decide_own_tags
from lmtx_search.tagging.retag_labels import tags_of_labels
from lmtx_search.tagging.versions.label_names import names_of_existing
from lmtx_search.tagging.versions.other_clusters import of_other_clusters
from lmtx_search.tagging.versions.store import TaggerVersions
from lmtx_search.tagging.versions.version import TaggerVersion

if TYPE_CHECKING:
    from lmtx_search.cluster.client.connect import Client

_SAMPLE = 20
# A request that is being answered while labels change has the earlier ones, and its documents get
# their time after the answer.
_IN_FLIGHT = timedelta(seconds=MOST_SECONDS)


@dataclass(frozen=True, slots=True)
class Wish:
    """Which documents to tag again, as the user asks for it.

    ``labels`` are ids, or names as they appear in ``tags``. ``everything`` also selects documents
    that the tagger in use has already tagged with the current labels. ``stale`` selects documents
    whose text has changed since they were tagged. ``keep_own_tags`` moves values in
    the tag fields that lmtx-search did not write to the field of manual tags.
    """

    query: str | None = None
    pending: bool = False
    since: str | None = None
    labels: Sequence[str] = ()
    everything: bool = False
    keep_retired: bool = False
    stale: bool = False
    keep_own_tags: bool = False


@dataclass(frozen=True, slots=True)
class Preview:
    """How many documents a retag would read, and how many of a sample it would change.

    ``sample_changed`` (other tags) and ``sample_suggestions_changed`` (other suggestions) count
    documents of the sample that get an answer. The others are ``sample_pending`` (the tagger does
    not answer) or ``sample_failed`` (the pipeline refuses them), and ``reasons`` counts them by
    what went wrong.
    """

    index: str
    documents: int
    sample: int
    sample_changed: int
    sample_pending: int = 0
    sample_failed: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)
    sample_suggestions_changed: int = 0
    untouched: int = 0
    """Documents that are never touched (``documents.untouched_query``)."""
    own: Sequence[OwnField] = ()
    """Fields with values that lmtx-search did not write, which --keep-own-tags moves."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A user's request, resolved for the current state of the cluster.

    Attributes:
        labels_changed: when the tagger's answers all had its present labels (ISO; None: always,
            or unknown).
        names: names that existing labels have or had as tags; a document keeps its other tags
            (None: it keeps none).
        notes: what the user should know, a sentence each.
    """

    index: str
    tagger: str
    selection: Selection
    targets: Sequence[Target]
    labels_changed: str | None = None
    names: frozenset[str] | None = field(default=None, repr=False)
    keep_own_tags: bool = False
    notes: Sequence[str] = ()


def plan(client: Client, settings: Settings, index: str, wish: Wish) -> Plan:
    """Resolve a user's request.

    Raises:
        UserError: no tagger is deployed, the index does not tag, the version does not exist, a
            label is unknown, or fields or documents of an index are hidden from the user.
    """
    state = read_pipeline(client)
    tagger = state.tagger
    if tagger is None:
        raise UserError("no tagger is deployed: `lmtx-search deploy` first")
    found = targets(client, index)
    for target in found:
        require_whole_documents(client, target.index)
    versions = TaggerVersions(settings.data_dir)
    version = versions.get(tagger) if tagger in versions.names() else None
    if wish.since is not None and not TaggerVersions.is_name(wish.since):
        raise UserError(f"{wish.since} is not a tagger version: `lmtx-search taggers` lists them")
    if wish.keep_retired and version is None:
        raise UserError(
            f"the tagger {tagger} is not in {versions.folder}, and only its folder says which "
            "labels are retired: run this on the machine that deployed it"
        )
    if wish.query is not None:
        require_query(client, index, wish.query)
    tags: Sequence[str] = ()
    notes: list[str] = []
    if wish.labels:
        labels = tags_of_labels(client, versions, tagger, wish.labels, index, state.names)
        tags, notes = list(labels.tags), labels.notes
    names = None
    if wish.keep_retired and version is not None:
        others = of_other_clusters(client, versions)
        names, unread = names_of_existing(versions, version, others)
        notes = list(dict.fromkeys((*notes, *unread)))
    changed = _changed_at(version) if version else None
    fresh = None if wish.everything or wish.labels or wish.stale else tagger
    selection = Selection(
        query=wish.query,
        pending=wish.pending,
        since=wish.since,
        tags=tags,
        tagger=fresh,
        tagged_from=changed if fresh else None,
        stale=wish.stale,
        fields=state.names,
        untouched=None if state.untouched is None else state.untouched.query,
    )
    return Plan(index, tagger, selection, found, changed, names, wish.keep_own_tags, notes)


def preview(client: Client, made: Plan) -> list[Preview]:
    """Return what a plan would do to each index, without writing anything."""
    state = read_pipeline(client)
    previews = []
    query, fields = made.selection.body(), state.names
    for target in made.targets:
        documents, sources = _sample(client, state, made.selection, target.index)
        own = own_fields(client, target.index, fields, query)
        changed = suggestions_changed = 0
        unanswered, reasons = Counter[str](), Counter[str]()
        if sources:
            pipeline = index_pipeline(client, state, target.index, made.keep_own_tags)
            after = simulate(client, pipeline, sources, target.index)
            for before, then in zip(sources, after, strict=True):
                tagging = then.get(fields.tagging) or {}
                if tagging.get("status") in ("pending", "failed"):
                    unanswered[tagging["status"]] += 1
                    reasons[_reason(tagging)] += 1
                    continue
                changed += listed(before.get(fields.tags)) != _expected(before, then, made, fields)
                suggestions_changed += listed(before.get(fields.suggested)) != listed(
                    then.get(fields.suggested)
                )
        previews.append(
            Preview(
                target.index,
                documents,
                len(sources),
                changed,
                unanswered["pending"],
                unanswered["failed"],
                reasons,
                suggestions_changed,
                untouched=_untouched(client, made.selection, target.index),
                own=own,
            )
        )
    return previews


def _reason(tagging: Mapping[str, Any]) -> str:
    """Return why a simulated document was not tagged; the cluster has an object for some errors."""
    error = tagging.get("error")
    return str(error.get("reason") if isinstance(error, Mapping) else error)


def _expected(
    before: Mapping[str, Any], then: Mapping[str, Any], made: Plan, fields: TagFields
) -> list[Any]:
    """Return the tags that a plan leaves a document with, given what the pipeline makes of it."""
    new = listed(then.get(fields.tags))
    if made.names is None or (then.get(fields.tagging) or {}).get("status") != "tagged":
        return new
    retired = retired_tags(listed(before.get(fields.tags)), then, made.names, fields)
    return [*new, *(tag for tag in retired if tag not in new)]


def _untouched(client: Client, selection: Selection, index: str) -> int:
    """Return how many documents are left out because they are never touched."""
    if selection.untouched is None:
        return 0
    return int(client.count(index=index, body={"query": selection.left_out()})["count"])


def _sample(
    client: Client, state: PipelineState, selection: Selection, index: str
) -> tuple[int, list[dict[str, Any]]]:
    """Return how many documents of an index are selected, and some of them."""
    query = selection.body()
    if not selection.stale:
        body = {"query": query, "size": _SAMPLE, "track_total_hits": True}
        found = client.search(index=index, body=body)["hits"]
        return found["total"]["value"], [hit["_source"] for hit in found["hits"]]
    texts = TextCheck(index_text_fields(client, state, index), state.names)
    hits = scan(client, index, query=query, script_fields=texts.script_fields())
    documents = 0
    sources: list[dict[str, Any]] = []
    for hit in hits:
        if texts.is_stale(hit):
            documents += 1
            if len(sources) < _SAMPLE:
                sources.append(hit["_source"])
    return documents, sources


def carry_out(
    client: Client,
    settings: Settings,
    made: Plan,
    per_second: float | None = None,
    progress: Progress = SILENT,
) -> dict[str, RetagReport]:
    """Tag the documents of a plan again; return a report for each index.

    If the run is interrupted, the same request continues with the documents that it has not
    finished, unless the labels changed, or what the pipeline does with documents of the index. A
    finished run is recorded for each index.

    Raises:
        LmtxError: the tagger became unavailable, or another retag is running.
        UserError: the tag fields have values that lmtx-search did not write; nothing was changed.
    """
    folder = settings.data_dir / "retags"
    reports = {}
    decided = decide_own_tags(
        client, made.index, made.targets, made.selection.body(), made.keep_own_tags
    )
    state = read_pipeline(client)
    why = redeploy(client)
    if why:
        progress.note(f"The tagger's model {why}: deployed it again")
    with only_one(folder / "lock", "a retag"):
        follow_names(client, progress)
        for target in decided:
            checkpoint = Checkpoint(
                folder,
                None,
                index=target.identity,
                tagger=made.tagger,
                selection=asdict(made.selection),
                keep=made.names is not None,
                labels_changed=made.labels_changed,
                steps=_digest_of_steps(client, state, target.index),
            )
            texts = None
            if made.selection.stale:
                fields = index_text_fields(client, state, target.index)
                texts = TextCheck(fields, state.names)
            started = cluster_time(client).isoformat()
            report = reports[target.index] = retag(
                client,
                target,
                made.selection,
                made.tagger,
                checkpoint,
                Checkpoint(folder, None, index=target.identity, notes="tags of retired labels"),
                per_second=per_second,
                keep_but=made.names,
                texts=texts,
                untouched=state.untouched,
                progress=progress,
            )
            report.untouched += _untouched(client, made.selection, target.index)
            record = {
                "kind": "retag",
                "index_name": target.index,
                "tagger": made.tagger,
                "started": started,
                "selection": asdict(made.selection),
                "counts": asdict(report),
            }
            RunStore(client).save(new_run_id(), record)
    return reports


def _digest_of_steps(client: Client, state: PipelineState, index: str) -> str:
    """Return a digest of what the pipeline does with documents of an index.

    What it does with others, and which tagger was in use before, change no tag here.
    """
    own: dict[str, dict[str, Any]] = {
        "lmtx-text": {"indices": {}, "keep": keeps_own_tags(client, state, index)},
        "lmtx-tags": {"previous": None, "rolled_back_from": None},
    }
    body = with_params(index_pipeline(client, state, index), own)
    steps = json.dumps(body.get("processors"), sort_keys=True)
    return hashlib.sha256(steps.encode()).hexdigest()[:16]


def _changed_at(version: TaggerVersion) -> str | None:
    """Return when all documents had the version's present labels (None: they never changed)."""
    changed = max((change.at for change in version.changes()), default=None)
    if changed is None:
        return None
    return (datetime.fromisoformat(changed) + _IN_FLIGHT).isoformat()
