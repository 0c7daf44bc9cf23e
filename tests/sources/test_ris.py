"""References in RIS, with the oddities of real exports."""

import pytest

from lmtx_search.records import BadLine, Label
from lmtx_search.sources import FieldGold, read_documents
from lmtx_search.sources.read_options import ReadOptions
from lmtx_search.sources.ris import count_ris, read_ris

FIRST = """TY  - JOUR
ID  - 12
TI  - On chess
 and other games
AU  - Example, Person
A1  - Example, Other
AB  - One abstract.
AB  - A second one,
on two lines.
N1  - A note.
KW  - chess
KW  - board games
PY  - 2001
DO  - 10.1/2
UR  - http://x.example/1
ER  - 
"""


def write(folder, text, encoding="utf-8"):
    (folder / "r.ris").write_text(text, encoding=encoding)
    return folder / "r.ris"


def test_repeated_and_continued_fields_are_whole(tmp_path):
    (row,) = read_ris(write(tmp_path, FIRST))
    assert row.fields == {
        "id": "12",
        "title": "On chess and other games",
        "text": "One abstract.\nA second one, on two lines.\nA note.",
        "authors": ["Example, Other", "Example, Person"],
        "keywords": ["chess", "board games"],
        "year": "2001",
        "doi": "10.1/2",
        "url": "http://x.example/1",
    }


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_the_first_reference_is_there_with_and_without_a_byte_order_mark(tmp_path, encoding):
    path = write(tmp_path, FIRST + "\n" + FIRST.replace("12", "13"), encoding)
    assert [document.id for document in read_documents(path)] == ["12", "13"]


def test_a_reference_without_an_end_does_not_take_the_next_one_along(tmp_path):
    path = write(tmp_path, FIRST.replace("ER  - \n", "") + FIRST.replace("12", "13"))
    options = ReadOptions()
    assert [row.fields["id"] for row in read_ris(path, options)] == ["12", "13"]
    assert options.notes == [f"{path}: references without an end (ER): 1, all were read"]
    assert count_ris(path) == 2


def test_one_blank_or_a_tab_before_the_hyphen_will_do(tmp_path):
    path = write(tmp_path, FIRST.replace("  - ", " - ").replace("ER - ", "ER\t-"))
    (row,) = read_ris(path)
    assert row.fields["title"] == "On chess and other games"


def test_what_is_outside_of_a_reference_is_told_with_its_line(tmp_path):
    path = write(tmp_path, FIRST + "Exported on Monday\n" + FIRST)
    _, bad, _ = read_ris(path)
    assert isinstance(bad, BadLine)
    assert "line 17: outside of a reference: TY must come first" in str(bad)


def test_keywords_are_gold_tags(tmp_path):
    (document,) = read_documents(write(tmp_path, FIRST))
    gold = FieldGold("keywords", [Label("1", "chess"), Label("2", "board games")])
    assert gold.tags(0, document) == {"1", "2"}


def test_html_of_databases_is_read_as_html(tmp_path):
    path = tmp_path / "a.ris"
    path.write_text("TY  - JOUR\nTI  - CO<sub>2</sub> &amp; air\nAB  - <p>One</p>\nER  - \n")
    (row,) = read_ris(path)
    assert (row.fields["title"], row.fields["text"]) == ("CO2 & air", "One")


def test_each_line_after_a_keyword_is_a_keyword(tmp_path):
    text = "TY  - JOUR\nTI  - T\nKW  - Chess\nGame theory\nHumans\nER  - \n"
    (row,) = read_ris(write(tmp_path, text))
    assert row.fields["keywords"] == ["Chess", "Game theory", "Humans"]


@pytest.mark.parametrize(
    ("tags", "title"),
    [
        ("BT  - Book\nT2  - Series\n", "Book"),
        ("BT  - Book\nCT  - Chapter\n", "Chapter"),
        ("T2  - Book\nTI  - Chapter\n", "Chapter"),
        ("T2  - Proceedings\n", "Proceedings"),
    ],
)
def test_the_only_title_of_a_reference_is_its_title(tmp_path, tags, title):
    (row,) = read_ris(write(tmp_path, f"TY  - CHAP\n{tags}ER  - \n"))
    assert row.fields == {"title": title}


def test_the_blank_after_the_hyphen_may_be_missing(tmp_path):
    path = write(tmp_path, "TY  -JOUR\nTI  -Chess\nAB  -A text with\nAI -based methods\nER  -\n")
    (row,) = read_ris(path)
    assert row.fields == {"title": "Chess", "text": "A text with AI -based methods"}
    assert count_ris(path) == 1


def test_a_line_of_an_abstract_is_no_tag_in_a_reference_of_the_standard(tmp_path):
    abstract = "AB  - Results of\nCT - guided biopsy\nER - positive tumours\n"
    text = FIRST.replace("AB  - One abstract.\n", abstract)
    (row,) = read_ris(write(tmp_path, text))
    assert row.fields["text"].startswith("Results of CT - guided biopsy ER - positive tumours\n")
    assert row.fields["title"] == "On chess and other games"


@pytest.mark.parametrize("title", ["TI  - Chess", "TI - Chess"])
def test_a_reference_may_begin_as_the_standard_has_it_and_go_on_otherwise(tmp_path, title):
    tags = "AU - Smith, J.\nAB  - Old\nKW - games\nER -\n"
    (row,) = read_ris(write(tmp_path, f"TY  - JOUR\n{title}\n{tags}"))
    assert row.fields == {
        "title": "Chess",
        "text": "Old",
        "authors": ["Smith, J."],
        "keywords": ["games"],
    }
