"""When the tagger of a document was trained and put into use, and what came after it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lmtx_search.records import Label
from lmtx_search.settings import Settings
from lmtx_search.tagging.history import records
from lmtx_search.tagging.history.events import Event
from lmtx_search.tagging.versions.store import TaggerVersions

OF_TAGGERS = ("version", "previous", "run", "put", "retired")
"""What is read of the records of deployments and rollbacks."""


def taggers(
    settings: Settings,
    tagging: Mapping[str, Any],
    runs: list[tuple[str, dict[str, Any]]],
    labels: Mapping[str, Label],
) -> Iterator[Event]:
    """Yield when the document's tagger was trained, and what was put into use, then and since."""
    tagger, at = tagging.get("tagger"), str(tagging.get("at") or "")
    versions = TaggerVersions(settings.data_dir)
    record = dict(runs)
    for run in record.values():
        version, previous = run.get("version"), run.get("previous")
        since = "; the document was not tagged again since then"
        since = "" if version == tagger or run["at"] < at else since
        if run.get("kind") == "rollback" and (tagger in (version, previous) or run["at"] >= at):
            yield Event(run["at"], "rolled back", _rolled_back(run) + since, by=version)
        if run.get("kind") != "deploy" or (version != tagger and run["at"] < at):
            continue
        yield Event(run["at"], "deployed", f"the tagger {version} was deployed{since}", by=version)
        if version == tagger and (trained := run.get("run")) in record:
            made = record[trained].get("judge") or {}
            what = f"the run {trained} trained its encoder"
            if made:
                what += f" on answers of {made.get('model')} (prompt {made.get('prompt')})"
            yield Event(record[trained]["at"], "trained", what, run=trained)
    if tagger in versions.names():
        yield from records.label_changes(versions.get(str(tagger)), labels)


def _rolled_back(record: Mapping[str, Any]) -> str:
    """Return what a rollback did, from its record. A rollback to the tagger in use repaired it."""
    version, previous = record["version"], record.get("previous")
    if version != previous:
        instead = "" if previous is None else f" instead of {previous}"
        return f"a rollback put the tagger {version} into use again{instead}"
    put, retired = record.get("put") or 0, record.get("retired") or 0
    if put or retired:
        return (
            f"a rollback gave the tagger {version}, which was in use, the labels of the label "
            f"index: {put:,} new or changed, {retired:,} retired"
        )
    return f"a rollback registered the tagger {version}, which was in use, again"
