"""Writes people's decisions: into the documents at once, and as judgments for the next training."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from lmtx_search.cluster.client.connect import Client
from lmtx_search.cluster.decisions import records
from lmtx_search.cluster.decisions.order import Place
from lmtx_search.cluster.decisions.records import Record
from lmtx_search.cluster.decisions.values import (
    Decision,
    decided,
    decision_on,
    names_in,
    undone,
)
from lmtx_search.cluster.decisions.write import DELETED, Stored, change, read_places
from lmtx_search.cluster.facets.recent_sample import labels_of_tags
from lmtx_search.cluster.facets.roll_up import tag_names, tags_above
from lmtx_search.cluster.judgments.feedback import keep_opinions, remove_opinions, train_on
from lmtx_search.cluster.judgments.store import JudgmentStore
from lmtx_search.cluster.ml.pipeline import tag_fields, untouched_documents
from lmtx_search.errors import LmtxError
from lmtx_search.records import PERSON, Document, Judgment, Label, content_digest, document_text
from lmtx_search.settings import DocumentSettings
from lmtx_search.tag_fields import TagFields
from lmtx_search.training.teacher.human_feedback import person_judgment

_UNTOUCHED = "It is never touched (documents.untouched_query). Nothing was changed."
_NO_LABEL = (
    "No label has the tag {tag}: it was renamed or retired. Nothing was changed. "
    "`lmtx-search retag` writes the present tags into documents."
)
_PAST: dict[Decision, str] = {"accept": "accepted", "reject": "rejected"}


@dataclass(slots=True)
class _Progress:
    """What became of the documents of one request."""

    written: dict[Place, Mapping[str, Any]] = field(default_factory=dict)
    """The documents as they were before the decision."""
    before: dict[Place, dict[str, Any]] = field(default_factory=dict)
    problems: dict[Place, str] = field(default_factory=dict)
    others: set[Place] = field(default_factory=set)
    """Documents on whose tag somebody else decided otherwise."""


class Decisions:
    """Decides on tags of the documents of an index."""

    def __init__(self, client: Client, documents: DocumentSettings, index: str) -> None:
        self._client = client
        self._documents = documents
        self._index = index

    def decide(
        self, by: str, tag: str, decision: Decision, asked: Mapping[Place, str]
    ) -> dict[str, Any]:
        """Decide on a tag of documents, and return what became of each.

        A document is left as it is if its text has changed since it was shown, if somebody else
        has decided otherwise, or if no label has the tag (any more). ``results`` have a
        ``problem`` then, in one sentence. ``learned`` is the number of documents from which the
        next training learns.

        Args:
            by: who decides.
            asked: the documents, with the digest of the text that was shown (:func:`text_digest`).

        Raises:
            UserError: ``bootstrap-index`` has not run, or a right is missing.
        """
        records.require_index(self._client)
        label = labels_of_tags(self._client, [tag]).get(tag)
        if label is None or tag_names(self._client, [label])[label.id] != tag:
            return _told(tag, decision, asked, dict.fromkeys(asked, _NO_LABEL.format(tag=tag)))
        fields = tag_fields(self._client)
        stored = read_places(self._client, self._index, asked)
        last = records.latest_of(self._client, list(asked), tag)
        mine = {place for place, record in last.items() if record.by == by}
        above = self._above(stored.values(), fields) if decision == "reject" else {}
        done = _Progress(
            problems={place: "It was deleted." for place in asked if place not in stored}
        )

        untouched = untouched_documents(self._client)

        def changes(place: Place, source: Mapping[str, Any]) -> Mapping[str, Any]:
            done.written.pop(place, None)
            if untouched is not None and untouched.matches(source):
                done.problems[place] = _UNTOUCHED
                return {}
            if text_digest(source, self._documents.text_fields) != asked[place]:
                done.problems[place] = "Its text has changed since it was shown. Reload the page."
                return {}
            there = decision_on(source, tag, fields)
            if there not in (None, decision) and place not in mine:
                done.others.add(place)
                return {}
            mine.discard(place)  # whoever writes it in the meantime is somebody else
            if there == decision and place in last and last[place].decision == decision:
                return {}
            changed, before = decided(source, tag, decision, fields, above)
            done.written[place], done.before[place] = source, dict(before)
            return changed

        for place, reason in change(self._client, stored, changes).items():
            done.written.pop(place, None)
            done.problems[place] = f"Nothing was changed: {reason}."
        self._tell_of_others(done, tag)
        learned = self._record(by, tag, label, decision, done)
        return _told(tag, decision, asked, done.problems, len(learned))

    def undo(self, by: str) -> dict[str, Any]:
        """Undo a person's last decisions: all those that were made in one request.

        ``undone`` lists their documents, ``problems`` says what stays as it is, and why.
        """
        records.require_index(self._client)
        fields = tag_fields(self._client)
        last = records.last_group(self._client, self._index, by)
        by_place = {record.place: record for record in last.values()}
        stored = read_places(self._client, self._index, by_place)
        kept: dict[Place, str] = {}
        refused: set[Place] = set()

        def changes(place: Place, source: Mapping[str, Any]) -> Mapping[str, Any]:
            record = by_place[place]
            there = decision_on(source, record.tag, fields)
            if there is None:
                return {}  # a client has written it without the decision; the judgment goes
            if there != record.decision:
                kept[place] = f"{place.id}: somebody has decided otherwise since then."
                return {}
            return undone(source, record.tag, record.before, fields)

        for place, reason in change(self._client, stored, changes).items():
            kept[place] = f"{place.id}: {reason}"
            if reason != DELETED:
                refused.add(place)
        self._take_back([one for one in last.values() if one.place not in kept])
        # What the cluster refused can be undone later.
        records.mark_undone(
            self._client, [id_ for id_, one in last.items() if one.place not in refused]
        )
        done = [place for place in by_place if place not in kept and place in stored]
        first = next(iter(last.values()), None)
        return {
            "tag": first.tag if first else None,
            "decision": first.decision if first else None,
            "undone": [place_as_json(place) for place in done],
            "problems": list(kept.values()),
        }

    def _above(self, stored: Iterable[Stored], fields: TagFields) -> dict[str, list[str]]:
        """Return the tags of the labels above the tags of documents with broader labels."""
        sources = [one.source for one in stored if names_in(one.source, fields.broader)]
        tags = {tag for source in sources for tag in names_in(source, fields.tags)}
        return tags_above(self._client, sorted(tags)) if tags else {}

    def _tell_of_others(self, done: _Progress, tag: str) -> None:
        fields = tag_fields(self._client)
        last = records.latest_of(self._client, list(done.others), tag) if done.others else {}
        now = read_places(self._client, self._index, done.others) if done.others else {}
        for place in done.others:
            there = decision_on(now[place].source, tag, fields) if place in now else None
            record = last.get(place)
            if record is not None:
                when = record.at[:16].replace("T", " ")
                who = f"{record.by} {_PAST[record.decision]} it at {when} UTC"
            else:
                who = f"It is already {_PAST[there or 'accept']}"
            done.problems[place] = f"{who}. Nothing was changed."

    def _record(
        self, by: str, tag: str, label: Label, decision: Decision, done: _Progress
    ) -> set[str]:
        """Keep judgments and records; return the ids of documents that training learns from."""
        fields = tag_fields(self._client)
        texts = self._documents.text_fields
        judged: dict[Place, tuple[Document, Judgment]] = {}
        for place, source in done.written.items():
            document = Document(place.id, document_text(source, texts), fields.without(source))
            if document.text:
                tags = list(source.get(fields.tags) or [])
                rank = tags.index(tag) if tag in tags else len(tags)
                yes = decision == "accept"
                judged[place] = document, person_judgment(document, label, yes, rank)
        earlier = JudgmentStore(self._client).find(one.id for _, one in judged.values())
        for place, (_, judgment) in judged.items():
            was = earlier.get(judgment.id)
            done.before[place]["judgment"] = {
                "id": judgment.id,
                "p_yes": was.p_yes if was else None,
                "rank": judgment.rank,
            }
        learned: set[str] = set()
        # The documents are changed by now: whatever happens, it is recorded who decided what.
        with suppress(LmtxError):
            learned = train_on(self._client, self._documents, [one for one, _ in judged.values()])
        keep_opinions(self._client, [judgment for _, judgment in judged.values()])
        at, together = records.now(), records.new_group()
        records.keep(
            self._client,
            [
                Record(
                    at=at,
                    by=by,
                    place=place,
                    tag=tag,
                    label_id=label.id,
                    decision=decision,
                    together=together,
                    before=done.before[place],
                )
                for place in done.written
            ],
        )
        return learned

    def _take_back(self, undone_records: Sequence[Record]) -> None:
        """Put the judgments back that were there before the decisions."""
        gone: list[str] = []
        earlier: list[Judgment] = []
        for record in undone_records:
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
        remove_opinions(self._client, gone)
        keep_opinions(self._client, earlier)


def _told(
    tag: str,
    decision: Decision,
    asked: Iterable[Place],
    problems: Mapping[Place, str],
    learned: int = 0,
) -> dict[str, Any]:
    return {
        "tag": tag,
        "decision": decision,
        "learned": learned,
        "results": [{**place_as_json(place), "problem": problems.get(place)} for place in asked],
    }


def text_digest(source: Mapping[str, Any], text_fields: Sequence[str]) -> str:
    """Return a digest of the text that a person sees of a document."""
    return content_digest(document_text(source, text_fields))[:32]


def place_as_json(place: Place) -> dict[str, Any]:
    """Return the place of a document as the page sends it back."""
    return {"index": place.index, "id": place.id, "routing": place.routing}
