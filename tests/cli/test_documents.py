"""What is refused before anything is sent to a cluster, and so leaves no index behind."""

import pytest
from click.testing import CliRunner

from lmtx_search.cli.main import cli
from lmtx_search.errors import UserError

NOWHERE = ["--url", "http://127.0.0.1:1"]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LMTX_DATA_DIR", str(tmp_path / "data"))
    (tmp_path / "docs.jsonl").write_text('{"id": "a"}\n')
    return tmp_path


def refused(*words):
    result = CliRunner().invoke(cli, [*NOWHERE, *words])
    assert isinstance(result.exception, UserError)
    return str(result.exception)


@pytest.mark.parametrize("command", [["docs", "load"], ["ingest", "--index", "x"]])
@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("missing.jsonl", None, "no such file: missing.jsonl"),
        ("docs.txt", "{}", "docs.txt: unknown kind of file"),
        ("docs.csv", "id,id\n1,2\n", "docs.csv, line 1: a CSV file starts with a header"),
        ("docs.csv", "id,body\n1,2\n", "none is one of the fields title, text (set documents."),
    ],
)
def test_a_file_that_cannot_be_read(folder, command, name, content, problem):
    if content is not None:
        (folder / name).write_text(content)
    assert problem in refused(*command, name)


@pytest.mark.parametrize(
    ("failed", "problem"),
    [
        ("docs.jsonl", "cannot write failures to docs.jsonl: it is the file that is loaded"),
        ("./nowhere/../docs.jsonl", "there is no folder"),
        ("nowhere/failed.jsonl", "there is no folder"),
    ],
)
def test_a_file_for_failures_that_cannot_be_written(folder, failed, problem):
    assert problem in refused("ingest", "docs.jsonl", "--index", "x", "--failed", failed)
    assert (folder / "docs.jsonl").read_text() == '{"id": "a"}\n'


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["ingest", "docs.jsonl", "--index", ""], "an index has a name"),
        (["ingest", "docs.jsonl", "--index", "news-*"], "news-* is no name of one index"),
        (["facets", "--index", " "], "an index has a name"),
    ],
)
def test_what_is_no_name_of_an_index(words, problem):
    result = CliRunner().invoke(cli, [*NOWHERE, *words])
    assert result.exit_code == 2
    assert problem in result.output
