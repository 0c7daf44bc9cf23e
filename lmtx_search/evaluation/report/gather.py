"""Gathers the data of a report: the run's record, its tags, judgments and other results."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.runs import RunStore
from lmtx_search.errors import UserError
from lmtx_search.evaluation.comparison.training_gold import training_gold
from lmtx_search.evaluation.gold.files import GoldFiles
from lmtx_search.evaluation.gold.gold_set import GoldSet, notes, open_gold_set
from lmtx_search.evaluation.metrics.ranking import require_measures
from lmtx_search.evaluation.report.answers import answer_statistics
from lmtx_search.evaluation.report.current import CurrentJudgments, current_judgments
from lmtx_search.evaluation.report.data import ReportData
from lmtx_search.evaluation.report.examples import examples
from lmtx_search.evaluation.report.health import label_health
from lmtx_search.evaluation.report.measures import (
    cycle_measures,
    measures_of,
    other_systems,
    tag_documents,
)
from lmtx_search.evaluation.run import cluster_labels
from lmtx_search.evaluation.training_runs import find_run
from lmtx_search.evaluation.without_gold.sampled_documents import draw
from lmtx_search.progress import SILENT, Progress
from lmtx_search.records import Document, Judgment, Label
from lmtx_search.settings import Settings
from lmtx_search.sources import DocumentFile
from lmtx_search.tagging.deployment.assigned_from import assigned_from
from lmtx_search.tagging.deployment.encoder_source import EncoderSource, trained_source
from lmtx_search.training.profiles import small
from lmtx_search.training.run_answers import RunAnswers
from lmtx_search.training.training_documents import training_documents

# Documents that are tagged if there are no gold tags.
_SAMPLE = 500


def gather(
    settings: Settings,
    file: DocumentFile | None = None,
    gold: GoldFiles | None = None,
    run: str | None = None,
    progress: Progress = SILENT,
) -> ReportData:
    """Gather the data of a report on a training run, by default the last one.

    Args:
        file: documents to tag (None: a sample of the training documents).
        gold: their gold tags.

    Raises:
        UserError: there is no such run, its encoder is not here, or the gold tags do not fit.
    """
    require_measures()
    client = connect(settings.opensearch, reading=True)
    found = find_run(client, run)
    if found is None:
        raise UserError("there is no training run to report on: `lmtx-search train` makes one")
    run, record = found
    learned = trained_source(settings, RunStore(client), run)
    labels = cluster_labels(client, settings)
    source, changed = learned.for_labels(labels)
    for note in changed:
        progress.note(note)
    gold_set, documents, what, left_out = _documents(settings, client, file, gold, labels, progress)
    gold_tags = None if gold_set is None else gold_set.usable.gold
    tagged = tag_documents(settings, labels, source, documents, progress)
    outputs = {"this run": tagged.output}
    if gold_set is not None:
        outputs = {**other_systems(settings, client, labels, documents, progress), **outputs}
    quality = {} if gold_set is None else measures_of(outputs, gold_set)
    current = current_judgments(client, settings.documents, record["judge"], documents, labels)
    of_training, training_notes = _training_gold(settings, gold, labels)
    compared, by_judge, deployed = _earlier_records(client, run)
    good, bad = examples(
        documents,
        tagged.output.tags or {},
        {label.id: label.text for label in labels},
        gold_tags,
        tagged.scores,
    )
    return ReportData(
        run=run,
        record=record,
        labels={label.id: label for label in labels},
        documents=len(documents),
        what=what,
        quality=quality,
        compared=compared,
        by_judge=by_judge,
        deployed=deployed,
        cycles=[]
        if gold_set is None
        else cycle_measures(settings, labels, learned, gold_set, progress),
        notes=[*changed, *(left_out if gold_set is None else notes(gold_set))],
        answered=answer_statistics(
            current.judge,
            record["measures"]["llm_p1_yes_from"],
            truth_of(current, gold_tags, of_training),
        ),
        answer_notes=[*current.notes, *training_notes],
        health=label_health(
            tagged.output.tags or {}, [label.id for label in labels], tagged.vectors, gold_tags
        ),
        good=good,
        bad=bad,
        assigned=assigned_from(source, settings.documents),
        people=_people(source),
    )


def _documents(
    settings: Settings,
    client: Any,
    file: DocumentFile | None,
    gold: GoldFiles | None,
    labels: Sequence[Label],
    progress: Progress,
) -> tuple[GoldSet | None, list[Document], str, list[str]]:
    """Return the gold tags and documents, what the documents are, and what was left out."""
    if gold is not None:
        if file is None:
            raise UserError("gold tags need the file of their documents: name it")
        gold_set = open_gold_set(settings, file, gold, labels)
        return (
            gold_set,
            gold_set.documents,
            f"{len(gold_set.documents):,} documents of {file.path.name} with gold tags",
            [],
        )
    if file is not None:
        drawn = draw(settings, file, _SAMPLE, 0)
        what = f"{len(drawn.documents):,} documents of {file.path.name}"
        note = drawn.note()
        return None, drawn.documents, what, [] if note is None else [note]
    documents = training_documents(client, settings, small(settings.encoder), progress)[:_SAMPLE]
    if not documents:
        raise UserError("there are no documents to tag: name a file")
    return None, documents, f"{len(documents):,} of the training documents", []


def _earlier_records(client: Any, run: str) -> list[dict[str, Any] | None]:
    """Return the last comparison with this run, estimate without gold tags, and deployment of it.

    Each is None if there is none.
    """
    runs = RunStore(client)

    def of(kind: str) -> Iterator[dict[str, Any]]:
        return (record for _, record in runs.of_kinds(kind))

    wanted = (
        (one for one in of("compare") if one["training_run"] == run),
        (found for one in of("by-judge") if (found := estimates_of(one, run))),
        (one for one in of("deploy") if one["run"] == run),
    )
    return [next(of_kind, None) for of_kind in wanted]


def estimates_of(record: Mapping[str, Any], run: str) -> dict[str, Any] | None:
    """Return an estimate without gold tags with the systems of a training run only.

    None: there are none, or an earlier release did not record their runs.
    """
    runs = record.get("runs") or {}
    systems = {name: one for name, one in record["systems"].items() if runs.get(name) == run}
    return {**record, "systems": systems} if systems else None


def _people(source: EncoderSource) -> int | None:
    """Return how many answers of people a run learned from (None: it is of an earlier release)."""
    learned = RunAnswers.read(source.folder.parent)
    return None if learned is None else sum(map(len, learned.people.values()))


def truth_of(
    current: CurrentJudgments,
    test_gold: Mapping[str, AbstractSet[str]] | None,
    training: Mapping[str, AbstractSet[str]] | None,
) -> Callable[[Judgment], bool | None]:
    """Return a function that tells whether the label of a judgment is right.

    It uses the answers of people first, then the gold tags (None: neither is known). Gold tags
    count only for judgments about the text that they belong to.

    Args:
        test_gold: of the documents that are tagged here, by id (None: there are none).
        training: of the training documents.
    """
    known = ((current.given, test_gold or {}), (current.training, training or {}))

    def truth(judgment: Judgment) -> bool | None:
        document, label = judgment.document_id, judgment.label_id
        about = [(said, gold) for said, gold in known if judgment.id in said.judge]
        for said, _ in about:
            if (document, label) in said.people:
                return said.people[document, label]
        for _, gold in about:
            if document in gold:
                return label in gold[document]
        return None

    return truth


def _training_gold(
    settings: Settings, gold: GoldFiles | None, labels: list[Label]
) -> tuple[Mapping[str, AbstractSet[str]] | None, list[str]]:
    """Return the gold tags of the training documents by id (None: unknown), and notes."""
    if gold is None or gold.train is None:
        return None, []
    found = training_gold(settings, gold, None, labels)
    if found is not None:
        return found, []
    return None, [
        f"{gold.train.name} has gold tags by row. They count how rare labels are, but do not tell "
        "whether the judge was right, because the cluster does not know the rows of its documents."
    ]
