"""Prompts, reading of answers, and handing out of work."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from lmtx_search.errors import UserError
from lmtx_search.judges.answers import p_yes, p_yes_of_text
from lmtx_search.judges.base import Pair
from lmtx_search.judges.chat import (
    CHATML,
    DEEPSEEK,
    GEMMA,
    LLAMA3,
    MISTRAL,
    PHI3,
    UNKNOWN,
    chat_format,
    chat_problem,
)
from lmtx_search.judges.prompts import load_prompt, prompt_names, shorten
from lmtx_search.records import Document, Label

GAMES = Label("games", "Games")
WEB = Label("web", "World Wide Web")


def pairs_of(*documents: str) -> list[Pair]:
    return [
        Pair(Document(id_, id_), label, rank)
        for id_ in documents
        for rank, label in enumerate((GAMES, WEB))
    ]


def test_yes_and_no_are_summed_over_case_and_leading_space() -> None:
    candidates = [
        ("Yes", math.log(0.3)),
        (" yes", math.log(0.1)),
        ("NO", math.log(0.1)),
        ("Maybe", math.log(0.4)),
    ]
    assert p_yes(candidates) == pytest.approx(0.8)


def test_an_answer_that_is_neither_yes_nor_no_is_none() -> None:
    assert p_yes([("<think>", -0.01), ("Yes", -8.0)]) is None
    assert p_yes([]) is None


@pytest.mark.parametrize(
    ("text", "expected"), [("Yes.", 1.0), (" no, it is", 0.0), ("Ja", None), ("", None)]
)
def test_a_model_without_log_probabilities_is_read_by_its_word(
    text: str, expected: float | None
) -> None:
    assert p_yes_of_text(text) == expected


def test_the_prompts_that_come_with_the_product_can_be_read() -> None:
    assert {"librarian", "paper"} <= set(prompt_names())
    assert len({load_prompt(name).digest for name in prompt_names()}) == len(prompt_names())


def test_a_prompt_has_the_document_first_and_the_label_last() -> None:
    prompt = load_prompt("librarian")
    text = prompt.render("A browser.", WEB, CHATML)
    other = prompt.render("A browser.", GAMES, CHATML)
    shared = text.index("World Wide Web")
    assert text[:shared] == other[:shared]
    assert "A browser." in text[:shared]


def test_a_prompt_of_the_users_is_a_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('system = ""\ndocument = "{document}"\nquestion = "{label}?"\n')
    assert load_prompt(str(file)).render("a", GAMES, CHATML).count("Games?") == 1


def test_another_wording_is_another_digest(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('system = ""\ndocument = "{document}"\nquestion = "{label}?"\n')
    before = load_prompt(str(file)).digest
    file.write_text('system = ""\ndocument = "{document}"\nquestion = "{label}!"\n')
    assert load_prompt(str(file)).digest != before


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("system = ", "not valid TOML"),
        ('system = ""\ndocument = "{document}"', "needs a text `question`"),
        ('system = ""\ndocument = "x"\nquestion = "{label}"', "must hold"),
        ('sytem = ""', "unknown key: sytem"),
    ],
)
def test_a_file_that_is_no_prompt_is_refused(tmp_path: Path, content: str, message: str) -> None:
    file = tmp_path / "bad.toml"
    file.write_text(content)
    with pytest.raises(UserError, match=message):
        load_prompt(str(file))


def test_an_unknown_prompt_is_refused_with_those_there_are() -> None:
    with pytest.raises(UserError, match="librarian, paper"):
        load_prompt("poet")


def test_a_text_is_cut_at_a_space_near_the_end() -> None:
    assert shorten("one  two\nthree", 8) == "one two"
    assert shorten("one  two\nthree", 7) == "one two"
    assert shorten("one  two\nthree", 100) == "one two three"
    assert shorten("x" * 50, 10) == "x" * 10
    # The last space of an article in Chinese is the one behind its title.
    assert shorten("围棋\n" + "围棋是一种策略性棋类。" * 9, 12) == "围棋 围棋是一种策略性棋"


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        *(("", CHATML), ("{{- .Prompt }}\n", CHATML), ("<|im_start|>user<|im_end|>", CHATML)),
        *(("<|start_header_id|>user", LLAMA3), ("<start_of_turn>user", GEMMA)),
        ("[INST] {{ .System }} {{ .Prompt }}[/INST]", MISTRAL),
        ("<|user|>\n{{ .Prompt }}<|end|>\n<|assistant|>", PHI3),
        ("<｜User｜>{{ .Prompt }}<｜Assistant｜>", DEEPSEEK),
        *(("[INST] <<SYS>>{{ .System }}<</SYS>>", UNKNOWN), ("<|user|>x</s>", UNKNOWN)),
        ("{{ .System }} USER: {{ .Prompt }} ASSISTANT:", UNKNOWN),
        ("### Instruction:\n{{ .Prompt }}\n\n### Response:\n", UNKNOWN),
    ],
)
def test_the_chat_format_follows_the_models_own_template(template: str, expected: object) -> None:
    assert chat_format(template) is expected


@pytest.mark.parametrize(
    "template", ["<|im_start|>{% if enable_thinking %}<think>", "{{ .Prompt }}"]
)
def test_with_thinking_off_the_answer_starts_with_no_thoughts(template: str) -> None:
    found = chat_format(template, thinks=True)
    assert found.user_end == CHATML.user_end + "<think>\n\n</think>\n\n"
    assert found.name != CHATML.name


def test_a_model_with_other_marks_for_thoughts_gets_no_block() -> None:
    assert chat_format("<|start|>{{ .Role }}<|channel|>", thinks=True) is UNKNOWN
    assert chat_format("USER: {{ .Prompt }} ASSISTANT:", thinks=True) is UNKNOWN


def test_a_system_message_stands_where_the_format_has_it() -> None:
    assert MISTRAL.start("Answer.") == "[INST] Answer.\n\n"
    assert MISTRAL.start("") == "[INST] "
    assert DEEPSEEK.start("Answer.") == "Answer.<｜User｜>"


def test_an_unknown_chat_format_is_told() -> None:
    assert chat_problem("x", CHATML) == ""
    assert chat_problem("x", UNKNOWN).startswith("the chat format of the judge x is unknown")
