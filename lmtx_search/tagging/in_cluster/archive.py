"""A tagger version as the archive that is uploaded to ML Commons."""

from __future__ import annotations

import json
import tempfile
import zipfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lmtx_search.cluster.ml.connectors import RemoteTagger
from lmtx_search.cluster.ml.local_models import upload
from lmtx_search.encoder.form import MODEL_FILES, TOKENIZER_FILE, OnnxForm
from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.encoder.onnx_files import MOST_BYTES, size_of
from lmtx_search.encoder.reading import LabelForms
from lmtx_search.errors import MissingExtra, UserError
from lmtx_search.progress import SILENT, Progress
from lmtx_search.tagging.in_cluster.band_graph import BandedLabels
from lmtx_search.tagging.in_cluster.graph import READ, TEXT, Places, tagging_graph
from lmtx_search.tagging.in_cluster.graph_part import GraphPart
from lmtx_search.tagging.in_cluster.read_graph import read_graph
from lmtx_search.tagging.in_cluster.tokenizer import tagging_tokenizer
from lmtx_search.tagging.in_cluster.word_graph import word_graph
from lmtx_search.tagging.scoring.broader import BroaderFacts, left_to_people
from lmtx_search.tagging.scoring.label_sets import label_sets
from lmtx_search.tagging.scoring.rule_facts import RuleFacts
from lmtx_search.tagging.scoring.weights import PROBABILITY, SUGGESTED
from lmtx_search.tagging.versions.version import Manifest, TaggerVersion

if TYPE_CHECKING:
    from lmtx_search.cluster.client.connect import Client

MAX_BYTES = 400_000_000
"""Most bytes of the label matrix. Every node that runs models holds it, and an ONNX graph cannot
exceed 2 GB."""


def most_labels(dimension: int) -> int:
    """Return how many labels a model in the cluster can have: 260,416 with 384 dimensions."""
    return MAX_BYTES // (4 * dimension)


def check_labels(labels: int, dimension: int) -> None:
    """Check, before anything is written, that a model can hold this many labels.

    Raises:
        UserError: there are too many labels.
        MissingExtra: onnx is not installed.
    """
    most = most_labels(dimension)
    if labels > most:
        raise UserError(
            f"{labels:,} labels are too many for --runtime in-cluster: with embeddings of "
            f"{dimension} dimensions it takes at most {most:,}; deploy with --runtime service"
        )
    if find_spec("onnx") is None:
        raise MissingExtra("in-cluster", "deploying into the cluster")


def upload_version(
    client: Client, version: TaggerVersion, progress: Progress = SILENT
) -> RemoteTagger:
    """Write the version's archive and upload it to ML Commons, which runs it.

    Raises:
        UserError: there are too many labels, labels cannot be added to the tokenizer, or cluster
            settings are missing.
        LmtxError: the upload failed; nothing of it remains on the cluster.
    """
    with tempfile.TemporaryDirectory(prefix=".uploading-", dir=version.folder.parent) as folder:
        archive = Path(folder) / "tagger.zip"
        write_archive(version, archive)
        return upload(client, version.manifest.version, archive, progress)


def write_archive(version: TaggerVersion, file: Path) -> None:
    """Write the version's model and tokenizer into a ZIP file.

    Raises:
        UserError: there are too many labels, or labels cannot be added to the tokenizer.
        MissingExtra: onnx is not installed.
    """
    manifest = version.manifest
    labels = version.rows()
    check_labels(len(labels.ids), manifest.dimension)
    folder = version.document_encoder_folder
    form = OnnxForm.read(folder)
    model = folder / MODEL_FILES[manifest.precision]
    _check_size(model, labels.embeddings.nbytes)
    rules = version.rules()
    facts = None if rules is None else RuleFacts.of(rules, labels, manifest)
    told = BroaderFacts(labels, left_to_people(manifest, rules))
    above = [told.about(id_) for id_ in labels.ids] if manifest.broader_tags else []
    always = {} if facts is None else facts.always
    above = [[name for name in names if name not in always] for names in above]
    broader = sorted({name for names in above for name in names})
    encoder = OnnxEncoder(folder, manifest.document_tokens, precision=manifest.precision)
    before, after = encoder.special_tokens_around
    room = encoder.max_tokens - before - after
    names = list(labels.names)
    if manifest.bands is not None:
        names += [mark + name for mark in (SUGGESTED, PROBABILITY) for name in labels.names]
    tokenizer, first = tagging_tokenizer(
        folder / TOKENIZER_FILE,
        [
            *names,
            *broader,
            *(() if facts is None else (*facts.names, *facts.always)),
        ],
        manifest.windows_of_words * room + before + after,
        form.lower,
        form.document_prompt,
    )
    graph = tagging_graph(
        model,
        labels.embeddings,
        first,
        manifest.thresholds.rows(labels.ids),
        manifest.max_tags + manifest.spare,
        _places(above, broader, len(names)),
        read_graph(TEXT, READ, encoder.max_tokens, after),
        form.document_prompt_tokens,
        _words(version, encoder, labels.ids),
        _banded(manifest, labels.ids),
        facts,
        label_sets(rules, labels.ids),
    )
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("tagger.onnx", graph)
        archive.writestr(TOKENIZER_FILE, json.dumps(tokenizer, ensure_ascii=False))


def _check_size(model: Path, more: int) -> None:
    size = size_of(model) + more
    if size > MOST_BYTES:
        raise UserError(
            f"the encoder and the label matrix have {size / 1e9:.1f} GB, and the cluster runs "
            "models of at most 2 GB: deploy with --runtime service, or with a smaller encoder"
        )


def _words(version: TaggerVersion, encoder: OnnxEncoder, ids: Sequence[str]) -> GraphPart | None:
    """Return the part of the graph that computes the evidence from words (None: not used)."""
    if version.manifest.words is None:
        return None
    tokens = encoder.word_tokens()
    words = version.words(len(tokens))
    assert words is not None
    forms = LabelForms(words, tokens, encoder)
    forms.put(version.labels())
    part = word_graph(words, tokens, forms.of(ids), TEXT, encoder.prompt_length)
    if sum(value.nbytes for value in part.values.values()) > MAX_BYTES:
        raise UserError(
            "the names and synonyms of the labels are too long for --runtime in-cluster: deploy "
            "with --runtime service"
        )
    return part


def _banded(manifest: Manifest, ids: Sequence[str]) -> BandedLabels | None:
    bands = manifest.bands
    if bands is None:
        return None
    least = manifest.suggested_from.rows(ids)
    return BandedLabels(bands, least, bands.rows(ids), manifest.most_suggested + manifest.spare)


def _places(above: Sequence[Sequence[str]], broader: Sequence[str], before: int) -> Places:
    """Return int64 [L, K]: the columns of each label's facts ``above``, after ``before`` others.

    -1 fills the rows of labels that have fewer than K.
    """
    place = {name: before + number for number, name in enumerate(broader)}
    places = np.full((len(above), max(map(len, above), default=0)), -1, dtype=np.int64)
    for row, names in enumerate(above):
        places[row, : len(names)] = [place[one] for one in names]
    return places
