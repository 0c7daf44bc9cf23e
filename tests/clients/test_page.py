"""The examples of the page "Writing documents" are lines of the programs that the tests run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.paths import ROOT

PAGE = (ROOT / "docs" / "writing.md").read_text()
EXAMPLES = re.findall(r"^```\w+\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def words(text: str) -> str:
    """Return a text without its line breaks and indentation."""
    return " ".join(text.split())


def test_each_client_has_an_example() -> None:
    for name in (
        "bulk(",
        "streaming_bulk(",
        "parallel_bulk(",
        "AsyncOpenSearch(",
        "new Client(",
        "BulkIngester",
        "NewBulkIndexer(",
        "/_bulk",
        "/$endpoint/",
    ):
        assert any(name in example for example in EXAMPLES), name


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda text: text.split("\n")[0])
def test_an_example_is_part_of_a_program_that_runs(example: str) -> None:
    programs = [
        path
        for path in Path(__file__).parent.rglob("*")
        if path.suffix in (".py", ".mjs", ".go", ".java", ".sh")
    ]
    assert any(words(example) in words(path.read_text()) for path in programs)
