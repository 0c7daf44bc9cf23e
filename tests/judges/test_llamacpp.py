"""The judge inside this process: the same model file gives the same answers as in Ollama."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lmtx_search.embedded.models import prepare_judge
from lmtx_search.errors import UserError
from lmtx_search.judges import llama_library
from lmtx_search.judges.base import Judge, Pair
from lmtx_search.judges.llama_library import open_library
from lmtx_search.judges.llamacpp import LlamaCppJudge
from lmtx_search.judges.ollama import OllamaJudge
from lmtx_search.judges.order.base import cases_of
from lmtx_search.judges.order.until_first_yes import UntilFirstYes
from lmtx_search.judges.prompts import load_prompt
from lmtx_search.records import Document, Label
from lmtx_search.settings import JudgeSettings, Settings, load_settings
from tests.support.llama_libraries import LIBRARIES, any_library, library_named

PROMPT = load_prompt("librarian")
TEXTS = (
    "GNU Chess plays chess against you, on three levels, and can analyse a game.",
    "Firefox is a web browser that blocks trackers and can be extended.",
    "A planetarium for the desktop: it shows the sky at any time and place.",
    "The mail client reads IMAP and POP3, filters junk, and encrypts with OpenPGP.",
    "PostgreSQL is an object-relational database with transactions and triggers.",
)
LABELS = ("chess", "web browsers", "astronomy", "electronic mail", "databases", "music", "fonts")
PAIRS = [
    Pair(Document(text, text), Label(label, label), rank)
    for text in TEXTS
    for rank, label in enumerate((*LABELS, "spelling"))
]
FEW = [pair for pair in PAIRS if pair.document.id in TEXTS[:2] and pair.rank < 4]


def answers(judge: Judge, pairs: list[Pair] = PAIRS) -> dict[tuple[str, str], float | None]:
    return {(a.pair.document.id, a.pair.label.id): a.p_yes for a in judge.ask(pairs)}


@pytest.fixture(scope="module", params=LIBRARIES)
def judge(request: pytest.FixtureRequest) -> LlamaCppJudge:
    library = library_named(request.param)
    file = prepare_judge(load_settings().cache_dir).file
    settings = JudgeSettings(runtime="llamacpp", gguf=file, threads=1)
    return LlamaCppJudge(settings, PROMPT, library)


@pytest.mark.integration
def test_its_answers_are_those_of_ollama(judge: LlamaCppJudge, settings: Settings) -> None:
    there, here = answers(OllamaJudge(settings.ollama, PROMPT)), answers(judge)
    assert None not in there.values()
    apart = np.abs(np.subtract(list(here.values()), [there[pair] for pair in here]))
    assert len(apart) == 40
    assert apart.mean() < 0.015
    assert apart.max() < 0.07


@pytest.mark.integration
def test_a_question_alone_is_answered_as_in_a_batch(judge: LlamaCppJudge) -> None:
    together = answers(judge, FEW)
    for pair in FEW:
        (alone,) = judge.ask([pair])
        assert alone.p_yes == pytest.approx(together[pair.document.id, pair.label.id], abs=0.05)


@pytest.mark.integration
def test_an_answer_does_not_depend_on_the_documents_before(judge: LlamaCppJudge) -> None:
    first = answers(judge, FEW)
    answers(judge, PAIRS[-8:])
    assert answers(judge, FEW[4:]) == {
        pair: p_yes for pair, p_yes in first.items() if pair[0] == TEXTS[1]
    }


@pytest.mark.integration
def test_it_asks_what_the_order_wants(judge: LlamaCppJudge) -> None:
    asked = list(judge.ask_cases(cases_of(FEW), UntilFirstYes(0.0)))
    assert [answer.pair.rank for answer in asked] == [0, 0]


@pytest.mark.integration
def test_judgments_of_the_two_libraries_are_kept_apart() -> None:
    file = prepare_judge(load_settings().cache_dir).file
    settings = JudgeSettings(runtime="llamacpp", gguf=file)
    digests = {LlamaCppJudge(settings, PROMPT, library_named(name)).digest for name in LIBRARIES}
    assert len(digests) == 2


def test_without_a_file_it_is_one_clear_line(tmp_path: Path) -> None:
    any_library()
    with pytest.raises(UserError, match=r"judge\.gguf"):
        LlamaCppJudge(JudgeSettings(runtime="llamacpp"), PROMPT)
    with pytest.raises(UserError, match="no model file"):
        LlamaCppJudge(JudgeSettings(runtime="llamacpp", gguf=tmp_path / "none.gguf"), PROMPT)
    broken = tmp_path / "broken.gguf"
    broken.write_text("no model")
    with pytest.raises(UserError, match=r"cannot read .*broken\.gguf as a model"):
        LlamaCppJudge(JudgeSettings(runtime="llamacpp", gguf=broken), PROMPT)


def test_without_a_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ik_llama_cpp", "llama_cpp"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(UserError, match=r"pip install 'lmtx-search\[llamacpp\]'"):
        open_library()


def test_a_processor_without_avx2_is_told_what_runs_on_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(llama_library, "_has_avx2", lambda: False)
    monkeypatch.setitem(sys.modules, "llama_cpp", None)
    with pytest.raises(UserError, match="no AVX2"):
        open_library()


def test_the_library_prints_nothing(tmp_path: Path) -> None:
    any_library()
    broken = tmp_path / "broken.gguf"
    broken.write_text("no model")
    code = (
        "from pathlib import Path; from lmtx_search.judges.llama_context import LlamaContext\n"
        "from lmtx_search.judges.llama_library import open_library\n"
        "from lmtx_search.errors import UserError\n"
        f"try: LlamaContext(Path({str(broken)!r}), 100, 1, open_library())\n"
        "except UserError: pass\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
