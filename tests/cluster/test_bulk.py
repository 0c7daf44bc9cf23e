import json
import threading

import pytest
from opensearchpy import AuthorizationException, ConnectionError, TransportError

from lmtx_search.cluster.client import retry
from lmtx_search.cluster.documents import bulk, in_flight
from lmtx_search.cluster.documents.bulk import Action, chunked, send_chunks, to_json, write_all
from lmtx_search.cluster.documents.load import _batches
from lmtx_search.errors import LmtxError
from lmtx_search.records import BadLine, Document

BUSY = {"type": "es_rejected_execution_exception", "reason": "queue is full"}


class Cluster:
    """Stands in for a cluster that is busy, which a real one cannot be made to be on cue."""

    def __init__(self, *faults):
        self.faults = list(faults)
        self.documents = {}
        self.requests = []
        self.lock = threading.Lock()

    def bulk(self, body, index, params):
        lines = body.split(b"\n")
        pairs = list(zip(lines[::2], lines[1::2], strict=False))
        ids = [json.loads(head)["index"]["_id"] for head, _ in pairs]
        with self.lock:
            self.requests.append(ids)
            fault = self.faults.pop(0) if self.faults else {}
        if isinstance(fault, Exception):
            raise fault
        items = []
        for id_, (_, source) in zip(ids, pairs, strict=False):
            if id_ in fault:
                status, error = fault[id_]
                items.append({"index": {"status": status, "error": error}})
            else:
                known = id_ in self.documents
                self.documents[id_] = json.loads(source)
                items.append(
                    {"index": {"status": 200, "result": "updated" if known else "created"}}
                )
        return {"errors": bool(fault), "items": items}


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    monkeypatch.setattr(retry, "FIRST_PAUSE", 0.001)
    monkeypatch.setattr(retry, "LONGEST_PAUSE", 0.01)


def actions(count, start=0):
    return [Action(str(number), {"n": number}) for number in range(start, start + count)]


def send(cluster, some, **options):
    return [result for _, result in send_chunks(cluster, chunked(some), "i", **options)]


def test_chunks_are_bounded_by_count_and_by_bytes(monkeypatch):
    assert [len(chunk.ids) for chunk in chunked(actions(600))] == [256, 256, 88]
    monkeypatch.setattr(bulk, "CHUNK_BYTES", 1000)
    big = [Action("big", {"x": "y" * 5000}), *actions(3)]
    assert [chunk.ids for chunk in chunked(big)] == [["big"], ["0", "1", "2"]]


def test_a_lone_surrogate_becomes_a_replacement_character():
    assert to_json({"a": "x\ud800y😀"}) == '{"a":"x\ufffdy😀"}'.encode()


def test_a_busy_cluster_is_asked_again():
    refused = TransportError(429, "too_many_requests", {})
    cluster = Cluster(refused, refused)
    (result,) = send(cluster, actions(3))
    assert result.created == 3
    assert len(cluster.requests) == 3


def test_a_cluster_that_is_away_is_asked_again():
    cluster = Cluster(ConnectionError("N/A", "refused", OSError()))
    assert send(cluster, actions(1))[0].created == 1


def test_only_the_documents_that_were_refused_for_now_are_sent_again():
    cluster = Cluster({"1": (429, BUSY)}, {"1": (503, BUSY)})
    (result,) = send(cluster, actions(3))
    assert cluster.requests == [["0", "1", "2"], ["1"], ["1"]]
    assert (result.created, result.refused) == (3, [])


def test_a_document_that_is_refused_for_good_is_reported_with_its_source():
    wrong = {"type": "mapper_parsing_exception", "reason": "no", "caused_by": {"reason": "deep"}}
    (result,) = send(Cluster({"1": (400, wrong)}), actions(3))
    (refused,) = result.refused
    assert (refused.id, refused.reason) == ("1", "mapper_parsing_exception: no (deep)")
    assert refused.source == b'{"n":1}'
    assert result.created == 2


def test_a_cluster_that_stays_busy_ends_the_load_with_one_line():
    cluster = Cluster(*[{"0": (429, BUSY)}] * retry.ATTEMPTS)
    with pytest.raises(LmtxError, match=r"stayed too busy.*queue is full.*continues"):
        send(cluster, actions(1))
    assert len(cluster.requests) == retry.ATTEMPTS


def test_a_missing_right_is_not_retried():
    cluster = Cluster(AuthorizationException(403, "security_exception", {}))
    with pytest.raises(AuthorizationException):
        send(cluster, actions(1))
    assert len(cluster.requests) == 1


def test_a_missing_right_of_single_items_ends_the_load():
    wrong = {"type": "security_exception", "reason": "no permissions for [x]"}
    with pytest.raises(LmtxError, match=r"lacks the right x for writing to i"):
        send(Cluster({"0": (403, wrong)}), actions(1))


