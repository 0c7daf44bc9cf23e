"""The Ollama judge with a real server."""

from __future__ import annotations

import pytest

pytest.importorskip("ollama")

from lmtx_search.judges.base import Pair
from lmtx_search.judges.ollama import OllamaJudge
from lmtx_search.judges.prompts import load_prompt
from lmtx_search.records import Document, Label
from lmtx_search.settings import Settings

pytestmark = pytest.mark.integration
# The tokenizer needs several tokens for each, so the document is longer than the context.
HIEROGLYPHS = "".join(chr(0x13000 + number) for number in range(500))
CHESS = "GNU Chess plays chess against you."


def test_a_document_that_does_not_fit_into_the_context_has_no_answer(settings: Settings) -> None:
    judge = OllamaJudge(settings.ollama, load_prompt("librarian"))
    pairs = [Pair(Document(text, text), Label("c", "chess"), 0) for text in (HIEROGLYPHS, CHESS)]
    answers = {answer.pair.document.text: answer for answer in judge.ask(pairs)}
    assert (answers[HIEROGLYPHS].p_yes, answers[HIEROGLYPHS].too_long) == (None, True)
    assert answers[CHESS].p_yes is not None
    assert not judge.lost
