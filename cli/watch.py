"""``lmtx-search watch``."""

from __future__ import annotations

import re
import time
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from lmtx_search.cli.context import Context, one_index, pass_context
from lmtx_search.cli.grammar import Command
from lmtx_search.errors import LmtxError

if TYPE_CHECKING:
    from lmtx_search.watching.precision_check import PrecisionCheck

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def _seconds(context: click.Context, parameter: click.Parameter, value: str | None) -> float | None:
    if value is None:
        return None
    match = re.fullmatch(r"(\d+)([smhd])", value)
    if not match or not int(match[1]):
        raise click.BadParameter(
            f"{value} is not a time such as 90s, 30m, 6h or 1d", context, parameter
        )
    return float(match[1]) * _SECONDS[match[2]]


@click.command(cls=Command)
@click.option("--index", required=True, callback=one_index, help="Index whose tags are watched.")
@click.option(
    "--sample",
    type=click.IntRange(1, 1000),
    default=50,
    show_default=True,
    help="Number of documents to check; each of their tags is one question.",
)
@click.option("--prompt", default="librarian", show_default=True, help="The judge's prompt.")
@click.option("--every", callback=_seconds, help="Repeat at this interval: 90s, 30m, 6h, 1d.")
@pass_context
def watch(context: Context, index: str, sample: int, prompt: str, every: float | None) -> None:
    """Let the judge check a sample of the documents that were tagged since the last check.

    The share of correct tags is kept in lmtx-runs. If it is significantly lower than in earlier
    checks, the command prints a warning with the labels that caused it, and the exit code is 1.

    \b
    Example:
      lmtx-search watch --index library
      0 6 * * *  lmtx-search watch --index library     # a line of crontab
      lmtx-search watch --index library --every 6h
    """
    from lmtx_search.cluster.client.connect import connect
    from lmtx_search.cluster.client.errors import translate
    from lmtx_search.watching.precision_check import check_precision

    client = connect(context.settings.opensearch)
    while True:
        try:
            found = check_precision(
                client, context.settings, index, sample, prompt, context.progress
            )
            _tell(context, index, found)
        except Exception as error:
            known = error if isinstance(error, LmtxError) else translate(error)
            if every is None or known is None or known.exit_code == 2:
                raise
            click.echo(
                f"Error: {known}", err=True
            )  # an unreachable server may be back at the next check
        else:
            if every is None and found.fell:
                raise click.exceptions.Exit(1)
        if every is None:
            return
        time.sleep(every)


def _tell(context: Context, index: str, found: PrecisionCheck) -> None:
    now, earlier = found.now, found.earlier
    if now is None:
        context.say(f"{index}: {_why_nothing(found)}")
    else:
        told = (
            f"{index}: {now.value:.0%} of {now.tags:,} tags are correct "
            f"({now.low:.0%}–{now.high:.0%}; {now.documents:,} documents, "
            f"tagger {', '.join(found.taggers)})"
        )
        if earlier:
            told += f"; before: {earlier.value:.0%} ({earlier.low:.0%}–{earlier.high:.0%})"
        context.say(told)
    if found.untouched:
        context.say(f"{found.untouched:,} documents are left out (documents.untouched_query)")
    if found.unknown:
        context.say(
            f"{found.unknown:,} tags are left out, because no label has their names any more, or "
            f"several have: `lmtx-search retag --index {index} --everything` replaces them, also "
            "tags of retired labels that `retag --keep-retired` kept on purpose"
        )
    if found.now and (found.neither or found.failed):
        context.say(
            f"{found.neither + found.failed:,} tags are left out: the judge answered neither yes "
            f"nor no for {found.neither:,}, and its server failed on {found.failed:,}"
        )
    if found.fell:
        click.echo(f"Warning: the tags of {index} are significantly worse than before", err=True)
        for one in found.culprits:
            click.echo(
                f"  {one.label}: {one.wrong} of {one.tags} wrong "
                f"(before: {one.wrong_before} of {one.tags_before})",
                err=True,
            )
    context.result({"index": index, **asdict(found)})


def _why_nothing(found: PrecisionCheck) -> str:
    if not found.documents:
        return "no document was tagged since the last check"
    if not found.asked:
        return f"no tag of the {found.documents:,} documents means exactly one label any more"
    return "the judge answered neither yes nor no for every tag"
