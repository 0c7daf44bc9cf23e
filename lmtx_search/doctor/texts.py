"""Checks of tagged documents: whether tags fit the text, and who wrote them."""

from __future__ import annotations

from collections.abc import Mapping

from lmtx_search.cluster.client.connect import Client
from lmtx_search.cluster.health.overview import tagged_documents
from lmtx_search.cluster.ml.index_pipeline import index_text_fields
from lmtx_search.cluster.ml.pipeline import read_pipeline
from lmtx_search.cluster.retag.stale import TextCheck
from lmtx_search.doctor.checks import Finding, ok
from lmtx_search.settings import Settings

# Seconds for all indices together.
_SECONDS = 20


def examine_texts(client: Client) -> Finding:
    """Compare the digests of texts in all indices with tagged documents."""
    state = read_pipeline(client)
    indices = _indices(client, "tagged", "pending", "untagged")
    if not indices:
        return ok("no document is tagged yet")
    seconds = max(1, _SECONDS // len(indices))
    counts = {
        index: TextCheck(index_text_fields(client, state, index), state.names).count(
            client, index, seconds
        )
        for index in indices
    }
    stale = {index: one.stale for index, one in counts.items() if one.stale}
    fits = sum(one.fits for one in counts.values())
    whole = "" if all(one.complete for one in counts.values()) else " of those checked in 20 s"
    if stale:
        index = max(stale, key=lambda name: stale[name])
        return Finding(
            "warn",
            f"{sum(stale.values()):,} documents{whole} have changed since they were tagged: a "
            "partial update runs no pipeline",
            f"lmtx-search retag --index {index} --stale",
        )
    unknown = sum(one.unknown for one in counts.values())
    told = f"; {unknown:,} were tagged by an earlier release, without a digest"
    return ok(
        f"the tags of {fits:,} documents{whole} belong to their text{told if unknown else ''}"
    )


def examine_own_tags(client: Client) -> Finding:
    """Find documents that keep values that people wrote in the tag fields."""
    skipped = _indices(client, "skipped")
    if not skipped:
        return ok("no document has values in the tag fields that lmtx-search did not write")
    index = max(skipped, key=lambda name: skipped[name])
    return Finding(
        "warn",
        f"{sum(skipped.values()):,} documents are not tagged: they have values of their own in the "
        "tag fields",
        f"lmtx-search retag --index {index} --keep-own-tags",
    )


def examine_names(client: Client, settings: Settings) -> Finding:
    """Compare the names of the fields in the settings with those that the pipeline writes."""
    there, wanted = read_pipeline(client).names, settings.documents.tag_fields
    if there == wanted:
        return ok(f"tags go into {there.tags}")
    return Finding(
        "warn",
        f"the pipeline writes {', '.join(there.written)}, the settings name "
        f"{', '.join(wanted.written)}",
        "lmtx-search bootstrap-index, or set documents.tags_field etc. to the pipeline's names",
    )


def _indices(client: Client, *statuses: str) -> Mapping[str, int]:
    """Return the indices with documents of these statuses, and their numbers."""
    counts = {
        index: sum(found.get(status, 0) for status in statuses)
        for index, found in (tagged_documents(client) or {}).items()
    }
    return {index: count for index, count in counts.items() if count}
