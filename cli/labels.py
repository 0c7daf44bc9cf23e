"""``lmtx-search labels load``."""

from __future__ import annotations

from pathlib import Path

import click

from lmtx_search.cli.context import Context, pass_context
from lmtx_search.cluster import names
from lmtx_search.cluster.connect import connect
from lmtx_search.cluster.labels import LabelIndex
from lmtx_search.cluster.pipeline import deployed
from lmtx_search.sources import LabelFile
from lmtx_search.sources.labels import check_labels


@click.group()
def labels() -> None:
    """Load the label set."""


@labels.command("load")
@click.argument("file", type=click.Path(path_type=Path))
@pass_context
def labels_load(context: Context, file: Path) -> None:
    """Embed the labels of FILE and write them to the label index.

    FILE is JSONL or CSV (also .gz) with the fields id, text and, where there are any, description
    and synonyms (in CSV separated by |). Loaded again, only what changed is embedded and written;
    labels that are no longer in FILE stay. A deployed tagger keeps its labels until the next
    deploy.

    \b
    Example:
      lmtx-search labels load labels.jsonl
    """
    from lmtx_search.encoder.load import load_encoder
    from lmtx_search.encoder.passages import label_passage, passages_digest

    settings = context.settings
    client = connect(settings.opensearch)
    index = LabelIndex(client, settings.opensearch.knn_engine)
    index.require()
    source = LabelFile(file)
    check_labels(source, context.progress)
    encoder = load_encoder(settings, max_tokens=settings.encoder.label_tokens)

    report = index.load(
        source,
        lambda batch: encoder.encode([label_passage(label) for label in batch]),
        passages_digest(encoder.digest, settings.encoder.label_tokens),
        encoder.dimension,
        context.progress,
    )
    context.say(
        f"{report.index}: {report.created:,} labels created, {report.updated:,} updated, "
        f"{report.unchanged:,} unchanged"
    )
    if report.kept:
        context.say(f"{report.kept:,} labels that are not in {file} were kept")
    if report.new_version:
        context.say(
            f"The alias {names.LABELS} moved from {report.previous} to {report.index}: the labels "
            "as the encoder of the settings embeds them"
        )
    tagger = deployed(client)
    if tagger and (report.created or report.updated):
        context.say(
            f"The tagger {tagger} still has the labels it was made with: `lmtx-search deploy` "
            "makes one with these"
        )
    context.result(
        {
            "index": report.index,
            "created": report.created,
            "updated": report.updated,
            "unchanged": report.unchanged,
            "kept": report.kept,
            "new_version": report.new_version,
            "tagger": tagger,
        }
    )
