"""The tags that a tagger assigns by its rules about labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lmtx_search.evaluation.metrics.measure import Output
from lmtx_search.progress import Progress
from lmtx_search.records import Document
from lmtx_search.rules import Rules
from lmtx_search.tagging.scoring.tagger import Tagger
from lmtx_search.tagging.scoring.weights import answer_of
from lmtx_search.tagging.versions.version import TaggerVersion

_CHUNK = 256


def by_rules(
    name: str,
    output: Output,
    version: TaggerVersion,
    documents: Sequence[Document],
    threads: int,
    progress: Progress,
) -> Output:
    """Return a tagger's output with the tags that its rules leave, and a note of what they change.

    The rankings stay. A tagger without rules has the same output.

    Args:
        name: of the system.
        output: rankings, and tags without rules, of the documents with text.
        documents: if the rules group labels, with the field that names their groups.
    """
    rules = version.rules()
    if rules is None:
        return output
    without = output.tags or {}
    tagger = Tagger(_applying(version), threads)
    rows = version.rows()
    id_of = dict(zip(rows.names, rows.ids, strict=True))
    asked = [document for document in documents if document.id in without]
    tags: dict[str, list[str]] = {}
    with progress.stage(f"Apply the rules of {name}", len(asked), "documents") as advance:
        for start in range(0, len(asked), _CHUNK):
            chunk = asked[start : start + _CHUNK]
            decisions = tagger.decide([document.text for document in chunk])
            for document, decision in zip(chunk, decisions, strict=True):
                groups = tagger.groups_of(document.source)
                answer = answer_of(tagger.weights(decision), groups=groups)
                tags[document.id] = [id_of[tag] for tag in answer.tags]
            advance(len(chunk))
    changed = sum(set(tags[id_]) != set(without[id_]) for id_ in tags)
    return replace(output, tags=tags, note=_note(name, rules, changed, len(tags)))


def _applying(version: TaggerVersion) -> TaggerVersion:
    """Return a version that applies tags at its threshold, also with ``review_first``."""
    bands = version.manifest.bands
    if bands is None:
        return version
    manifest = replace(version.manifest, bands=replace(bands, review_first=False))
    return replace(version, manifest=manifest)


def _note(name: str, rules: Rules, changed: int, documents: int) -> str:
    found = (
        f"{name} follows its rules about labels ({rules.number:,}): they change the tags of "
        f"{changed:,} of {documents:,} documents. Measures of rankings (P@k, R@k, nDCG@k, PSP@k) "
        "do not follow them"
    )
    if rules.people_only:
        found += f", so rankings contain labels for people only ({len(rules.people_only):,})"
    return found
