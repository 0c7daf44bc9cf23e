"""``lmtx-search docs load`` and ``lmtx-search ingest``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lmtx_search.cli.context import Context, maybe_one_index, one_index, pass_context
from lmtx_search.cli.loading import finish, load, load_options
from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.documents.bulk_report import BulkReport
from lmtx_search.cluster.documents.checkpoint import FailedFile
from lmtx_search.cluster.documents.load import load_documents, read_documents
from lmtx_search.cluster.documents.own_values import fitting
from lmtx_search.cluster.ml.model_state import redeploy
from lmtx_search.cluster.ml.pipeline import reads_of, tag_fields
from lmtx_search.cluster.retag.selection import Selection, require_query
from lmtx_search.cluster.setup.indices import (
    prepare_tagged_index,
    prepare_training_index,
    tagging_counts,
    tagging_errors,
)
from lmtx_search.errors import LmtxError, UserError

if TYPE_CHECKING:
    from opensearchpy import OpenSearch


@click.group()
def docs() -> None:
    """Load training documents."""


@docs.command("load")
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--from-index", callback=maybe_one_index, help="Instead of FILE: an index of yours.")
@click.option("--query", help="Of that index, only documents that match this (query string).")
@load_options
@pass_context
def docs_load(
    context: Context, file: Path | None, from_index: str | None, query: str | None, **options: Any
) -> None:
    """Load training documents from FILE, or from an index.

    FILE is JSONL or CSV (also .gz; - is standard input); a folder of .txt, .md, .html, .eml and
    .pdf files (the extra pdf), whose paths become the ids; a mailbox (.mbox); an RSS or Atom feed
    (the extra feeds); Annif's TSV; or texts of the Extreme Classification Repository. They go into
    the index documents.training_index. Which fields hold a document's id and text is set by
    documents.id_field and documents.text_fields.

    \b
    Example:
      lmtx-search docs load train.jsonl.gz
      lmtx-search docs load reports/
      lmtx-search docs load help-desk.mbox
      lmtx-search docs load --from-index articles --query "year:>2020"
      LMTX_DOCUMENTS_TEXT_FIELDS=subject,body lmtx-search docs load mails.csv
    """
    index = context.settings.documents.training_index
    if (file is None) == (from_index is None):
        raise click.UsageError("give a FILE, or --from-index NAME")
    if from_index is not None:
        report = _copy(context, index, from_index, query, options)
    else:
        if query is not None:
            raise click.UsageError("--query is for --from-index")
        assert file is not None
        report = load(context, index, prepare_training_index, file, **options)
    finish(context, report, {}, [])


@click.command()
@click.option(
    "--index",
    required=True,
    callback=one_index,
    help="Index to write to; made if it is not there.",
)
@click.argument("file", type=click.Path(path_type=Path))
@load_options
@pass_context
def ingest(context: Context, index: str, file: Path, **options: Any) -> None:
    """Index the documents of FILE (JSONL or CSV, also .gz; - is standard input), tagged.

    FILE may also be a folder of texts and PDF files, or what else `docs load` takes. They go
    through the tagging pipeline. Interrupted, the same command continues where it was.
    Exit code 1: some documents failed, see the report.

    \b
    Example:
      lmtx-search ingest articles.jsonl --index articles
      lmtx-search ingest articles.jsonl --index articles --failed failed.jsonl
    """

    def prepare(client: OpenSearch, index: str, id_field: str) -> bool:
        try:
            if redeploy(client):
                context.say("The tagger's model was undeployed: deployed it again")
        except UserError:
            raise
        except LmtxError as error:
            context.say(f"Documents will be pending: {error}")
        return prepare_tagged_index(client, index, id_field)

    report = load(context, index, prepare, file, **options)
    client = connect(context.settings.opensearch)
    counts = tagging_counts(client, index)
    explained = any(counts.get(status) for status in ("pending", "skipped", "failed"))
    errors = tagging_errors(client, index) if explained else []
    reads = reads_of(client, index) if counts.get("untagged") else None
    if reads and reads != list(context.settings.documents.text_fields):
        context.say(
            f"The tagger reads the fields {', '.join(reads)} of {index}: `lmtx-search attach "
            f"{index} --text-field FIELD` names others, then `retag`"
        )
    finish(context, report, counts, errors)


def _copy(
    context: Context, index: str, source: str, query: str | None, options: dict[str, Any]
) -> BulkReport:
    """Copy the documents of another index."""
    given = [f"--{name}" for name in ("format", "strict", "from_start") if options[name]]
    if given:
        raise click.UsageError(f"{given[0].replace('_', '-')} is for a FILE")
    fields = context.settings.documents
    client = connect(context.settings.opensearch)
    if source == index:
        raise UserError(f"{index} is the index of training documents itself: name one of yours")
    if not client.indices.exists(index=source):
        raise UserError(f"no index {source}: check its name")
    if query is not None:
        require_query(client, source, query)
    body = Selection(query=query).body()
    total = client.count(index=source, body={"query": body})["count"]
    if prepare_training_index(client, index, fields.id_field):
        context.say(f"Created the index {index}")
    return load_documents(
        client,
        # People's own values move: only the copy changes.
        fitting(
            read_documents(client, source, fields.text_fields, body), tag_fields(client), keep=True
        ),
        index,
        failed=FailedFile(options["failed"]) if options["failed"] else None,
        progress=context.progress,
        total=total,
        threads=options["threads"],
    )
