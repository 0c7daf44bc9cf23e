"""Adds the fields of this release to indices that tag."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, partial

from opensearchpy import AuthorizationException, OpenSearch

from lmtx_search.cluster.ml.pipeline_copies import called_pipeline
from lmtx_search.cluster.setup.indices import missing_tag_parts, require_own_all, tags
from lmtx_search.cluster.setup.steps import Request, Step
from lmtx_search.tag_fields import TagFields


def tagged_index_steps(client: OpenSearch, fields: TagFields, notes: list[str]) -> Iterator[Step]:
    """Yield steps that add missing fields; an index may not add new fields by itself.

    Raises:
        UserError: an index has its own field ``fields.all``.
    """
    params = {"flat_settings": "true", "expand_wildcards": "all"}
    called = cache(partial(called_pipeline, client))
    try:
        found = client.indices.get_settings(
            index="*,-.*,.ds-*", name="index.*_pipeline", params=params
        )
        tagging = [name for name, one in sorted(found.items()) if tags(one["settings"], called)]
    except AuthorizationException:
        notes.append(
            "the user may not read the settings of all indices, or a pipeline that they name: run "
            "`lmtx-search attach` again for each index that tags, to add the fields of this release"
        )
        return
    for name in tagging:
        there = client.indices.get_mapping(index=name)[name]["mappings"].get("properties", {})
        require_own_all(f"the index {name}", there, fields)
        missing = missing_tag_parts(there, fields)
        if fields.tagging in there and "properties" not in there[fields.tagging]:
            missing.pop(fields.tagging, None)  # the index's own field: `attach` reports it
        if missing:
            request = Request("PUT", f"/{name}/_mapping", {"properties": missing})
            yield Step(f"fields {', '.join(missing)} of index {name}", request, replaces=True)
