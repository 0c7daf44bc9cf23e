"""Finished comparators, kept so that a comparison that was stopped goes on."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from lmtx_search.evaluation.comparators.base import Found
from lmtx_search.evaluation.metrics.all import Output


class KeptResults:
    """A folder with a file for each finished comparator of one bench."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, name: str, identity: str) -> Found | None:
        """Return what a comparator found, unless it was another then."""
        try:
            kept = json.loads(self._file(name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        if kept["identity"] != identity:
            return None
        found = kept["found"]
        sample = found["sample"]
        return Found(
            **{
                **found,
                "output": Output(**found["output"]),
                "sample": None if sample is None else tuple(sample),
            }
        )

    def put(self, name: str, identity: str, found: Found) -> None:
        """Keep it, at once."""
        file = self._file(name)
        file.parent.mkdir(parents=True, exist_ok=True)
        partial = file.with_suffix(".part")
        partial.write_text(json.dumps({"identity": identity, "found": asdict(found)}), "utf-8")
        partial.replace(file)

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}.json"
