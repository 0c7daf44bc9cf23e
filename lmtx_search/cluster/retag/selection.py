"""Selects the documents to tag again, and the pipeline for them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from opensearchpy import OpenSearch

from lmtx_search.cluster.client import names
from lmtx_search.cluster.client.name_patterns import covers
from lmtx_search.cluster.documents.checkpoint import index_identity
from lmtx_search.cluster.ml.pipeline_copies import called_pipeline, is_tagging
from lmtx_search.cluster.setup.named_indices import read_aliases
from lmtx_search.errors import UserError
from lmtx_search.tag_fields import DEFAULT_FIELDS, TagFields


@dataclass(frozen=True, slots=True)
class Selection:
    """Documents of an index that meet all of the given conditions.

    Attributes:
        query: in the query string syntax.
        pending: documents for which the tagger did not answer.
        since: documents that this tagger version or a later one tagged.
        tags: documents with at least one of these tags, suggestions or broader tags.
        tagger: leave out documents that this version has tagged…
        tagged_from: …at this time (ISO) or later; None: at any time.
        stale: documents whose text has changed since it was read. The query cannot select them.
        fields: names of the tag fields.
        untouched: Query DSL; leave out these documents, which are never touched (None: none).
    """

    query: str | None = None
    pending: bool = False
    since: str | None = None
    tags: Sequence[str] = ()
    tagger: str | None = None
    tagged_from: str | None = None
    stale: bool = False
    fields: TagFields = DEFAULT_FIELDS
    untouched: Mapping[str, Any] | None = None

    def body(self) -> dict[str, Any]:
        """Return the query for the cluster."""
        if self.untouched is None:
            return self._selected()
        return {"bool": {"filter": [self._selected()], "must_not": [self.untouched]}}

    def unfinished(self, tagger: str, started: str) -> Selection:
        """Return the selection without what an interrupted run has finished.

        Args:
            tagger: version that the run tags with.
            started: when the run began (ISO), by the cluster's clock.
        """
        if self.tagger or self.stale:
            return self  # what is finished is not selected any more
        return replace(self, tagger=tagger, tagged_from=started)

    def left_out(self) -> dict[str, Any]:
        """Return the query for the documents that are never touched."""
        return {"bool": {"filter": [self._selected(), self.untouched]}}

    def _selected(self) -> dict[str, Any]:
        wanted: list[dict[str, Any]] = []
        if self.stale:
            wanted.append({"exists": {"field": "tagging.status"}})
        if self.query:
            wanted.append({"query_string": {"query": self.query}})
        if self.pending:
            wanted.append({"term": {"tagging.status": "pending"}})
        if self.since:
            wanted.append({"range": {"tagging.tagger": {"gte": self.since}}})
        if self.tags:
            holding = ("tags", "tags_suggested", "tags_broader")
            some = [{"terms": {name: list(self.tags)}} for name in holding]
            wanted.append({"bool": {"should": some}})
        unwanted: list[dict[str, Any]] = []
        if self.tagger:
            done: list[dict[str, Any]] = [
                {"term": {"tagging.tagger": self.tagger}},
                {"term": {"tagging.status": "tagged"}},
            ]
            if self.tagged_from:
                done.append({"range": {"tagging.at": {"gte": self.tagged_from}}})
            unwanted.append({"bool": {"filter": done}})
        query = {"bool": {"filter": wanted, "must_not": unwanted}}
        return dict(self.fields.in_body(query))


@dataclass(frozen=True, slots=True)
class Target:
    """An index whose documents can be tagged again.

    ``pipeline`` is the pipeline that a bulk request must name, so that documents are tagged without
    running other pipelines first. ``identity`` is another one after the restore of a snapshot over
    the index, which ``uuid`` is not.
    """

    index: str
    uuid: str
    identity: str
    pipeline: str


def targets(client: OpenSearch, index: str) -> list[Target]:
    """Return the indices behind a name or an alias.

    Raises:
        UserError: an index is not attached, or does not store the whole ``_source``, or an alias
            shows only a part of it.
    """
    if index.startswith(names.OWN):
        raise UserError(f"{index} is lmtx-search's own index: name one of yours")
    settings = client.indices.get_settings(index=index, params={"flat_settings": "true"})
    mappings = client.indices.get_mapping(index=index)
    if not settings:
        raise UserError(f"no index {index}: check its name")
    _require_unfiltered(client, index, settings)
    found = []
    for name in sorted(settings):
        values = settings[name]["settings"]
        _require_whole(name, mappings[name]["mappings"].get("_source", {}))
        found.append(
            Target(
                name, values["index.uuid"], index_identity(values), _pipeline(client, name, values)
            )
        )
    return found


def require_query(client: OpenSearch, index: str, query: str) -> None:
    """Check a query in the query string syntax.

    Raises:
        UserError: the cluster cannot parse it.
    """
    body = {"query": Selection(query=query).body()}
    answer = client.indices.validate_query(index=index, body=body)
    if not answer["valid"]:
        raise UserError(
            f"the query {query!r} cannot be read: write it in OpenSearch's query string syntax, "
            "for instance title:chess AND year:>2020"
        )


def _require_unfiltered(client: OpenSearch, given: str, indices: Collection[str]) -> None:
    """Refuse aliases that show only a part of an index: documents are read from the index."""
    names_given = given.split(",")
    # As in a search, one name without a filter shows all documents. A secured cluster refuses to
    # look for an alias that has the name of an index.
    hidden = [
        index for index in sorted(indices) if not any(covers(name, index) for name in names_given)
    ]
    if not hidden:
        return
    aliases: dict[str, dict[str, Any]] = {}
    for name in names_given:
        if name not in indices:
            for index, one in (read_aliases(client, name, indices) or {}).items():
                aliases.setdefault(index, {}).update(one["aliases"])
    for index in hidden:
        through = aliases.get(index, {})
        if through and all(one.keys() & {"filter", "search_routing"} for one in through.values()):
            raise UserError(
                f"the alias {min(through)} shows only a part of {index} (it has a filter or a "
                f"routing): name {index} itself, and select its documents with a query"
            )


def _pipeline(client: OpenSearch, index: str, settings: dict[str, str]) -> str:
    default = settings.get("index.default_pipeline", "_none")
    if is_tagging(settings.get("index.final_pipeline")):
        return "_none"  # the final pipeline always runs
    if is_tagging(default):
        return default
    called = called_pipeline(client, default)
    if called is not None:
        return called
    raise UserError(
        f"the index {index} does not tag its documents: run "
        f"`lmtx-search attach {index} --text-field FIELD` first"
    )


def _require_whole(index: str, source: dict[str, Any]) -> None:
    if source.get("enabled", True) is False or source.get("includes") or source.get("excludes"):
        raise UserError(
            f"{index} does not store whole documents (_source is filtered): index them again from "
            "their source"
        )
