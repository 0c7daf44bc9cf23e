"""Documents that curl writes are tagged, whatever they are written to."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.clients.conftest import Target
from tests.clients.documents import documents, json_lines

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed"),
]
SCRIPTS = ("bulk.sh", "doc.sh")


def run(script: str, target: Target, rows: list[dict[str, Any]]) -> str:
    """Let a script write documents; return what curl received."""
    path = Path(__file__).parent / "curl" / script
    done = subprocess.run(
        ["sh", path, target.address, target.name, target.action],
        input=json_lines(rows),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("script", SCRIPTS)
def test_all_documents_are_there_with_their_tags(
    script: str, target: Target, expected_tags: dict[str, list[str]]
) -> None:
    rows = documents()
    answers = run(script, target, rows)
    assert '"error"' not in answers
    assert target.written() == {row["id"]: row for row in rows}
    assert target.tags() == expected_tags


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("target", ["index"], indirect=True)
def test_the_answer_tells_a_refused_document_and_the_others_are_tagged(
    script: str, target: Target, expected_tags: dict[str, list[str]]
) -> None:
    rows = documents()
    rows[7] = {**rows[7], "size": "not a number"}
    answers = [json.loads(line) for line in run(script, target, rows).splitlines()]
    items = [item["index"] for item in answers[0]["items"]] if script == "bulk.sh" else answers
    (error,) = [item["error"] for item in items if "error" in item]
    assert error["type"] == "mapper_parsing_exception"
    assert "d007" in error["reason"]
    assert target.tags() == {id_: tags for id_, tags in expected_tags.items() if id_ != "d007"}
