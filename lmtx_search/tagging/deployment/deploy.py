"""Puts a tagger into the ingest pipeline: makes it, tests it, and only then switches."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from lmtx_search.cluster.client.errors import lacking
from lmtx_search.cluster.client.lock import exclusive
from lmtx_search.cluster.labels.index import LabelIndex
from lmtx_search.cluster.ml import connectors, local_models
from lmtx_search.cluster.ml.pipeline import (
    PipelineState,
    pipeline_state,
    put_pipeline,
    read_pipeline,
    simulate,
    tagging_pipeline,
)
from lmtx_search.encoder.form import Precision
from lmtx_search.encoder.label_embeddings import embed_labels
from lmtx_search.encoder.load import load_encoder
from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.encoder.passages import label_passage, passages_digest
from lmtx_search.encoder.windows import Windows
from lmtx_search.errors import LmtxError, UserError
from lmtx_search.progress import SILENT, Progress
from lmtx_search.records import Label
from lmtx_search.settings import Settings
from lmtx_search.tagging.deployment.cleanup import give_up, sweep
from lmtx_search.tagging.deployment.encoder_source import Source
from lmtx_search.tagging.in_cluster.archive import check_labels, upload_version
from lmtx_search.tagging.service.client import (
    require_service,
    require_version,
    service_url,
    tag_url,
)
from lmtx_search.tagging.versions.store import TaggerVersions
from lmtx_search.tagging.versions.thresholds import own_thresholds
from lmtx_search.tagging.versions.version import TaggerVersion

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

DEFAULT_THRESHOLD = 0.3
"""Least cosine of a tag where no training run chose one."""

DEFAULT_MAX_TAGS = 10

Runtime = Literal["service", "in-cluster"]


@dataclass(frozen=True, slots=True)
class Options:
    """What a deployment can be told.

    ``threshold`` None takes the run's, or the default; ``precision`` None what is best for the
    runtime: int8 is three times as fast, but its rounding enlarges the last-digit differences
    between versions of ONNX Runtime, and a cluster brings its own. With fp32 a tagger gives the
    same tags wherever it runs.
    """

    precision: Precision | None = None
    threshold: float | None = None
    max_tags: int = DEFAULT_MAX_TAGS
    runtime: Runtime = "service"

    def of_runtime(self) -> Precision:
        """Return the precision, chosen where it was not given."""
        return self.precision or ("fp32" if self.runtime == "in-cluster" else "int8")


@dataclass(slots=True)
class Deployment:
    """What a deployment did; ``seconds`` by step. ``label_index`` is the alias's index now.

    ``service`` is where the cluster reaches the tagger, None where it runs the tagger itself;
    ``narrower`` the labels below another one, None where no broader tags are written.
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
    narrower: int | None = None
    seconds: dict[str, float] = field(default_factory=dict)


def plan(client: OpenSearch, settings: Settings, source: Source, options: Options) -> list[str]:
    """Return in words what :func:`deploy` would do; nothing is changed.

    Raises:
        UserError: it could not be done.
    """
    state, labels, url = _requirements(client, settings, options.runtime)
    taken = read_pipeline(client).tagger
    return [
        f"make a tagger version of {source.name} ({options.of_runtime()}) with "
        f"{len(labels):,} labels in {TaggerVersions(settings.data_dir).folder}, threshold "
        f"{_threshold(source, options):g}, at most {options.max_tags} tags",
        "embed the labels with this encoder, and write a new label index if it is another one",
        f"register a connector to {url}/taggers/VERSION/tag and a remote model in ML Commons"
        if url
        else "make one model of encoder and labels, upload it to ML Commons and deploy it there",
        f"test the pipeline with _simulate; it now tags with {taken or 'nothing'}, "
        f"{len(state.indices)} indices have text fields of their own",
        "move the pipeline to the new version, then the label alias",
    ]


