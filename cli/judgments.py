"""``lmtx-search judgments``: judgments of models and people for other tools."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import datetime, timezone
from pathlib import Path

import click

from lmtx_search.cli.context import Context, maybe_one_index, pass_context
from lmtx_search.cli.grammar import Group
from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.judgments.export import Export, JudgedPair, export_judgments, srw_body
from lmtx_search.errors import UserError

_FORMATS = {".csv": "csv", ".json": "srw"}


@click.group(cls=Group)
def judgments() -> None:
    """Export the judgments of models and people about pairs of document and label.

    \b
    Example:
      lmtx-search judgments export judgments.csv
    """


@judgments.command("export")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--format",
    type=click.Choice(["csv", "srw"]),
    help="Format of FILE (default: from its name, .csv or .json). srw: a judgment list for Search "
    "Relevance Workbench.",
)
@click.option("--judge", help="Judge: person, a model's name or a judge's digest (default: all).")
@click.option("--index", callback=maybe_one_index, help="Only documents of this index.")
@pass_context
def judgments_export(
    context: Context, file: Path, format: str | None, judge: str | None, index: str | None
) -> None:
    """Write judgments to FILE, one answer for each document and label.

    If FILE is -, the judgments go to standard output.

    A person's answer takes precedence over a model's, and a later answer over an earlier one. In a
    judgment list, a query is a label's text and a rating is P(yes), from 0 to 1. The Workbench then
    measures a search for each label; --index names the index that it searches.

    \b
    Example:
      lmtx-search judgments export judgments.csv --judge person
      lmtx-search judgments export judgments.json --index articles
    """
    format = format or _FORMATS.get(file.suffix.lower())
    if format is None:
        raise UserError(f"{file}: the name must end with .csv or .json, or give --format csv|srw")
    if str(file) == "-" and context.json:
        raise click.UsageError("--json needs a file: the judgments go to standard output")
    settings = context.settings
    found = export_judgments(
        connect(settings.opensearch, reading=True), judge, index, context.progress
    )
    if not found.pairs:
        raise UserError(
            "there are no judgments to write: "
            + (
                f"{found.without_label + found.without_document:,} are about labels or documents "
                "that no longer exist"
                if found.without_label or found.without_document
                else "make some with `lmtx-search judge` or `lmtx-search review`"
            )
        )
    _write(file, _csv(found.pairs) if format == "csv" else _list(found.pairs, judge, index))
    counts = {
        "judgments": len(found.pairs),
        "labels": len({pair.label_id for pair in found.pairs}),
        "documents": len({pair.document_id for pair in found.pairs}),
        "judges": Counter(pair.judge for pair in found.pairs),
        "without_label": found.without_label,
        "without_document": found.without_document,
    }
    if str(file) == "-":
        for line in _left_out(found, index):
            click.echo(line, err=True)
        return
    context.say(
        f"{file}: {counts['judgments']:,} judgments of {counts['labels']:,} labels and "
        f"{counts['documents']:,} documents"
    )
    for line in _left_out(found, index):
        context.say(line)
    if format == "srw":
        url = f"{settings.opensearch.url}/_plugins/_search_relevance/judgments"
        context.say(f"Next: curl -X PUT {url} -H 'Content-Type: application/json' -d @{file}")
    context.result({"file": file, "format": format, **counts})


def _left_out(found: Export, index: str | None) -> list[str]:
    lines = []
    if found.without_label:
        lines.append(f"Left out: {found.without_label:,} about labels that no longer exist")
    if found.without_document:
        lines.append(
            f"Left out: {found.without_document:,} about documents that are not in {index}"
        )
    return lines


def _csv(pairs: Sequence[JudgedPair]) -> str:
    out = io.StringIO()
    rows = csv.DictWriter(out, [field.name for field in fields(JudgedPair)], lineterminator="\n")
    rows.writeheader()
    rows.writerows(map(asdict, pairs))
    return out.getvalue()


def _list(pairs: Sequence[JudgedPair], judge: str | None, index: str | None) -> str:
    body = srw_body(
        pairs,
        f"lmtx-search {datetime.now(timezone.utc):%Y-%m-%d %H:%M} {judge or ''}".strip(),
        f"Labels as queries, P(yes) as ratings; documents of {index or 'all indices'}",
    )
    return json.dumps(body, ensure_ascii=False, indent=1) + "\n"


def _write(file: Path, text: str) -> None:
    if str(file) == "-":
        click.echo(text, nl=False)
        return
    new = file.with_name(f".{file.name}.part")
    try:
        new.write_text(text, encoding="utf-8")
        new.replace(file)
    except OSError as error:
        raise UserError(f"cannot write {file}: {error.strerror}") from error
