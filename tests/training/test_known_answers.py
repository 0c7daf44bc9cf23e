"""Which stored answers about training documents count, and which documents choose the threshold."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lmtx_search.cluster.documents.load import load_documents
from lmtx_search.cluster.judgments.store import JudgmentStore
from lmtx_search.cluster.setup.bootstrap import apply, plan
from lmtx_search.records import Document, Label
from lmtx_search.settings import Settings
from lmtx_search.training.known_answers import known_answers
from lmtx_search.training.run_answers import RunAnswers
from lmtx_search.training.teacher.human_feedback import person_judgment

pytestmark = pytest.mark.integration

RUN = RunAnswers("2026-01-01T00:00:00+00:00", ["held out"], {}, {}, {}, {}, True, 0.6, 3)
CHESS = Label("chess", "chess")
TEXTS = {
    "held out": "a board",
    "copy": "a board",
    "a": "a queen",
    "again": "a queen",
    "b": "a king",
}
DOCUMENTS = [Document(id_, text, {"text": text}) for id_, text in TEXTS.items()]


@pytest.fixture
def loaded(client: Any, settings: Settings) -> Any:
    """A cluster with documents and the answers of a person about some of them."""
    apply(client, plan(client, settings))
    load_documents(client, DOCUMENTS, settings.documents.training_index)
    about = [one for one in DOCUMENTS if one.id in ("copy", "a")]
    JudgmentStore(client).add([person_judgment(one, CHESS, True, 0) for one in about])
    return client


def test_answers_about_a_copy_of_a_held_out_document_do_not_count(
    loaded: Any, settings: Settings
) -> None:
    run = replace(RUN, copies_apart=True)
    found = known_answers(loaded, settings.documents, [CHESS], run, None)
    assert found.answers.people == {"a": {"chess": 1.0}}
    assert [one.id for one in found.held_out] == ["held out"]
    assert found.about_held_out == 1
    assert found.left_out == [
        "1 answers of people are about documents that the run held out, or that repeat the text of "
        "one: they do not move the offsets of labels"
    ]


def test_a_held_out_document_that_an_earlier_release_learned_a_copy_of_chooses_no_threshold(
    loaded: Any, settings: Settings
) -> None:
    run = replace(RUN, held_out=["held out", "b"])
    found = known_answers(loaded, settings.documents, [CHESS], run, None)
    assert [one.id for one in found.held_out] == ["b"]
    assert found.answers.people.keys() == {"a", "copy"}
    assert (found.copied, found.about_held_out) == (1, 0)
    assert found.left_out[0].startswith("1 documents that the run held out choose no new threshold")


def test_a_text_that_was_answered_about_chooses_no_threshold(
    loaded: Any, settings: Settings
) -> None:
    found = known_answers(loaded, settings.documents, [CHESS], None, None)
    assert found.answers.people.keys() == {"a", "copy"}
    assert [one.id for one in found.held_out] == ["b"]
