from datetime import datetime, timedelta, timezone

import pytest
from opensearchpy import NotFoundError

from lmtx_search.cluster.judgments.store import JudgmentStore
from lmtx_search.cluster.runs import RunStore
from lmtx_search.cluster.setup.bootstrap import apply, plan
from lmtx_search.records import Judgment

pytestmark = pytest.mark.integration


@pytest.fixture
def ready(client, settings):
    apply(client, plan(client, settings))
    return client


def judgments(count):
    return [Judgment(f"j{n}", f"d{n}", "l", n / count, n, "judge", "p") for n in range(count)]


def test_judgments_are_found_as_soon_as_they_are_added(ready):
    store = JudgmentStore(ready)
    store.add(judgments(1500))
    found = store.find([f"j{n}" for n in range(-5, 1500)])
    assert found == {judgment.id: judgment for judgment in judgments(1500)}


def test_no_judgments_are_no_requests(ready):
    store = JudgmentStore(ready)
    store.add([])
    assert store.find([]) == {}


def test_judgments_without_their_index_are_an_error_not_an_empty_answer(client):
    with pytest.raises(NotFoundError):
        JudgmentStore(client).find(["x"])


def test_a_run_is_kept_with_all_it_says(ready):
    store = RunStore(ready)
    store.save("r1", {"kind": "train", "measures": {"P@1": 0.5}, "settings": {"x": [1, "y"]}})
    record = store.get("r1")
    at = record.pop("at")
    assert at.startswith("20")
    assert record.pop("run_id") == "r1"
    assert record == {"kind": "train", "measures": {"P@1": 0.5}, "settings": {"x": [1, "y"]}}
    assert store.get("r2") is None


def test_the_latest_run_of_a_kind_is_the_last_saved(ready):
    store = RunStore(ready)
    assert store.latest("train") is None
    store.save("r1", {"kind": "train", "n": 1})
    store.save("r2", {"kind": "train", "n": 2})
    store.save("e1", {"kind": "evaluate", "n": 3})
    assert store.latest("train")[0] == "r2"
    store.save("r1", {"kind": "train", "n": 4})
    run_id, record = store.latest("train")
    assert (run_id, record["n"]) == ("r1", 4)


def test_the_newest_runs_of_any_kind_come_first(ready):
    store = RunStore(ready)
    assert store.newest(5) == []
    for run in ("r1", "e1", "r2"):
        store.save(run, {"kind": "train" if run[0] == "r" else "evaluate"})
    assert [run for run, _ in store.newest(2)] == ["r2", "e1"]


def test_all_runs_of_a_kind_are_found_however_many_others_are_newer(ready):
    store = RunStore(ready)
    store.save("d", {"kind": "deploy", "version": "v1", "counts": {"asked": 1}})
    more = [{"kind": "watch", "index_name": "a" if n % 2 else "b"} for n in range(1100)]
    at = datetime(2026, 1, 1, tzinfo=timezone.utc)
    lines = []
    for n, body in enumerate(more):
        lines += [
            {"index": {"_id": f"w{n}"}},
            {**body, "run_id": f"w{n}", "at": (at + timedelta(days=n)).isoformat()},
        ]
    ready.bulk(index="lmtx-runs", body=lines, params={"refresh": "true"})
    assert list(store.of_kinds("deploy", fields=("version",))) == [("d", {"version": "v1"})]
    found = [run for run, _ in store.of_kinds("watch")]
    assert found == [f"w{n}" for n in reversed(range(1100))]
    assert len(list(store.of_kinds("watch", "deploy", index_name="a"))) == 550 + 1
