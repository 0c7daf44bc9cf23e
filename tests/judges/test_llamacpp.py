"""The judge inside this process: the same model file gives the same answers as in Ollama."""

from __future__ import annotations

from pathlib import Path

import pytest

from lmtx_search.errors import UserError
from lmtx_search.judges.base import Judge, Pair
from lmtx_search.judges.ollama import OllamaJudge
from lmtx_search.judges.order.base import cases_of
from lmtx_search.judges.order.until_first_yes import UntilFirstYes
from lmtx_search.judges.prompts import load_prompt
from lmtx_search.records import Document, Label
from lmtx_search.settings import JudgeSettings, Settings

pytest.importorskip(
    "llama_cpp", reason="needs the extra llamacpp: pip install 'lmtx-search[llamacpp]'"
)

from lmtx_search.judges.llamacpp import LlamaCppJudge

PROMPT = load_prompt("librarian")
PAIRS = [
    Pair(Document(text, text), Label(label, label), rank)
    for text in ("GNU Chess plays chess against you.", "Firefox is a web browser.")
    for rank, label in enumerate(("chess", "web browsers", "astronomy"))
]


def answers(judge: Judge) -> dict[tuple[str, str], float | None]:
    return {(a.pair.document.id, a.pair.label.id): a.p_yes for a in judge.ask(PAIRS)}


@pytest.fixture(scope="module")
def judge() -> LlamaCppJudge:
    from lmtx_search.embedded.models import prepare_judge
    from lmtx_search.settings import load_settings

    file = prepare_judge(load_settings().cache_dir).file
    return LlamaCppJudge(JudgeSettings(runtime="llamacpp", gguf=file), PROMPT)


@pytest.mark.integration
def test_its_answers_are_those_of_ollama(judge: LlamaCppJudge, settings: Settings) -> None:
    there = answers(OllamaJudge(settings.ollama, PROMPT))
    assert answers(judge) == {pair: pytest.approx(p_yes, abs=0.1) for pair, p_yes in there.items()}


@pytest.mark.integration
def test_a_question_alone_is_answered_as_in_a_batch(judge: LlamaCppJudge) -> None:
    together = answers(judge)
    for pair in PAIRS:
        (alone,) = judge.ask([pair])
        assert alone.p_yes == pytest.approx(together[pair.document.id, pair.label.id], abs=0.05)


@pytest.mark.integration
def test_it_asks_what_the_order_wants(judge: LlamaCppJudge) -> None:
    asked = list(judge.ask_cases(cases_of(PAIRS), UntilFirstYes(0.0)))
    assert [answer.pair.rank for answer in asked] == [0, 0]


def test_without_a_file_it_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"judge\.gguf"):
        LlamaCppJudge(JudgeSettings(runtime="llamacpp"), PROMPT)
    with pytest.raises(UserError, match="no model file"):
        LlamaCppJudge(JudgeSettings(runtime="llamacpp", gguf=tmp_path / "none.gguf"), PROMPT)
    broken = tmp_path / "broken.gguf"
    broken.write_text("no model")
    with pytest.raises(UserError, match="no model that llama"):
        LlamaCppJudge(JudgeSettings(runtime="llamacpp", gguf=broken), PROMPT)
