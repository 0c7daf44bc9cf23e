"""``lmtx-search judgments``: what judges and people said, for other tools."""

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
from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.judgments.export import JudgedPair, export_judgments, srw_body
from lmtx_search.errors import UserError

_FORMATS = {".csv": "csv", ".json": "srw"}


@click.group()
def judgments() -> None:
    """Write what judges and people said of pairs of document and label."""


@judgments.command("export")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--format",
    type=click.Choice(["csv", "srw"]),
    help="srw: a judgment list of Search Relevance Workbench. Told by the name: .csv, .json.",
)
@click.option("--judge", help="Whose: person, a model's name, or a judge's digest. All by default.")
@click.option("--index", callback=maybe_one_index, help="Only documents that are in this index.")
@pass_context
def judgments_export(
    context: Context, file: Path, format: str | None, judge: str | None, index: str | None
) -> None:
    """Write judgments to FILE (- is standard output): one answer for each document and label.

    A person's answer counts before a model's, a later one before an earlier. As a judgment list, a
    query is a label's text and a rating the P(yes) in [0, 1], so that the Workbench measures a
    search for each label; name with --index the index that is searched.

    \b
    Example:
      lmtx-search judgments export judgments.csv --judge person
      lmtx-search judgments export judgments.json --index articles
    """
    format = format or _FORMATS.get(file.suffix.lower())
    if format is None:
        raise UserError(f"{file}: name it .csv or .json, or give --format csv|srw")
    settings = context.settings
    found = export_judgments(
        connect(settings.opensearch, reading=True), judge, index, context.progress
    )
    if not found.pairs:
        raise UserError(
            "there are no judgments to write: "
            + (
                f"{found.without_label + found.without_document:,} are of labels or documents that "
                "are not there"
                if found.without_label or found.without_document
                else "`lmtx-search judge` or `review` makes some"
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
        return
    context.say(
        f"{file}: {counts['judgments']:,} judgments of {counts['labels']:,} labels and "
        f"{counts['documents']:,} documents"
    )
    if found.without_label:
        context.say(f"Left out: {found.without_label:,} of labels that are not there any more")
    if found.without_document:
        context.say(f"Left out: {found.without_document:,} of documents that are not in {index}")
    if format == "srw":
        url = f"{settings.opensearch.url}/_plugins/_search_relevance/judgments"
        context.say(f"Next: curl -X PUT {url} -H 'Content-Type: application/json' -d @{file}")
    context.result({"file": file, "format": format, **counts})


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
