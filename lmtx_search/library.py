"""For those who embed it: each step of the command line as a function with settings.

``from lmtx_search import …`` gives these and what they take and return.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.documents.bulk_report import BulkReport
from lmtx_search.cluster.documents.load import load_documents
from lmtx_search.cluster.documents.own_values import fitting
from lmtx_search.cluster.labels.index import LabelIndex
from lmtx_search.cluster.ml.pipeline import tag_fields
from lmtx_search.cluster.runs import RunStore, new_run_id
from lmtx_search.cluster.setup import bootstrap as setting_up
from lmtx_search.cluster.setup.indices import prepare_tagged_index, prepare_training_index
from lmtx_search.encoder.label_embeddings import embed_labels
from lmtx_search.encoder.load import load_encoder
from lmtx_search.errors import UserError
from lmtx_search.judges.base import Pair
from lmtx_search.progress import SILENT, Progress
from lmtx_search.records import BadLine, Document, Label
from lmtx_search.settings import Settings
from lmtx_search.tagging.deployment import deploy as deploying
from lmtx_search.tagging.deployment.encoder_source import find_source
from lmtx_search.tagging.local import find_version
from lmtx_search.tagging.scoring.tagger import Tagger
from lmtx_search.training.shortlist import Search, Shortlister, pairs, search_in

if TYPE_CHECKING:
    from lmtx_search.cluster.labels.index import LoadReport


@dataclass(frozen=True, slots=True)
class Shortlist:
    """A document with the labels nearest to it and their cosines, best first."""

    document: Document
    labels: Sequence[tuple[Label, float]]

    def pairs(self, most: int | None = None) -> list[Pair]:
        """Return the pairs that a judge can be asked about, of the first ``most`` labels."""
        ranking = [(label.id, score) for label, score in self.labels]
        by_id = {label.id: label for label, _ in self.labels}
        return pairs(self.document, ranking, by_id, len(ranking) if most is None else most)


def bootstrap_index(settings: Settings, *, apply_cluster_settings: bool = False) -> list[str]:
    """Set the cluster up; return what was made or changed (nothing, the second time).

    Raises:
        UserError: the cluster cannot be used, or something of another kind has one of our names.
        LmtxError: a step failed; called again, it continues there.
    """
    client = connect(settings.opensearch)
    planned = setting_up.plan(client, settings)
    setting_up.apply(client, planned, apply_cluster_settings)
    return [step.what for step in planned.open]


def load_labels(
    settings: Settings, labels: Iterable[Label], progress: Progress = SILENT
) -> LoadReport:
    """Embed labels and write what is new of them to the label index, and to a deployed tagger.

    Examples:
        >>> from lmtx_search import Label, load_labels, load_settings
        >>> load_labels(load_settings().settings, [Label("q718", "chess")]).created
        1
    """
    from lmtx_search.tagging.deployment import label_updates

    client = connect(settings.opensearch)
    return label_updates.load_labels(client, settings, labels, progress).report


def load_training_documents(
    settings: Settings,
    documents: Iterable[Document | BadLine],
    progress: Progress = SILENT,
    keep_own_tags: bool = False,
) -> BulkReport:
    """Write documents to the index that training reads; the report says what failed and why.

    A document with values in the tag fields that lmtx-search did not write fails, unless
    ``keep_own_tags`` moves them to the field of manual tags.
    """
    client, index = connect(settings.opensearch), settings.documents.training_index
    prepare_training_index(client, index, settings.documents.id_field)
    return load_documents(
        client,
        fitting(documents, tag_fields(client), keep_own_tags),
        index,
        progress=progress,
    )


def ingest(
    settings: Settings,
    documents: Iterable[Document | BadLine],
    index: str,
    progress: Progress = SILENT,
    keep_own_tags: bool = False,
) -> BulkReport:
    """Index documents through the tagging pipeline; the index is made if it is not there.

    A document with values in the tag fields that lmtx-search did not write fails, unless
    ``keep_own_tags`` moves them to the field of manual tags.

    Raises:
        UserError: ``bootstrap_index`` has not run, or the index is there and does not tag.
    """
    client = connect(settings.opensearch)
    prepare_tagged_index(client, index, settings.documents.id_field)
    return load_documents(
        client,
        fitting(documents, tag_fields(client), keep_own_tags),
        index,
        progress=progress,
    )


def shortlists(
    settings: Settings,
    documents: Iterable[Document],
    labels: Iterable[Label] | None = None,
    size: int = 10,
) -> Iterator[Shortlist]:
    """Yield each document with the ``size`` labels nearest to it, by the settings' encoder.

    Args:
        documents: taken a few at a time, only as far as they are asked for.
        labels: compared in memory, with no cluster; None: those of the label index.

    Raises:
        UserError: there are no labels, or the label index holds another encoder's embeddings.

    Examples:
        >>> from lmtx_search import Document, Label, load_settings, shortlists
        >>> labels = [Label("1", "chess"), Label("2", "gardening")]
        >>> document = Document("d", "How to castle, and when not to")
        >>> next(shortlists(load_settings().settings, [document], labels, 1)).labels[0][0].text
        'chess'
    """
    wanted = settings.encoder
    encoder = load_encoder(settings, max_tokens=wanted.document_tokens)
    if labels is None:
        index = LabelIndex(connect(settings.opensearch, reading=True))
        if not (index.require().encoder_digest or "").startswith(encoder.digest):
            raise UserError(
                "the label index holds another encoder's embeddings: give labels, or set "
                "encoder.name to that encoder"
            )
        known = list(index.labels())
        search: Search = index.search
    else:
        known = list(labels)
        reads_labels = load_encoder(settings, max_tokens=wanted.label_tokens)
        vectors = embed_labels(reads_labels, known)
        search = search_in(vectors, [label.id for label in known])
    if not known:
        raise UserError("there are no labels to make shortlists of")
    by_id = {label.id: label for label in known}
    for document, ranking in Shortlister(encoder, search, size).shortlists(documents):
        found = [(by_id[id_], score) for id_, score in ranking if id_ in by_id]
        yield Shortlist(document, found)


def deploy(
    settings: Settings,
    run: str | None = None,
    *,
    untrained: bool = False,
    options: deploying.Options | None = None,
    progress: Progress = SILENT,
) -> deploying.Deployment:
    """Put a tagger into the ingest pipeline: the last training run's, or that of ``run``.

    Args:
        untrained: deploy the encoder of the settings as it is.

    Raises:
        UserError: no bootstrap, no labels, no such run, no tagger service, or cluster settings
            missing.
        LmtxError: another command is changing the tagger, or the test of the new one failed.
    """
    client = connect(settings.opensearch)
    runs = RunStore(client)
    source = find_source(settings, runs, run, untrained)
    done = deploying.deploy(client, settings, source, options or deploying.Options(), progress)
    runs.save(new_run_id(), {"kind": "deploy", **asdict(done)})
    return done


def open_tagger(settings: Settings, version: str | None = None) -> Tagger:
    """Return the tagger that the pipeline uses, or a version by its name, loaded here.

    Raises:
        UserError: there is none on this machine.

    Examples:
        >>> from lmtx_search import load_settings, open_tagger
        >>> (tags,) = open_tagger(load_settings().settings).tag(["A program that plays chess"])
        >>> [tag.name for tag in tags]
        ['Game: Chess']
    """
    found, _ = find_version(settings, version)
    return Tagger(found, settings.service.threads)
