"""Makes a tagger version from an encoder and the labels of the cluster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lmtx_search.encoder.form import TOO_INEXACT, OnnxForm, Precision
from lmtx_search.encoder.label_embeddings import embed_labels
from lmtx_search.encoder.load import load_encoder, onnx_form
from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.encoder.passages import passages_digest
from lmtx_search.encoder.score_threshold import DEFAULT_THRESHOLD
from lmtx_search.encoder.windows import Windows
from lmtx_search.errors import UserError
from lmtx_search.progress import Progress
from lmtx_search.records import Label
from lmtx_search.settings import Settings
from lmtx_search.tagging.deployment.encoder_source import EncoderSource
from lmtx_search.tagging.deployment.options import DeployOptions
from lmtx_search.tagging.deployment.untrained import fit_to_documents
from lmtx_search.tagging.versions.contents import (
    TaggingRule,
    VersionEncoder,
    VersionLabels,
    VersionStudent,
)
from lmtx_search.tagging.versions.store import TaggerVersions
from lmtx_search.tagging.versions.thresholds import Thresholds
from lmtx_search.tagging.versions.version import TaggerVersion


@dataclass(frozen=True, slots=True)
class MadeVersion:
    """A version, the encoder of its labels, and the source with all that was chosen."""

    version: TaggerVersion
    encoder: OnnxEncoder
    source: EncoderSource


def make_version(
    settings: Settings,
    source: EncoderSource,
    options: DeployOptions,
    labels: Sequence[Label],
    progress: Progress,
    texts: Sequence[str] = (),
) -> MadeVersion:
    """Embed the labels and write a version that is not tested yet.

    Args:
        texts: of documents in random order, by which words and threshold are chosen (none: the
            source has them).
    """
    if not texts:
        chosen_threshold(source, options)  # before the labels are embedded
    tokens = settings.encoder.label_tokens
    student = None
    if source.student is not None:
        form = onnx_form(source.student.folder, settings.cache_dir)
        student = VersionStudent(form, source.student.record)
    encoder = load_encoder(settings, max_tokens=tokens, folder=source.folder)
    with progress.stage("Embed labels", len(labels), "labels") as advance:
        embeddings = embed_labels(encoder, labels, advance)
    if texts:
        wanted = settings.encoder
        reads = load_encoder(settings, max_tokens=wanted.document_tokens, folder=source.folder)
        source = fit_to_documents(wanted, source, reads, labels, embeddings, texts, progress)
    _tell_unknown(settings, labels, progress)
    version = TaggerVersions(settings.data_dir).create(
        VersionEncoder(
            onnx_folder=encoder.folder,
            name=source.name,
            digest=encoder.digest,
            precision=_precision(options, encoder.form, progress) if student is None else "fp32",
            document_tokens=settings.encoder.document_tokens,
            windows=Windows.of(settings.encoder),
            run=source.run,
            student=student,
        ),
        VersionLabels(labels, embeddings, passages_digest(encoder.digest, tokens)),
        _rule(settings, source, options),
        source.words,
        untested=True,
    )
    return MadeVersion(version, encoder, source)


def _rule(settings: Settings, source: EncoderSource, options: DeployOptions) -> TaggingRule:
    applied = source.applied_from(settings.documents)
    if options.threshold is not None:
        applied = Thresholds(options.threshold)
    return TaggingRule(
        threshold=applied.general,
        max_tags=options.max_tags,
        own_thresholds=applied.own,
        calibration=source.calibration,
        broader_tags=settings.documents.broader_tags,
        bands=source.bands(settings.documents),
    )


def _tell_unknown(settings: Settings, labels: Sequence[Label], progress: Progress) -> None:
    unknown = settings.documents.bands_of_labels.keys() - {label.id for label in labels}
    if unknown:
        told = ", ".join(sorted(unknown)[:5])
        progress.note(f"documents.label_bands names ids that no label has ({told}): no effect")


def chosen_threshold(source: EncoderSource, options: DeployOptions) -> float:
    """Return the threshold of the options, else of the training run, else the default.

    Raises:
        UserError: no label can score so much.
    """
    if options.threshold is not None and options.threshold > source.highest_score:
        raise UserError(
            f"with the threshold {options.threshold:g} no document would get a tag: scores of "
            f"{source.name} go up to {source.highest_score:g}"
        )
    candidates = (options.threshold, source.threshold, DEFAULT_THRESHOLD)
    return next(value for value in candidates if value is not None)


def _precision(options: DeployOptions, form: OnnxForm, progress: Progress) -> Precision:
    wanted = options.of_runtime()
    if wanted == "fp32" or form.int8:
        return wanted
    if options.precision is not None:
        raise UserError(TOO_INEXACT)
    progress.note(f"{TOO_INEXACT}; this version uses fp32")
    return "fp32"
