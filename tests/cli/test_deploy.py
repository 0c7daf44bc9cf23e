"""What `deploy` is asked for, before it connects to anything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner

from lmtx_search.cli.main import cli
from lmtx_search.errors import UserError
from lmtx_search.library import deploy, plan_deployment
from lmtx_search.settings import load_settings
from lmtx_search.tagging.deployment.options import DeployOptions


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["a-run", "--untrained"], "give either RUN or --untrained, not both"),
        (["--static", "--precision", "int8"], "leave out --precision or --static"),
    ],
)
def test_options_that_exclude_each_other_are_one_clear_line(words: list[str], problem: str) -> None:
    result = CliRunner().invoke(cli, ["--url", "http://127.0.0.1:1", "deploy", *words])
    assert isinstance(result.exception, UserError)
    assert problem in str(result.exception)


@pytest.mark.parametrize("step", [deploy, plan_deployment])
def test_programs_cannot_ask_for_a_run_and_the_untrained_encoder(step: Callable[..., Any]) -> None:
    settings = load_settings(flags={"opensearch.url": "http://127.0.0.1:1"})
    with pytest.raises(UserError, match="not both"):
        step(settings, "a-run", untrained=True)


def test_programs_cannot_give_a_static_encoder_a_precision() -> None:
    with pytest.raises(UserError, match="only one precision"):
        DeployOptions("int8", static=True)
