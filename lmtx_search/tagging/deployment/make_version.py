"""Makes a tagger version from an encoder and the labels of the cluster."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lmtx_search.encoder.bands import NEVER
from lmtx_search.encoder.bf16 import suits_bf16, why_no_bf16
from lmtx_search.encoder.form import TOO_INEXACT, OnnxForm, Precision
from lmtx_search.encoder.label_embeddings import embed_labels
from lmtx_search.encoder.load import load_encoder, onnx_form
from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.encoder.passages import passages_digest
from lmtx_search.encoder.windows import Windows
from lmtx_search.errors import UserError
from lmtx_search.progress import Progress
from lmtx_search.records import Label
from lmtx_search.settings import DocumentSettings, Settings
from lmtx_search.sources.label_rules import rules_of
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

Fit = Callable[[EncoderSource, Sequence[Label], NDArray[np.float32]], EncoderSource]
"""Returns a source that later answers have changed, given the labels and their embeddings."""

# Settings that a tagger without probabilities could not follow.
_NEED_BANDS = ("review_first", "apply_from", "suggest_from", "label_bands")


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
    fit: Fit | None = None,
    cluster: str = "",
    others: Collection[str] = (),
) -> MadeVersion:
    """Embed the labels and write a version that is not tested yet.

    Args:
        texts: of documents in random order, by which words and threshold are chosen (none: the
            source has them).
        fit: lets answers that came after the run change the source (None: none do).
        cluster: id of the cluster that it is made for ("": unknown).
        others: versions that the cluster knows, than which the new one gets a later name.
    """
    rules = rules_of(settings.label, labels, progress)
    if not texts:
        tagging_rule(settings.documents, source, options)  # before the labels are embedded
    tokens = settings.encoder.label_tokens
    student = None
    if source.student is not None:
        form = onnx_form(source.student.folder, settings.cache_dir)
        student = VersionStudent(form, source.student.record)
    precision: Precision = "fp32"
    if student is None:
        precision = _precision(options, onnx_form(source.folder, settings.cache_dir), progress)
    encoder = load_encoder(settings, max_tokens=tokens, folder=source.folder, precision="fp32")
    with progress.stage("Embed labels", len(labels), "labels") as advance:
        embeddings = embed_labels(encoder, labels, advance)
    if texts:
        wanted = settings.encoder
        reads = load_encoder(
            settings,
            max_tokens=wanted.document_tokens,
            folder=source.folder,
            precision="bf16" if precision == "bf16" else "fp32",
        )
        source = fit_to_documents(wanted, source, reads, labels, embeddings, texts, progress)
    source, changed = source.for_labels(labels)
    for note in changed:
        progress.note(note)
    if fit is not None:
        source = fit(source, labels, embeddings)
    for note in band_notes(settings.documents, options, labels):
        progress.note(note)
    version = TaggerVersions(settings.data_dir).create(
        VersionEncoder(
            onnx_folder=encoder.folder,
            name=source.name,
            digest=encoder.digest,
            precision=precision,
            document_tokens=settings.encoder.document_tokens,
            windows=Windows.of(settings.encoder),
            run=source.run,
            student=student,
            refit=source.refit,
        ),
        VersionLabels(
            labels, embeddings, passages_digest(encoder.digest, tokens, encoder.form.label_prompt)
        ),
        replace(tagging_rule(settings.documents, source, options), rules=rules),
        source.words,
        untested=True,
        cluster=cluster,
        others=others,
    )
    return MadeVersion(version, encoder, source)


def tagging_rule(
    settings: DocumentSettings, source: EncoderSource, options: DeployOptions
) -> TaggingRule:
    """Return which labels become tags.

    Raises:
        UserError: no label can score so much, or the settings need probabilities that are unknown.
    """
    applied = chosen_thresholds(settings, source, options)
    bands = source.bands(settings)
    wanted = [name for name in _NEED_BANDS if getattr(settings, name)]
    if bands is None and wanted:
        raise UserError(
            f"documents.{wanted[0]} is set, but this tagger has no probabilities: load training "
            "documents (`lmtx-search docs load FILE`), or train again if the run is of an earlier "
            "release"
        )
    return TaggingRule(
        threshold=applied.general,
        max_tags=options.max_tags,
        own_thresholds=applied.own,
        calibration=source.calibration,
        broader_tags=settings.broader_tags,
        bands=bands,
        text_fields=settings.text_fields,
        untouched=settings.untouched,
    )


def band_notes(
    settings: DocumentSettings, options: DeployOptions, labels: Sequence[Label]
) -> list[str]:
    """Return notes about probabilities in the settings that have no effect."""
    notes = []
    bands = settings.bands_of_labels
    if unknown := bands.keys() - {label.id for label in labels}:
        told = ", ".join(sorted(unknown)[:5])
        notes.append(f"documents.label_bands names ids that no label has ({told}): no effect")
    if options.threshold is not None:
        replaced = ["documents.apply_from"] if settings.apply_from is not None else []
        if own := [id_ for id_, (applied, _) in bands.items() if applied < 1]:
            told = ", ".join(sorted(own)[:5])
            replaced.append(f"the first probabilities in documents.label_bands ({told})")
        if replaced:
            notes.append(
                f"the threshold {options.threshold:g} replaces {' and '.join(replaced)}; labels "
                "with the probability 1 in documents.label_bands are still never applied"
            )
    return notes


def chosen_thresholds(
    settings: DocumentSettings, source: EncoderSource, options: DeployOptions
) -> Thresholds:
    """Return the threshold of the options, else those of the source.

    The threshold of the options is for all labels except those that ``documents.label_bands`` never
    applies.

    Raises:
        UserError: no label can score so much.
    """
    if options.threshold is None:
        return source.applied_from(settings)
    if options.threshold > source.highest_score:
        raise UserError(
            f"with the threshold {options.threshold:g} no document would get a tag: scores of "
            f"{source.name} go up to {source.highest_score:g}"
        )
    bands = settings.bands_of_labels
    never = {id_: NEVER for id_, (applied, _) in bands.items() if applied >= 1}
    return Thresholds(options.threshold, never)


def _precision(options: DeployOptions, onnx_folder: Path, progress: Progress) -> Precision:
    wanted = options.of_runtime()
    if wanted == "bf16" and not suits_bf16(onnx_folder):
        if options.precision is not None:
            raise UserError(why_no_bf16())
        progress.note("OpenVINO cannot compute this encoder closely enough in bf16: int8 is used")
        wanted = "int8"
    if wanted != "int8" or OnnxForm.read(onnx_folder).int8:
        return wanted
    if options.precision is not None:
        raise UserError(TOO_INEXACT)
    progress.note(f"{TOO_INEXACT}; this version uses fp32")
    return "fp32"
