"""``lmtx-search deploy`` and ``lmtx-search tag``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from lmtx_search.cli.context import Context, maybe_one_index, pass_context
from lmtx_search.cli.grammar import Command
from lmtx_search.cli.numbers import threshold_interval
from lmtx_search.errors import UserError

if TYPE_CHECKING:
    from lmtx_search.records import Tag
    from lmtx_search.tagging.deployment.deploy import Deployment

_BAR = 30


@click.command(cls=Command)
@click.argument("run", required=False)
@click.option(
    "--untrained",
    is_flag=True,
    help="Deploy the encoder of the settings without training. Words and threshold suit the "
    "training documents, if there are any.",
)
@click.option("--threshold", type=click.FloatRange(min=0), help="Minimum score of a tag.")
@click.option(
    "--max-tags",
    type=click.IntRange(1, 1000),
    default=10,
    show_default=True,
    help="Maximum number of tags of a document.",
)
@click.option(
    "--precision",
    type=click.Choice(["int8", "bf16", "fp32"]),
    help="Precision of the encoder for documents "
    "(default: fp32 with --runtime in-cluster; otherwise bf16 where this machine computes it "
    "fast, and int8 elsewhere).",
)
@click.option(
    "--runtime",
    type=click.Choice(["service", "in-cluster"]),
    default="service",
    show_default=True,
    help="Where the tagger runs: in `lmtx-search serve`, or in the cluster itself.",
)
@click.option(
    "--static",
    is_flag=True,
    help="Read documents with a static encoder, distilled from the trained one: many times as "
    "fast, a little less exact.",
)
@click.option("--dry-run", is_flag=True, help="Show the steps; change nothing.")
@pass_context
def deploy(
    context: Context,
    run: str | None,
    untrained: bool,
    threshold: float | None,
    max_tags: int,
    precision: Literal["int8", "bf16", "fp32"] | None,
    runtime: Literal["service", "in-cluster"],
    static: bool,
    dry_run: bool,
) -> None:
    """Put the tagger of the training run RUN (default: the last one) into the ingest pipeline.

    The command creates a tagger version, registers it in ML Commons (as a remote model at the HTTP
    tagger, or as a model that the cluster runs), and tests it with _simulate. Only then does it
    switch the pipeline and the label alias to the new version.

    Options are not remembered from the last deployment: a line says in what the new tagger differs
    from the one in use. Compared are the options, the text fields and the documents that are never
    touched (settings documents.text_fields, documents.untouched_query). A trained encoder reads
    texts as its training run did (number of tokens, windows), whatever the settings say.

    \b
    Example:
      lmtx-search serve &
      lmtx-search deploy
      lmtx-search deploy --untrained
      lmtx-search deploy --runtime in-cluster
      lmtx-search deploy --static
    """
    from lmtx_search.cluster.client.connect import connect
    from lmtx_search.library import deploy as carry_out
    from lmtx_search.library import plan_deployment
    from lmtx_search.tagging.deployment.differences import differences
    from lmtx_search.tagging.deployment.options import DeployOptions

    settings = context.settings
    options = DeployOptions(precision, threshold, max_tags, runtime, static)
    if dry_run:
        steps = plan_deployment(
            settings, run, untrained=untrained, options=options, progress=context.progress
        )
        for number, step in enumerate(steps, 1):
            context.say(f"{number}. {step}")
        differing = differences(connect(settings.opensearch), settings, options)
        for line in differing:
            context.say(line)
        context.result({"dry_run": True, "steps": steps, "differences": differing})
        return
    done = carry_out(settings, run, untrained=untrained, options=options, progress=context.progress)
    total = sum(done.seconds.values())
    name = f"run {done.run}" if done.run else settings.encoder.name
    context.say(f"Deployed the tagger {done.version} ({name}) in {total:.1f} s")
    context.say(
        f"{done.labels:,} labels, threshold {done.threshold:g}"
        + threshold_interval(done.threshold_interval)
        + (f" ({done.own_thresholds} labels have their own)" if done.own_thresholds else "")
        + f", label index {done.label_index}, "
        + (f"tagger at {done.service}" if done.service else "run by the cluster itself")
    )
    if done.refit is not None:
        context.say(f"{done.refit}; the threshold and the calibration follow them")
    _tell_bands(context, done, threshold)
    if done.kept:
        context.say(f"This is {done.kept}")
    if untrained and not done.words:
        context.say(
            "Only the encoder counts, not words: there are no training documents to weigh words by "
            "(`lmtx-search docs load FILE`)"
        )
    if done.student is not None:
        _tell_student(context, done)
    if done.narrower is not None:
        context.say(
            f"Broader labels go into tags_broader: {done.narrower:,} labels have broader ones"
            if done.narrower
            else "documents.broader_tags is set, but no label has a broader label"
        )
    if done.rules:
        context.say(
            f"{done.rules:,} {'rule' if done.rules == 1 else 'rules'} about labels (label.rules, "
            "label.max_per_branch): a changed file takes effect with the next deploy"
        )
    if done.previous:
        context.say(f"The previous tagger was {done.previous}")
    context.result(asdict(done))


def _tell_bands(context: Context, done: Deployment, threshold: float | None) -> None:
    if done.apply_from is None:
        context.say(
            "Nothing is suggested, and tags have no probabilities: there were no documents to "
            "learn them from, or the run is of an earlier release (train again)"
        )
    elif done.review_first:
        context.say(
            "Nothing is applied (documents.review_first): labels are suggested from the "
            f"probability {done.suggest_from:.2f}"
        )
    elif threshold is not None:
        context.say(
            f"Labels are applied from the score {threshold:g} (--threshold), and suggested from "
            f"the probability {done.suggest_from:.2f} (documents.suggest_from)"
        )
    else:
        context.say(
            f"Labels are applied from the probability {done.apply_from:.2f}, and suggested from "
            f"{done.suggest_from:.2f} (documents.apply_from, documents.suggest_from)"
        )


def _tell_student(context: Context, done: Deployment) -> None:
    if done.encoder_kind == "static":
        context.say(f"A static encoder reads the documents: {done.student}")
        return
    least = context.settings.deploy.least_agreement
    context.say(
        f"The transformer reads the documents, because a static encoder has {done.student}; "
        f"deploy.least_agreement is {least:.0%}"
    )


@click.command(cls=Command)
@click.argument("text", required=False)
@click.option("--file", type=click.Path(path_type=Path), help="File to read (-: standard input).")
@click.option(
    "--stream", is_flag=True, help="Read JSONL, and write each record with its tags as JSONL."
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="With --stream: file to write to. The same command continues an interrupted run.",
)
@click.option(
    "--tagger", metavar="VERSION", help="Tagger version (default: the one in the pipeline)."
)
@click.option(
    "--explain", is_flag=True, help="Explain the tags: show probabilities and the next best labels."
)
@click.option(
    "--group",
    "groups",
    multiple=True,
    help="Group of the text: use its labels too (label.groups; repeatable).",
)
@click.option(
    "--document", metavar="ID", help="With --explain: document of --index whose tags to explain."
)
@click.option("--index", callback=maybe_one_index, help="Index that holds the --document.")
@click.option("--routing", help="Routing of the --document, if several have its id.")
@pass_context
def tag(
    context: Context,
    text: str | None,
    file: Path | None,
    stream: bool,
    output: Path | None,
    tagger: str | None,
    explain: bool,
    groups: tuple[str, ...],
    document: str | None,
    index: str | None,
    routing: str | None,
) -> None:
    """Tag TEXT, a file or standard input on this machine, as the pipeline would.

    With --stream, the input is JSONL, and each record is written with the fields that the pipeline
    adds, in the order of the input. A line that is no JSON object becomes a line with the error and
    the original line. --output names a file that an interrupted run continues.

    With --explain, --document names a document of --index. Its groups, what people decided on it
    and documents.untouched_query then count too.

    \b
    Example:
      lmtx-search tag "A program that plays chess against you"
      lmtx-search tag --explain --file article.txt
      lmtx-search tag --explain --index library --document 42
      cat article.txt | lmtx-search tag
      lmtx-search tag --stream < in.jsonl > out.jsonl
      lmtx-search tag --stream --file in.jsonl --output out.jsonl
    """
    from lmtx_search.cli.explanations import show_document, show_explanations
    from lmtx_search.cli.given_text import given_text
    from lmtx_search.cli.stream import tag_stream
    from lmtx_search.tagging.local import find_version
    from lmtx_search.tagging.scoring.tagger import Tagger

    if document is None and not (index is None and routing is None):
        raise click.UsageError("--index and --routing need --document")
    if document is not None and (index is None or not explain):
        raise click.UsageError("--document needs --index and --explain")
    if document is not None and (text is not None or file is not None or stream or groups):
        raise click.UsageError("--document takes no TEXT, --file, --stream or --group")
    if stream and (text is not None or explain or groups):
        raise click.UsageError("--stream takes neither a TEXT nor --explain nor --group")
    if output is not None and not stream:
        raise click.UsageError("--output needs --stream")
    if stream and context.json and output is None:
        raise click.UsageError("--json needs --output: the records go to standard output")
    text = "" if stream or document is not None else given_text(text, file)
    version, note = find_version(context.settings, tagger)
    if note:
        click.echo(note, err=True)
    if stream:
        tag_stream(context, version, file, output)
        return
    loaded = Tagger(version, context.settings.service.threads)
    if index is not None and document is not None:
        show_document(context, loaded, index, document, routing)
        return
    known = [] if loaded.rules is None else loaded.rules.groups
    if unknown := sorted(set(groups) - set(known)):
        there = f"its groups are {', '.join(known)}" if known else "it has no groups"
        raise UserError(f"this tagger has no labels for the group {unknown[0]}: {there}")
    if explain:
        show_explanations(context, loaded, text, frozenset(groups))
        return
    (decision,) = loaded.decide([text], frozenset(groups))
    tags, suggested = decision.applied, decision.suggested
    if tags or not suggested:
        _show(context, tags, version.manifest.threshold)
    if suggested:
        context.say("Suggested:")
        _show(context, suggested, version.manifest.suggested_from.general)
    context.result(
        {
            "tagger": version.manifest.version,
            "tags": [asdict(found) for found in tags],
            "suggested": [asdict(found) for found in suggested],
        }
    )


def _show(context: Context, tags: list[Tag], threshold: float) -> None:
    if not tags:
        context.say(f"No label scores {threshold:g} or more.")
        return
    width = max(len(found.name) for found in tags)
    for found in tags:
        # Scores that include evidence from words may exceed 1.
        bar = "█" * max(1, round(min(1.0, found.score) * _BAR))
        worth = "" if found.probability is None else f"  {found.probability:.2f}"
        context.say(f"{found.name:<{width}}  {found.score:.3f}{worth}  {bar}")
