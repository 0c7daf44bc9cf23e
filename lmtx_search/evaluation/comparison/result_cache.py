"""Stores the results of finished comparators, so that a stopped comparison can continue."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from lmtx_search.evaluation.comparators.base import ComparatorResult
from lmtx_search.evaluation.metrics.measure import Output


class ResultCache:
    """A folder with one file for each finished comparator of a comparison."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, name: str, identity: str) -> ComparatorResult | None:
        """Return the stored result of a comparator (None: there is none with that identity)."""
        try:
            stored = json.loads(self._file(name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        if stored["identity"] != identity:
            return None
        result = stored["found"]
        sample = result["sample"]
        return ComparatorResult(
            **{
                **result,
                "output": Output(**result["output"]),
                "sample": None if sample is None else tuple(sample),
            }
        )

    def put(self, name: str, identity: str, result: ComparatorResult) -> None:
        """Store a result at once."""
        file = self._file(name)
        file.parent.mkdir(parents=True, exist_ok=True)
        partial = file.with_suffix(".part")
        partial.write_text(json.dumps({"identity": identity, "found": asdict(result)}), "utf-8")
        partial.replace(file)

    def remove_all(self, prefix: str) -> None:
        """Remove all results whose names begin with a prefix."""
        for file in self.folder.glob(f"{prefix}*.json"):
            file.unlink()

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}.json"
