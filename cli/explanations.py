"""What `lmtx-search tag --explain` prints."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from lmtx_search.cli.context import Context
from lmtx_search.tagging.explained import Explained, Reason, explain_fully
from lmtx_search.tagging.explained_document import explain_stored, read_stored
from lmtx_search.tagging.judged_examples import JudgedExample
from lmtx_search.tagging.scoring.tagger import Tagger
from lmtx_search.tagging.versions.version import Manifest

_PASSAGE = 200
_SIGNS = {"applied": "+", "suggested": "?", "neither": "-"}


def band_lines(manifest: Manifest) -> list[str]:
    """Return how a tagger decides which labels are applied and suggested, in sentences."""
    bands = manifest.bands
    applied = f"A label is assigned if its score is {manifest.threshold:g} or more"
    most = f"; at most {manifest.max_tags} labels are assigned"
    if bands is None:
        return [applied + most]
    suggested = manifest.suggested_from.general
    if bands.review_first:
        return [
            f"No label is assigned (documents.review_first); a label is suggested if its score is "
            f"{suggested:g} or more (probability {bands.suggest_from:.2f}); at most "
            f"{manifest.most_suggested} labels are suggested"
        ]
    return [
        f"{applied} (probability {bands.probability('', manifest.threshold):.2f}){most}",
        f"A label is suggested if its score is {suggested:g} or more (probability "
        f"{bands.suggest_from:.2f}); at most {manifest.most_suggested} labels are suggested",
    ]


def show_explanations(context: Context, tagger: Tagger, text: str, groups: frozenset[str]) -> None:
    """Print the text's tags and the next labels, each with what speaks for it."""
    found = explain_fully(context.settings, tagger, text, groups)
    _show_all(context, tagger.manifest, found)
    context.result(_as_json(tagger.manifest, found))


def show_document(
    context: Context, tagger: Tagger, index: str, document: str, routing: str | None
) -> None:
    """Print what a stored document holds, and why, as :func:`show_explanations` does."""
    manifest = tagger.manifest
    found = read_stored(context.settings, index, document, routing=routing)
    explained = explain_stored(context.settings, tagger, found)
    place = found.place
    behind = f" with the routing {place.routing}" if place.routing else ""
    by = f", by the tagger {found.tagged_by}" if found.tagged_by else ""
    context.say(f"{place.id} in {place.index}{behind}")
    context.say(f"  tags now: {', '.join(found.tags) or 'none'}{by}")
    if found.manual:
        context.say(f"  people's own tags: {', '.join(found.manual)}")
    if found.rejected:
        context.say(f"  rejected by people: {', '.join(found.rejected)}")
    _show_all(context, manifest, explained)
    of_document = {
        "document": place.id,
        "index": place.index,
        "routing": place.routing,
        "tags": found.tags,
        "tagged_by": found.tagged_by,
        "manual": found.manual,
        "rejected": found.rejected,
    }
    context.result(of_document | _as_json(manifest, explained))


def _show_all(context: Context, manifest: Manifest, found: Explained) -> None:
    for line in band_lines(manifest):
        context.say(line)
    context.say(f"Tagger {found.provenance}")
    if manifest.student is not None:
        context.say(f"A static encoder reads the text: {manifest.student}")
    if manifest.calibration is None and manifest.bands is None:
        context.say("This tagger has no probabilities, because it was not trained on judgments")
    width = max((len(reason.explanation.name) for reason in found.reasons), default=0)
    for reason in found.reasons:
        _show(context, manifest, reason, width)
    for note in (found.note, found.language):
        if note:
            context.say(note)


def _as_json(manifest: Manifest, found: Explained) -> dict[str, Any]:
    return {
        "tagger": manifest.version,
        "kind": manifest.kind,
        "threshold": manifest.threshold,
        "own_thresholds": manifest.own_thresholds,
        "bands": None if manifest.bands is None else asdict(manifest.bands),
        "provenance": asdict(found.provenance),
        "note": found.note,
        "language": found.language,
        "labels": [reason.as_json() for reason in found.reasons],
    }


def _show(context: Context, manifest: Manifest, reason: Reason, width: int) -> None:
    label = reason.explanation
    worth = "" if label.probability is None else f"  probability {label.probability:.2f}"
    worth += "" if label.p_yes is None else f"  P(yes) {label.p_yes:.2f}"
    if label.label_id in manifest.own_thresholds:
        worth += f"  (its own threshold: {manifest.own_thresholds[label.label_id]:g})"
    context.say(f"{_SIGNS[label.band]} {label.name:<{width}}  {label.score:.3f}{worth}")
    context.say(f"    {label.band}: {label.because}")
    if label.words is not None:
        named = f" ({label.found_words})" if label.found_words else ""
        offset = f", label's offset {label.offset:+.3f}" if label.offset else ""
        context.say(f"    encoder {label.cosine:.3f}, words {label.words:.3f}{named}{offset}")
    if reason.passage is not None:
        words = " ".join(reason.passage.text.split())
        shown = words if len(words) <= _PASSAGE else f"{words[:_PASSAGE].rstrip()}…"
        context.say(f"    passage: “{shown}” (without it {reason.passage.score_without:.3f})")
    rivals = ", ".join(f"{rival.name} {rival.score:.3f}" for rival in label.rivals)
    context.say(f"    nearest labels: {rivals or 'none'}")
    if label.beaten is not None:
        context.say(
            f"    ahead of: {label.beaten.name} {label.beaten.score:.3f} "
            f"(by {label.score - label.beaten.score:.3f})"
        )
    for example in reason.examples:
        context.say(f"    judged: {_judged(example)}")


def _judged(example: JudgedExample) -> str:
    if not example.prompt:
        return (
            f"{'yes' if example.p_yes > 0.5 else 'no'} by a person, {example.at[:10]}: "
            f"{example.title} ({example.document}, similarity {example.similarity:.2f})"
        )
    return (
        f"P(yes) {example.p_yes:.2f} by {example.judge}, prompt {example.prompt}, "
        f"{example.at[:10]}: {example.title} "
        f"({example.document}, similarity {example.similarity:.2f})"
    )
