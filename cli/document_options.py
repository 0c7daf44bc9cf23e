"""The options that say how a file of documents is read, and the file under these options."""

from __future__ import annotations

from pathlib import Path

import click

from lmtx_search.cli.context import Context
from lmtx_search.sources import DocumentFile
from lmtx_search.sources.document_formats import FORMATS

format_option = click.option(
    "--format",
    type=click.Choice(FORMATS),
    help="Format of FILE (default: from its name, for .tsv from its content, and JSONL for "
    "standard input). folder: text and PDF files; mbox: a mailbox; feed: RSS or Atom; xmc: Extreme "
    "Classification Repository.",
)
all_option = click.option(
    "--all",
    "everything",
    is_flag=True,
    help="Of an export of WordPress or Blogger, read also drafts, private, scheduled and trashed "
    "posts, and items that are not posts or pages; of a help desk's tickets, internal notes too; "
    "of a folder, drafts; of a mailbox, deleted messages.",
)


def document_file(
    context: Context, file: Path, format: str | None, everything: bool = False
) -> DocumentFile:
    """Return the documents of FILE under the field names of the settings."""
    fields = context.settings.documents
    return DocumentFile(
        file,
        format,
        id_field=fields.id_field,
        text_fields=fields.text_fields,
        everything=everything,
    )
