"""LMTX: the encoder of a training run (Zhang, Ullah, Babbar, arXiv 2406.09288)."""

from __future__ import annotations

import time
from pathlib import Path

from lmtx_search.cluster.runs import RunStore
from lmtx_search.evaluation import systems
from lmtx_search.evaluation.comparators.base import Bench, Comparator, Found
from lmtx_search.progress import Progress
from lmtx_search.tagging.deployment.encoder_source import trained_source


class Lmtx(Comparator):
    """What the judge's answers taught; its cost is the run's."""

    def missing(self, bench: Bench) -> str | None:
        """Return that there is no run, or that its encoder is elsewhere."""
        if bench.run is None:
            return "there is no training run: `lmtx-search train` makes one"
        folder = Path(bench.run[1]["encoder_path"])
        return (
            None if folder.is_dir() else f"its encoder is not on this machine: no folder {folder}"
        )

    def identity(self, bench: Bench) -> str:
        """Return the run's id."""
        return bench.run[0] if bench.run else ""

    def run(self, bench: Bench, progress: Progress) -> Found:
        """Rank."""
        assert bench.run is not None
        run, record = bench.run
        source = trained_source(RunStore(bench.client), run)
        system = systems.encoder(bench.settings, bench.labels, source, "lmtx")
        started = time.monotonic()
        output = system.rank(bench.documents, progress)
        counts = record["counts"]
        return Found(
            output,
            learn_seconds=float(record["seconds"]["all"]),
            tag_seconds=time.monotonic() - started,
            calls=counts["asked"] + counts["known"],
            note=f"run {run}"
            + (f": {counts['known']:,} of its answers were there before" * bool(counts["known"])),
        )


COMPARATOR = Lmtx()
