"""The searches that Dashboards would send for a visualization, made from its saved state.

As ``src/plugins/data/common/search/aggs`` does it: aggregations nest in the order in which they are
saved, metrics innermost; terms are sorted by a metric of their own; queries are Lucene's. Only what
this project's visualizations use is here; anything else is an error.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

_METRICS = {"avg", "sum", "min", "max", "cardinality"}
# histogram:barTarget of Dashboards' settings.
_BARS = 50


class Visualizations:
    """Saved objects, and what each of them would ask a cluster."""

    def __init__(self, objects: Sequence[Mapping[str, Any]], time: tuple[str, str]) -> None:
        self._objects = {(one["type"], one["id"]): one for one in objects}
        self._time = time

    def ask(self, client: Any, id_: str) -> Any:
        """Send a visualization's search; return the aggregations of the answer."""
        index, body = self.search(id_)
        return client.search(index=index, body=body)["aggregations"]

    def search(self, id_: str) -> tuple[str, dict[str, Any]]:
        """Return the index and the body of a visualization's search."""
        one = self._objects["visualization", id_]
        state = json.loads(one["attributes"]["visState"])
        pattern, query = self._source(one)
        aggs = self._nested(state["aggs"])
        return pattern["title"], {"size": 0, "query": query, "aggs": aggs}

    def documents(self, id_: str) -> tuple[str, dict[str, Any]]:
        """Return the index and the body of a saved search."""
        one = self._objects["search", id_]
        pattern, query = self._source(one)
        sort = [{field: {"order": order}} for field, order in one["attributes"]["sort"]]
        return pattern["title"], {"size": 500, "query": query, "sort": sort}

    def options(self, id_: str) -> dict[str, tuple[str, dict[str, Any]]]:
        """Return, by its label, what each filter control asks."""
        one = self._objects["visualization", id_]
        found = {}
        for control in json.loads(one["attributes"]["visState"])["params"]["controls"]:
            pattern = self._pattern(one, control["indexPatternRefName"])
            field = {"field": control["fieldName"]}
            if control["type"] == "list":
                # list_control_factory.ts: a list with dynamic options takes no size.
                options = control["options"]
                size = {} if options["dynamicOptions"] else {"size": options["size"]}
                terms = {**field, **size, "order": {"_count": options["order"]}}
                aggs: dict[str, Any] = {"termsAgg": {"terms": terms}}
            else:
                aggs = {"minAgg": {"min": field}, "maxAgg": {"max": field}}
            found[control["label"]] = (pattern["title"], {"size": 0, "aggs": aggs})
        return found

    def vega(self, id_: str) -> tuple[dict[str, Any], str, dict[str, Any]]:
        """Return a Vega specification, and the index and the body of its search."""
        one = self._objects["visualization", id_]
        specification = json.loads(json.loads(one["attributes"]["visState"])["params"]["spec"])
        url = specification["data"].pop("url")
        query = {"bool": {"must": [self._range(url["%timefield%"])]}}
        return specification, url["index"], {**url["body"], "query": query}

    def _source(self, one: Mapping[str, Any]) -> tuple[Mapping[str, Any], dict[str, Any]]:
        source = json.loads(one["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"])
        pattern = self._pattern(one, source["indexRefName"])
        must = [_lucene(source["query"])]
        if "timeFieldName" in pattern:
            must.append(self._range(pattern["timeFieldName"]))
        return pattern, {"bool": {"must": must}}

    def _pattern(self, one: Mapping[str, Any], name: str) -> Mapping[str, Any]:
        (reference,) = [ref for ref in one["references"] if ref["name"] == name]
        found = self._objects[reference["type"], reference["id"]]["attributes"]
        assert isinstance(found, Mapping)
        return found

    def _range(self, field: str) -> dict[str, Any]:
        form = "strict_date_optional_time"
        return {"range": {field: {"gte": self._time[0], "lte": self._time[1], "format": form}}}

    def _nested(self, aggs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        by_id = {agg["id"]: agg for agg in aggs}
        metrics = [agg for agg in aggs if agg["schema"] == "metric" and agg["type"] != "count"]
        inner = {agg["id"]: {agg["type"]: {"field": agg["params"]["field"]}} for agg in metrics}
        assert {agg["type"] for agg in metrics} <= _METRICS
        for agg in reversed([agg for agg in aggs if agg["schema"] != "metric"]):
            own, extra = self._bucket(agg, by_id)
            below = {**extra, **inner}
            inner = {agg["id"]: {agg["type"]: own, **({"aggs": below} if below else {})}}
        return inner

    def _bucket(
        self, agg: Mapping[str, Any], by_id: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        params, extra = agg["params"], {}
        if agg["type"] == "filters":
            named = {one["label"]: _lucene(one["input"]) for one in params["filters"]}
            return {"filters": named}, {}
        own: dict[str, Any] = {"field": params["field"], **json.loads(params.get("json", "{}"))}
        if agg["type"] == "terms":
            by = params["orderBy"]
            if by in by_id and by_id[by]["type"] != "count":
                extra[by] = {by_id[by]["type"]: {"field": by_id[by]["params"]["field"]}}
            key = "_count" if by in by_id and by_id[by]["type"] == "count" else by
            return {**own, "size": params["size"], "order": {key: params["order"]}}, extra
        if agg["type"] == "histogram":
            return {**own, "interval": params["interval"], "min_doc_count": 1}, {}
        assert (agg["type"], params["interval"]) == ("date_histogram", "auto")
        first, last = (datetime.fromisoformat(t.replace("Z", "+00:00")) for t in self._time)
        interval = max(1, int((last - first).total_seconds() * 1000 / _BARS))
        return {**own, "fixed_interval": f"{interval}ms", "min_doc_count": 1}, {}


def _lucene(query: Mapping[str, str]) -> dict[str, Any]:
    assert query["language"] == "lucene"
    if not query["query"]:
        return {"match_all": {}}
    return {"query_string": {"query": query["query"], "analyze_wildcard": True}}
