import csv
import json

import numpy as np
import pytest

from lmtx_search.cluster.judgments.export import JudgedPair, export_judgments, srw_body
from lmtx_search.cluster.judgments.store import JudgmentStore
from lmtx_search.cluster.labels.index import LabelIndex
from lmtx_search.cluster.runs import RunStore
from lmtx_search.cluster.setup.bootstrap import apply, plan
from lmtx_search.errors import UserError
from lmtx_search.records import Judgment, Label


def pair(document, label, p_yes):
    return JudgedPair(document, label, label.split("/")[0], p_yes, "j", "p", 0, "2026")


def test_a_judgment_list_has_a_query_for_each_label_text():
    pairs = [pair("d1", "Mail/1", 0.25), pair("d1", "Mail/2", 0.5), pair("d2", "Web", 1.0)]
    body = srw_body(pairs, "n" * 99, "d")
    assert body == {
        "name": "n" * 50,
        "description": "d",
        "type": "IMPORT_JUDGMENT",
        "judgmentRatings": [
            {"query": "Mail", "ratings": [{"docId": "d1", "rating": "0.500"}]},
            {"query": "Web", "ratings": [{"docId": "d2", "rating": "1.000"}]},
        ],
    }


@pytest.mark.integration
class TestExport:
    @pytest.fixture
    def judged(self, client, settings):
        apply(client, plan(client, settings))
        labels = [Label("1", "chess"), Label("2", "music")]
        vectors = np.ones((2, 384), dtype=np.float32)
        LabelIndex(client).load(labels, lambda some: vectors[: len(some)], "0" * 64, 384)
        RunStore(client).save("r", {"kind": "judge", "judge": {"model": "qwen", "digest": "ab12"}})
        store = JudgmentStore(client)
        rows = [
            *(("ab12", "d1", "1", 0.2), ("ab12", "d2", "2", 0.9), ("ab12", "d2", "gone", 0.9)),
            *(("cd34", "d2", "2", 0.4), ("person", "d1", "1", 1.0), ("ab12", "d1", "1", 0.3)),
        ]
        for number, (judge, document, label, p_yes) in enumerate(rows):
            store.add([Judgment(str(number), document, label, p_yes, 0, judge, "p")])
        client.index(index="mine", id="d1", body={"text": "x"}, params={"refresh": "true"})
        return client

    @pytest.mark.parametrize(
        ("judge", "expected"),
        [
            (None, {"d1": 1.0, "d2": 0.4}),
            ("qwen", {"d1": 0.3, "d2": 0.9}),
            ("cd", {"d2": 0.4}),
            ("person", {"d1": 1.0}),
        ],
    )
    def test_people_count_before_models_and_later_answers_before_earlier(
        self, judged, judge, expected
    ):
        found = export_judgments(judged, judge)
        assert {one.document_id: one.p_yes for one in found.pairs} == pytest.approx(expected)

    def test_what_is_gone_is_left_out_and_counted(self, judged):
        found = export_judgments(judged, index="mine")
        assert [one.document_id for one in found.pairs] == ["d1"]
        assert (found.without_label, found.without_document) == (1, 1)

    def test_an_unknown_judge_is_told_who_there_is(self, judged):
        with pytest.raises(UserError, match=r"no judgments by gpt: .*qwen \(4\).*person \(1\)"):
            export_judgments(judged, "gpt")

    def test_the_command_writes_both_forms(self, judged, lmtx, tmp_path):
        done = lmtx("judgments", "export", "out.csv")
        assert "out.csv: 2 judgments of 2 labels and 2 documents" in done.stdout
        with (tmp_path / "out.csv").open() as lines:
            first = next(csv.DictReader(lines))
        assert (first["document_id"], first["label"], first["judge"]) == ("d1", "chess", "person")
        done = lmtx("judgments", "export", "out.json", "--index", "mine")
        assert "_plugins/_search_relevance/judgments" in done.stdout
        ratings = json.loads((tmp_path / "out.json").read_text())["judgmentRatings"]
        assert ratings == [{"query": "chess", "ratings": [{"docId": "d1", "rating": "1.000"}]}]
        assert lmtx("judgments", "export", "out.txt").returncode == 2
