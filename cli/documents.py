"""``lmtx-search docs load`` and ``lmtx-search ingest``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from lmtx_search.cli.context import Context, maybe_one_index, one_index, pass_context
from lmtx_search.cli.document_options import document_file
from lmtx_search.cli.grammar import Command, Group
from lmtx_search.cli.loading import finish, load_options
from lmtx_search.cli.queries import query_option


@click.group(cls=Group)
def docs() -> None:
    """Load training documents.

    \b
    Example:
      lmtx-search docs load train.jsonl.gz
    """


@docs.command("load")
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option(
    "--from-index",
    callback=maybe_one_index,
    help="Copy the documents of this index instead of FILE.",
)
@query_option
@load_options
@pass_context
def docs_load(
    context: Context,
    file: Path | None,
    from_index: str | None,
    query: str | None,
    format: str | None,
    everything: bool,
    **options: Any,
) -> None:
    """Load training documents from FILE, or from an index.

    \b
    FILE is one of these:
    - JSONL or CSV (also .gz; .tsv with a header; - is standard input: JSONL, or
      the format of --format)
    - a folder of text, Markdown, HTML, mail, PDF and office files and e-books
      (PDF needs the extra pdf, office files and e-books the extra office);
      their paths become the ids
    - a spreadsheet (.xlsx, .xls, .ods; extra office), a document in each row
    - a mailbox (.mbox)
    - an RSS or Atom feed or a WordPress export (needs the extra feeds)
    - MARC 21 or MARCXML, RIS, BibTeX, or Dublin Core of an OAI-PMH harvest
      (--format oai); they need the extra library
    - tickets: --format zammad, zendesk or jira (JSON or CSV)
    - exports: --format karakeep or paperless
    - an Annif corpus (.tsv with addresses behind a tab; others with
      --format annif: CSV and JSONL)
    - texts of the Extreme Classification Repository

    The documents are written to the index of the setting documents.training_index. The settings
    documents.id_field and documents.text_fields name the fields with a document's id and text.

    \b
    Example:
      lmtx-search docs load train.jsonl.gz
      lmtx-search docs load reports/
      lmtx-search docs load help-desk.mbox
      lmtx-search docs load --from-index articles --query "year:>2020"
      LMTX_DOCUMENTS_TEXT_FIELDS=subject,body lmtx-search docs load mails.csv
    """
    from lmtx_search.loading import LoadOptions, copy_training_documents, load_training_documents

    if (file is None) == (from_index is None):
        raise click.UsageError("give either FILE or --from-index NAME")
    if from_index is not None:
        for name, value in (("format", format), ("all", everything), *options.items()):
            if value and name in ("format", "all", "strict", "from_start"):
                raise click.UsageError(f"--{name.replace('_', '-')} is for a FILE")
        report = copy_training_documents(
            context.settings,
            from_index,
            query,
            options=LoadOptions(**options),
            progress=context.progress,
        )
    else:
        if query is not None:
            raise click.UsageError("--query needs --from-index")
        assert file is not None
        report = load_training_documents(
            context.settings,
            document_file(context, file, format, everything),
            options=LoadOptions(**options),
            progress=context.progress,
        )
    finish(context, report)


@click.command(cls=Command)
@click.option(
    "--index",
    required=True,
    callback=one_index,
    help="Index to write to; created if it does not exist.",
)
@click.argument("file", type=click.Path(path_type=Path))
@load_options
@pass_context
def ingest(
    context: Context,
    index: str,
    file: Path,
    format: str | None,
    everything: bool,
    **options: Any,
) -> None:
    """Index the documents of FILE through the tagging pipeline.

    FILE is JSONL or CSV (also .gz), or any other source that `docs load` reads; - is standard
    input: JSONL, or the format of --format. After an interruption, the same command continues where
    it stopped. The exit code is 1 if documents failed; the report says why.

    \b
    Example:
      lmtx-search ingest articles.jsonl --index articles
      lmtx-search ingest articles.jsonl --index articles --failed failed.jsonl
      zcat articles.csv.gz | lmtx-search ingest - --format csv --index articles
    """
    from lmtx_search import loading

    report = loading.ingest(
        context.settings,
        document_file(context, file, format, everything),
        index,
        options=loading.LoadOptions(**options),
        progress=context.progress,
    )
    finish(context, report)
