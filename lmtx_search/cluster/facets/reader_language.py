"""The names of tags in the reader's language, from the translations in the label index."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from opensearchpy import OpenSearch

from lmtx_search.cluster.client import names
from lmtx_search.cluster.client.retry import WHOLE
from lmtx_search.cluster.facets.tag_labels import labels_of_tags, tag_names, texts_and_ids
from lmtx_search.cluster.labels import edits
from lmtx_search.cluster.labels.codec import FIELDS, label_of
from lmtx_search.cluster.ml.pipeline import tag_fields
from lmtx_search.errors import UserError


def names_in(client: OpenSearch, tags: Iterable[str], language: str) -> dict[str, str]:
    """Return the names of tags in a language by tag. A tag without a translation keeps its name.

    An id in a tag is in its name too. If labels share a name in that language, ids are added.
    """
    wanted = list(dict.fromkeys(tags))
    labels = labels_of_tags(client, wanted)
    found = {
        tag: labels[tag].name_in(language) + tag.removeprefix(labels[tag].text)
        if tag in labels
        else tag
        for tag in wanted
    }
    shared = Counter(found.values())
    return {
        tag: f"{name} ({labels[tag].id})" if shared[name] > 1 and tag in labels else name
        for tag, name in found.items()
    }


def missing_language(client: OpenSearch, tags: Iterable[str], language: str) -> str:
    """Say that no label of these tags has a name in a language, and in which they have names.

    Nothing is returned if one has. The language of the tags themselves is not known.
    """
    labels = labels_of_tags(client, list(dict.fromkeys(tags))).values()
    if not labels or any(label.translation(language) for label in labels):
        return ""
    there = sorted({tag for label in labels for tag, _ in label.translations})
    others = f"they have names in {', '.join(there)}" if there else "they have no translations"
    return (
        f"No label of these tags has a name in {language} beside its own, which is shown: {others} "
        "(`labels load --language` reads them)"
    )


def tag_named(client: OpenSearch, index: str, name: str, language: str) -> str:
    """Return the tag that has this name in a language; the name itself if it is a tag.

    Args:
        index: the documents whose tags count.

    Raises:
        UserError: several labels have this name in that language, or it is the name of no label
            and no document's tag.
    """
    # In any language: what is shown depends on which translations a label has.
    body = {"size": 1000, "query": {"term": {"translations": name}}, "_source": list(FIELDS)}
    hits = client.search(index=names.LABELS, body=body, params=WHOLE)["hits"]["hits"]
    labels = [label for hit in hits if (label := label_of(hit)).name_in(language) == name]
    if not labels:
        shown = {id_: text for text, id_ in texts_and_ids(name)}
        there = edits.find(client, names.LABELS, list(shown)).values()
        labels = [label for label in there if label.name_in(language) == shown[label.id]]
    tags = sorted(tag_names(client, labels).values())
    if len(tags) > 1:
        raise UserError(
            f"several labels are called {name} in {language}: give the tag itself instead "
            f"({', '.join(tags)})"
        )
    if not tags and not labels_of_tags(client, [name]) and not _is_tag(client, index, name):
        raise UserError(
            f"{name} is the name of no label in {language}, and no document of {index} has it as a "
            "tag: `lmtx-search facets` lists the tags"
        )
    return tags[0] if tags else name


def _is_tag(client: OpenSearch, index: str, name: str) -> bool:
    fields = tag_fields(client)
    some = [{"term": {field: name}} for field in (fields.tags, fields.suggested, fields.manual)]
    query = {"bool": {"should": some}}
    return bool(client.count(index=index, body={"query": query})["count"])
