"""Tags of retired labels go back although the cluster refuses some of them at first."""

from __future__ import annotations

from typing import Any

import pytest

from lmtx_search.cluster.client import retry
from lmtx_search.cluster.retag.retired_tags import retired_tags, send_back
from lmtx_search.errors import LmtxError
from lmtx_search.tag_fields import DEFAULT_FIELDS

LINES: list[dict[str, Any]] = [
    line for id_ in "abc" for line in ({"update": {"_id": id_}}, {"doc": {"tags": [id_]}})
]


class Cluster:
    """Refuses items on cue, which a real one cannot be made to do."""

    def __init__(self, *statuses: dict[str, int]) -> None:
        self.statuses = list(statuses)
        self.sent: list[list[str]] = []

    def bulk(self, body: Any, index: str) -> dict[str, Any]:
        ids = [line["update"]["_id"] for line in body[::2]]
        self.sent.append(ids)
        refused = self.statuses.pop(0) if self.statuses else {}
        error = {"type": "cluster_block_exception", "reason": "disk"}
        return {
            "items": [
                {"update": {"status": refused[id_], "error": error}}
                if id_ in refused
                else {"update": {"status": 200}}
                for id_ in ids
            ]
        }


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FIRST_PAUSE", 0.001)
    monkeypatch.setattr(retry, "LONGEST_PAUSE", 0.01)


def test_what_is_refused_for_now_is_sent_again_and_what_others_wrote_is_not() -> None:
    cluster = Cluster({"a": 409, "b": 429})
    send_back(cluster, "i", LINES)  # type: ignore[arg-type]
    assert cluster.sent == [["a", "b", "c"], ["b"]]


@pytest.mark.parametrize("status", [403, 429])
def test_a_lasting_refusal_ends_the_command_so_that_the_tags_stay_noted(status: int) -> None:
    cluster = Cluster(*[{"b": status}] * retry.ATTEMPTS)
    with pytest.raises(
        LmtxError, match=r"tags of retired labels back .*disk.*the next `lmtx-search retag`"
    ):
        send_back(cluster, "i", LINES)  # type: ignore[arg-type]


def test_tags_of_no_label_are_kept_unless_people_rejected_them() -> None:
    source = {"tags": ["Chess"], "tags_rejected": ["Ludo"]}
    earlier = ["Chess", "chess", "Ludo", "Halma"]
    assert retired_tags(earlier, source, {"Chess", "chess"}, DEFAULT_FIELDS) == ["Halma"]
