"""What `deploy` is asked for, before it connects to anything."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from lmtx_search.cli.main import cli
from lmtx_search.errors import UserError


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["a-run", "--untrained"], "give either RUN or --untrained, not both"),
        (["--static", "--precision", "int8"], "leave out --precision or --static"),
    ],
)
def test_options_that_exclude_each_other_are_one_clear_line(words: list[str], problem: str) -> None:
    result = CliRunner().invoke(cli, ["deploy", *words])
    assert isinstance(result.exception, UserError)
    assert problem in str(result.exception)
