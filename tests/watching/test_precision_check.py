"""Where a check takes the border of a yes from, and what it says if nothing was judged."""

from __future__ import annotations

from typing import Any

import pytest

from lmtx_search.cli.watch import _why_nothing
from lmtx_search.judges.prompts import load_prompt
from lmtx_search.watching.precision_check import DEFAULT_YES_FROM, PrecisionCheck, border_of
from tests.support.memory_judge import OneHost

LIBRARIAN, LABEL_LAST = load_prompt("librarian"), load_prompt("label-last")


class Watching(OneHost):
    """A judge that is only looked at."""

    name, digest, prompt = "judge", "one", LIBRARIAN


def run(digest: str, prompt_digest: str, border: float | None = 0.31) -> dict[str, Any]:
    judge = {"digest": digest, "prompt_digest": prompt_digest}
    return {"judge": judge, "measures": {"llm_p1_yes_from": border}}


@pytest.mark.parametrize(
    ("taught", "expected"),
    [
        (run("one", LIBRARIAN.digest), 0.31),
        (run("one", LIBRARIAN.digest, None), DEFAULT_YES_FROM),
        (run("one", LABEL_LAST.digest), DEFAULT_YES_FROM),
        (run("another", LIBRARIAN.digest), DEFAULT_YES_FROM),
        (None, DEFAULT_YES_FROM),
    ],
)
def test_the_border_of_a_run_is_for_its_judge_and_its_prompt(
    taught: dict[str, Any] | None, expected: float
) -> None:
    assert border_of(taught, Watching()) == expected


@pytest.mark.parametrize(
    ("documents", "asked", "said"),
    [
        (0, 0, "no document was tagged since the last check"),
        (7, 0, "no tag of the 7 documents means exactly one label any more"),
        (7, 9, "the judge answered neither yes nor no for every tag"),
    ],
)
def test_it_is_said_why_there_is_no_precision(documents: int, asked: int, said: str) -> None:
    found = PrecisionCheck(None, documents, None, None, False, [], [], 0.5, asked=asked)
    assert _why_nothing(found) == said
