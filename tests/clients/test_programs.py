"""Documents that clients of other languages write are tagged as those of opensearch-py are."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from tests.clients.conftest import Target
from tests.clients.documents import documents, json_lines
from tests.clients.programs import PROGRAMS, program

pytestmark = pytest.mark.clients


def run(command: list[str], target: Target, rows: list[dict[str, Any]]) -> list[str]:
    """Let a program write documents; return the ids that it says were refused."""
    words = [*command, target.address, target.name, target.action]
    done = subprocess.run(
        words, input=json_lines(rows), capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout.splitlines()[-1])["refused"])


@pytest.mark.parametrize("name", PROGRAMS)
def test_all_documents_are_there_with_their_tags(
    name: str, target: Target, expected_tags: dict[str, list[str]]
) -> None:
    rows = documents()
    assert run(program(name), target, rows) == []
    assert target.written() == {row["id"]: row for row in rows}
    assert target.tags() == expected_tags


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("target", ["index"], indirect=True)
def test_a_refused_document_is_told_and_the_others_are_tagged(
    name: str, target: Target, expected_tags: dict[str, list[str]]
) -> None:
    rows = documents()
    rows[7] = {**rows[7], "size": "not a number"}
    assert run(program(name), target, rows) == [rows[7]["id"]]
    assert target.tags() == {id_: tags for id_, tags in expected_tags.items() if id_ != "d007"}
