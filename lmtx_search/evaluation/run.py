"""One evaluation: documents, gold tags and systems in, a table out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lmtx_search.cluster.connect import connect
from lmtx_search.cluster.labels import LabelIndex
from lmtx_search.cluster.runs import RunStore
from lmtx_search.errors import UserError
from lmtx_search.evaluation import systems
from lmtx_search.evaluation.gold import Usable, usable
from lmtx_search.evaluation.measures import DEPTH, Estimate, measure, require_measures
from lmtx_search.progress import SILENT, Progress
from lmtx_search.records import BadLine, Document
from lmtx_search.settings import Settings
from lmtx_search.sources import read_documents, read_gold
from lmtx_search.tagging.local import find_version
from lmtx_search.tagging.version import TaggerVersions


@dataclass(frozen=True)
class Evaluation:
    """The measures of each system, on the same documents."""

    results: dict[str, dict[str, Estimate]]
    usable: Usable
    bad_lines: int
    tagger: str | None

    def record(self) -> dict[str, Any]:
        """Return it as a JSON object, the kind of ``lmtx-runs``."""
        return {
            "kind": "evaluate",
            "systems": {
                name: {measure: asdict(estimate) for measure, estimate in estimates.items()}
                for name, estimates in self.results.items()
            },
            "documents": len(self.usable.gold),
            "unknown_documents": len(self.usable.unknown_documents),
            "unknown_labels": len(self.usable.unknown_labels),
            "bad_lines": self.bad_lines,
            "tagger": self.tagger,
        }


def evaluate(
    settings: Settings,
    file: Path,
    gold_file: Path,
    names: Sequence[str] = (),
    version: str | None = None,
    seed: int = 0,
    progress: Progress = SILENT,
) -> Evaluation:
    """Measure systems on the documents of a file that have gold tags.

    Args:
        names: of :data:`systems.SYSTEMS`; none are all that there are.
        version: the tagger's; None is the newest.
        seed: of the confidence intervals.

    Raises:
        UserError: gold tags that do not fit, no labels, no such system or version.
    """
    unknown = [name for name in names if name not in systems.SYSTEMS]
    if unknown:
        raise UserError(f"no system {unknown[0]!r}: there are {', '.join(systems.SYSTEMS)}")
    require_measures()
    gold = read_gold(gold_file)
    client = connect(settings.opensearch)
    index = LabelIndex(client, settings.opensearch.knn_engine)
    index.require()
    labels = list(index.labels())
    if not labels:
        raise UserError("there are no labels: run `lmtx-search labels load FILE` first")
    documents, bad = _read(settings, file, gold.keys())
    fits = usable(gold, documents.keys(), {label.id for label in labels})
    measured = [document for id_, document in documents.items() if id_ in fits.gold]

    if not names:
        has_tagger = version is not None or TaggerVersions(settings.data_dir).latest() is not None
        names = [name for name in systems.SYSTEMS if name != "tagger" or has_tagger]
    rankers: dict[str, systems.Ranker] = {}
    chosen = None
    for name in dict.fromkeys(names):
        if name == "bm25":
            rankers[name] = systems.bm25(client)
        elif name == "frozen":
            rankers[name] = systems.frozen(settings, labels)
        else:
            chosen, _ = find_version(settings, version)
            rankers[name] = systems.tagger(settings, chosen)
    results = {
        name: measure(rank(measured, DEPTH, progress), fits.gold, seed)
        for name, rank in rankers.items()
    }
    return Evaluation(results, fits, bad, chosen.manifest.version if chosen else None)


def keep(settings: Settings, run: str, evaluation: Evaluation) -> None:
    """Keep the evaluation in ``lmtx-runs``."""
    RunStore(connect(settings.opensearch)).save(run, evaluation.record())


def _read(settings: Settings, file: Path, wanted: Any) -> tuple[dict[str, Document], int]:
    """Return the documents that have gold tags, by id, and the number of malformed lines."""
    fields = settings.documents
    documents: dict[str, Document] = {}
    bad = 0
    for item in read_documents(file, fields.id_field, fields.text_fields):
        if isinstance(item, BadLine):
            bad += 1
        elif item.id in wanted:
            documents[item.id] = Document(item.id, item.text)
    return documents, bad
