"""The part of ``lmtx-search estimate`` that answers from numbers alone."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import click

from lmtx_search.cli.context import Context
from lmtx_search.cli.given_options import refuse_given
from lmtx_search.errors import UserError

if TYPE_CHECKING:
    from lmtx_search.encoder.size import EncoderSize
    from lmtx_search.settings import Settings
    from lmtx_search.sizing import Needs, Workload

OPTIONS = ("documents", "labels", "per_day")


def refuse_training_options(ctx: click.Context) -> None:
    """Refuse options of a training, which these numbers do not depend on.

    Raises:
        UserError: such an option was given.
    """
    names = {param.name or "" for param in ctx.command.params} - {*OPTIONS, "as_json"}
    refuse_given(ctx, names, "cannot be combined with --documents and --labels")


def show_needs(context: Context, documents: int | None, labels: int | None, per_day: int) -> None:
    """Print what so many documents and labels need.

    Raises:
        UserError: one of the two numbers is missing.
    """
    from lmtx_search.encoder.size import DEFAULT_SIZE
    from lmtx_search.sizing import Workload, needs

    if documents is None or labels is None:
        raise UserError("give both --documents and --labels (and --per-day, if new ones arrive)")
    settings = context.settings
    exact = settings.service.exact_labels
    encoder = settings.encoder
    each_window = encoder.window_pooling == "max"
    size = _encoder_size(settings)
    work = Workload(
        documents,
        labels,
        per_day,
        encoder.windows,
        exact,
        each_window,
        encoder.document_tokens,
        size or DEFAULT_SIZE,
    )
    found = needs(work)
    notes = _notes(work, found, encoder.name, known=size is not None)
    context.say(f"{'Encoder':<13} {_encoder(encoder.name, work, known=size is not None)}")
    for name, told in [*_rows(work, found), *(("Note", note) for note in notes)]:
        context.say(f"{name:<13} {told}")
    workload = {**asdict(work), "encoder": {"name": encoder.name, **asdict(work.encoder)}}
    context.result({"workload": workload, **asdict(found), "notes": notes})


def _encoder_size(settings: Settings) -> EncoderSize | None:
    """Return the size of the settings' encoder (None: it is not known)."""
    from lmtx_search.encoder.chosen import find_chosen_encoder
    from lmtx_search.encoder.size import SIZES, size_of

    folder = find_chosen_encoder(settings)
    if folder is not None:
        return size_of(folder)
    known = SIZES.get(settings.encoder.name.split("/")[-1])
    cut = settings.encoder.dimension
    return replace(known, dimension=cut) if known and cut else known


def _encoder(name: str, work: Workload, *, known: bool) -> str:
    size = work.encoder
    form = f"{size.layers} layers of {size.width}" if size.layers else "a static encoder"
    told = f"{form}, embeddings of {size.dimension}" if known else "its size is not known"
    windows = "window" if work.windows == 1 else "windows"
    return f"{name} ({told}), {work.windows:,} {windows} of {work.tokens:,} tokens of a document"


def _rows(work: Workload, found: Needs) -> list[tuple[str, str]]:
    rows = [
        (
            "For",
            f"{work.documents:,} documents, {work.labels:,} labels, {work.per_day:,} new documents "
            "a day",
        )
    ]
    for kind, one in found.tagging.items():
        rows.append(
            (
                kind.capitalize(),
                f"{one.milliseconds:.1f} ms of a core per document: {one.cores:,.2f} cores for new "
                f"documents, {one.services:,} services with two cores each. All documents once: "
                f"{one.existing_core_hours:,.0f} core-hours, or {one.existing_days:,.1f} days with "
                "these services",
            )
        )
    disk = ", ".join(f"{name} {_bytes(size)}" for name, size in found.disk.items())
    nodes = ", ".join(f"{number} {role}" for role, number in found.nodes.items() if number)
    return [
        *rows,
        (
            "Service",
            f"{_bytes(found.service_bytes)} of memory and {_bytes(found.version_bytes)} of disk "
            "each, with two versions of the tagger",
        ),
        ("Labels", f"{_time(found.label_hours)} to embed and write all labels on two cores"),
        (
            "Judging",
            f"{_time(found.judging_hours)} for one question about each label on two cores (0.5B "
            "model, llama.cpp)",
        ),
        ("Disk", f"{_bytes(sum(found.disk.values()))} with one replica ({disk})"),
        ("Nodes", f"{nodes}; {found.shards:,} primary shards for the documents"),
    ]


def _notes(work: Workload, found: Needs, name: str, *, known: bool) -> list[str]:
    from lmtx_search.encoder.size import DEFAULT_SIZE
    from lmtx_search.tagging.in_cluster.archive import most_labels

    most = most_labels(work.encoder.dimension)
    notes = [
        "these are calculations; docs/operators.md, Sizing, has the formulas, the measured "
        "constants and the assumptions"
    ]
    if not known:
        notes.append(
            f"the size of the encoder {name} is not known: it is not on this machine yet, or its "
            "config.json does not say how many layers it has. These are the times and sizes of the "
            "default encoder"
        )
    elif work.encoder.layers and work.encoder != DEFAULT_SIZE:
        notes.append(
            f"the times of {name} are estimated from layers × width²: per token it needs "
            f"{work.encoder_times:.2g} times as long as the default encoder, which was measured"
        )
    if work.labels > most:
        notes.append(f"the runtime in-cluster takes at most {most:,} labels")
    if not found.exact:
        notes.append(
            f"above {work.exact_labels:,} labels (service.exact_labels) the service searches the "
            "label index for each document"
        )
    return notes


def _bytes(size: float) -> str:
    units = ["bytes", "kB", "MB", "GB", "TB", "PB"]
    # Rounded before the unit is chosen: 999.6 GB are 1 TB.
    while (shown := float(f"{size:.3g}")) >= 1000 and len(units) > 1:
        size /= 1000
        units.pop(0)
    return f"{shown:,.0f} {units[0]}" if shown >= 1000 else f"{shown:g} {units[0]}"


def _time(hours: float) -> str:
    return f"{hours * 60:,.1f} minutes" if hours < 1 else f"{hours:,.1f} hours"
