"""Which label a tag of a document means, and which tag a label has now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from opensearchpy import OpenSearch

from lmtx_search.cluster.client import names
from lmtx_search.cluster.client.retry import WHOLE
from lmtx_search.cluster.labels import edits
from lmtx_search.cluster.labels.codec import FIELDS, label_of
from lmtx_search.records import Label, unique_names

# Labels that one request asks for.
_BATCH = 1000
# The most hits of one search.
_MOST = 10_000


def labels_of_tags(client: OpenSearch, tags: Iterable[str]) -> dict[str, Label]:
    """Return the labels of tags by the tags' names, without labels that no longer exist.

    A tag that was written before another label got the same text may mean either label. It is left
    out, because the tags of both have other names now.
    """
    wanted = list(dict.fromkeys(tags))
    found = edits.named(client, names.LABELS, wanted)
    # The name of a tag if several labels have the same text: `Mail (mail-1)`.
    ids = {tag: [id_ for _, id_ in texts_and_ids(tag)] for tag in wanted if tag not in found}
    there = edits.find(client, names.LABELS, sorted({id_ for some in ids.values() for id_ in some}))
    called = tag_names(client, list(found.values()))
    found = {tag: label for tag, label in found.items() if called[label.id] == tag}
    for tag, some in ids.items():
        # What is in brackets may belong to the name of another label, which was retired.
        labels = (there[id_] for id_ in some if id_ in there)
        if label := next((one for one in labels if one.may_be_called(tag)), None):
            found[tag] = label
    return found


def texts_and_ids(tag: str) -> Iterator[tuple[str, str]]:
    """Yield what may be a label's text and its added id: both may have brackets themselves."""
    at = tag.find(" (")
    while tag.endswith(")") and at >= 0:
        if id_ := tag[at + 2 : -1]:
            yield tag[:at], id_
        at = tag.find(" (", at + 1)


def tag_names(client: OpenSearch, labels: Sequence[Label]) -> dict[str, str]:
    """Return the tag names of labels by id, as a tagger with all labels gives them.

    A name is the text, with the id if labels share the text; see
    :func:`~lmtx_search.records.unique_names`.
    """
    found = {label.id: label.text for label in labels}
    called = dict(found)
    asked: set[str] = set()
    # A name with an added id may be the text of another label. Both have their ids added then.
    while wanted := sorted(_texts_behind(called.values()) - asked):
        asked.update(wanted)
        hits = _with_texts(client, wanted, ["text"])
        found.update((hit["_id"], hit["_source"]["text"]) for hit in hits)
        called = dict(zip(found, unique_names(list(found.values()), list(found)), strict=True))
    return {label.id: called[label.id] for label in labels}


def sharing(client: OpenSearch, texts: Iterable[str]) -> list[Label]:
    """Return the labels with one of these texts, or with one to which an id was added in them."""
    return [label_of(hit) for hit in _with_texts(client, sorted(_texts_behind(texts)), FIELDS)]


def _with_texts(
    client: OpenSearch, texts: Sequence[str], fields: Sequence[str]
) -> Iterator[dict[str, Any]]:
    for start in range(0, len(texts), _BATCH):
        query = {"terms": {"text.keyword": list(texts[start : start + _BATCH])}}
        body = {"size": _MOST, "query": query, "_source": list(fields)}
        yield from client.search(index=names.LABELS, body=body, params=WHOLE)["hits"]["hits"]


def _texts_behind(tags: Iterable[str]) -> set[str]:
    """Return the texts of labels that may be called so, with and without added ids."""
    names = set(tags)
    return names | {text for name in names for text, _ in texts_and_ids(name)}
