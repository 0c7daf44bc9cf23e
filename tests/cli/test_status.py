"""`status`: clear with and without servers, and a cluster that cannot be asked is a status too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from lmtx_search.cli.main import cli
from lmtx_search.cluster.health.overview import overview
from lmtx_search.embedded.net import LOOPBACK, free_port
from tests.conftest import Run


def test_where_nothing_runs_it_says_how_to_start(tmp_path: Path) -> None:
    url = f"http://{LOOPBACK}:{free_port()}"
    words = ["--data-dir", str(tmp_path), "--url", url, "status"]
    result = CliRunner().invoke(cli, words)
    assert result.exit_code == 0
    assert "To start them: `lmtx-search up`" in result.output
    assert f"no OpenSearch at {url}" in result.output


def test_where_nothing_runs_scripts_get_the_reason(tmp_path: Path) -> None:
    url = f"http://{LOOPBACK}:{free_port()}"
    words = ["--data-dir", str(tmp_path), "--url", url, "status", "--json"]
    found = json.loads(CliRunner().invoke(cli, words).output)
    assert found["servers"] == []
    assert "no OpenSearch" in found["cluster"]["error"]


@pytest.mark.integration
def test_documents_are_counted_by_index_and_status(client: Any) -> None:
    types = {"status": "keyword", "tagger": "keyword", "at": "date"}
    fields = {name: {"type": kind} for name, kind in types.items()}
    mapping = {"properties": {"tagging": {"properties": fields}}}
    client.indices.create(index="articles", body={"mappings": mapping})
    client.indices.create(index="no-tags")
    for number, status in enumerate(["tagged", "tagged", "pending"]):
        body = {"tagging": {"status": status}}
        client.index(index="articles", id=str(number), body=body, refresh=True)
    client.index(index="no-tags", id="1", body={"a": 1}, refresh=True)
    assert overview(client).documents == {"articles": {"tagged": 2, "pending": 1}}


@pytest.mark.integration
def test_a_cluster_that_is_not_set_up_gets_the_command_to_run(client: Any, lmtx: Run) -> None:
    assert "To set it up: `lmtx-search bootstrap-index`" in lmtx("status").stdout


@pytest.mark.integration
def test_before_labels_and_tagger_it_says_what_comes_next(client: Any, lmtx: Run) -> None:
    done = lmtx("bootstrap-index")
    assert done.returncode == 0, done.stderr
    shown = lmtx("status").stdout
    assert "Labels      none. To load them: `lmtx-search labels load FILE`" in shown
    assert "documents are indexed untagged until `lmtx-search deploy`" in shown
