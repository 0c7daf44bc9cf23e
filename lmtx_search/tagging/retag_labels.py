"""Finds the tags of the labels that ``retag --label`` names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lmtx_search.cluster.client import names
from lmtx_search.cluster.facets.tag_labels import labels_of_tags, tag_names
from lmtx_search.cluster.labels import edits
from lmtx_search.cluster.retag.selection import Selection
from lmtx_search.errors import UserError
from lmtx_search.tag_fields import TagFields
from lmtx_search.tagging.versions.label_names import LabelNames, find_names
from lmtx_search.tagging.versions.other_clusters import of_other_clusters
from lmtx_search.tagging.versions.store import TaggerVersions

if TYPE_CHECKING:
    from lmtx_search.cluster.client.connect import Client


def tags_of_labels(
    client: Client,
    versions: TaggerVersions,
    tagger: str,
    wanted: Sequence[str],
    index: str,
    fields: TagFields,
) -> LabelNames:
    """Return the current and the earlier tags of labels, given by id or by name.

    They come from the tagger versions of this machine and from the label index, which has only
    current names.

    Args:
        tagger: the version in use.
        index: the index whose documents are tagged again.

    Raises:
        UserError: an id or a name belongs to no label, belonged to none, and is no document's tag.
    """
    found = find_names(versions, wanted, of_other_clusters(client, versions))
    there = edits.find(client, names.LABELS, list(dict.fromkeys(wanted)))
    named = tag_names(client, list(there.values()))
    for label in there.values():
        found.add(label, named[label.id])
    open_ = [one for one in dict.fromkeys(wanted) if one not in found.known]
    if open_:
        found.known.update(edits.named(client, names.LABELS, open_))
        found.known.update(labels_of_tags(client, open_))
    unknown = [
        one
        for one in open_
        if one not in found.known and not _documents_with(client, index, one, fields)
    ]
    if unknown:
        raise UserError(
            f"no label has or had the id or name {' or '.join(unknown)}, as far as the label index "
            f"and the tagger versions in {versions.folder} tell, and no document of {index} has "
            "such a tag: give the name of the tag as documents have it, or run this on the machine "
            "that deployed the taggers"
        )
    if there and tagger not in versions.names():
        found.notes.append(
            f"The tagger {tagger} is not in {versions.folder}, so earlier names of "
            f"{', '.join(there)} may be unknown here: documents that have such a name are found "
            "with `retag --label NAME`, or on the machine that deployed the tagger"
        )
    return found


def _documents_with(client: Client, index: str, tag: str, fields: TagFields) -> int:
    """Return how many documents have a tag or a suggestion of this name."""
    query = Selection(tags=[tag], fields=fields).body()
    return int(client.count(index=index, body={"query": query})["count"])
