"""The saved objects of the dashboards, and the versions that Dashboards takes."""

from __future__ import annotations

import json

from lmtx_search.cluster.dashboards.objects import Shown, saved_objects

SHOWN = Shown("library", "published", "2020-01-01T00:00:00.000Z", "now", ("title", "tags"))


# src/plugins/{data,visualizations,discover,dashboard}/server/saved_objects/*_migrations.ts: the
# newest of each. A newer version in a file is refused, an older one is changed.
MIGRATIONS = {
    "index-pattern": "7.6.0",
    "visualization": "7.10.0",
    "search": "7.9.3",
    "dashboard": "7.9.3",
}


OBJECTS = saved_objects(SHOWN)


VISUALIZATIONS = {
    one["id"]: json.loads(one["attributes"]["visState"])
    for one in OBJECTS
    if one["type"] == "visualization"
}


DASHBOARDS = [one for one in OBJECTS if one["type"] == "dashboard"]
