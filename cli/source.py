"""``lmtx-search source``: public data sets as files that the other commands load."""

from __future__ import annotations

from pathlib import Path

import click

from lmtx_search.cli.context import Context, pass_context
from lmtx_search.cli.grammar import Group


@click.group(cls=Group)
def source() -> None:
    """Write a public data set as files to load.

    \b
    Example:
      lmtx-search source debian debian-data
    """


@source.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@pass_context
def debian(context: Context, folder: Path) -> None:
    """Write Debian's packages and their topical tags to FOLDER.

    The documents are package names with their short and long descriptions, and the labels are the
    debtags vocabulary. The command reads apt's own files. It needs no root rights and does not
    change the system's package lists.

    \b
    Example:
      lmtx-search source debian debian-data
      lmtx-search labels load debian-data/labels.jsonl
    """
    from lmtx_search.sources.debian import fetch_debian, write_data_set

    data = fetch_debian(context.settings.cache_dir / "debian", context.progress)
    files = write_data_set(data, folder)
    counts = {"labels": len(data.labels), "train": len(data.train), "test": len(data.test)}
    context.result({"files": files, **counts})
    context.say(
        f"{counts['labels']:,} labels, {counts['train']:,} training documents and"
        f" {counts['test']:,} test documents with their gold tags are in {folder}"
    )
