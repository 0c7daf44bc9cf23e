"""Every visualization's own search, on a real node, beside the numbers of `facets` and a count."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta, timezone
from itertools import combinations, pairwise
from statistics import fmean
from typing import Any

import pytest

from lmtx_search.cluster.client import names
from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.dashboards.scope import objects_about, tagging_indices
from lmtx_search.cluster.facets.cooccurrence import together
from lmtx_search.cluster.facets.counts import facets
from lmtx_search.cluster.judgments.store import JudgmentStore
from lmtx_search.cluster.runs import RunStore
from lmtx_search.cluster.setup.bootstrap import apply, plan
from lmtx_search.cluster.setup.indices import prepare_tagged_index
from lmtx_search.errors import UserError
from lmtx_search.evaluation.without_gold.judge_evaluation import (
    JudgeEvaluation,
    judge_evaluation_record,
)
from lmtx_search.evaluation.without_gold.prediction_powered import JudgedEstimate
from lmtx_search.records import Judgment
from lmtx_search.settings import load_settings
from lmtx_search.watching.precision import Precision
from tests.conftest import environment_of, flags_of
from tests.support.dashboards_queries import Visualizations
from tests.support.dashboards_server import dashboards_server

pytestmark = pytest.mark.integration

INDEX = "articles"
START = datetime.now(timezone.utc).replace(microsecond=0) - timedelta(days=45)
LABELS = [f"label {letter}" for letter in "abcdefghijklmno"]


def _documents() -> list[dict[str, Any]]:
    drawn = random.Random(0)
    rows: list[dict[str, Any]] = []
    for number in range(240):
        chosen = {drawn.choice(LABELS[: drawn.randint(1, len(LABELS))]) for _ in range(4)}
        tags = sorted(chosen, key=lambda tag: drawn.random())[: drawn.randint(0, 4)]
        scores = sorted((round(drawn.uniform(0.3, 0.9), 4) for _ in tags), reverse=True)
        at = START + timedelta(hours=4.3 * number)
        tagging = {"status": "tagged", "tagger": f"v{number // 100}", "at": at.isoformat()}
        best = {"best_score": scores[0]} if tags else {}
        source = {"tags": tags, "tag_scores": dict(zip(tags, scores, strict=True))}
        rows.append({"title": f"Article {number}", **source, "tagging": {**tagging, **best}})
    for number in range(12):
        status = "skipped" if number % 4 == 0 else "pending"
        error = ["the tagger is away", "no model"][number % 3 == 0]
        rows.append({"title": "later", "tagging": {"status": status, "error": error}})
    rows += [{"title": "", "tagging": {"status": "untagged"}}, {"title": "from before"}]
    return rows


def _judgments() -> list[Judgment]:
    drawn = random.Random(1)
    return [
        Judgment(
            f"j{number}",
            f"d{number // 10}",
            drawn.choice(LABELS),
            0.5 if number == 7 else round(drawn.random(), 3),
            number % 10,
            "person" if number % 25 == 0 else "sha",
            "p",
        )
        for number in range(200)
    ]


DOCUMENTS, JUDGMENTS = _documents(), _judgments()
JUDGED = [one for one in JUDGMENTS if one.judge != "person"]
TAGGED = [row for row in DOCUMENTS if "at" in row.get("tagging", {})]

ESTIMATES = {"P@1": JudgedEstimate(0.7, 0.6, 0.8, 50, 0)}
BY_JUDGE = JudgeEvaluation({"tagger": ESTIMATES}, "m", "p", 0.5, 0, None, 90, 10, 1, {})
RUNS: dict[str, dict[str, Any]] = {
    "w1": {"kind": "watch", "measures": asdict(Precision(0.8, 0.7, 0.9, 50, 90))},
    "w2": {"kind": "watch", "measures": asdict(Precision(0.6, 0.5, 0.7, 50, 80))},
    "t1": {
        "kind": "train",
        "judge": {"model": "m"},
        "counts": {"asked": 300, "known": 20, "neither": 3},
        "measures": {"llm_p1": 0.75, "llm_p1_before": 0.5, "pairs_per_second": 8.0},
    },
    "g1": {
        "kind": "judge",
        "counts": {"asked": 100, "known": 0, "neither": 0},
        "measures": {"pairs_per_second": 4.0, "share_neither": None},
    },
    "e1": {"kind": "evaluate", "measures": {"p1": 0.65}},
    "b1": judge_evaluation_record(BY_JUDGE),
    "d1": {"kind": "deploy", "version": "v1", "labels": 15},
}
for _name in ("w1", "w2"):
    RUNS[_name] |= {"judge": "sha", "counts": {"asked": 40, "known": 50, "neither": 0}}


@dataclass
class Node:
    """A cluster with documents, judgments and runs, and the dashboards about them."""

    client: Any
    settings: Any
    seen: Visualizations

    def ask(self, id_: str) -> Any:
        return self.seen.ask(self.client, id_)

    def bars(self, id_: str) -> dict[float, int]:
        """The bars of a Vega histogram: documents by the lower border."""
        specification, index, body = self.seen.vega(id_)
        found = {"aggregations": self.client.search(index=index, body=body)["aggregations"]}
        for name in specification["data"]["format"]["property"].split("."):
            found = found[name]
        return {bar["key"]: bar["doc_count"] for bar in found}


@pytest.fixture(scope="module")
def node(servers: Any, tmp_path_factory: pytest.TempPathFactory) -> Node:
    from tests.support.wipe import wipe

    flags = flags_of(servers, tmp_path_factory.mktemp("dashboards"))
    settings = load_settings(flags=flags)
    client = connect(settings.opensearch)
    wipe(client)
    apply(client, plan(client, settings))
    prepare_tagged_index(client, INDEX)
    lines = [part for row in DOCUMENTS for part in ({"index": {}}, row)]
    params = {"pipeline": "_none", "refresh": "true"}
    answer = client.bulk(body=lines, index=INDEX, params=params)
    assert not answer["errors"], answer
    labels = [
        part
        for text in LABELS
        for part in ({"index": {"_id": text}}, {"id": text, "text": text.title()})
    ]
    client.bulk(body=labels, index=names.LABELS, params={"refresh": "true"})
    JudgmentStore(client).add(JUDGMENTS)
    for run, record in RUNS.items():
        RunStore(client).save(run, record)
    shown, objects = objects_about(client, None, "tagging.at", ("title",))
    assert shown.index == INDEX
    until = datetime.now(timezone.utc) + timedelta(minutes=1)
    return Node(client, settings, Visualizations(objects, (shown.time_from, until.isoformat())))


def counts(rows: list[dict[str, Any]]) -> Counter[str]:
    return Counter(tag for row in rows for tag in row.get("tags", []))


def buckets(answer: Any, id_: str, value: str = "doc_count") -> dict[Any, Any]:
    return {bucket["key"]: bucket[value] for bucket in answer[id_]["buckets"]}


def metric(answer: Any, id_: str, of: str) -> dict[Any, float]:
    return {bucket["key"]: bucket[of]["value"] for bucket in answer[id_]["buckets"]}


class TestTags:
    def test_cloud_and_table_have_the_counts_of_facets(self, node: Node) -> None:
        told = dict(facets(node.client, INDEX, size=200).tags)
        assert told == counts(DOCUMENTS)
        assert buckets(node.ask("lmtx-tags-cloud"), "2") == told
        table = node.ask("lmtx-tags-table")
        assert buckets(table, "2") == told
        assert metric(table, "2", "3") == pytest.approx(_mean_scores())

    def test_the_summary_counts_documents_labels_and_scores(self, node: Node) -> None:
        index, body = node.seen.search("lmtx-tags-summary")
        answer = node.client.search(index=index, body={**body, "track_total_hits": True})
        assert answer["hits"]["total"]["value"] == len(TAGGED)
        assert answer["aggregations"]["2"]["value"] == len(counts(DOCUMENTS))
        scores = [row["tagging"]["best_score"] for row in TAGGED if row["tags"]]
        assert answer["aggregations"]["3"]["value"] == pytest.approx(fmean(scores))

    def test_tags_over_time_are_the_ten_most_frequent_of_the_whole_time(self, node: Node) -> None:
        shown = {
            tag["key"]: tag["2"]["buckets"]
            for tag in node.ask("lmtx-tags-over-time")["3"]["buckets"]
        }
        assert {tag: sum(b["doc_count"] for b in days) for tag, days in shown.items()} == dict(
            facets(node.client, INDEX, size=10).tags
        )
        days = sorted({day["key"] for bars in shown.values() for day in bars})
        assert len(days) > 10
        for tag, bars in shown.items():
            for day in bars:
                step = min(b - a for a, b in pairwise(days))
                rows = [row for row in TAGGED if day["key"] <= _time(row) < day["key"] + step]
                assert day["doc_count"] == counts(rows)[tag]

    def test_scores_are_counted_by_their_size(self, node: Node) -> None:
        told = node.bars("lmtx-tags-scores")
        assert sum(told.values()) == sum(bool(row["tags"]) for row in TAGGED)
        for border in (0.4, 0.6, 0.8):
            below = sum(row["tagging"].get("best_score", 1) < border for row in TAGGED)
            assert sum(n for key, n in told.items() if key < border - 0.01) == below

    def test_pairs_of_tags_are_drawn_with_the_documents_that_have_both(self, node: Node) -> None:
        vega = pytest.importorskip("vl_convert")
        specification, index, body = node.seen.vega("lmtx-tags-together")
        answer = node.client.search(index=index, body=body)
        specification["data"]["values"] = answer
        drawn = vega.vegalite_to_svg(specification)
        found = re.findall(r'aria-label="documents: (\d+); pair: ([^"]+)"', drawn)
        pairs = Counter(
            " + ".join(pair) for row in TAGGED for pair in combinations(sorted(row["tags"]), 2)
        )
        assert len(found) == 25
        assert {pair: int(n) for n, pair in found}.items() <= pairs.items()
        assert sorted((int(n) for n, _ in found), reverse=True) == [
            count for _, count in pairs.most_common(25)
        ]
        drawn_counts = {pair: int(n) for n, pair in found}
        for one in together(node.client, INDEX, size=50, companions=50):
            for companion in one.companions:
                pair = " + ".join(sorted([*one.tags, companion.tag]))
                assert drawn_counts.get(pair, companion.count) == companion.count

    def test_filters_offer_what_there_is(self, node: Node) -> None:
        told = {
            label: node.client.search(index=index, body=body)["aggregations"]
            for label, (index, body) in node.seen.options("lmtx-tags-controls").items()
        }
        every = [tag for tag, _ in facets(node.client, INDEX, size=1000).tags]
        assert list(buckets(told["Tag"], "termsAgg")) == every
        assert set(buckets(told["Tagger"], "termsAgg")) == {"v0", "v1", "v2"}
        scores = [row["tagging"]["best_score"] for row in TAGGED if row["tags"]]
        score = told["Score of the best tag"]
        assert score["minAgg"]["value"] == pytest.approx(min(scores))
        assert score["maxAgg"]["value"] == pytest.approx(max(scores))

    def test_documents_come_newest_first(self, node: Node) -> None:
        index, body = node.seen.documents("lmtx-tags-documents")
        hits = node.client.search(index=index, body=body)["hits"]["hits"]
        assert [hit["_source"]["title"] for hit in hits] == [row["title"] for row in TAGGED[::-1]]


class TestTagger:
    def test_every_document_has_one_state(self, node: Node) -> None:
        answer = node.ask("lmtx-tagger-state")["2"]["buckets"]
        told = {state: bucket["doc_count"] for state, bucket in answer.items()}
        by_facets = facets(node.client, INDEX).statuses
        assert {state: told[state] for state in by_facets} == by_facets
        assert told["not seen yet"] == 1
        assert sum(told.values()) == len(DOCUMENTS)

    def test_versions_have_their_documents_and_times(self, node: Node) -> None:
        answer = node.ask("lmtx-tagger-versions")
        assert buckets(answer, "2") == {"v2": 40, "v1": 100, "v0": 100}
        first, last = metric(answer, "2", "3"), metric(answer, "2", "4")
        assert first["v1"] == _time(TAGGED[100])
        assert last["v1"] == _time(TAGGED[199])
        over_time = node.ask("lmtx-tagger-versions-over-time")["3"]["buckets"]
        told = {one["key"]: sum(buckets(one, "2").values()) for one in over_time}
        assert told == buckets(answer, "2")

    def test_reasons_are_counted(self, node: Node) -> None:
        wanted = Counter(
            row["tagging"]["error"] for row in DOCUMENTS if "error" in row.get("tagging", {})
        )
        assert buckets(node.ask("lmtx-tagger-errors"), "2") == wanted

    def test_precision_over_time_is_that_of_the_looks(self, node: Node) -> None:
        (when,) = node.ask("lmtx-tagger-precision")["2"]["buckets"]
        assert when["doc_count"] == 2
        told = [when[id_]["value"] for id_ in ("1", "3", "4")]
        assert told == pytest.approx([0.7, 0.6, 0.8])

    def test_trainings_and_evaluations_have_their_measures(self, node: Node) -> None:
        rows = node.ask("lmtx-tagger-measures")["2"]["buckets"]
        assert [row["key"] for row in rows] == ["b1", "e1", "t1"]  # the newest first
        inner = {row["key"]: row["6"]["buckets"][0] for row in rows}
        assert [inner[run]["key"] for run in ("b1", "e1", "t1")] == [
            "by-judge",
            "evaluate",
            "train",
        ]
        assert inner["t1"]["3"]["value"] == pytest.approx(0.75)
        assert inner["t1"]["4"]["value"] == pytest.approx(0.5)
        assert inner["e1"]["5"]["value"] == pytest.approx(0.65)
        assert inner["b1"]["5"]["value"] == pytest.approx(0.7)

    def test_labels_health_is_that_of_documents_and_judgments(self, node: Node) -> None:
        assert node.ask("lmtx-tagger-labels-given")["1"]["value"] == len(counts(DOCUMENTS))
        sure = metric(node.ask("lmtx-tagger-least-sure"), "2", "1")
        means = {tag: s for tag, s in _mean_scores().items() if counts(DOCUMENTS)[tag] >= 3}
        assert sure == pytest.approx(means)
        assert list(sure.values()) == sorted(sure.values())
        right = metric(node.ask("lmtx-tagger-least-right"), "2", "1")
        by_label = {label: [j.p_yes for j in JUDGMENTS if j.label_id == label] for label in LABELS}
        wanted = {label: fmean(said) for label, said in by_label.items() if len(said) >= 3}
        assert right == pytest.approx(wanted)
        index, body = node.seen.search("lmtx-tagger-labels-in-the-set")
        assert node.client.search(index=index, body=body)["hits"]["total"]["value"] == len(LABELS)


class TestJudge:
    def test_the_summary_counts_judgments(self, node: Node) -> None:
        answer = node.ask("lmtx-judge-summary")
        assert answer["2"]["value"] == len({one.document_id for one in JUDGMENTS})
        assert answer["3"]["value"] == len({one.label_id for one in JUDGMENTS})
        assert answer["4"]["value"] == pytest.approx(fmean(one.p_yes for one in JUDGMENTS))

    def test_judgments_over_time_are_all_of_them(self, node: Node) -> None:
        judges = node.ask("lmtx-judge-over-time")["3"]["buckets"]
        told = {one["key"]: sum(buckets(one, "2").values()) for one in judges}
        assert told == Counter(one.judge for one in JUDGMENTS)

    def test_the_share_of_yes_by_rank_leaves_people_out(self, node: Node) -> None:
        told = {
            int(bucket["key"]): {name: b["doc_count"] for name, b in bucket["3"]["buckets"].items()}
            for bucket in node.ask("lmtx-judge-yes-by-rank")["2"]["buckets"]
        }
        for rank in range(10):
            said = [one.p_yes >= 0.5 for one in JUDGED if one.rank == rank]
            assert told[rank] == {
                "yes (P(yes) from 0.5)": sum(said),
                "no": len(said) - sum(said),
            }

    def test_answers_are_counted_by_their_size(self, node: Node) -> None:
        told = node.bars("lmtx-judge-answers")
        assert sum(told.values()) == len(JUDGED)
        below = sum(n for key, n in told.items() if key < 0.49)
        assert below == sum(one.p_yes < 0.5 for one in JUDGED)

    def test_judgments_by_run_have_calls_and_rate(self, node: Node) -> None:
        rows = {
            row["key"]: row["6"]["buckets"][0]
            for row in node.ask("lmtx-judge-runs")["2"]["buckets"]
        }
        asked = {run: row["1"]["value"] for run, row in rows.items()}
        assert asked == {"t1": 300, "g1": 100, "b1": 90, "w1": 40, "w2": 40}
        assert [rows["t1"][id_]["value"] for id_ in ("3", "4", "5")] == [20, 3, 8.0]
        assert rows["w1"]["key"] == "watch"
        (calls,) = node.ask("lmtx-judge-calls")["2"]["buckets"]
        assert calls["1"]["value"] == sum(asked.values())
        (rate,) = node.ask("lmtx-judge-rate")["2"]["buckets"]
        assert rate["1"]["value"] == pytest.approx(6.0)


class TestAbout:
    def test_the_time_begins_with_the_first_document(self, node: Node) -> None:
        shown, _ = objects_about(node.client, INDEX, "tagging.at", ())
        assert shown.time_from == START.strftime("%Y-%m-%dT%H:%M:%S.000Z")
        assert shown.time_to == "now"

    def test_the_judges_dashboard_begins_with_the_first_judgment(self, node: Node) -> None:
        shown, _ = objects_about(node.client, INDEX, "tagging.at", ())
        first = datetime.fromisoformat(shown.judged_from.replace("Z", "+00:00"))
        assert datetime.now(timezone.utc) - first < timedelta(hours=1)
        assert shown.labels == {text: text.title() for text in LABELS}

    def test_what_is_not_there_is_one_line(self, node: Node) -> None:
        with pytest.raises(UserError, match="no date field published"):
            objects_about(node.client, INDEX, "published", ())
        with pytest.raises(UserError, match="field tags of articles is not a date field"):
            objects_about(node.client, INDEX, "tags", ())
        node.client.indices.create(index="plain")
        with pytest.raises(UserError, match="plain has no field"):
            objects_about(node.client, "plain", "tagging.at", ())
        assert tagging_indices(node.client) == [INDEX]

    def test_the_address_of_the_cluster_is_told_from_that_of_dashboards(
        self, node: Node, lmtx: Any
    ) -> None:
        environment = environment_of(node.settings)
        words = ("dashboards", "import", "--url", node.settings.opensearch.url)
        told = lmtx(*words, env=environment)
        assert told.returncode == 2
        assert "is the cluster itself (OpenSearch" in told.stderr
        assert "port 5601" in told.stderr

    def test_the_commands_write_and_import_the_same(self, node: Node, lmtx: Any) -> None:
        environment = environment_of(node.settings)
        written = lmtx("dashboards", "export", "--output", "-", env=environment)
        assert written.returncode == 0, written.stderr
        objects = [json.loads(line) for line in written.stdout.splitlines()]
        with dashboards_server() as server:
            words = ("dashboards", "import", "--dashboards-url", server.url)
            told = lmtx(*words, "--json", env=environment)
            assert told.returncode == 0, told.stderr
            assert list(server.objects().values()) == objects
            assert len(json.loads(told.stdout)["created"]) == len(objects)
            again = lmtx(*words, env=environment)
        assert again.returncode == 2
        assert "--overwrite" in again.stderr


def _time(row: dict[str, Any]) -> int:
    return round(datetime.fromisoformat(row["tagging"]["at"]).timestamp() * 1000)


def _mean_scores() -> dict[str, float]:
    best: dict[str, list[float]] = {}
    for row in TAGGED:
        for tag in row["tags"]:
            best.setdefault(tag, []).append(row["tagging"]["best_score"])
    return {tag: fmean(scores) for tag, scores in best.items()}
