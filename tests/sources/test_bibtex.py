"""References in BibTeX, with the oddities of real files."""

import pytest

from lmtx_search.records import BadLine, Label
from lmtx_search.sources import FieldGold, read_documents
from lmtx_search.sources.bibtex import count_bibtex, read_bibtex
from lmtx_search.sources.bibtex_values import keywords_of
from lmtx_search.sources.read_options import ReadOptions

ENTRY = r"""@Article{a1, Title={{On} Chess \& caf\'e}, author="Example, P. and Other, O.",
  keywords={chess; board games}, abstract = {Grows by 10% and 20\% more, $x_1$.}, year=2001}
"""


def write(folder, text):
    (folder / "r.bib").write_text(text)
    return folder / "r.bib"


def test_values_are_read_without_latex_and_whole(tmp_path):
    (row,) = read_bibtex(write(tmp_path, ENTRY))
    assert row.fields == {
        "id": "a1",
        "title": "On Chess & caf\u00e9",
        "text": "Grows by 10% and 20% more, $x_1$.",
        "authors": ["Example, P.", "Other, O."],
        "keywords": ["chess", "board games"],
        "year": "2001",
    }


def test_keywords_are_gold_tags(tmp_path):
    (document,) = read_documents(write(tmp_path, ENTRY))
    gold = FieldGold("keywords", [Label("1", "chess"), Label("2", "board games")])
    assert gold.tags(0, document) == {"1", "2"}


def test_a_broken_entry_costs_no_other_and_is_told_with_its_line(tmp_path):
    path = write(tmp_path, "@article{b, title={no end}\n" + ENTRY)
    bad, row = read_bibtex(path)
    assert row.fields["id"] == "a1"
    assert isinstance(bad, BadLine)
    assert "line 1: not BibTeX" in str(bad)
    assert count_bibtex(path) == 2


def test_a_missing_comma_is_told_instead_of_a_title_that_swallowed_a_field(tmp_path):
    (bad,) = read_bibtex(
        write(tmp_path, "@article{b, title={x}\n abstract = {A text.}, year=2000}")
    )
    assert "line 1: a comma is missing before the field abstract" in str(bad)


def test_a_missing_comma_is_found_on_one_line_too(tmp_path):
    bad, row = read_bibtex(write(tmp_path, "@book{b, title = {x} year = 2001}\n" + ENTRY))
    assert "line 1: a comma is missing before the field year" in str(bad)
    assert row.fields["id"] == "a1"


def test_values_that_are_joined_are_one_value(tmp_path):
    strings = '@string{place = "North " # {Pole}}\n'
    entry = '@misc{a, title = "Ice at the " # PLACE # {, again}, note = "M\\"uller \\{1\\}"}'
    (row,) = read_bibtex(write(tmp_path, strings + entry))
    assert row.fields["title"] == "Ice at the North Pole, again"
    assert row.fields["text"] == "M\u00fcller {1}"


def test_a_name_in_braces_is_one_author(tmp_path):
    (row,) = read_bibtex(write(tmp_path, "@misc{a, author = {Doe, J. and {Barnes and Noble}}}"))
    assert row.fields["authors"] == ["Doe, J.", "Barnes and Noble"]


def test_a_field_twice_is_noted_and_a_key_twice_is_two_rows(tmp_path):
    options = ReadOptions()
    path = write(tmp_path, ENTRY + "@book{b, title={x}, title={y}}\n" + ENTRY)
    rows = list(read_bibtex(path, options))
    assert [row.fields["id"] for row in rows] == ["a1", "b", "a1"]
    assert {row.fields["title"] for row in rows if row.fields["id"] == "b"} == {"x"}
    assert options.notes == [f"{path}: entries with a repeated field: 1; the first one is used"]


def test_publishers_markup_in_an_abstract_is_no_text(tmp_path):
    entry = "@misc{a, abstract={<jats:p>H<jats:sub>2</jats:sub>O, $a<b$.</jats:p>}}"
    (row,) = read_bibtex(write(tmp_path, entry))
    assert row.fields["text"] == "H2O, $a<b$."


def test_addresses_stay_as_they_are(tmp_path):
    entry = (
        r"@misc{a, title={T}, url={http://x.example/~smith/on--chess\_2.html}, doi={10.1/a--d\_e}}"
    )
    (row,) = read_bibtex(write(tmp_path, entry))
    assert row.fields["url"] == "http://x.example/~smith/on--chess_2.html"
    assert row.fields["doi"] == "10.1/a--d_e"


def test_links_and_commands_without_arguments_cost_no_text(tmp_path):
    link = r"{\href{http://arxiv.org/abs/1}{arXiv:1}, \textcolor{red}{Red} \sqrt}"
    (row,) = read_bibtex(write(tmp_path, "@misc{a, title={T}, note=" + link + "}"))
    assert row.fields["text"] == "arXiv:1, Red"


def test_an_entry_that_cannot_be_decoded_costs_no_other(tmp_path):
    nested = "@misc{b, title=" + "{" * 3000 + "x" + "}" * 3000 + "}\n"
    bad, row = read_bibtex(write(tmp_path, nested + ENTRY))
    assert str(bad).endswith("line 1: its LaTeX cannot be read: braces are nested too deeply")
    assert row.fields["id"] == "a1"


def test_unknown_commands_are_named_and_those_of_the_look_are_not(tmp_path):
    options = ReadOptions()
    path = write(tmp_path, r"@misc{a, title={{\em A} \new{b} \new{c}}}")
    (row,) = read_bibtex(path, options)
    assert row.fields["title"] == "A b c"
    assert options.notes == [
        f"{path}: LaTeX commands without a known meaning: \\new (2); only their arguments in "
        "braces are read"
    ]


def test_fields_of_biblatex_are_read(tmp_path):
    entry = "@book{a, title={Go}, subtitle={A history}, date={2021-05}, keyword={go; games}}"
    (row,) = read_bibtex(write(tmp_path, entry))
    assert row.fields == {
        "id": "a",
        "title": "Go: A history",
        "year": "2021",
        "keywords": ["go", "games"],
    }


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("{chess, board games}", ["chess", "board games"]),
        (
            "{Learning (artificial intelligence);Commerce, electronic}",
            ["Learning (artificial intelligence)", "Commerce, electronic"],
        ),
        ("{{Mice, Inbred C57BL}, Humans}", ["Mice, Inbred C57BL", "Humans"]),
        ("{{Mice, Inbred C57BL; Humans}}", ["Mice, Inbred C57BL", "Humans"]),
        ("{{Mice, Inbred C57BL}}", ["Mice, Inbred C57BL"]),
        ("{R\\&D; Innovation; Growth}", ["R&D", "Innovation", "Growth"]),
        ("{R\\&amp;D, Stra{\\ss}en, Caf\\'e}", ["R&amp;D", "Straßen", "Café"]),
    ],
)
def test_keywords_are_separated_as_their_exporter_does(tmp_path, written, expected):
    (row,) = read_bibtex(write(tmp_path, f"@book{{a, keywords = {written}}}"))
    assert row.fields["keywords"] == expected


def test_only_the_semicolon_of_an_entity_separates_no_keywords():
    value = "Caf&eacute;s &#38; &#x2615;, tea; M&As; \\&pi; x"
    assert keywords_of(value) == ["Caf&eacute;s &#38; &#x2615;, tea", "M&As", "\\&pi", "x"]
