"""The one way in for documents: into the index that training reads, or through the tagger.

A load of a :class:`~lmtx_search.sources.documents.DocumentFile` that was interrupted, even by a
kill, continues when it is called again. The commands ``docs load`` and ``ingest`` are these
functions with a terminal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.client.errors import clear_errors
from lmtx_search.cluster.documents.bulk_report import BulkReport
from lmtx_search.cluster.documents.checkpoint import Checkpoint, FailedFile
from lmtx_search.cluster.documents.load import load_documents, read_documents
from lmtx_search.cluster.documents.own_values import fitting, look_ahead
from lmtx_search.cluster.documents.scan import SharedIds
from lmtx_search.cluster.facets.untouched import count_untouched
from lmtx_search.cluster.ml.index_pipeline import reads_of
from lmtx_search.cluster.ml.model_state import redeploy
from lmtx_search.cluster.ml.pipeline import tag_fields
from lmtx_search.cluster.retag.selection import Selection, require_query
from lmtx_search.cluster.setup.indices import (
    identity,
    is_data_stream,
    prepare_tagged_index,
    prepare_training_index,
    tagging_counts,
    tagging_errors,
)
from lmtx_search.errors import LmtxError, UserError
from lmtx_search.progress import SILENT, Progress
from lmtx_search.records import BadLine, Document
from lmtx_search.settings import Settings
from lmtx_search.sources import DocumentFile
from lmtx_search.sources.document_check import check_documents
from lmtx_search.sources.read_options import ReadOptions
from lmtx_search.tag_fields import TagFields
from lmtx_search.words.text_sample import TextSample

Documents = DocumentFile | Iterable[Document | BadLine]


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """How documents are loaded.

    Attributes:
        failed: a JSONL file that gets what was not indexed, each with its reason; it is replaced.
        strict: index nothing if a line of a :class:`~lmtx_search.sources.documents.DocumentFile`
            is not a document. The file is read twice.
        from_start: do not continue an earlier load of the file that was interrupted.
        threads: requests in flight (None: four, or six while the cluster answers quickly).
        keep_own_tags: move values that lmtx-search did not write in the fields of the tags to the
            field of manual tags; without it, a document with such values fails.
    """

    failed: Path | None = None
    strict: bool = False
    from_start: bool = False
    threads: int | None = None
    keep_own_tags: bool = False


@clear_errors()
def load_training_documents(
    settings: Settings,
    documents: Documents,
    *,
    options: LoadOptions | None = None,
    progress: Progress = SILENT,
) -> BulkReport:
    """Write documents to the index that training reads; the index is made if it does not exist.

    The arguments, the errors and how a load continues are those of :func:`ingest`.
    """
    load = _Load(settings, settings.documents.training_index, options, progress)
    report = load.run(documents, prepare_training_index)
    load.note_languages()
    return report


@clear_errors()
def copy_training_documents(
    settings: Settings,
    source: str,
    query: str | None = None,
    *,
    options: LoadOptions | None = None,
    progress: Progress = SILENT,
) -> BulkReport:
    """Copy documents of an index to the index that training reads, without their tags.

    Args:
        source: the index to copy from.
        query: a query string that selects documents; None: all of them.
        options: without ``strict``, which is for files.

    Raises:
        UserError: ``bootstrap_index`` has not run, the source does not exist, it is the index of
            training documents itself, or the query cannot be read.
        LmtxError: as :func:`ingest`.
    """
    fields = settings.documents
    load = _Load(settings, fields.training_index, options, progress)
    client = load.client
    if source == fields.training_index:
        raise UserError(f"{source} is the index of training documents itself: name another index")
    if not client.indices.exists(index=source):
        raise UserError(f"no index {source}: check its name")
    if query is not None:
        require_query(client, source, query)
    body = Selection(query=query).body()
    total = client.count(index=source, body={"query": body})["count"]
    shared = SharedIds()
    documents = read_documents(client, source, fields.text_fields, body, shared)
    # Values of the user's in the fields of the tags move: only the copy changes.
    fitted = fitting(documents, tag_fields(client), keep=True)
    report = load.run(fitted, prepare_training_index, total)
    load.note(f"Read {report.records:,} documents of {source}")
    if shared.documents:
        load.note(
            f"{shared.documents:,} of them share their id with others: their ids here are "
            "ID@INDEX, or ID@INDEX#ROUTING"
        )
    load.note_languages()
    return report


@clear_errors()
def ingest(
    settings: Settings,
    documents: Documents,
    index: str,
    *,
    options: LoadOptions | None = None,
    progress: Progress = SILENT,
) -> BulkReport:
    """Index documents through the tagging pipeline; the index is made if it does not exist.

    An interrupted load of a :class:`~lmtx_search.sources.documents.DocumentFile` continues when it
    is called again with the same file, fields, index and ``keep_own_tags``, and the cluster's tag
    fields are the same; the report covers both parts. Other
    iterables are always indexed from their beginning.

    Args:
        documents: a file, or any documents; a :class:`BadLine` among them counts as failed.
        index: where they go. If the index exists it must tag its documents.

    Raises:
        UserError: ``bootstrap_index`` has not run, the index exists and does not tag, or the file
            cannot be loaded. Nothing has been indexed.
        LmtxError: the cluster stopped the load. Call it again to continue.

    Examples:
        >>> from lmtx_search import DocumentFile, LoadOptions, ingest, load_settings
        >>> keep = LoadOptions(failed=Path("failed.jsonl"))
        >>> report = ingest(load_settings(), DocumentFile(Path("a.jsonl")), "a", options=keep)
        >>> report.indexed, report.failed
        (118, 2)
    """
    load = _Load(settings, index, options, progress)
    client = load.client
    report = load.run(documents, load.prepare_tagged)
    report.tagging = tagging_counts(client, index)
    if report.tagging:
        report.tagging_errors = tagging_errors(client, index)
        report.tagging_notes = tagging_errors(client, index, tagged=True)
    if report.tagging and (count := count_untouched(client, index)):
        load.note(f"{count:,} documents of {index} are left untouched (documents.untouched_query)")
    reads = reads_of(client, index) if report.tagging.get("untagged") else None
    if reads and reads != list(settings.documents.text_fields):
        load.note(
            f"The tagger reads the fields {', '.join(reads)} of {index}: `lmtx-search attach "
            f"{index} --text-field FIELD` names others, then `retag`"
        )
    return report


class _Load:
    """One load: what is checked and made before it, and the notes that belong to its report."""

    def __init__(
        self,
        settings: Settings,
        index: str,
        options: LoadOptions | None,
        progress: Progress,
    ) -> None:
        self.client = connect(settings.opensearch)
        self._settings, self._index = settings, index
        self._options, self._progress = options or LoadOptions(), progress
        self._notes: list[str] = []
        self._sample = TextSample()

    def note(self, text: str) -> None:
        """Show a sentence at once, unless it was shown before, and keep it for the report."""
        if text not in self._notes:
            self._notes.append(text)
            self._progress.note(text)

    def note_languages(self) -> None:
        """Say whether encoder and judge were made for the language of the documents."""
        from lmtx_search.training.languages import language_notes

        for note in language_notes(self._settings, documents=self._sample.texts):
            self.note(note)

    def prepare_tagged(self, client: Any, index: str, id_field: str) -> bool:
        """Check that the tagger runs and that the index uses it; return whether it was created."""
        try:
            why = redeploy(client)
            if why:
                self.note(f"The tagger's model {why}: deployed it again")
        except UserError:
            raise
        except LmtxError as error:
            self.note(f"Documents will be pending: {error}")
        return prepare_tagged_index(client, index, id_field)

    def run(
        self,
        documents: Documents,
        prepare: Callable[[Any, str, str], bool],
        total: int | None = None,
    ) -> BulkReport:
        """Check everything, make the index, write the documents."""
        options, file = self._options, documents if isinstance(documents, DocumentFile) else None
        if options.strict and file is None:
            raise UserError("strict is for a DocumentFile: other documents are read only once")
        failed = FailedFile(options.failed) if options.failed else None
        if failed:
            failed.check(file.path if file else None)
        if file:
            for note in check_documents(file, strict=options.strict, progress=self._progress):
                self.note(note)
            total = file.count()
        fields = tag_fields(self.client)
        if file and file.format in ("jsonl", "csv") and not file.is_read_once:
            ahead = ReadOptions(file.everything)
            found = look_ahead(file.read(ahead), str(file.path), fields, options.keep_own_tags)
            for note in (*ahead.notes, *found):
                self.note(note)
        if prepare(self.client, self._index, self._settings.documents.id_field):
            self.note(f"Created the index {self._index}")
        report = load_documents(
            self.client,
            fitting(self._sampled(documents), fields, options.keep_own_tags),
            self._index,
            checkpoint=self._checkpoint(file, fields) if file else None,
            failed=failed,
            progress=self._progress,
            total=total,
            threads=options.threads,
            create=is_data_stream(self.client, self._index),
        )
        if file:
            for line in file.last_read.lines():
                self.note(line)
            report.left_out = file.last_read.left_out.counts
        report.notes = self._notes
        return report

    def _sampled(self, documents: Documents) -> Iterator[Document | BadLine]:
        """Yield the documents, and keep the texts of a sample."""
        for item in documents:
            if isinstance(item, Document):
                self._sample.add(item.text)
            yield item

    def _checkpoint(self, file: DocumentFile, fields: TagFields) -> Checkpoint | None:
        if file.is_standard_input:
            return None
        checkpoint = Checkpoint(
            self._settings.data_dir / "loads",
            file.path,
            # Another index of the same name, or a restored one, lacks the documents.
            index=identity(self.client, self._index),
            # These decide what becomes of people's own values in the fields of the tags.
            keep_own_tags=self._options.keep_own_tags,
            tag_fields=fields.as_dict(),
            **file.identity(),
        )
        if self._options.from_start:
            checkpoint.clear()
        return checkpoint
