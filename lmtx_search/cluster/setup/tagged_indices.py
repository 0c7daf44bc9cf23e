"""Indices that tag, brought up to the fields of this release."""

from __future__ import annotations

from collections.abc import Iterator

from opensearchpy import AuthorizationException, OpenSearch

from lmtx_search.cluster.ml.pipeline_copies import is_tagging
from lmtx_search.cluster.setup.indices import tag_properties
from lmtx_search.cluster.setup.steps import Request, Step
from lmtx_search.tag_fields import TagFields


def tagged_index_steps(client: OpenSearch, fields: TagFields, notes: list[str]) -> Iterator[Step]:
    """Yield what adds fields to indices that tag: not each of them adds new fields by itself."""
    wanted = tag_properties(fields)
    params = {"flat_settings": "true", "expand_wildcards": "all"}
    try:
        found = client.indices.get_settings(
            index="*,-.*,.ds-*", name="index.*_pipeline", params=params
        )
    except AuthorizationException:
        notes.append(
            "the user may not see the settings of all indices: run `lmtx-search attach` again for "
            "each index that tags, so that it has all fields of this release"
        )
        return
    for name, answer in sorted(found.items()):
        if not any(is_tagging(str(one)) for one in answer["settings"].values()):
            continue
        there = client.indices.get_mapping(index=name)[name]["mappings"].get("properties", {})
        missing = {
            field: body
            for field, body in wanted.items()
            if field not in there
            or not body.get("properties", {}).keys() <= there[field].get("properties", {}).keys()
        }
        if fields.tagging in there and "properties" not in there[fields.tagging]:
            missing.pop(fields.tagging, None)  # theirs: `attach` says so
        if missing:
            request = Request("PUT", f"/{name}/_mapping", {"properties": missing})
            yield Step(f"fields {', '.join(missing)} of index {name}", request, replaces=True)
