"""Saved objects, beside what Dashboards 2.19 and 3.x take.

Dashboards is no Python package. What it takes is written down here as its sources have it; the
folder is named behind each.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from lmtx_search.cluster.dashboards.objects import as_ndjson, saved_objects
from lmtx_search.cluster.dashboards.scope import used_fields
from tests.support.dashboards_objects import DASHBOARDS, MIGRATIONS, OBJECTS, SHOWN, VISUALIZATIONS

# …/server/saved_objects/*.ts: the fields of each type. The index of saved objects is strict; only
# of index patterns other fields are taken (those of public/…/index_patterns.ts).
ATTRIBUTES = {
    "index-pattern": {"title", "timeFieldName", "displayName", "fieldFormatMap"},
    "visualization": {
        *("title", "description", "visState", "uiStateJSON", "version"),
        *("savedSearchRefName", "kibanaSavedObjectMeta"),
    },
    "search": {
        *("title", "description", "hits", "columns", "sort", "version", "kibanaSavedObjectMeta")
    },
    "dashboard": {
        *("title", "description", "hits", "panelsJSON", "optionsJSON", "version", "timeRestore"),
        *("timeFrom", "timeTo", "refreshInterval", "kibanaSavedObjectMeta"),
    },
}

# src/plugins/vis_type_*/public and input_control_vis/public: how many aggregations of each schema
# a type of visualization takes (least, most).
MANY = 99
SCHEMAS = {
    "tagcloud": {"metric": (1, 1), "segment": (1, 1)},
    "table": {"metric": (1, MANY), "bucket": (0, MANY), "split": (0, 1)},
    "metric": {"metric": (1, MANY), "group": (0, 1)},
    "histogram": {"metric": (1, MANY), "segment": (0, 1), "group": (0, 3)},
    "line": {"metric": (1, MANY), "segment": (0, 1), "group": (0, 3)},
    "input_control_vis": {},
    "vega": {},
}

# src/plugins/data/common/search/aggs: the parameters of each aggregation.
LABELLED = {"customLabel", "json"}
PARAMETERS = {
    "count": LABELLED,
    "avg": {"field", *LABELLED},
    "sum": {"field", *LABELLED},
    "min": {"field", *LABELLED},
    "max": {"field", *LABELLED},
    "cardinality": {"field", *LABELLED},
    "terms": {"field", "orderBy", "order", "size", *LABELLED},
    "histogram": {"field", "interval", *LABELLED},
    "date_histogram": {"field", "interval", "min_doc_count", *LABELLED},
    "filters": {"filters"},
}


def test_there_are_three_dashboards_with_what_they_show():
    assert [one["attributes"]["title"] for one in DASHBOARDS] == ["Tags", "Tagger", "Judge"]
    assert {one["type"] for one in OBJECTS} == set(MIGRATIONS)


def test_a_line_of_the_file_is_an_object():
    lines = as_ndjson(OBJECTS).splitlines()
    assert [json.loads(line) for line in lines] == OBJECTS


def test_every_object_has_an_id_of_its_own_and_a_title_of_its_own():
    assert len({(one["type"], one["id"]) for one in OBJECTS}) == len(OBJECTS)
    titles = [one["attributes"]["title"] for one in OBJECTS if one["type"] != "index-pattern"]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("one", OBJECTS, ids=lambda one: one["id"])
def test_an_object_has_the_fields_and_the_version_that_dashboards_imports(one):
    assert one.keys() == {"id", "type", "attributes", "references", "migrationVersion"}
    assert one["migrationVersion"] == {one["type"]: MIGRATIONS[one["type"]]}
    assert one["attributes"].keys() <= ATTRIBUTES[one["type"]]


@pytest.mark.parametrize("one", OBJECTS, ids=lambda one: one["id"])
def test_every_reference_is_used_and_is_in_the_file(one):
    there = {(other["type"], other["id"]) for other in OBJECTS}
    assert all((ref["type"], ref["id"]) in there for ref in one["references"])
    wanted = _reference_names(one)
    assert sorted(ref["name"] for ref in one["references"]) == sorted(wanted)


def _reference_names(one: dict[str, Any]) -> list[str]:
    attributes = one["attributes"]
    source = json.loads(attributes.get("kibanaSavedObjectMeta", {}).get("searchSourceJSON", "{}"))
    assert "index" not in source, "an index pattern is named by reference"
    names = [source["indexRefName"]] if "indexRefName" in source else []
    params = json.loads(attributes.get("visState", "{}")).get("params", {})
    names += [control["indexPatternRefName"] for control in params.get("controls", [])]
    names += [panel["panelRefName"] for panel in json.loads(attributes.get("panelsJSON", "[]"))]
    return names


@pytest.mark.parametrize("state", VISUALIZATIONS.values(), ids=VISUALIZATIONS)
def test_a_visualization_has_aggregations_that_its_type_takes(state):
    limits = SCHEMAS[state["type"]]
    schemas = [agg["schema"] for agg in state["aggs"]]
    assert set(schemas) <= set(limits)
    for schema, (least, most) in limits.items():
        assert least <= schemas.count(schema) <= most, schema
    ids = [agg["id"] for agg in state["aggs"]]
    assert len(set(ids)) == len(ids)
    for agg in state["aggs"]:
        assert agg["enabled"] is True
        assert agg["params"].keys() <= PARAMETERS[agg["type"]]
        if agg["type"] == "terms":
            metrics = {one["id"] for one in state["aggs"] if one["schema"] == "metric"}
            assert agg["params"]["orderBy"] in {*metrics, "_key"}


@pytest.mark.parametrize("state", VISUALIZATIONS.values(), ids=VISUALIZATIONS)
def test_a_chart_draws_each_of_its_metrics(state):
    if state["type"] in ("histogram", "line"):
        metrics = [agg["id"] for agg in state["aggs"] if agg["schema"] == "metric"]
        assert [drawn["data"]["id"] for drawn in state["params"]["seriesParams"]] == metrics
        axes = {axis["id"] for axis in state["params"]["valueAxes"]}
        assert {drawn["valueAxis"] for drawn in state["params"]["seriesParams"]} == axes


@pytest.mark.parametrize("one", DASHBOARDS, ids=lambda one: one["id"])
def test_panels_lie_on_the_grid_and_not_on_each_other(one):
    panels = json.loads(one["attributes"]["panelsJSON"])
    taken = set()
    for panel in panels:
        assert panel.keys() == {
            *("version", "panelIndex", "gridData", "embeddableConfig", "panelRefName")
        }
        grid = panel["gridData"]
        assert grid["i"] == panel["panelIndex"]
        assert 0 <= grid["x"] < grid["x"] + grid["w"] <= 48
        cells = {
            (x, y)
            for x in range(grid["x"], grid["x"] + grid["w"])
            for y in range(grid["y"], grid["y"] + grid["h"])
        }
        assert not cells & taken
        taken |= cells


def test_every_visualization_is_on_a_dashboard():
    shown = {ref["id"] for one in DASHBOARDS for ref in one["references"]}
    others = {one["id"] for one in OBJECTS if one["type"] in ("visualization", "search")}
    assert shown == others


def test_the_time_and_the_documents_are_those_that_were_asked_for():
    (tags,) = [one for one in DASHBOARDS if one["id"] == "lmtx-tags"]
    assert (tags["attributes"]["timeFrom"], tags["attributes"]["timeTo"]) == (
        "2020-01-01T00:00:00.000Z",
        "now",
    )
    (search,) = [one for one in OBJECTS if one["type"] == "search"]
    assert search["attributes"]["sort"] == [["published", "desc"]]
    assert search["attributes"]["columns"] == ["title", "tags"]
    assert {"published", "tags", "tagging.best_score"} <= used_fields(OBJECTS)["library"]


def test_pending_documents_are_counted_although_they_have_no_time():
    patterns = {one["id"]: one["attributes"] for one in OBJECTS if one["type"] == "index-pattern"}
    (state,) = [one for one in OBJECTS if one["id"] == "lmtx-tagger-state"]
    (reference,) = state["references"]
    assert "timeFieldName" not in patterns[reference["id"]]


VEGA = {id_: state for id_, state in VISUALIZATIONS.items() if state["type"] == "vega"}


@pytest.mark.parametrize("state", VEGA.values(), ids=VEGA)
def test_a_vega_specification_compiles_and_hides_warnings_about_empty_data(state):
    vega = pytest.importorskip("vl_convert")
    specification = json.loads(state["params"]["spec"])
    data = specification["data"]
    assert data["url"].keys() == {"%context%", "%timefield%", "index", "body"}
    empty: Any = []
    for name in reversed(data["format"]["property"].split(".")):
        empty = {name: empty}
    specification["data"] = {"values": empty, "format": data["format"]}
    assert specification["config"]["kibana"] == {"hideWarnings": True}
    assert vega.vegalite_to_vega(specification)["marks"]


# src/plugins/data/common/search/aggs/buckets/date_histogram.ts: an automatic interval is computed
# from the time range that the pattern is filtered by, so the pattern's time must be this field.
@pytest.mark.parametrize("one", OBJECTS, ids=lambda one: one["id"])
def test_an_automatic_interval_needs_a_pattern_with_the_same_time_field(one):
    patterns = {one["id"]: one["attributes"] for one in OBJECTS if one["type"] == "index-pattern"}
    state = json.loads(one["attributes"].get("visState", "{}"))
    for agg in state.get("aggs", []):
        if agg["type"] == "date_histogram":
            (reference,) = one["references"]
            assert agg["params"]["interval"] == "auto"
            assert patterns[reference["id"]]["timeFieldName"] == agg["params"]["field"]


# src/plugins/vis_type_vislib: buckets nest in the order of the aggregations. Terms behind the dates
# would be the most frequent of each bar, and the legend would have all of them.
@pytest.mark.parametrize("state", VISUALIZATIONS.values(), ids=VISUALIZATIONS)
def test_the_most_frequent_terms_are_those_of_the_whole_time(state):
    schemas = [agg["schema"] for agg in state["aggs"] if agg["type"] in ("terms", "date_histogram")]
    if "segment" in schemas and "group" in schemas:
        assert schemas.index("group") < schemas.index("segment")


def test_an_axis_of_percentages_is_titled_as_a_share():
    state = VISUALIZATIONS["lmtx-judge-yes-by-rank"]
    (axis,) = state["params"]["valueAxes"]
    assert (axis["scale"]["mode"], axis["title"]["text"]) == ("percentage", "share of judgments")


def test_legends_and_tables_show_names_for_digests_and_ids():
    shown = replace(SHOWN, judges={"sha": "qwen"}, labels={"7": "chess"})
    (pattern,) = [one for one in saved_objects(shown) if one["id"] == "lmtx-judgments"]
    formats = json.loads(pattern["attributes"]["fieldFormatMap"])
    entries = {name: one["params"]["lookupEntries"][0] for name, one in formats.items()}
    assert entries == {
        "judge": {"key": "sha", "value": "qwen"},
        "label_id": {"key": "7", "value": "chess"},
    }
    assert {one["id"] for one in formats.values()} == {"static_lookup"}
