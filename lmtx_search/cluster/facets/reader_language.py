"""The names of tags in the reader's language, from the translations in the label index."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from opensearchpy import OpenSearch

from lmtx_search.cluster.client import names
from lmtx_search.cluster.facets.recent_sample import labels_of_tags
from lmtx_search.cluster.facets.roll_up import tag_names
from lmtx_search.cluster.labels.codec import FIELDS, label_of
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


def tag_named(client: OpenSearch, name: str, language: str) -> str:
    """Return the tag that has this name in a language; the name itself if no label has it.

    Raises:
        UserError: several labels have this name in that language.
    """
    spoken = dict.fromkeys((language.lower(), language.lower().split("-")[0]))
    either = [{"term": {f"translations.{one}": name}} for one in spoken]
    query = {"bool": {"should": either, "minimum_should_match": 1}}
    body = {"size": 10, "query": query, "_source": list(FIELDS)}
    hits = client.search(index=names.LABELS, body=body)["hits"]["hits"]
    tags = sorted(tag_names(client, [label_of(hit) for hit in hits]).values())
    if len(tags) > 1:
        raise UserError(
            f"several labels are called {name} in {language}: give the tag itself instead "
            f"({', '.join(tags)})"
        )
    return tags[0] if tags else name
