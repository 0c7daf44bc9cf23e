"""Roles with the least rights are printed as the security plugin takes them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from lmtx_search.cli.main import cli
from lmtx_search.errors import UserError


def printed(*words: str) -> dict[str, object]:
    done = CliRunner().invoke(cli, ["bootstrap-index", "--print-role", *words])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


def test_the_operators_role_is_for_the_settings_indices_and_ones_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LMTX_DOCUMENTS_TRAINING_INDEX", "to-learn-from")
    (index,) = printed("--index", "articles*")["index_permissions"]  # type: ignore[misc, attr-defined]
    own = [f"lmtx-{one}*" for one in ("labels", "judgments", "runs", "decisions", "documents")]
    assert index["index_patterns"] == [*own, "to-learn-from", "articles*"]
    assert "indices:data/write/bulk[s]" in index["allowed_actions"]


def test_the_writers_role_is_for_named_indices_only_and_may_ask_the_tagger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    role = printed("writer", "--index", "articles")
    assert "cluster:admin/opensearch/ml/predict" in role["cluster_permissions"]  # type: ignore[operator]
    assert role["index_permissions"][0]["index_patterns"] == ["articles"]  # type: ignore[index]
    refused = CliRunner().invoke(cli, ["bootstrap-index", "--print-role", "writer"])
    assert isinstance(refused.exception, UserError)


def test_an_index_without_a_role_is_refused() -> None:
    assert CliRunner().invoke(cli, ["bootstrap-index", "--index", "articles"]).exit_code == 2
