"""What happened to the tags of a document, on a real cluster with a real tagger."""

from __future__ import annotations

import pytest

from lmtx_search.cluster.client import names
from lmtx_search.cluster.judgments.feedback import keep_opinions
from lmtx_search.cluster.ml.pipeline import active
from lmtx_search.cluster.runs import RunStore, new_run_id
from lmtx_search.errors import UserError
from lmtx_search.records import Document, Judgment
from lmtx_search.tagging.deployment.rollback import roll_back
from lmtx_search.tagging.history.read import read_history
from lmtx_search.tagging.judged_examples import judged_examples
from lmtx_search.tagging.retagging import Wish, carry_out, plan
from lmtx_search.tagging.scoring.tagger import Tagger
from lmtx_search.tagging.versions.store import TaggerVersions
from lmtx_search.training.teacher.human_feedback import person_judgment
from tests.support.live_tagger import deployed
from tests.support.tagger_service import LABELS
from tests.tagging.conftest import CHESS, WEB, Attached

pytestmark = pytest.mark.integration

TEXT = "plays chess\na board game"


@pytest.fixture
def judged(attached: Attached) -> Attached:
    """An index with a document that a judge and a person were asked about."""
    runs = RunStore(attached.client)
    judge = {"digest": "d1", "model": "small-judge", "prompt": "librarian", "prompt_digest": "p1"}
    runs.save(new_run_id(), {"kind": "judge", "judge": judge})
    chess, web = LABELS[0], LABELS[1]
    model = Judgment("j1", "there", chess.id, 0.93, 0, "d1", "p1")
    keep_opinions(attached.client, [model])
    keep_opinions(
        attached.client, [person_judgment(Document("there", TEXT), web, yes=False, rank=1)]
    )
    return attached


def test_a_history_has_judgments_tagging_and_retag_in_the_order_of_time(judged: Attached) -> None:
    made = plan(judged.client, judged.settings, judged.index, Wish(everything=True))
    carry_out(judged.client, judged.settings, made)
    found = read_history(judged.client, judged.settings, judged.index, "there")
    kinds = [event.kind for event in found.events]
    assert kinds[:2] == ["judged", "judged"]
    assert found.events[0].what == "small-judge answered Chess: P(yes) 0.93 (prompt librarian)"
    assert found.events[1].what == "a person said that Web browser is wrong"
    tagged = [event for event in found.events if event.kind == "tagged"]
    assert tagged[0].label == LABELS[0].id
    assert tagged[0].by == active(judged.client)
    retag = RunStore(judged.client).latest("retag")
    assert retag is not None
    assert {event.run for event in tagged} == {retag[0]}
    assert found.writes == 2


def test_a_history_of_one_label_leaves_out_the_others(judged: Attached) -> None:
    of_web = read_history(judged.client, judged.settings, judged.index, "there", "Web browser")
    assert [event.p_yes for event in of_web.events if event.kind == "judged"] == [0.0]
    (tagged,) = (event for event in of_web.events if event.kind == "tagged")
    assert tagged.what.endswith("did not assign it")


def test_a_tag_that_may_mean_several_labels_is_not_told_as_not_assigned(judged: Attached) -> None:
    chess = LABELS[0]
    judged.client.index(
        index=names.LABELS, id="other", body={"text": chess.text}, params={"refresh": "true"}
    )
    found = read_history(judged.client, judged.settings, judged.index, "there", chess.id)
    (tagged,) = (event for event in found.events if event.kind == "tagged")
    assert tagged.what.endswith("gave Chess, which may mean this label or others of the same name")


def test_a_history_tells_that_the_documents_tagger_is_back(judged: Attached) -> None:
    client, settings = judged.client, judged.settings
    first = active(client)
    second = deployed(client, settings).version
    roll_back(client, settings, None)
    found = read_history(client, settings, judged.index, "there")
    (back,) = (event for event in found.events if event.kind == "rolled back")
    assert back.what == f"a rollback put the tagger {first} into use again instead of {second}"
    roll_back(client, settings, second)
    forward = read_history(client, settings, judged.index, "there").events[-1]
    assert forward.what == (
        f"a rollback put the tagger {second} into use again instead of {first}; the document was "
        "not tagged again since then"
    )


def test_an_answer_about_another_text_says_so(judged: Attached) -> None:
    judged.bulk({"index": {"_id": "there"}}, WEB)
    found = read_history(judged.client, judged.settings, judged.index, "there")
    (person,) = (event for event in found.events if event.by == "person")
    assert person.what.endswith("about another text or name than today's")


def test_a_missing_document_or_label_is_one_clear_line(judged: Attached) -> None:
    with pytest.raises(UserError, match="there is no document gone in articles"):
        read_history(judged.client, judged.settings, judged.index, "gone")
    with pytest.raises(UserError, match="there is no label nothing"):
        read_history(judged.client, judged.settings, judged.index, "there", "nothing")


def test_the_judged_documents_nearest_to_a_text_come_first(judged: Attached) -> None:
    client, settings = judged.client, judged.settings
    texts = settings.documents.training_index
    for id_, source in {"there": CHESS, "far": WEB}.items():
        client.index(index=texts, id=id_, body=source, params={"refresh": "true"})
    chess = LABELS[0].id
    keep_opinions(client, [Judgment("j2", "far", chess, 0.04, 0, "d1", "p1")])
    name = active(client)
    assert name is not None
    tagger = Tagger(TaggerVersions(settings.data_dir).get(name))
    found = judged_examples(
        client, settings.documents, tagger.reader, "a chess program", [chess, "web"]
    )
    assert [(one.document, one.p_yes, one.judge) for one in found[chess]] == [
        ("there", 0.93, "small-judge"),
        ("far", 0.04, "small-judge"),
    ]
    assert found[chess][0].similarity > found[chess][1].similarity
    assert [(one.document, one.judge, one.prompt) for one in found["web"]] == [
        ("there", "person", "")
    ]
