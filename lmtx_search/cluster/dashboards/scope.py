"""The scope of the dashboards: the documents, the time ranges, and a check of the fields."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from functools import cache, partial
from typing import Any

from opensearchpy import AuthorizationException, NotFoundError, OpenSearch

from lmtx_search.cluster.client import names
from lmtx_search.cluster.dashboards.lookups import judge_names, judged_label_texts
from lmtx_search.cluster.dashboards.objects import Object, Shown, saved_objects
from lmtx_search.cluster.facets.counted import counted
from lmtx_search.cluster.ml.pipeline import read_pipeline
from lmtx_search.cluster.ml.pipeline_copies import called_pipeline
from lmtx_search.cluster.setup.indices import tags
from lmtx_search.cluster.setup.named_indices import read_aliases
from lmtx_search.errors import UserError
from lmtx_search.index_templates import load

TIME_FIELD = "tagging.at"

_DATES = {"date", "date_nanos"}
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def objects_about(
    client: OpenSearch, index: str | None, time_field: str, text_fields: Sequence[str]
) -> tuple[Shown, list[Object]]:
    """Check the fields of an index, and return the saved objects of its dashboards.

    Args:
        index: the users' documents; None: all indices that tag.
        time_field: date field of the documents.
        text_fields: fields that are shown of each document before its tags.

    Raises:
        UserError: the index does not exist, or it lacks a field that a dashboard needs.
    """
    index = index or ",".join(tagging_indices(client))
    now = datetime.now(timezone.utc)
    fields = counted(client, index).fields
    time_field = fields.renamed(time_field) if time_field == TIME_FIELD else time_field
    columns = (*text_fields, fields.tags, fields.manual, fields.of_tagging("best_score"))
    shown = Shown(index, time_field, "now-1y", "now", columns, fields=fields)
    require_fields(client, saved_objects(shown), time_field)
    first, last = _range(client, index, time_field)
    if first is not None and last is not None:
        until = "now" if last <= now else _iso(last)
        shown = replace(shown, time_from=_iso(first), time_to=until)
    tagged, _ = _range(client, index, fields.of_tagging("at"))
    run, _ = _range(client, names.RUNS, "at")
    judged, _ = _range(client, names.JUDGMENTS, "at")
    shown = replace(
        shown,
        tagger_from=_earliest(tagged, run),
        judged_from=_earliest(judged),
        judges=judge_names(client),
        labels=judged_label_texts(client),
    )
    return shown, saved_objects(shown)


def _earliest(*dates: datetime | None) -> str:
    """Return the earliest date, or a day ago if there is no date."""
    there = [date for date in dates if date is not None]
    return _iso(min(there)) if there else "now-1d"


def tagging_indices(client: OpenSearch) -> list[str]:
    """Return names of the indices whose documents are tagged as they are indexed.

    An attached alias, data stream or pattern stands for its indices, so that later ones belong to
    it too. For a user who may not read pipelines, each index stands for itself, and an index whose
    own pipeline may call the tagging pipeline is left out.

    Raises:
        UserError: no index tags its documents.
    """
    params = {"flat_settings": "true", "expand_wildcards": "open"}
    answer = client.indices.get_settings(
        index="*,-.*,.ds-*", name="index.*_pipeline", params=params
    )
    called = cache(partial(_called, client))
    found = sorted(index for index, one in answer.items() if tags(one["settings"], called))
    if not found:
        raise UserError(
            "no index of this cluster tags its documents yet: `lmtx-search ingest` or `attach` "
            "first, or name one with --index"
        )
    return _by_attached_names(client, found)


def _called(client: OpenSearch, pipeline: str) -> str | None:
    with suppress(AuthorizationException):
        return called_pipeline(client, pipeline)
    return None


def _by_attached_names(client: OpenSearch, indices: Sequence[str]) -> list[str]:
    """Return names that stand for exactly these indices: attached ones where there are some."""
    chosen: list[str] = []
    rest = set(indices)
    try:
        attached = read_pipeline(client).indices.keys() - rest
    except AuthorizationException:
        return list(indices)
    for name in sorted(attached, key=lambda name: ("*" not in name, name)):
        try:
            behind = set(client.indices.get_settings(index=name, name="index.uuid"))
        except (NotFoundError, AuthorizationException):
            continue
        aliases = read_aliases(client, name, behind) or {}
        filtered = any("filter" in one["aliases"].get(name, {}) for one in aliases.values())
        if not filtered and behind <= set(indices) and behind & rest:
            chosen.append(name)
            rest -= behind
    return [*chosen, *sorted(rest)]


def require_fields(client: OpenSearch, objects: Sequence[Object], time_field: str) -> None:
    """Check that all fields that the dashboards aggregate exist and can be aggregated.

    Raises:
        UserError: a field is missing or cannot be aggregated; the message says what to do.
    """
    for title, fields in used_fields(objects).items():
        answer = client.field_caps(index=title, params={"fields": ",".join(sorted(fields))})
        for field in sorted(fields):
            kinds = {
                kind: caps
                for kind, caps in answer["fields"].get(field, {}).items()
                if kind != "unmapped"
            }
            if field == time_field and not title.startswith(names.OWN) and kinds.keys() - _DATES:
                raise UserError(
                    f"the field {field} of {title} is not a date field: name one (--time-field)"
                )
            if not kinds or not all(caps["aggregatable"] for caps in kinds.values()):
                raise UserError(_missing(title, field, time_field))


def used_fields(objects: Sequence[Object]) -> dict[str, set[str]]:
    """Return the fields that the objects aggregate or sort by, by title of the index pattern."""
    patterns = {one["id"]: one["attributes"] for one in objects if one["type"] == "index-pattern"}
    found: dict[str, set[str]] = {one["title"]: set() for one in patterns.values()}
    for one in patterns.values():
        found[one["title"]] |= {one["timeFieldName"]} if "timeFieldName" in one else set()
    for one in objects:
        state = json.loads(one["attributes"].get("visState", "{}"))
        fields = {agg["params"]["field"] for agg in state.get("aggs", []) if _has_field(agg)}
        fields |= {one["fieldName"] for one in state.get("params", {}).get("controls", [])}
        fields |= {field for field, _ in one["attributes"].get("sort", [])}
        for reference in one["references"]:
            if reference["type"] == "index-pattern":
                found[patterns[reference["id"]]["title"]] |= fields
    return {title: fields for title, fields in found.items() if fields}


def _has_field(agg: Mapping[str, Any]) -> bool:
    return "field" in agg["params"]


def _missing(title: str, field: str, time_field: str) -> str:
    if title.startswith(names.OWN):
        return f"{title} lacks the field {field}: run `lmtx-search bootstrap-index`"
    if field == time_field != TIME_FIELD:
        return f"{title} has no date field {field}: name another one (--time-field)"
    return (
        f"{title} has no field {field} that can be counted: `lmtx-search attach` adds it to an "
        "index (again, to one that was attached before)"
    )


def _range(client: OpenSearch, index: str, field: str) -> tuple[datetime | None, datetime | None]:
    body = load("searches/time_range", field=field)
    found = client.search(index=index, body=body)["aggregations"]
    return _date(found["first"]["value"]), _date(found["last"]["value"])


def _date(milliseconds: float | None) -> datetime | None:
    if milliseconds is None:
        return None
    try:
        return _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:  # before the year 1, or after 9999
        return None


def _iso(date: datetime) -> str:
    return date.strftime("%Y-%m-%dT%H:%M:%S.") + f"{date.microsecond // 1000:03}Z"
