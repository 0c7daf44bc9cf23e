"""The steps of the command line as functions, for programs that embed the product.

Documents have functions of their own in ``loading``. Import all of them from ``lmtx_search``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import chain, islice
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.client.errors import clear_errors
from lmtx_search.cluster.labels.index import LabelIndex
from lmtx_search.cluster.runs import RunStore, new_run_id
from lmtx_search.cluster.setup import bootstrap as setting_up
from lmtx_search.encoder.chosen import chosen_encoder
from lmtx_search.encoder.label_embeddings import embed_labels
from lmtx_search.encoder.load import load_encoder
from lmtx_search.encoder.missing_prompts import missing_prompts
from lmtx_search.encoder.student import Student
from lmtx_search.encoder.windows import Windows
from lmtx_search.errors import UserError
from lmtx_search.judges.base import Pair
from lmtx_search.progress import SILENT, Progress
from lmtx_search.records import Document, Label
from lmtx_search.settings import Settings
from lmtx_search.sources import LabelFile
from lmtx_search.sources.label_rules import rules_of
from lmtx_search.sources.labels import check_labels
from lmtx_search.tagging.deployment import deploy as deploying
from lmtx_search.tagging.deployment import label_updates
from lmtx_search.tagging.deployment.differences import differences
from lmtx_search.tagging.deployment.encoder_source import (
    EncoderSource,
    StudentSource,
    find_source,
)
from lmtx_search.tagging.deployment.label_updates import LoadedLabels
from lmtx_search.tagging.deployment.make_version import Fit
from lmtx_search.tagging.deployment.options import DeployOptions
from lmtx_search.tagging.local import version_in_use
from lmtx_search.tagging.scoring.tagger import Tagger
from lmtx_search.tagging.versions.refit import Refit
from lmtx_search.tagging.versions.store import TaggerVersions
from lmtx_search.training.centering import SAMPLE, open_shortlister
from lmtx_search.training.known_answers import KnownAnswers, known_answers
from lmtx_search.training.languages import as_note, language_notes
from lmtx_search.training.refit import refit
from lmtx_search.training.run_answers import RunAnswers
from lmtx_search.training.shortlist import Search, pairs, search_in, without

if TYPE_CHECKING:
    from lmtx_search.cluster.client.connect import Client


@dataclass(frozen=True, slots=True)
class Shortlist:
    """A document with the best labels for it and their cosines, best first."""

    document: Document
    labels: Sequence[tuple[Label, float]]

    def pairs(self, most: int | None = None) -> list[Pair]:
        """Return the first ``most`` labels as pairs for a judge; None: all labels."""
        ranking = [(label.id, score) for label, score in self.labels]
        by_id = {label.id: label for label, _ in self.labels}
        return pairs(self.document, ranking, by_id, len(ranking) if most is None else most)


@clear_errors()
def bootstrap_index(settings: Settings, *, apply_cluster_settings: bool = False) -> list[str]:
    """Set the cluster up; return what was made or changed, which is nothing the second time.

    Args:
        apply_cluster_settings: also change the settings of the cluster that the product needs.

    Raises:
        UserError: the cluster cannot be used, or something else has one of the product's names.
        LmtxError: a step failed. Call it again to continue there.
    """
    client = connect(settings.opensearch)
    planned = setting_up.plan(client, settings)
    setting_up.apply(client, planned, apply_cluster_settings)
    return [step.what for step in planned.open]


@clear_errors()
def load_labels(
    settings: Settings,
    labels: Iterable[Label],
    progress: Progress = SILENT,
    *,
    retire: Collection[str] = (),
) -> LoadedLabels:
    """Embed labels; write new and changed ones to the label index and to the deployed tagger.

    Args:
        labels: any labels. A :class:`~lmtx_search.sources.labels.LabelFile` is read as a whole
            first, so that a mistake in it changes nothing.
        retire: ids of labels to take out of use.

    Raises:
        UserError: ``bootstrap_index`` has not run, a mistake in the file, or the deployed tagger is
            not on this machine.
        LmtxError: another command is changing the tagger, or the cluster failed.

    Examples:
        >>> from lmtx_search import Label, load_labels, load_settings
        >>> load_labels(load_settings(), [Label("q718", "chess")]).report.created
        1
    """
    client = connect(settings.opensearch)
    LabelIndex(client, settings.opensearch.knn_engine).require()
    notes = check_labels(labels, progress) if isinstance(labels, LabelFile) else []
    for note in notes:
        progress.note(note)
    loaded = label_updates.load_labels(client, settings, labels, progress, retire)
    missing = missing_prompts(settings.encoder, chosen_encoder(settings))
    about_models = [as_note(*missing)] if missing else []
    about_models += language_notes(settings, labels=loaded.embedded)
    for note in about_models:
        progress.note(note)
    return replace(loaded, notes=[*notes, *loaded.notes, *about_models])


def shortlists(
    settings: Settings,
    documents: Iterable[Document],
    labels: Iterable[Label] | None = None,
    size: int = 10,
) -> Iterator[Shortlist]:
    """Yield each document with the ``size`` best labels for it, by the encoder of the settings.

    They are found as ``train`` finds those of its first cycle before any training: the nearest
    labels and those that a document names, without labels that are near every document.

    Args:
        documents: the first 400, best in a random order, show which labels are near every document
            and which words are common; the others are read a few at a time.
        labels: compared in memory, without a cluster; None: the labels of the label index that are
            not for people only.

    Raises:
        UserError: there are no labels, or the label index holds embeddings of another encoder.

    Examples:
        >>> from lmtx_search import Document, Label, load_settings, shortlists
        >>> labels = [Label("1", "chess"), Label("2", "gardening")]
        >>> document = Document("d", "How to castle, and when not to")
        >>> next(shortlists(load_settings(), [document], labels, 1)).labels[0][0].text
        'chess'
    """
    with clear_errors():
        yield from _shortlists(settings, documents, labels, size)


def _shortlists(
    settings: Settings, documents: Iterable[Document], labels: Iterable[Label] | None, size: int
) -> Iterator[Shortlist]:
    wanted = settings.encoder
    encoder = load_encoder(settings, max_tokens=wanted.document_tokens)
    if labels is None:
        index = LabelIndex(connect(settings.opensearch, reading=True))
        if not (index.require().encoder_digest or "").startswith(encoder.digest):
            raise UserError(
                "the label index holds embeddings of another encoder: pass labels, or set "
                "encoder.name to that encoder"
            )
        every = list(index.labels())
        rules = rules_of(settings.label, every)
        hidden = frozenset(() if rules is None else rules.people_only)
        known = [label for label in every if label.id not in hidden]
        search: Search = without(index.search, hidden) if hidden else index.search
    else:
        known = list(labels)
        reads_labels = load_encoder(settings, max_tokens=wanted.label_tokens)
        vectors = embed_labels(reads_labels, known)
        search = search_in(vectors, known)
    if not known:
        raise UserError("there are no labels to choose from: load some, or pass some")
    by_id = {label.id: label for label in known}
    rest = iter(documents)
    sample = list(islice(rest, SAMPLE))
    if not sample:
        return
    shortlister = open_shortlister(
        encoder,
        search,
        size,
        documents=sample,
        labels=len(known),
        tokens=wanted.document_tokens,
    )
    for document, ranking in shortlister.shortlists(chain(sample, rest)):
        found = [(by_id[id_], score) for id_, score in ranking if id_ in by_id]
        yield Shortlist(document, found)


@clear_errors()
def deploy(
    settings: Settings,
    run: str | None = None,
    *,
    untrained: bool = False,
    options: DeployOptions | None = None,
    progress: Progress = SILENT,
) -> deploying.Deployment:
    """Put a tagger into the ingest pipeline.

    Args:
        run: the training run whose encoder is deployed; None: the last one.
        untrained: deploy the encoder of the settings without training.
        options: where the tagger runs, and how it chooses tags.

    Answers of people and of the judge that were stored since the run move the offsets of labels,
    the threshold and the calibration. The encoder stays as it was trained.

    Options are not remembered: ``differences`` of the result, and a note, say in which of them the
    new version differs from the one that was in use.

    With ``options.static``, the encoder is first distilled into a static one. If this follows it
    too loosely (``deploy.least_agreement``), the encoder itself reads the documents.

    Raises:
        UserError: ``bootstrap_index`` has not run, there are no labels, no such run or no tagger
            service, or a setting of the cluster is missing; or there are too few training documents
            to distil from; or both ``run`` and ``untrained`` are given.
        LmtxError: another command is changing the tagger, or the test of the new tagger failed.
    """
    client = connect(settings.opensearch)
    runs = RunStore(client)
    source = find_source(settings, runs, run, untrained)
    for note in source.reading_notes(settings):
        progress.note(note)
    settings = source.as_read(settings)
    options = options or DeployOptions()
    student: Student | None = None
    fit: Fit | None = _fit_later_answers(client, settings, source, runs, progress)
    if options.static:
        # Distilling takes minutes: what would refuse the deployment should do so before.
        deploying.plan(client, settings, source, options)
        labels = list(LabelIndex(client).labels())
        source, changed = source.for_labels(labels)
        for note in changed:
            progress.note(note)
        if fit is not None and not source.to_fit:
            tokens = settings.encoder.label_tokens
            reads_labels = load_encoder(settings, max_tokens=tokens, folder=source.folder)
            source = fit(source, labels, embed_labels(reads_labels, labels))
            fit = None  # the student is made of what was fitted
        source, student = _with_student(settings, source, runs, progress)
        if fit is not None and source.student is not None:
            fit = None
            if new := _known_answers(client, settings, source, runs, labels).new:
                progress.note(
                    "Left out: answers of people, because they do not count in a static tagger "
                    f"that was not trained: {new:,}"
                )
    too_loose = options.static and source.student is None
    differing = differences(client, settings, options, too_loose)
    for note in differing:
        progress.note(note)
    done = deploying.deploy(client, settings, source, options, progress, fit)
    done = replace(done, student=student, differences=differing)
    runs.save(new_run_id(), {"kind": "deploy", **asdict(done)})
    return done


@clear_errors()
def plan_deployment(
    settings: Settings,
    run: str | None = None,
    *,
    untrained: bool = False,
    options: DeployOptions | None = None,
    progress: Progress = SILENT,
) -> list[str]:
    """Return the steps of :func:`deploy` with these arguments; nothing is changed.

    Notes about them go to ``progress``.

    Raises:
        UserError: a deployment is not possible.
    """
    client = connect(settings.opensearch)
    runs = RunStore(client)
    source = find_source(settings, runs, run, untrained)
    options = options or DeployOptions()
    steps, notes = deploying.plan(client, settings, source, options)
    for note in notes:
        progress.note(note)
    if _can_fit(source):
        known = _known_answers(client, settings, source, runs, list(LabelIndex(client).labels()))
        if known.new or known.run is not None:
            if options.static and source.to_fit:
                # Answers do not count in a static tagger that was not trained.
                steps.insert(1, f"if the encoder itself is used: {known.plan}")
            else:
                steps.insert(0, known.plan)
    return steps


def _fit_later_answers(
    client: Client, settings: Settings, source: EncoderSource, runs: RunStore, progress: Progress
) -> Fit | None:
    """Return what lets the answers that came after a run change the source (None: nothing can)."""
    if not _can_fit(source):
        progress.note(
            f"Answers that came after the {source.name} do not count, because it is of an earlier "
            "release or words do not count in it: train again to use them"
        )
        return None

    def fit(
        current: EncoderSource, labels: Sequence[Label], vectors: NDArray[np.float32]
    ) -> EncoderSource:
        known = _known_answers(client, settings, source, runs, labels)
        for note in known.left_out:
            progress.note(note)
        if not known.new or current.words is None:
            return current
        wanted = settings.encoder
        encoder = load_encoder(settings, max_tokens=wanted.document_tokens, folder=current.folder)
        windows = Windows.of(wanted)
        fitted = refit(known, encoder, labels, vectors, windows, current.words, progress)
        record = Refit(len(fitted.offsets), fitted.answers, known.by_people, known.new)
        return current.refitted(fitted.offsets, fitted.threshold, fitted.calibration, record)

    return fit


def _can_fit(source: EncoderSource) -> bool:
    """Return whether answers can change a source without training."""
    if source.run is None:
        return True
    return source.words is not None and RunAnswers.read(source.folder.parent) is not None


def _known_answers(
    client: Client,
    settings: Settings,
    source: EncoderSource,
    runs: RunStore,
    labels: Sequence[Label],
) -> KnownAnswers:
    """Return the answers that are stored now, for a source."""
    if source.run is None:
        return known_answers(client, settings.documents, labels, None, None)
    judge = (runs.get(source.run) or {}).get("judge")
    learned = RunAnswers.read(source.folder.parent)
    if learned is not None:
        learned = learned.without_names(source.changed_labels(labels))
    return known_answers(client, settings.documents, labels, learned, judge)


def _with_student(
    settings: Settings, source: EncoderSource, runs: RunStore, progress: Progress
) -> tuple[EncoderSource, Student]:
    """Distil an encoder; return it with the student, if that may be used, and its record."""
    from lmtx_search.training.static_encoder.distil import Teacher, distil

    record = None if source.run is None else runs.get(source.run)
    teacher = Teacher(
        source.folder, source.calibration, source.words, record, fit_words=source.to_fit
    )
    distilled = distil(settings, teacher, progress=progress)
    compared = distilled.comparison
    if compared.student.agreement < settings.deploy.least_agreement:
        return source, compared.student
    student = replace(
        source,
        student=StudentSource(distilled.folder, compared.student),
        calibration=compared.calibration,
        words=distilled.words,
        threshold=compared.threshold.value,
        threshold_interval=compared.threshold.interval,
        spread=compared.threshold.spread,
        lowered=compared.threshold.lowered,
        to_fit=False,
    )
    return student, compared.student


@clear_errors()
def open_tagger(settings: Settings, version: str | None = None) -> Tagger:
    """Load a tagger into this process.

    Args:
        version: the name of a tagger version; None: the one that the pipeline uses.

    Raises:
        UserError: this machine has no such tagger; or no version is given, and the pipeline uses
            none or the cluster does not say which.

    Examples:
        >>> from lmtx_search import load_settings, open_tagger
        >>> (tags,) = open_tagger(load_settings()).tag(["A program that plays chess"])
        >>> [tag.name for tag in tags]
        ['Game: Chess']
    """
    if version is not None:
        found = TaggerVersions(settings.data_dir).get(version)
    else:
        used, problem = version_in_use(settings)
        if used is None:
            raise UserError(
                f"the tagger in use is not known ({problem}): give the name of a version in "
                f"{TaggerVersions(settings.data_dir).folder}"
            )
        found = used
    return Tagger(found, settings.service.threads)
