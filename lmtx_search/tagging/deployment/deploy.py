"""Puts a tagger into the ingest pipeline: makes it, tests it, and only then switches."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lmtx_search.cluster.client.identity import cluster_uuid
from lmtx_search.cluster.client.lock import exclusive
from lmtx_search.cluster.decisions.renamed import follow_names
from lmtx_search.cluster.documents.sample import sample_texts
from lmtx_search.cluster.labels.index import LabelIndex
from lmtx_search.cluster.ml import connectors
from lmtx_search.cluster.ml.pipeline import (
    PipelineState,
    put_pipeline,
    read_pipeline,
    tagging_pipeline,
)
from lmtx_search.cluster.ml.pipeline_forms import (
    deployed_after,
    note_of_added_steps,
    with_added_steps,
)
from lmtx_search.cluster.ml.registry import registered
from lmtx_search.encoder.passages import passages_digest
from lmtx_search.encoder.student import Student
from lmtx_search.encoder.word_scoring import MOST_DOCUMENTS
from lmtx_search.errors import UserError
from lmtx_search.progress import SILENT, Progress
from lmtx_search.records import Label
from lmtx_search.settings import Settings
from lmtx_search.sources.label_rules import rules_of
from lmtx_search.tagging.deployment.cleanup import remove_failed, remove_unfinished
from lmtx_search.tagging.deployment.encoder_source import EncoderSource
from lmtx_search.tagging.deployment.make_version import (
    Fit,
    band_notes,
    chosen_thresholds,
    make_version,
)
from lmtx_search.tagging.deployment.options import DeployOptions, Runtime
from lmtx_search.tagging.deployment.pipeline_check import check_pipeline
from lmtx_search.tagging.in_cluster.archive import check_labels, upload_version
from lmtx_search.tagging.service.client import (
    require_service,
    require_version,
    service_url,
    tag_url,
)
from lmtx_search.tagging.versions.refit import Refit
from lmtx_search.tagging.versions.store import TaggerVersions
from lmtx_search.tagging.versions.version import EncoderKind

if TYPE_CHECKING:
    from lmtx_search.cluster.client.connect import Client


@dataclass(slots=True)
class Deployment:
    """What a deployment did.

    Attributes:
        threshold_interval: the 95 % interval of the threshold (None: it was not chosen on
            documents, or is the score of a probability).
        own_thresholds: number of labels with a threshold of their own.
        label_index: the index that the label alias points to now.
        service: address at which the cluster reaches the tagger (None: the cluster runs it).
        encoder_kind: which kind of encoder reads documents.
        student: the static encoder, whether it is used or not (None: none was asked for).
        narrower: number of labels with a parent (None: broader tags are not written).
        apply_from, suggest_from: the probabilities from which labels are applied and suggested
            (None: the tagger has no probabilities).
        review_first: nothing is applied.
        rules: number of rules about labels (0: there are none).
        words: whether words count beside the encoder.
        refit: what answers that came after the run changed (None: nothing).
        kept: why the run kept this encoder and not another one ("": there was no other one).
        threshold_given: whether the options set the threshold.
        differences: in which options it differs from the version that was in use, one sentence or
            none.
        seconds: by step.
    """

    version: str
    previous: str | None
    run: str | None
    labels: int
    threshold: float
    own_thresholds: int
    label_index: str
    model: str
    runtime: Runtime
    service: str | None
    encoder_kind: EncoderKind = "transformer"
    student: Student | None = None
    narrower: int | None = None
    threshold_interval: tuple[float, float] | None = None
    apply_from: float | None = None
    suggest_from: float | None = None
    review_first: bool = False
    rules: int = 0
    words: bool = False
    refit: Refit | None = None
    kept: str = ""
    threshold_given: bool = False
    differences: Sequence[str] = ()
    seconds: dict[str, float] = field(default_factory=dict)


def plan(
    client: Client, settings: Settings, source: EncoderSource, options: DeployOptions
) -> tuple[list[str], list[str]]:
    """Return the steps of :func:`deploy`, and notes about them, without changing anything.

    Raises:
        UserError: a deployment is not possible.
    """
    state, labels, url = _requirements(client, settings, source, options.runtime)
    rules = rules_of(settings.label, labels)
    source, changed = source.for_labels(labels)
    tagger = read_pipeline(client).tagger
    distil = [
        "distil a static encoder from it on the training documents; if both have the same first "
        f"label on less than {settings.deploy.least_agreement:.0%} of the held-out documents, use "
        "the encoder itself"
    ]
    kind = "static" if options.static else options.of_runtime()
    steps = [
        *(distil if options.static else []),
        f"make a tagger version of {source.name} ({kind}) with "
        f"{len(labels):,} labels in {TaggerVersions(settings.data_dir).folder}, "
        f"{_threshold(settings, source, options)}, at most {options.max_tags} tags"
        + ("" if rules is None else f", {rules.number:,} rules"),
        "embed the labels with this encoder, and write a new label index if it is another one",
        f"register a connector to {url}/taggers/VERSION/tag and a remote model in ML Commons"
        if url
        else "make one model of encoder and labels, upload it to ML Commons and deploy it there",
        f"test the pipeline with _simulate; it now tags with {tagger or 'nothing'}, "
        f"{len(state.indices)} indices have text fields of their own",
        "move the pipeline to the new version, then the label alias",
    ]
    bands = band_notes(settings.documents, options, labels)
    return steps, [*bands, *source.reading_notes(settings), *changed]


def _threshold(settings: Settings, source: EncoderSource, options: DeployOptions) -> str:
    if options.threshold is None and (source.to_fit or options.static):
        return "a threshold that suits the training documents"
    return f"threshold {chosen_thresholds(settings.documents, source, options).general:g}"


def deploy(
    client: Client,
    settings: Settings,
    source: EncoderSource,
    options: DeployOptions,
    progress: Progress = SILENT,
    fit: Fit | None = None,
) -> Deployment:
    """Make a tagger version and let the pipeline tag with it.

    Nothing that is in use changes before the test. A failure before that leaves nothing behind, and
    the next deployment removes what a killed one left. The previous version stays in the folder and
    in the cluster.

    Args:
        fit: lets answers that came after the run change the source (None: none do).

    Raises:
        UserError: the cluster is not bootstrapped, there are no labels or too many for the runtime,
            the tagger service does not answer, or cluster settings are missing.
        LmtxError: another command is changing the tagger, or the test failed. The message contains
            the cause that the cluster or the service reported.
    """
    settings = source.as_read(settings)
    _requirements(client, settings, source, options.runtime)
    seconds: dict[str, float] = {}
    index = LabelIndex(client, settings.opensearch.knn_engine)
    with exclusive(client, "deploy") as lock, ExitStack() as undo:
        remove_unfinished(client, settings)
        state, labels, url = _requirements(client, settings, source, options.runtime)
        with _timed(seconds, "make"):
            texts = _sample(client, settings) if source.to_fit else []
            known = {state.tagger, state.previous, state.rolled_back_from, *registered(client)}
            made = make_version(
                settings,
                source,
                options,
                labels,
                progress,
                texts,
                fit,
                cluster_uuid(client),
                frozenset(filter(None, known)),
            )
            version, encoder = made.version, made.encoder
            name = version.manifest.version
            undo.callback(remove_failed, client, settings, name)
        if url:
            with _timed(seconds, "load in service"):
                require_version(settings.service, version)
        with _timed(seconds, "label index"):
            previous = index.require()
            label_index = previous.index
            digest = passages_digest(
                encoder.digest, settings.encoder.label_tokens, encoder.form.label_prompt
            )
            if previous.encoder_digest != digest:
                existing = index.versions()
                label_index = index.write_version(
                    labels, version.embeddings(), digest, encoder.dimension, progress
                )
                if label_index not in existing:
                    undo.callback(index.remove, label_index)
        with _timed(seconds, "register"), progress.stage("Register the model", 1, "models") as done:
            if url:
                remote = connectors.register(
                    client, name, tag_url(url, name), settings.service.token
                )
            else:
                remote = upload_version(client, version, progress)
            undo.callback(connectors.remove, client, remote)
            done(1)
        fields = settings.documents.text_fields
        windows = version.manifest.windows.most
        body = tagging_pipeline(
            name,
            remote.model,
            fields,
            state.indices,
            windows,
            state.names,
            state.keep,
            settings.documents.untouched,
            version.rules(),
            review_first=version.manifest.review_first,
        )
        with _timed(seconds, "test"):
            check_pipeline(client, body, name, fields[0], labels, url)
        with _timed(seconds, "switch"):
            lock.require()
            undo.callback(put_pipeline, client, state.body)
            put_pipeline(client, deployed_after(with_added_steps(body, state.body), state.tagger))
            if label_index != previous.index:
                # First, because the answer to a switch may be lost.
                undo.callback(index.switch, previous.index)
                index.switch(label_index)
        undo.pop_all()  # it is in use from here on, so nothing may be undone
        TaggerVersions(settings.data_dir).finish(name)
        follow_names(client, progress)
        for note in note_of_added_steps(state.body):
            progress.note(note)
    bands = version.manifest.bands
    return Deployment(
        version=name,
        previous=state.tagger,
        run=source.run,
        labels=len(labels),
        threshold=version.manifest.threshold,
        own_thresholds=len(version.manifest.own_thresholds),
        label_index=label_index,
        model=remote.model,
        runtime=options.runtime,
        service=url,
        encoder_kind=version.manifest.kind,
        student=version.manifest.student,
        narrower=sum(bool(label.broader) for label in labels)
        if version.manifest.broader_tags
        else None,
        threshold_interval=None
        if options.threshold is not None or bands is not None
        else made.source.threshold_interval,
        apply_from=None if bands is None else bands.probability("", version.manifest.threshold),
        suggest_from=None if bands is None else bands.suggest_from,
        review_first=bands is not None and bands.review_first,
        rules=0 if version.manifest.rules is None else version.manifest.rules.number,
        words=made.source.words is not None,
        refit=made.source.refit,
        kept=made.source.kept,
        threshold_given=options.threshold is not None,
        seconds={step: round(value, 3) for step, value in seconds.items()},
    )


def _sample(client: Client, settings: Settings) -> list[str]:
    """Return the texts of training documents. The first ones decide the threshold."""
    where = settings.documents
    return sample_texts(client, where.training_index, where.text_fields, MOST_DOCUMENTS)


def _requirements(
    client: Client, settings: Settings, source: EncoderSource, runtime: Runtime
) -> tuple[PipelineState, list[Label], str | None]:
    state = read_pipeline(client)
    dimension = LabelIndex(client).require().dimension
    labels = list(LabelIndex(client).labels())
    if not labels:
        raise UserError("there are no labels: run `lmtx-search labels load FILE` first")
    if runtime == "in-cluster":
        windows = source.as_read(settings).encoder.windows
        if windows > 1:
            trained = source.reading is not None
            where, then = (f" of the {source.name}", " and train again") if trained else ("", "")
            raise UserError(
                f"encoder.windows{where} is {windows}, and the cluster itself reads one window of "
                f"a document: set it to 1{then}, or deploy with --runtime service"
            )
        check_labels(len(labels), dimension)
        return state, labels, None
    url = service_url(settings.service)
    require_service(url)
    return state, labels, url


@contextmanager
def _timed(seconds: dict[str, float], step: str) -> Iterator[None]:
    started = time.monotonic()
    yield
    seconds[step] = time.monotonic() - started
