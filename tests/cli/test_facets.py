"""What `facets` refuses before it asks a cluster, and how it writes CSV and bars."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from lmtx_search.cli.facet_tables import bar, note_cut, print_csv
from lmtx_search.cli.main import cli
from lmtx_search.cluster.facets.counts import Facets
from lmtx_search.errors import UserError


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--csv", "--json"], "--json or --csv, not both"),
        (["--csv", "--documents", "3"], "--csv prints counts, not documents"),
        (["--csv", "--together", "--over", "day"], "--together or --over, not both"),
    ],
)
def test_csv_is_one_table(tmp_path, monkeypatch, words, problem):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(cli, ["facets", "--index", "x", *words])
    assert isinstance(result.exception, UserError)
    assert problem in str(result.exception)


def test_a_date_field_without_periods_is_refused():
    result = CliRunner().invoke(cli, ["facets", "--index", "x", "--time-field", "published"])
    assert isinstance(result.exception, UserError)
    assert str(result.exception) == "--time-field needs --over"


def test_csv_quotes_what_would_be_taken_for_its_own_signs(capsys):
    print_csv(("tag", "documents"), [('a "quoted", label', 2), ("two\nlines", 1), ("ü 😀", 1)])
    assert capsys.readouterr().out == (
        'tag,documents\n"a ""quoted"", label",2\n"two\nlines",1\nü 😀,1\n'
    )


def test_csv_says_on_standard_error_that_it_has_not_all_tags(capsys):
    note_cut(Facets(9, [("chess", 5)], 4, {}, []))
    assert capsys.readouterr().err == (
        "Note: Other tags were assigned 4 times (--size shows more)\n"
    )
    note_cut(Facets(9, [("chess", 5)], 0, {}, []))
    assert capsys.readouterr().err == ""


def test_a_bar_is_as_long_as_its_share_and_never_empty():
    assert bar(1.0) == "█" * 30
    assert bar(0.5) == "█" * 15
    assert bar(0.0001) == "▏"
