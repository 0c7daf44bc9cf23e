"""What `train` says about the encoder that it kept."""

from __future__ import annotations

import shlex
from typing import Any

from lmtx_search.cli.judge import option_words
from lmtx_search.cli.judged_line import judged_line
from lmtx_search.cli.train import llm_p1_lines


def record(kept: str, before: float, better: int, worse: int) -> dict[str, Any]:
    return {
        "kept": kept,
        "measures": {
            "llm_p1": 0.75,
            "llm_p1_before": before,
            "llm_p1_interval": [0.65, 0.85],
            "llm_p1_before_interval": [0.3, 0.5],
            "llm_p1_documents": 100,
            "llm_p1_better": better,
            "llm_p1_worse": worse,
        },
    }


def test_training_is_compared_with_before_training() -> None:
    first, second = llm_p1_lines(record("judged", 0.4, 37, 2))
    assert "75% (65% to 85%) after, 40% (30% to 50%) before training" in first
    assert second == "The first label is now correct for 37 more of them, and wrong for 2 more"


def test_an_untrained_encoder_that_was_kept_is_not_called_trained() -> None:
    (line,) = llm_p1_lines(record("untrained", 0.75, 0, 0))
    assert "75% (65% to 85%) with the untrained encoder with words (100 held-out" in line
    assert "training" not in line


def test_questions_without_an_answer_are_counted_by_their_reason() -> None:
    counts = {"judged_pairs": 1100, "judged_documents": 25, "known": 7}
    line = judged_line({**counts, "asked": 1114, "neither": 12, "failed": 9})
    assert line.startswith("Judged 1,100 pairs of 25 documents (7 known answers, 1,114 new, ")
    assert "12 neither yes nor no, 9 without an answer because the judge's server failed" in line


def test_the_command_that_judge_prints_can_be_pasted_into_a_shell() -> None:
    words = option_words({"prompt": "my prompts/a b.txt", "pairs_per_document": 3})
    expected = ["--prompt", "my prompts/a b.txt", "--pairs-per-document", "3"]
    assert shlex.split(words) == expected
