"""Takes one decision of a person back, where the page shows its document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lmtx_search.cluster.client.connect import Client
from lmtx_search.cluster.decisions import records
from lmtx_search.cluster.decisions.on_index import DecisionsOn, kept_in
from lmtx_search.cluster.decisions.order import Place
from lmtx_search.cluster.decisions.values import decision_on, names_in
from lmtx_search.cluster.decisions.write import Unsure, change, read_places
from lmtx_search.cluster.facets.tag_labels import labels_of_tags
from lmtx_search.cluster.judgments.feedback import find_opinions, remove_opinions
from lmtx_search.cluster.ml.index_pipeline import reads_of
from lmtx_search.cluster.ml.pipeline import tag_fields
from lmtx_search.records import PERSON, Document, document_text, person_judgment_ids
from lmtx_search.settings import DocumentSettings
from lmtx_search.ui.decisions import told_of
from lmtx_search.ui.followed_rules import gone_names, taken_back
from lmtx_search.ui.tagger_rules import TaggerRules, tagger_of
from lmtx_search.ui.teaching import take_back


def withdraw(
    client: Client,
    documents: DocumentSettings,
    rules: TaggerRules,
    index: str,
    by: str,
    tag: str,
    place: Place,
) -> dict[str, Any]:
    """Undo a person's decision on a tag of a document, and the judgment that came with it.

    Earlier releases stored a judgment alone. It is removed.

    Returns:
        ``problem`` says in one or two sentences why the decision stays (None: it is undone), and
        ``applied`` whether the tagger's tags contain the tag now. ``left_out`` are the tags and
        suggestions that would be there without the decision, but for a rule. ``not_followed`` says
        why rules were not followed ("": they were), and ``stays`` that the document of which this
        one is a copy keeps the decision ("": there is none). Where there is a problem, the last
        three are missing.

    Raises:
        UserError: ``bootstrap-index`` has not run.
        LmtxError: the cluster failed.
    """
    records.require_index(client)
    fields = tag_fields(client)
    stored = read_places(client, index, [place])
    if place not in stored:
        return _problem("It was deleted.")
    texts = reads_of(client, index) or documents.text_fields
    decisions = DecisionsOn(client, index, fields, texts)
    made = decisions.latest([place], tag)
    if place not in made:
        source = stored[place].source
        text = document_text(source, documents.text_fields)
        if not _forget(client, Document(place.id, text, fields.without(source)), tag):
            return _problem(
                "No decision of a person on it is recorded for this document. Nothing was changed."
            )
        return _answer(tag in names_in(source, fields.tags))
    id_, record = made[place]
    if record.by != by:
        return _problem(f"{told_of(record)}. Nothing was changed.")
    of_taggers, not_followed = rules.of_documents(client, [stored[place].source], fields)
    otherwise = applied = False
    left_out: list[str] = []

    def changes(_: Place, source: Mapping[str, Any]) -> Mapping[str, Any]:
        nonlocal otherwise, applied, left_out
        there = decision_on(source, tag, fields)
        otherwise = there not in (None, record.decision)
        changed: Mapping[str, Any] = {}
        if there == record.decision:
            known = of_taggers.get(tagger_of(source, fields))
            changed, also = taken_back(source, tag, there, record.before, known, fields)
            left_out = gone_names(also)
        # Without the decision, a client has written the document anew; the judgment goes.
        applied = tag in names_in({**source, **changed}, fields.tags)
        return changed

    failed = change(client, stored, changes)
    if place in failed:
        if isinstance(failed[place], Unsure):
            return _problem(f"It may be undone: {failed[place]}. Try again.")
        return _problem(f"Nothing was changed: {failed[place]}.")
    if otherwise:
        return _problem("Somebody has decided otherwise since then. Nothing was changed.")
    if stays := decisions.kept_elsewhere([id_]):
        return _answer(applied, left_out, not_followed, kept_in(stays[id_]))
    take_back(client, [record])
    records.mark_undone(client, [id_])
    return _answer(applied, left_out, not_followed)


def _answer(
    applied: bool, left_out: Sequence[str] = (), not_followed: str = "", stays: str = ""
) -> dict[str, Any]:
    told = {"left_out": list(left_out), "not_followed": not_followed, "stays": stays}
    return {"problem": None, "applied": applied, **told}


def _problem(sentence: str) -> dict[str, Any]:
    return {"problem": sentence, "applied": None}


def _forget(client: Client, document: Document, tag: str) -> bool:
    """Remove people's judgments of a tag of a document; return whether there were any."""
    label = labels_of_tags(client, [tag]).get(tag)
    if label is None:
        return False
    ids = person_judgment_ids(document, label)
    opinions = find_opinions(client, PERSON, [document.id])
    gone = [one.id for one in opinions if one.label_id == label.id and one.id in ids]
    remove_opinions(client, gone)
    return bool(gone)
