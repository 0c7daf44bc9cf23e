"""LMTX: the encoder of a training run (Zhang, Ullah, Babbar, arXiv 2406.09288)."""

from __future__ import annotations

import time

from lmtx_search.errors import UserError
from lmtx_search.evaluation import systems
from lmtx_search.evaluation.comparators.base import Comparator, ComparatorResult, ComparisonContext
from lmtx_search.progress import Progress
from lmtx_search.tagging.deployment.encoder_source import source_of_run
from lmtx_search.tagging.deployment.run_files import run_encoder


class Lmtx(Comparator):
    """The encoder that learned from the judge. Its costs are those of the run."""

    def missing(self, context: ComparisonContext) -> str | None:
        """Return that there is no run, or that its encoder is not on this machine."""
        if context.run is None:
            return "there is no training run: `lmtx-search train` makes one"
        try:
            run_encoder(context.settings.data_dir, *context.run)
        except UserError as error:
            return str(error)
        return None

    def identity(self, context: ComparisonContext) -> str:
        """Return the run's id."""
        return context.run[0] if context.run else ""

    def run(self, context: ComparisonContext, progress: Progress) -> ComparatorResult:
        """Rank labels for the documents."""
        assert context.run is not None
        run, record = context.run
        source = source_of_run(context.settings, run, record)
        system = systems.encoder(context.settings, context.labels, source, "lmtx")
        started = time.monotonic()
        output = system.rank(context.documents, progress)
        counts = record["counts"]
        return ComparatorResult(
            output,
            learn_seconds=float(record["seconds"]["all"]),
            tag_seconds=time.monotonic() - started,
            calls=counts["asked"] + counts["known"],
            note=f"run {run}"
            + (f": {counts['known']:,} of its answers were already stored" * bool(counts["known"])),
        )


COMPARATOR = Lmtx()
