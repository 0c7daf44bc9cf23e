"""Reads what the cluster and the folder of taggers record about the tags of a document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lmtx_search.cluster.client import names
from lmtx_search.cluster.decisions.on_index import is_earlier
from lmtx_search.cluster.decisions.order import Place
from lmtx_search.cluster.decisions.values import decision_on
from lmtx_search.cluster.judgments.judge_names import JudgeNames
from lmtx_search.index_templates import load
from lmtx_search.records import PERSON, Document, Label, document_text, person_judgment_ids
from lmtx_search.tag_fields import TagFields
from lmtx_search.tagging.history.events import Event
from lmtx_search.tagging.versions.version import TaggerVersion

if TYPE_CHECKING:
    from lmtx_search.cluster.client.connect import Client

_VERBS = {"accept": "accepted", "reject": "rejected"}


def judged(
    client: Client, document: str, text: str, labels: Mapping[str, Label], judges: JudgeNames
) -> Iterator[Event]:
    """Yield the judgments of labels for a document.

    Args:
        text: of the document, as training reads it.
        labels: by id.
        judges: names of models and prompts.
    """
    for hit in _of_document(client, names.JUDGMENTS, document):
        source = hit["_source"]
        label = source["label_id"]
        name = labels[label].text if label in labels else f"{label} (no longer a label)"
        p_yes = float(source["p_yes"])
        if source["judge"] == PERSON:
            what = f"a person said that {name} is {'right' if p_yes > 0.5 else 'wrong'}"
            about = Document(document, text)
            if label in labels and hit["_id"] not in person_judgment_ids(about, labels[label]):
                what += ", about another text or name than today's"
            yield Event(source["at"], "judged", what, label, PERSON, p_yes=p_yes)
            continue
        model, prompt = judges.model(source["judge"]), judges.prompt(source["prompt"])
        what = f"{model} answered {name}: P(yes) {p_yes:.2f} (prompt {prompt})"
        yield Event(source["at"], "judged", what, label, model, p_yes=p_yes)


def decided(
    client: Client,
    place: Place,
    source: Mapping[str, Any],
    texts: Sequence[str],
    fields: TagFields,
) -> Iterator[Event]:
    """Yield people's decisions about tags of a document, and that they were undone.

    Decisions that were made in another index are told with its name, if the document has a tag
    where one of them put it, and may have been in that index:
    see :func:`~lmtx_search.cluster.decisions.on_index.is_earlier`.

    Args:
        source: the document.
        texts: the fields that hold its text.
    """
    if not client.indices.exists(index=names.DECISIONS):
        return
    found = [
        one
        for hit in _of_document(client, names.DECISIONS, place.id)
        if (one := hit["_source"]).get("kind") == "decision" and one.get("routing") == place.routing
    ]
    # The index may be gone, and ids alone say little.
    here = {
        str(one["index_name"])
        for one in found
        if "undone_at" not in one and decision_on(source, one["tag"], fields) == one["decision"]
    }
    copy = document_text(source, texts)
    where = {place.index: ""}
    for index in here - {place.index}:
        if is_earlier(client, index, {Place(index, place.id, place.routing): copy}, texts):
            where[index] = f" (in the index {index})"
    for one in found:
        if (index := str(one["index_name"])) not in where:
            continue
        label, by = one.get("label_id") or one["tag"], one["by"]
        verb = _VERBS.get(one["decision"], one["decision"])
        what = f"{by} {verb} {one['tag']}{where[index]}"
        yield Event(one["at"], "decided", what, label, by)
        if undone := one.get("undone_at"):
            what = f"the decision of {by} about {one['tag']} was undone"
            yield Event(undone, "undone", what, label, by)


def label_changes(version: TaggerVersion, labels: Mapping[str, Label]) -> Iterator[Event]:
    """Yield the changes of labels since a tagger version was made."""
    for change in version.changes():
        changed = {put.id: f"became {put.text}" for put in change.puts}
        changed |= dict.fromkeys(change.retired, "was retired")
        for id_, what in changed.items():
            if id_ in labels:
                told = f"the label {id_} {what} in the tagger {version.manifest.version}"
                yield Event(change.at, "label changed", told, id_, version.manifest.version)


def _of_document(client: Client, index: str, document: str) -> list[dict[str, Any]]:
    client.indices.refresh(index=index)
    found = client.search(index=index, body=load("searches/of_document", document=document))
    return list(found["hits"]["hits"])
