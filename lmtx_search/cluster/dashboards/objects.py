"""Builds saved objects of Dashboards from the short files in ``index_templates/dashboards``.

A file says what a panel shows. This module adds what Dashboards requires around it: defaults of a
visualization's type, JSON inside JSON, and references by name. Ids never change, so that a later
import replaces an earlier one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lmtx_search.index_templates import load, text
from lmtx_search.tag_fields import DEFAULT_FIELDS, TagFields

DASHBOARDS = ("tags", "tagger", "judge")

# The newest migration of each type that both 2.19 and 3.x know. They refuse objects with a newer
# one, and convert objects with an older one.
MIGRATION_VERSIONS = {
    "index-pattern": "7.6.0",
    "visualization": "7.10.0",
    "search": "7.9.3",
    "dashboard": "7.9.3",
}
_PANEL_VERSION = "2.19.0"
_VEGA_LITE = "https://vega.github.io/schema/vega-lite/v5.json"
_SOURCE_INDEX = "kibanaSavedObjectMeta.searchSourceJSON.index"

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Shown:
    """The data that the dashboards show.

    Attributes:
        index: the users' documents: an index, an alias, a pattern, or several with commas.
        time_field: date field of the documents, for "over time" and the time picker.
        time_from: start of the time range of the dashboard of tags: an ISO date, or ``now-1y``.
        time_to: end of that time range, in the same form.
        columns: fields that are shown of a document.
        tagger_from: start of the time range of the dashboard of the tagger.
        judged_from: start of the time range of the dashboard of the judge.
        judges: names of models by their digests.
        labels: texts of judged labels by their ids.
        fields: names of the tag fields.
    """

    index: str
    time_field: str
    time_from: str
    time_to: str
    columns: Sequence[str]
    tagger_from: str = "now-1y"
    judged_from: str = "now-1y"
    judges: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    fields: TagFields = DEFAULT_FIELDS


def saved_objects(shown: Shown) -> list[Object]:
    """Return index patterns, visualizations and dashboards, each after what it refers to."""
    files = _Files(shown)
    objects = [
        _object("index-pattern", f"lmtx-{name}", attributes, [])
        for name, attributes in files.read("patterns").items()
    ]
    boards = []
    for name in DASHBOARDS:
        board = files.read(name)
        panels = [_panel(name, one["panel"], files) for one in board["panels"]]
        objects += panels
        boards.append(_dashboard(name, board, panels))
    return objects + boards


def as_ndjson(objects: Sequence[Object]) -> str:
    """Return the file that Dashboards imports: one object on each line."""
    return "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in objects)


class _Files:
    """Reads the files, and fills their placeholders with values."""

    def __init__(self, shown: Shown) -> None:
        self._fields = shown.fields
        self._values: dict[str, Any] = {
            "index": shown.index,
            "any_time": f"{shown.index} (any time)",
            "tagged_at": shown.fields.of_tagging("at"),
            "by_tagging": f"{shown.index} (by time of tagging)",
            "judgment_formats": _json(
                {"judge": _lookup(shown.judges), "label_id": _lookup(shown.labels)}
            ),
            "tagger_from": shown.tagger_from,
            "judged_from": shown.judged_from,
            "time_field": shown.time_field,
            "time_from": shown.time_from,
            "time_to": shown.time_to,
            "columns": list(shown.columns),
        }

    def read(self, name: str) -> dict[str, Any]:
        path = f"dashboards/{name}"
        there = text(f"{path}.json")
        body = load(path, **{k: v for k, v in self._values.items() if f'"${k}"' in there})
        return dict(_with_queries(self._fields.in_body(body), self._fields))


def _with_queries(node: Any, fields: TagFields) -> Any:
    """Return a body whose query strings use these field names."""
    if isinstance(node, list):
        return [_with_queries(part, fields) for part in node]
    if not isinstance(node, Mapping):
        return node
    default = f"{DEFAULT_FIELDS.tagging}."
    return {
        key: value.replace(default, f"{fields.tagging}.")
        if key == "query" and isinstance(value, str)
        else _with_queries(value, fields)
        for key, value in node.items()
    }


def _lookup(names: Mapping[str, str]) -> Object:
    """Return the field format that shows names for keys; other keys are shown as they are."""
    entries = [{"key": key, "value": name} for key, name in sorted(names.items())]
    return {"id": "static_lookup", "params": {"lookupEntries": [*entries, {}]}}


def _object(type_: str, id_: str, attributes: Object, references: list[Object]) -> Object:
    return {
        "id": id_,
        "type": type_,
        "attributes": attributes,
        "references": references,
        "migrationVersion": {type_: MIGRATION_VERSIONS[type_]},
    }


def _reference(name: str, type_: str, id_: str) -> Object:
    return {"name": name, "type": type_, "id": id_}


def _meta(source: Object) -> Object:
    return {"searchSourceJSON": _json(source)}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _panel(board: str, name: str, files: _Files) -> Object:
    body = files.read(f"{board}/{name}")
    id_ = f"lmtx-{board}-{name}".replace("_", "-")
    references = []
    source: Object = {"query": {"query": body.get("query", ""), "language": "lucene"}, "filter": []}
    if "pattern" in body:
        source["indexRefName"] = _SOURCE_INDEX
        references.append(_reference(_SOURCE_INDEX, "index-pattern", f"lmtx-{body['pattern']}"))
    if body["type"] == "search":
        attributes = {
            "title": body["title"],
            "description": "",
            "hits": 0,
            "columns": body["columns"],
            "sort": body["sort"],
            "version": 1,
            "kibanaSavedObjectMeta": _meta(source),
        }
        return _object("search", id_, attributes, references)
    state = {
        "title": body["title"],
        "type": body["type"],
        "aggs": [{**agg, "enabled": True} for agg in body.get("aggs", [])],
        "params": _params(body, files, references),
    }
    attributes = {
        "title": body["title"],
        "description": "",
        "visState": _json(state),
        "uiStateJSON": "{}",
        "version": 1,
        "kibanaSavedObjectMeta": _meta(source),
    }
    return _object("visualization", id_, attributes, references)


def _params(body: Mapping[str, Any], files: _Files, references: list[Object]) -> Object:
    if body["type"] == "vega":
        return {"spec": json.dumps({"$schema": _VEGA_LITE, **body["spec"]}, indent=2)}
    params = {**files.read(f"params/{body['type']}"), **body.get("params", {})}
    metrics = [agg for agg in body.get("aggs", []) if agg["schema"] == "metric"]
    if "seriesParams" in params:
        # The entry with a metric's id says how a chart draws that metric.
        (drawn,) = params["seriesParams"]
        names = {agg["id"]: agg["params"]["customLabel"] for agg in metrics}
        params["seriesParams"] = [
            {**drawn, "data": {"label": label, "id": id_}} for id_, label in names.items()
        ]
        axis, *others = params["valueAxes"]
        if not axis["title"]["text"]:
            axis = {**axis, "title": {"text": next(iter(names.values()))}}
        params["valueAxes"] = [axis, *others]
    controls = []
    for number, control in enumerate(params.get("controls", [])):
        name = f"control_{number}_index_pattern"
        references.append(_reference(name, "index-pattern", f"lmtx-{control['pattern']}"))
        rest = {key: value for key, value in control.items() if key != "pattern"}
        controls.append({**rest, "indexPatternRefName": name})
    return {**params, "controls": controls} if controls else params


def _dashboard(name: str, board: Mapping[str, Any], panels: Sequence[Object]) -> Object:
    places, references = [], []
    for number, (place, panel) in enumerate(zip(board["panels"], panels, strict=True)):
        index = str(number + 1)
        grid = {side: place[side] for side in ("x", "y", "w", "h")}
        places.append(
            {
                "version": _PANEL_VERSION,
                "panelIndex": index,
                "gridData": {**grid, "i": index},
                "embeddableConfig": {},
                "panelRefName": f"panel_{number}",
            }
        )
        references.append(_reference(f"panel_{number}", panel["type"], panel["id"]))
    attributes = {
        "title": board["title"],
        "description": board["description"],
        "hits": 0,
        "panelsJSON": _json(places),
        "optionsJSON": _json({"hidePanelTitles": False, "useMargins": True}),
        "version": 1,
        "timeRestore": True,
        "timeFrom": board["timeFrom"],
        "timeTo": board["timeTo"],
        "refreshInterval": {"pause": True, "value": 0},
        "kibanaSavedObjectMeta": _meta({"query": {"query": "", "language": "kuery"}, "filter": []}),
    }
    return _object("dashboard", f"lmtx-{name}", attributes, references)
