"""What `tag` is given to read; what it answers is tested with the service."""

import pytest
from click.testing import CliRunner

from lmtx_search.cli.main import cli
from lmtx_search.errors import UserError


@pytest.mark.parametrize(
    ("words", "given", "problem"),
    [
        (["tag", "--file", "missing.txt"], None, "cannot read missing.txt: No such file"),
        (["tag", "--file", "."], None, "cannot read .: Is a directory"),
        (["tag", "a text", "--file", "x"], None, "not both"),
        (["tag", " "], None, "the text is empty"),
        (["tag", "-"], "\n", "the text is empty"),
        (["tag"], "", "the text is empty"),
    ],
)
def test_what_cannot_be_tagged_is_the_users_mistake(tmp_path, monkeypatch, words, given, problem):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(cli, words, input=given)
    assert isinstance(result.exception, UserError)
    assert problem in str(result.exception)
