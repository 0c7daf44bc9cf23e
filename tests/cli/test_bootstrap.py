"""What `bootstrap-index` says about cluster settings."""

from __future__ import annotations

import pytest

from lmtx_search.cli.bootstrap import _result, _say_rest
from lmtx_search.cli.context import Context
from lmtx_search.cluster.setup.bootstrap import Plan
from lmtx_search.cluster.setup.requirements import Cluster
from lmtx_search.cluster.setup.steps import Request, Step

DONE = Step("the label index")
OPEN = Step("the pipeline", Request("PUT", "/_ingest/pipeline/x", {}))


def planned(*steps: Step, settings: dict[str, object]) -> Plan:
    return Plan(Cluster("c", "3.6.0", 1, False), steps, settings, ())


@pytest.mark.parametrize(
    ("steps", "applied", "told"),
    [
        ((OPEN,), True, "Dry run: 2 requests would be sent"),
        ((OPEN,), False, "Dry run: 1 request would be sent"),
        ((DONE,), True, "Dry run: 1 request would be sent"),
        ((DONE,), False, "Dry run: 0 requests would be sent"),
    ],
)
def test_a_dry_run_counts_every_request_that_would_be_sent(
    capsys: pytest.CaptureFixture[str], steps: tuple[Step, ...], applied: bool, told: str
) -> None:
    plan = planned(*steps, settings={"a": 1})
    _say_rest(Context(), plan, True, applied)
    assert told in capsys.readouterr().out
    requests = _result(plan, True, applied)["requests"]
    assert isinstance(requests, list)
    assert str(len(requests)) in told


@pytest.mark.parametrize("needed", [{}, {"a": 1}])
def test_a_cluster_that_needs_settings_is_not_called_set_up(
    capsys: pytest.CaptureFixture[str], needed: dict[str, object]
) -> None:
    _say_rest(Context(), planned(DONE, settings=needed), False, False)
    out = capsys.readouterr().out
    assert "Nothing changed" in out
    assert ("the cluster is set up" in out) is (not needed)