def deploy(
    client: OpenSearch,
    settings: Settings,
    source: Source,
    options: Options,
    progress: Progress = SILENT,
) -> Deployment:
    """Make a tagger version and let the pipeline tag with it.

    Until it is tested nothing that is in use changes; what fails before leaves nothing behind, and
    what was killed before is removed by the next one.
    The version before it stays, in the folder and in the cluster.

    Raises:
        UserError: no bootstrap, no labels, no tagger service, too many labels for the runtime, or
            cluster settings missing.
        LmtxError: another command is changing the tagger, or the test failed, in the words of
            whoever refused.
    """
    _requirements(client, settings, options.runtime)
    seconds: dict[str, float] = {}
    index = LabelIndex(client, settings.opensearch.knn_engine)
    with exclusive(client, "deploy") as held, ExitStack() as undo:
        sweep(client, settings)
        state, labels, url = _requirements(client, settings, options.runtime)
        with _timed(seconds, "make"):
            version, encoder = _make(settings, source, options, labels, progress)
            name = version.manifest.version
            undo.callback(give_up, client, settings, name)
        if url:
            with _timed(seconds, "load in service"):
                require_version(settings.service, version)
        with _timed(seconds, "label index"):
            before = index.require()
            label_index = before.index
            digest = passages_digest(encoder.digest, settings.encoder.label_tokens)
            if before.encoder_digest != digest:
                there = index.versions()
                label_index = index.write_version(
                    labels, version.embeddings(), digest, encoder.dimension, progress
                )
                if label_index not in there:
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
            name, remote.model, fields, state.indices, windows, state.names, state.keep
        )
        with _timed(seconds, "test"):
            try_out(client, body, name, fields[0], labels, url)
        with _timed(seconds, "switch"):
            held.require()
            undo.callback(put_pipeline, client, state.body)
            put_pipeline(client, body)
            if label_index != before.index:
                index.switch(label_index)
        undo.pop_all()  # it is in use: nothing of it may be undone
        TaggerVersions(settings.data_dir).finish(name)
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
        narrower=sum(bool(label.broader) for label in labels)
        if version.manifest.broader_tags
        else None,
        seconds={step: round(value, 3) for step, value in seconds.items()},
    )


def _requirements(
    client: OpenSearch, settings: Settings, runtime: Runtime
) -> tuple[PipelineState, list[Label], str | None]:
    state = read_pipeline(client)
    LabelIndex(client).require()
    labels = list(LabelIndex(client).labels())
    if not labels:
        raise UserError("there are no labels: run `lmtx-search labels load FILE` first")
    if runtime == "in-cluster":
        if settings.encoder.windows > 1:
            raise UserError(
                f"encoder.windows is {settings.encoder.windows}, and the cluster itself reads one "
                "window of a document: set it to 1, or deploy with --runtime service"
            )
        check_labels(len(labels), settings.encoder.dimension)
        return state, labels, None
    url = service_url(settings.service)
    require_service(url)
    return state, labels, url


def _make(
    settings: Settings, source: Source, options: Options, labels: list[Label], progress: Progress
) -> tuple[TaggerVersion, OnnxEncoder]:
    encoder = load_encoder(settings, max_tokens=settings.encoder.label_tokens, folder=source.folder)
    with progress.stage("Embed labels", len(labels), "labels") as advance:
        embeddings = embed_labels(encoder, labels, advance)
    version = TaggerVersions(settings.data_dir).create(
        onnx_folder=encoder.folder,
        encoder=source.name,
        encoder_digest=encoder.digest,
        precision=options.of_runtime(),
        document_tokens=settings.encoder.document_tokens,
        labels=labels,
        embeddings=embeddings,
        threshold=_threshold(source, options),
        max_tags=options.max_tags,
        run=source.run,
        calibration=source.calibration,
        passages=passages_digest(encoder.digest, settings.encoder.label_tokens),
        windows=Windows.of(settings.encoder),
        own_thresholds=_own_thresholds(source, options),
        broader_tags=settings.documents.broader_tags,
        untested=True,
    )
    return version, encoder


def _threshold(source: Source, options: Options) -> float:
    chosen = (options.threshold, source.threshold, DEFAULT_THRESHOLD)
    return next(value for value in chosen if value is not None)


def try_out(
    client: OpenSearch,
    body: dict[str, Any],
    version: str,
    field: str,
    labels: list[Label],
    url: str | None,
) -> None:
    """Run the new pipeline over real texts, through the cluster and the service, unstored.

    Raises:
        UserError, LmtxError: they do not come out tagged by that version.
    """
    documents = [document_with(field, label_passage(label)) for label in labels[:3]]
    fields = pipeline_state(body).names
    for source in simulate(client, body, documents):
        tagging = source.get(fields.tagging, {})
        if tagging.get("status") != "tagged" or tagging.get("tagger") != version:
            reason = str(tagging.get("error", tagging))
            refused = connectors.refusal(url, reason) if url else local_models.refusal(reason)
            refused = refused or lacking(reason, "asking the tagger")
            raise refused or LmtxError(
                f"the new tagger did not pass its test in the cluster: {reason}; the pipeline "
                "stays as it was"
            )


def _own_thresholds(source: Source, options: Options) -> dict[str, float]:
    """Return what training chose for single labels; none where somebody wants one threshold."""
    if options.threshold is not None or source.threshold is None:
        return {}
    return own_thresholds(source.threshold, source.calibration)


def document_with(field: str, text: str) -> dict[str, Any]:
    """Return the document that has a text in a field, which may be a dotted path."""
    node: Any = text
    for name in reversed(field.split(".")):
        node = {name: node}
    return dict(node)


@contextmanager
def _timed(seconds: dict[str, float], step: str) -> Iterator[None]:
    started = time.monotonic()
    yield
    seconds[step] = time.monotonic() - started
