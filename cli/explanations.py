"""What `lmtx-search tag --explain` prints."""

from __future__ import annotations

from dataclasses import asdict

from lmtx_search.cli.context import Context
from lmtx_search.tagging.scoring.explain import explain
from lmtx_search.tagging.scoring.tagger import Tagger


def show_explanations(context: Context, tagger: Tagger, text: str) -> None:
    """Print the text's tags and the next labels, each with the labels nearest to it."""
    manifest = tagger.manifest
    found = explain(tagger, text)
    width = max((len(label.name) for label in found), default=0)
    context.say(
        f"A label is assigned if its score is {manifest.threshold:g} or more; at most "
        f"{manifest.max_tags} labels are assigned"
    )
    if manifest.student is not None:
        context.say(f"A static encoder reads the text: {manifest.student}")
    if manifest.calibration is None:
        context.say("This tagger has no probabilities, because it was not trained on judgments")
    for label in found:
        worth = "" if label.probability is None else f"  P(yes) {label.probability:.2f}"
        if label.label_id in manifest.own_thresholds:
            worth += f"  (its own threshold: {manifest.own_thresholds[label.label_id]:g})"
        context.say(
            f"{'+' if label.assigned else '-'} {label.name:<{width}}  {label.score:.3f}{worth}"
        )
        if label.words is not None:
            named = f" ({label.found_words})" if label.found_words else ""
            offset = f", label's offset {label.offset:+.3f}" if label.offset else ""
            context.say(f"    encoder {label.cosine:.3f}, words {label.words:.3f}{named}{offset}")
        rivals = ", ".join(f"{rival.name} {rival.score:.3f}" for rival in label.rivals)
        context.say(f"    nearest labels: {rivals or 'none'}")
    context.result(
        {
            "tagger": manifest.version,
            "kind": manifest.kind,
            "threshold": manifest.threshold,
            "own_thresholds": manifest.own_thresholds,
            "labels": [asdict(label) for label in found],
        }
    )