def test_results_come_in_the_order_of_the_chunks():
    cluster = Cluster(TransportError(429, "slow", {}))
    some = actions(bulk.CHUNK_ITEMS * 6)
    ends = [chunk.ids[0] for chunk, _ in send_chunks(cluster, chunked(some), "i", threads=3)]
    assert ends == [str(number * bulk.CHUNK_ITEMS) for number in range(6)]


def most_in_flight(cluster, expected, threads=None):
    """Return the largest number of requests that a cluster had at a time.

    Each request but the first one waits for the expected number.
    """
    running, found, changed, answer = 0, [], threading.Condition(), cluster.bulk

    def bulk_of(**request):
        nonlocal running
        with changed:
            running += 1
            found.append(running)
            changed.notify_all()
            if len(found) > 1:
                changed.wait_for(lambda: max(found) >= expected, timeout=30)
        try:
            return answer(**request)
        finally:
            with changed:
                running -= 1

    cluster.bulk = bulk_of
    send(cluster, actions(bulk.CHUNK_ITEMS * 24), threads=threads)
    return max(found)


@pytest.mark.parametrize(("quick", "expected"), [(600.0, 6), (0.0, 4)])
def test_more_requests_are_in_flight_while_the_cluster_answers_quickly(
    quick, expected, monkeypatch
):
    monkeypatch.setattr(in_flight, "QUICK_SECONDS", quick)
    assert most_in_flight(Cluster(), expected) == expected


def test_no_more_requests_are_in_flight_than_was_asked_for():
    assert most_in_flight(Cluster(), 2, threads=2) == 2


def test_of_two_documents_with_one_id_the_later_one_stays():
    cluster = Cluster(TransportError(429, "slow", {}))
    filler = actions(bulk.CHUNK_ITEMS - 1, start=1)
    some = [Action("0", {"n": "first"}), *filler, Action("0", {"n": "last"})]
    send(cluster, some, threads=3)
    assert cluster.documents["0"] == {"n": "last"}


class SmallCluster(Cluster):
    """Refuses requests of more than so many bytes."""

    most = 200

    def bulk(self, body, index, params):
        if len(body) > self.most:
            raise TransportError(413, "", None)
        return super().bulk(body, index, params)


def test_a_document_too_large_for_the_cluster_makes_no_other_one_fail():
    cluster = SmallCluster()
    some = [*actions(5), Action("large", {"n": "x" * 300}), *actions(5, start=5)]
    (result,) = send(cluster, some)
    assert [(refused.id, refused.reason) for refused in result.refused] == [
        ("large", "larger than the cluster accepts")
    ]
    assert result.created == 10
    sent = [id_ for request in cluster.requests for id_ in request]
    assert sent == [str(number) for number in range(10)]


def test_a_document_larger_than_a_request_is_sent_alone():
    large = {"n": "x" * bulk.CHUNK_BYTES}
    chunks = chunked([*actions(2), Action("large", large), *actions(2, start=2)])
    assert [chunk.ids for chunk in chunks] == [["0", "1"], ["large"], ["2", "3"]]
    documents = [
        *(Document(str(number), "") for number in range(2)),
        Document("large", "", large),
        BadLine("f", 4, "not JSON", "{"),
    ]
    batches = list(_batches(documents, 7, "index"))
    assert [(batch.ids, batch.end) for batch in batches] == [
        (["0", "1"], 9),
        (["large"], 10),
        ([], 11),
    ]


def test_write_all_fails_when_one_is_refused():
    with pytest.raises(LmtxError, match="refused 1: a: b"):
        write_all(Cluster({"1": (400, {"type": "a", "reason": "b"})}), actions(2), "i")


LEFT = {"type": "node_disconnected_exception", "reason": "[embedded-2][127.0.0.1:1] disconnected"}
WRAPPED = {"type": "exception", "reason": "bulk", "caused_by": LEFT}


@pytest.mark.parametrize("error", [LEFT, WRAPPED])
def test_a_document_at_a_node_that_leaves_is_sent_again(error):
    cluster = Cluster({"1": (500, error)})
    (result,) = send(cluster, actions(3))
    assert (result.created, result.refused) == (3, [])
    assert cluster.requests == [["0", "1", "2"], ["1"]]


def test_a_request_at_a_node_that_leaves_is_sent_again():
    fault = TransportError(500, LEFT["type"], {"error": {**LEFT, "root_cause": [LEFT]}})
    cluster = Cluster(fault)
    (result,) = send(cluster, actions(3))
    assert (result.created, len(cluster.requests)) == (3, 2)


def test_another_error_of_the_cluster_is_not_repeated():
    fault = TransportError(500, "null_pointer_exception", {"error": {"type": "null_pointer"}})
    cluster = Cluster(fault)
    with pytest.raises(TransportError):
        send(cluster, actions(3))
    assert len(cluster.requests) == 1
