"""The answers that measure a static encoder."""

from __future__ import annotations

from lmtx_search.judges.base import question_id
from lmtx_search.judges.prompts import load_prompt
from lmtx_search.records import Document, Judgment, Label
from lmtx_search.training.static_encoder.answers import answers_about
from tests.support.memory_judge import MemoryStore
from tests.support.notes import Notes

PROMPT = load_prompt("label-last")
JUDGE = {"digest": "judge", "prompt": PROMPT.name, "prompt_digest": PROMPT.digest}
RECORD = {"judge": JUDGE, "measures": {"llm_p1_yes_from": 0.4}}
CHESS = Label("1", "chess")
KEPT, CHANGED = Document("kept", "a board game"), Document("changed", "a game of cards")


def judged(document: Document, p_yes: float) -> Judgment:
    id_ = question_id("judge", PROMPT, document, CHESS)
    return Judgment(id_, document.id, CHESS.id, p_yes, 0, "judge", PROMPT.digest)


def test_answers_about_another_text_are_left_out_and_counted_once() -> None:
    store, notes = MemoryStore(), Notes()
    store.add([judged(KEPT, 0.9), judged(Document("kept", "earlier"), 0.1)])
    store.add([judged(Document("changed", text), 0.2) for text in ("earlier", "earliest")])
    store.add([judged(Document("not-held-out", "earlier"), 0.3)])
    found = answers_about(store, RECORD, [KEPT, CHANGED], [CHESS], notes)
    assert found == ({"kept": {"1": 0.9}}, 0.4)
    (note,) = notes.kept
    assert note.startswith("1 answers of the judge do not measure the static encoder")


def test_it_is_said_if_a_changed_prompt_leaves_answers_unchecked() -> None:
    store, notes = MemoryStore(), Notes()
    store.add([judged(Document("kept", "earlier"), 0.9)])
    record = {**RECORD, "judge": {**JUDGE, "prompt": "gone.toml"}}
    assert answers_about(store, record, [KEPT], [CHESS], notes)[0] == {"kept": {"1": 0.9}}
    (note,) = notes.kept
    assert note.startswith("The prompt gone.toml of the run is not here any more")
