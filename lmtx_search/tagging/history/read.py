"""Gathers the history of the tags of a document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lmtx_search.cluster.client import names
from lmtx_search.cluster.client.errors import clear_errors
from lmtx_search.cluster.decisions.order import Place
from lmtx_search.cluster.decisions.values import names_in
from lmtx_search.cluster.documents.one import read_one
from lmtx_search.cluster.facets.tag_labels import labels_of_tags
from lmtx_search.cluster.judgments.judge_names import judge_names
from lmtx_search.cluster.labels import edits
from lmtx_search.cluster.ml.index_pipeline import reads_of
from lmtx_search.cluster.ml.pipeline import tag_fields
from lmtx_search.cluster.runs import RunStore
from lmtx_search.errors import UserError
from lmtx_search.index_templates import load
from lmtx_search.records import Label, document_text
from lmtx_search.settings import Settings
from lmtx_search.tag_fields import scores_of
from lmtx_search.tagging.history import records
from lmtx_search.tagging.history.events import Event, History
from lmtx_search.tagging.history.taggers import OF_TAGGERS, taggers

if TYPE_CHECKING:
    from lmtx_search.cluster.client.connect import Client

# What is read of the records of runs.
_READ = ("kind", "at", "started", "index_name", "judge", *OF_TAGGERS)
_ALWAYS_UNKNOWN = (
    "when the document was first indexed, and the tags that earlier taggers gave it: OpenSearch "
    "keeps only the last version of a document",
    "judgments that were replaced or removed: of each question, the last answer is kept",
)


@clear_errors()
def read_history(
    client: Client,
    settings: Settings,
    index: str,
    id_: str,
    label: str | None = None,
    routing: str | None = None,
) -> History:
    """Return what is recorded about the tags of a document.

    Args:
        label: only events about this label: its id, or its name as a tag.
        routing: of the document; None: any.

    Raises:
        UserError: there is no such document, several have the id, or there is no such label.
    """
    hit = read_one(client, index, id_, routing=routing)
    source: dict[str, Any] = hit["_source"]
    fields = tag_fields(client)
    tagging = source.get(fields.tagging)
    tagging = tagging if isinstance(tagging, dict) else {}
    tags, manual = names_in(source, fields.tags), names_in(source, fields.manual)
    rejected = names_in(source, fields.rejected)
    suggested = names_in(source, fields.suggested)
    of_tags = labels_of_tags(client, [*tags, *suggested, *manual, *rejected])
    labels = _labels(client, id_, of_tags.values(), label)
    ids = {tag: one.id for tag, one in of_tags.items()}
    if label is not None and label in labels:
        ids.setdefault(label, label)  # a retired label, given by the name of its tag
    only = None if label is None else set(labels)
    unclear = [] if only is None else [one.text for one in labels.values() if one.text not in ids]
    text = document_text(fields.without(source), settings.documents.text_fields)
    texts = reads_of(client, index) or settings.documents.text_fields
    kinds = ("deploy", "rollback", "train", "retag")
    runs = list(RunStore(client).of_kinds(*kinds, fields=_READ))
    given = [(tag, "assigned", scores_of(source.get(fields.scores)).get(tag)) for tag in tags]
    proposals = scores_of(source.get(fields.suggestion_scores))
    given += [(tag, "suggested", proposals.get(tag)) for tag in suggested]
    events = [
        *records.judged(client, id_, text, labels, judge_names(client)),
        *records.decided(client, Place.of(hit), source, texts, fields),
        *_tagged(tagging, given, runs, hit["_index"], ids, only, unclear),
        *taggers(settings, tagging, runs, labels),
    ]
    if only is not None:
        events = [event for event in events if event.label is None or event.label in only]
        if not any(event.label for event in events) and _is_unknown(client, only):
            raise UserError(f"there is no label {label}: give its id, or its name as a tag")
    return History(
        document=id_,
        index=hit["_index"],
        tags=tags,
        suggested=suggested,
        manual=manual,
        rejected=rejected,
        writes=int(hit.get("_version", 1)),
        events=sorted(events, key=lambda event: event.at),
        unknown=_ALWAYS_UNKNOWN,
    )


def _labels(
    client: Client, id_: str, of_tags: Iterable[Label], wanted: str | None
) -> dict[str, Label]:
    """Return the labels that the history is about, by id."""
    if wanted is not None:
        found = edits.find(client, names.LABELS, [wanted])
        found = found or {one.id: one for one in labels_of_tags(client, [wanted]).values()}
        return found or {wanted: Label(wanted, wanted)}  # it may have been retired
    there = {label.id: label for label in of_tags}
    body = load("searches/of_document", document=id_)
    hits = client.search(index=names.JUDGMENTS, body=body)["hits"]["hits"]
    judged = {hit["_source"]["label_id"] for hit in hits} - there.keys()
    return there | edits.find(client, names.LABELS, sorted(judged))


def _is_unknown(client: Client, ids: set[str]) -> bool:
    return not edits.find(client, names.LABELS, sorted(ids))


def _tagged(
    tagging: Mapping[str, Any],
    given: Sequence[tuple[str, str, float | None]],
    runs: list[tuple[str, dict[str, Any]]],
    index: str,
    ids: Mapping[str, str],
    only: set[str] | None,
    unclear: Sequence[str],
) -> Iterator[Event]:
    """Yield the last tagging, of which the document itself tells.

    Args:
        unclear: names that a tag of the labels ``only`` may have had, if no label has them now.
    """
    at, tagger = tagging.get("at"), tagging.get("tagger")
    if not at:
        return
    run = next((id_ for id_, record in runs if _is_retag(record, index, at)), None)
    by = f"the tagger {tagger}" if tagger else "no tagger"
    status = tagging.get("status")
    if status != "tagged" or not given:
        yield Event(at, "tagged", f"{status} by {by}, without tags", by=tagger, run=run)
        return
    shown = [one for one in given if only is None or ids.get(one[0]) in only]
    unclear = [tag for tag in unclear if tag in {one[0] for one in given}]
    if not shown and unclear:
        what = f"{by} gave {unclear[0]}, which may mean this label or others of the same name"
        yield Event(at, "tagged", what, by=tagger, run=run)
    elif not shown:
        yield Event(at, "tagged", f"{by} did not assign it", by=tagger, run=run)
    for tag, verb, score in shown:
        what = f"{by} {verb} {tag}" + ("" if score is None else f" with the score {score:.3f}")
        yield Event(at, "tagged", what, ids.get(tag), tagger, run, score=score)


def _is_retag(record: Mapping[str, Any], index: str, at: str) -> bool:
    if record.get("kind") != "retag" or record.get("index_name") != index:
        return False
    return str(record.get("started", "")) <= at.replace("Z", "+00:00") <= str(record.get("at", ""))
