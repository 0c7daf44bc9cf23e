"""The pipeline follows rules as the tagger itself does, and knows what people decided."""

from __future__ import annotations

import random
from typing import Any

import pytest

from lmtx_search.cluster.ml.pipeline import simulate, tagging_pipeline
from lmtx_search.rules import Rules
from lmtx_search.tag_fields import DEFAULT_FIELDS, as_scores
from lmtx_search.tagging.scoring.facts import (
    ABOVE,
    BELOW,
    EXCLUDES,
    IMPLIES,
    MOST_OF_BRANCH,
    MOST_SUGGESTED,
    MOST_TAGS,
    OF_GROUP,
    PEOPLE_ONLY,
    REVIEW_FIRST,
    fact,
)
from lmtx_search.tagging.scoring.weights import PROBABILITY, SUGGESTED, answer_of
from lmtx_search.untouched import texts_at

pytestmark = pytest.mark.integration

NAMES = ["ant", "bee", "cat", "dog", "eel", "fox", "gnu", "😀", "ﬁ"]


def broader_facts(draw: random.Random) -> list[str]:
    """Return facts about a hierarchy, which may have cycles."""
    below = draw.sample([*NAMES, "up"], 7)
    return [fact(ABOVE, draw.choice(["up", "top", *NAMES[:3]]), name) for name in below]


def random_case(seed: int) -> dict[str, Any]:
    """Return a document, with what a tagger with rules could say about it in ``given``."""
    draw = random.Random(seed)
    near = draw.sample(NAMES, 8)
    scores = {name: draw.randint(1, 6) / 10 for name in near[:5]}
    scores |= {SUGGESTED + name: draw.randint(1, 6) / 10 for name in near[5:]}
    probabilities = {PROBABILITY + name: draw.randint(1, 9) / 10 for name in near}
    facts = [fact(PEOPLE_ONLY, draw.choice(NAMES))]
    facts += [fact(IMPLIES, *draw.sample(NAMES, 2)) for _ in range(3)]
    facts += [fact(EXCLUDES, *draw.sample(NAMES, 2)) for _ in range(3)]
    facts += [fact(BELOW, draw.choice(["up", "ant"]), name) for name in draw.sample(NAMES, 5)]
    facts += broader_facts(draw)
    facts += [fact(OF_GROUP, draw.choice("gh"), name) for name in draw.sample(NAMES, 2)]
    limits = {fact(MOST_TAGS): draw.randint(1, 4), fact(MOST_OF_BRANCH): draw.randint(1, 2)}
    if draw.random() < 0.8:
        limits[fact(MOST_SUGGESTED)] = draw.randint(1, 4)
    if draw.random() < 0.2:  # everything is suggested
        limits[fact(REVIEW_FIRST)] = 1
        scores = {SUGGESTED + one.removeprefix(SUGGESTED): p for one, p in scores.items()}
    if seed % 4 == 0:  # a tagger without rules
        facts, limits = broader_facts(draw), {}
    return {
        "text": "x",
        "about": {"source": draw.choice(["g", ["h", "g"], "other", [], None])},
        "tags_rejected": draw.sample(NAMES, draw.randint(0, 2)),
        "tags_manual": draw.sample(NAMES, draw.randint(0, 3)),
        "given": {**scores, **probabilities, **dict.fromkeys(facts, 1.0), **limits},
    }


def test_it_chooses_what_the_tagger_would_choose(client: Any) -> None:
    cases = [random_case(seed) for seed in range(300)]
    found = simulate(client, telling(), cases)
    different = set()
    for case, source in zip(cases, found, strict=True):
        groups = frozenset(texts_at(case, "about.source"))
        answer = answer_of(case["given"], *DEFAULT_FIELDS.people_decided(case), groups)
        assert source["tagging"]["status"] == "tagged", source
        assert source["tags"] == list(answer.tags), case
        assert source["tag_scores"] == as_scores(answer.tags, answer.probabilities)
        assert source.get("tags_suggested", []) == list(answer.suggested), case
        scores = as_scores(answer.suggested, answer.probabilities)
        assert source.get("suggestion_scores", []) == scores, case
        assert source.get("tags_broader", []) == list(answer.broader), case
        told = source["tagging"].get("error")
        assert (told is None) == bool(groups & {"g", "h"})
        assert told is None or told.startswith("no labels are for about.source = ")
        different.add(tuple(source["tags"]))
    assert len(different) > 100


def test_what_a_manual_tag_implies_is_suggested_if_the_tagger_may_apply_nothing(
    client: Any,
) -> None:
    given = {
        "bee": 0.5,
        fact(MOST_TAGS): 3,
        fact(MOST_SUGGESTED): 3,
        fact(IMPLIES, "ant", "cat"): 1,
    }
    source = {"text": "x", "tags_manual": ["ant"], "about": {"source": "g"}, "given": given}
    body = telling()
    params = body["processors"][-1]["script"]["params"]
    (found,) = simulate(client, body, [source])
    assert (found["tags"], found.get("tags_suggested", [])) == (["cat", "bee"], [])
    params["review_first"] = True
    reviewed = simulate(client, body, [source])
    del params["review_first"]  # an earlier release deployed the tagger
    for (found,) in (reviewed, simulate(client, body, [source])):
        assert (found["tags"], found["tags_suggested"]) == (["bee"], ["cat"])


def telling() -> dict[str, Any]:
    """Return the pipeline with the scores that a document brings in place of the model's."""
    rules = Rules(group_of={"1": "g", "2": "h"}, group_field="about.source")
    body = tagging_pipeline("v1", "none", ["text"], rules=rules)
    first, _, last = body["processors"]
    script = {"script": {"source": "ctx.lmtx_scores = ctx.remove('given')"}}
    return {**body, "processors": [first, script, last]}
