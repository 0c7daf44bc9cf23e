"""Writes people's decisions: into the documents at once, and as judgments for the next training."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lmtx_search.cluster.client.connect import Client
from lmtx_search.cluster.client.errors import clear_errors
from lmtx_search.cluster.decisions import records
from lmtx_search.cluster.decisions.on_index import DecisionsOn, kept_in
from lmtx_search.cluster.decisions.order import Place
from lmtx_search.cluster.decisions.records import Record
from lmtx_search.cluster.decisions.values import (
    Decision,
    decided,
    decision_on,
    names_in,
    restored,
)
from lmtx_search.cluster.decisions.write import DELETED, Stored, Unsure, change, read_places
from lmtx_search.cluster.facets.roll_up import tags_above
from lmtx_search.cluster.facets.tag_labels import labels_of_tags, tag_names
from lmtx_search.cluster.ml.index_pipeline import reads_of
from lmtx_search.cluster.ml.pipeline import tag_fields, untouched_documents
from lmtx_search.errors import LmtxError
from lmtx_search.records import Document, Judgment, Label, content_digest, document_text
from lmtx_search.settings import Settings
from lmtx_search.tag_fields import TagFields
from lmtx_search.training.teacher.human_feedback import person_judgment
from lmtx_search.ui.followed_rules import added_names, followed, gone_names, taken_back
from lmtx_search.ui.tagger_rules import TaggerRules, tagger_of
from lmtx_search.ui.teaching import Learned, earlier_judgments, take_back, teach

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
    left_out: dict[Place, list[str]] = field(default_factory=dict)
    """Tags and suggestions that rules removed with the decision."""
    added: dict[Place, list[str]] = field(default_factory=dict)
    """Those that rules added."""


class Decisions:
    """Decides on tags of the documents of an index."""

    def __init__(self, client: Client, settings: Settings, index: str) -> None:
        self._client = client
        self._documents = settings.documents
        self._index = index
        self.rules = TaggerRules(settings.data_dir)

    def decide(
        self, by: str, tag: str, decision: Decision, asked: Mapping[Place, str]
    ) -> dict[str, Any]:
        """Decide on a tag of documents, and return what became of each.

        A document is left as it is if its text has changed since it was shown, if somebody else
        has decided otherwise, if no label has the tag (any more), or if the cluster refused it.
        ``results`` have a ``problem`` then, in one sentence. ``learned`` is the number of documents
        from which the next training learns, and ``not_learned`` says why it learns from no others
        if the cluster refused judgments or training documents. ``left_out`` of a result are the
        tags and suggestions that a rule removed, and ``added`` those that one added.
        ``not_followed`` says why rules were not followed
        ("": they were).

        Args:
            by: who decides.
            asked: the documents, with the digest of the text that was shown (:func:`text_digest`).

        Raises:
            UserError: ``bootstrap-index`` has not run.
            LmtxError: the cluster failed. No document is changed, or the message names those that
                stay changed.
        """
        records.require_index(self._client)
        label = labels_of_tags(self._client, [tag]).get(tag)
        if label is None or tag_names(self._client, [label])[label.id] != tag:
            return _told(tag, decision, asked, dict.fromkeys(asked, _NO_LABEL.format(tag=tag)))
        fields = tag_fields(self._client)
        stored = read_places(self._client, self._index, asked)
        last = self._made(fields).latest(asked, tag)
        mine = {place for place, (_, record) in last.items() if record.by == by}
        above = self._above(stored.values(), fields) if decision == "reject" else {}
        done = _Progress(
            problems={place: "It was deleted." for place in asked if place not in stored}
        )

        sources = [one.source for one in stored.values()]
        rules, not_followed = self.rules.of_documents(self._client, sources, fields)
        untouched, texts = untouched_documents(self._client), self._texts()

        def changes(place: Place, source: Mapping[str, Any]) -> Mapping[str, Any]:
            done.written.pop(place, None)
            done.left_out.pop(place, None)
            done.added.pop(place, None)
            if untouched is not None and untouched.matches(source):
                done.problems[place] = _UNTOUCHED
                return {}
            if text_digest(source, texts) != asked[place]:
                done.problems[place] = "Its text has changed since it was shown. Reload the page."
                return {}
            there = decision_on(source, tag, fields)
            if there not in (None, decision) and place not in mine:
                done.others.add(place)
                return {}
            mine.discard(place)  # whoever writes it in the meantime is somebody else
            if there == decision and place in last and last[place][1].decision == decision:
                return {}
            changed, before = decided(source, tag, decision, fields, above)
            done.written[place], done.before[place] = source, dict(before)
            if (of_tagger := rules.get(tagger_of(source, fields))) is None:
                return changed
            more, also = followed({**source, **changed}, source, of_tagger, fields)
            done.before[place] |= also
            done.left_out[place], done.added[place] = gone_names(also), added_names(also)
            return {**changed, **more}

        for place, reason in change(self._client, stored, changes).items():
            if isinstance(reason, Unsure):  # recorded, so that it can be undone
                done.problems[place] = f"It may be decided: {reason}."
                continue
            done.written.pop(place, None)
            done.problems[place] = f"Nothing was changed: {reason}."
        learned = self._record(by, tag, label, decision, done, fields)
        self._tell_of_others(done, tag, fields)
        told = _told(tag, decision, asked, done.problems, learned, done.left_out, done.added)
        return {**told, "not_followed": not_followed}

    def undo(self, by: str) -> dict[str, Any]:
        """Undo a person's last decisions: all those that were made in one request.

        ``undone`` lists their documents, ``problems`` says what stays as it is, and why.
        """
        records.require_index(self._client)
        fields = tag_fields(self._client)
        made = self._made(fields)
        last = made.last_group(by)
        by_place = {record.place: record for record in last.values()}
        stored = read_places(self._client, self._index, by_place)
        sources = [one.source for one in stored.values()]
        rules, not_followed = self.rules.of_documents(self._client, sources, fields)
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
            of_tagger = rules.get(tagger_of(source, fields))
            back, _ = taken_back(
                source, record.tag, record.decision, record.before, of_tagger, fields
            )
            return back

        for place, reason in change(self._client, stored, changes).items():
            kept[place] = f"{place.id}: {reason}"
            if reason != DELETED:
                refused.add(place)
        stay = made.kept_elsewhere(id_ for id_, one in last.items() if one.place not in kept)
        gone = [one for id_, one in last.items() if one.place not in kept and id_ not in stay]
        take_back(self._client, gone)
        # What the cluster refused can be undone later.
        records.mark_undone(
            self._client,
            [id_ for id_, one in last.items() if one.place not in refused and id_ not in stay],
        )
        told = [*kept.values(), *(kept_in(index) for index in sorted(set(stay.values())))]
        done = [place for place in by_place if place not in kept and place in stored]
        first = next(iter(last.values()), None)
        return {
            "tag": first.tag if first else None,
            "decision": first.decision if first else None,
            "undone": [place_as_json(place) for place in done],
            "problems": [*told, *([not_followed] if not_followed else [])],
        }

    def _texts(self) -> Sequence[str]:
        """Return the fields that hold the text that a person sees."""
        return reads_of(self._client, self._index) or self._documents.text_fields

    def _made(self, fields: TagFields) -> DecisionsOn:
        return DecisionsOn(self._client, self._index, fields, self._texts())

    def _above(self, stored: Iterable[Stored], fields: TagFields) -> dict[str, list[str]]:
        """Return the tags of the labels above the tags of documents with broader labels."""
        sources = [one.source for one in stored if names_in(one.source, fields.broader)]
        tags = {tag for source in sources for tag in names_in(source, fields.tags)}
        return tags_above(self._client, sorted(tags)) if tags else {}

    def _tell_of_others(self, done: _Progress, tag: str, fields: TagFields) -> None:
        last = self._made(fields).latest(done.others, tag) if done.others else {}
        now = read_places(self._client, self._index, done.others) if done.others else {}
        for place in done.others:
            there = decision_on(now[place].source, tag, fields) if place in now else None
            if place in last:
                who = told_of(last[place][1])
            else:
                who = f"It is already {_PAST[there or 'accept']}"
            done.problems[place] = f"{who}. Nothing was changed."

    def _record(
        self,
        by: str,
        tag: str,
        label: Label,
        decision: Decision,
        done: _Progress,
        fields: TagFields,
    ) -> Learned:
        """Keep records and judgments of the documents that are changed by now.

        Raises:
            LmtxError: the cluster refused the records. The documents are as before, or the message
                names those that are not.
        """
        # Training reads the fields of the settings, also if the index is tagged by others.
        texts = self._documents.text_fields
        judged: dict[Place, tuple[Document, Judgment]] = {}
        for place, source in done.written.items():
            document = Document(place.id, document_text(source, texts), fields.without(source))
            if document.text:
                tags = list(source.get(fields.tags) or [])
                rank = tags.index(tag) if tag in tags else len(tags)
                yes = decision == "accept"
                judged[place] = document, person_judgment(document, label, yes, rank)
        learned = Learned()
        with learned.problem_kept():
            earlier = earlier_judgments(self._client, [one for _, one in judged.values()])
            for place, (_, judgment) in judged.items():
                done.before[place]["judgment"] = earlier[judgment.id]
        self._keep_records(by, tag, label, decision, done, fields)
        if not learned.problem:  # without the earlier judgments, undoing could not restore them
            teach(self._client, self._documents, list(judged.values()), learned)
        return learned

    def _keep_records(
        self,
        by: str,
        tag: str,
        label: Label,
        decision: Decision,
        done: _Progress,
        fields: TagFields,
    ) -> None:
        at, together = records.now(self._client), records.new_group()
        kept = [
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
        ]
        try:
            with clear_errors():
                records.keep(self._client, kept)
        except LmtxError as error:
            # A decision without a record cannot be undone, and does not show who made it.
            stay = self._restore(tag, decision, done, fields)
            if not stay:
                raise
            raise LmtxError(
                f"{error}. The decision is not recorded, and it could not be taken back in these "
                f"documents (check their tags): {', '.join(stay)}"
            ) from error

    def _restore(
        self, tag: str, decision: Decision, done: _Progress, fields: TagFields
    ) -> list[str]:
        """Put a tag back where it was, and return the ids of the documents where it may not be."""

        def changes(place: Place, now: Mapping[str, Any]) -> Mapping[str, Any]:
            if decision_on(now, tag, fields) != decision:
                return {}  # somebody has changed it since
            return restored(now, tag, done.before[place], fields)

        try:
            with clear_errors():
                stored = read_places(self._client, self._index, done.written)
                failed = change(self._client, stored, changes)
        except LmtxError:
            return [place.id for place in done.written]
        return [place.id for place, reason in failed.items() if reason != DELETED]


def _told(
    tag: str,
    decision: Decision,
    asked: Iterable[Place],
    problems: Mapping[Place, str],
    learned: Learned | None = None,
    left_out: Mapping[Place, Sequence[str]] | None = None,
    added: Mapping[Place, Sequence[str]] | None = None,
) -> dict[str, Any]:
    done = [place for place in asked if place not in problems]
    left = {place: list((left_out or {}).get(place, ())) for place in done}
    entered = {place: list((added or {}).get(place, ())) for place in done}
    return {
        "tag": tag,
        "decision": decision,
        "learned": len(learned.documents) if learned else 0,
        "not_learned": learned.problem if learned else "",
        "not_followed": "",
        "results": [
            {
                **place_as_json(place),
                "problem": problems.get(place),
                "left_out": left.get(place, []),
                "added": entered.get(place, []),
            }
            for place in asked
        ],
    }


def told_of(record: Record) -> str:
    """Return who made a decision, and when."""
    when = record.at[:16].replace("T", " ")
    return f"{record.by} {_PAST[record.decision]} it at {when} UTC"


def text_digest(source: Mapping[str, Any], text_fields: Sequence[str]) -> str:
    """Return a digest of the text that a person sees of a document."""
    return content_digest(document_text(source, text_fields))[:32]


def place_as_json(place: Place) -> dict[str, Any]:
    """Return the place of a document as the page sends it back."""
    return {"index": place.index, "id": place.id, "routing": place.routing}
