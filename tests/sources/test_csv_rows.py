import tracemalloc
from pathlib import Path

import pytest

from lmtx_search.errors import UserError
from lmtx_search.records import BadLine
from lmtx_search.sources import DocumentFile, read_labels
from lmtx_search.sources.labels import LabelFile, check_labels
from lmtx_search.sources.rows import read_rows


def read(folder: Path, content: str | bytes, notes: list[str] | None = None) -> list:
    """Return the fields of each row, and each bad line."""
    path = folder / "a.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return [row if isinstance(row, BadLine) else row.fields for row in read_rows(path, notes=notes)]


def test_an_open_quote_costs_only_the_row_that_it_is_in(tmp_path):
    rows = [f"{number},Book {number},gardens" for number in range(1, 1001)]
    rows[2] = '3,"Book 3,gardens'
    found = read(tmp_path, "\n".join(["id,title,text", *rows]))
    (bad,) = (row for row in found if isinstance(row, BadLine))
    assert (bad.line, bad.reason, bad.raw) == (4, "a quote is not closed", '3,"Book 3,gardens')
    ids = [row["id"] for row in found if not isinstance(row, BadLine)]
    assert ids == [str(number) for number in range(1, 1001) if number != 3]


@pytest.mark.parametrize(
    "later",
    [
        '9,"Book, nine",gardens',
        '"9","Book 9","gardens"',
        '9,"",gardens',
        '9,Book 5",gardens',
        '9,"two\nlines",gardens',
    ],
)
def test_a_later_quote_does_not_close_an_open_one(tmp_path, later):
    found = read(tmp_path, f'id,title,text\n3,"Book 3,a\n4,Book 4,b\n{later}\n10,Book 10,c\n')
    bad, *rows = found
    assert (bad.line, bad.raw) == (2, '3,"Book 3,a')
    assert [row["id"] for row in rows] == ["4", "9", "10"]


@pytest.mark.parametrize(
    ("header", "opened", "between", "closing"),
    [
        ("title,maker,text", '"Gardens,Ann,hedges', "Chess,Bob,moves", 'Screen 27",Cy,wide'),
        ("title,maker,text", 'Gardens,"Ann,hedges', "Chess,Bob,moves", 'Screen,27",wide'),
        ("title,maker,text", 'Gardens,Ann,"hedges', "Chess,Bob,moves", 'Screen,Cy,27"'),
        ("title,text", '"Gardens,hedges', "Chess,moves", 'Screen 27",wide'),
        ("title;maker;text", '"Gardens; big";"Ann;x', "Chess, old;Bob;y", 'Screen;27";wide'),
    ],
)
def test_an_open_quote_is_found_where_the_first_column_holds_words(
    tmp_path, header, opened, between, closing
):
    found = read(tmp_path, "\n".join([header, opened, between, closing, between]) + "\n")
    bad, *rows = found
    assert (bad.line, bad.reason, bad.raw) == (2, "a quote is not closed", opened)
    delimiter = header[5]
    expected = (line.split(delimiter) for line in (between, closing, between))
    assert [list(row.values()) for row in rows] == list(expected)


@pytest.mark.parametrize(
    "content",
    [
        'title,text\nLetter,"Dear Sir\nthanks, for all\nyours, Bob"\n',
        'title,maker,text\nTable,Ann,"a,b,c\nd,e,f\ng,h,i"\n',
        'title,text,maker\nAddress,"Ann\nHigh Street, 5\nOslo",Bob\n',
        'title,text\nHours,"Opening hours\nMonday,9 to 5\nTuesday,9 to 5"\n',
    ],
)
def test_a_cell_of_several_lines_with_delimiters_stays_one_cell(tmp_path, content):
    (row,) = read(tmp_path, content)
    assert row["text"].count("\n") == 2


def test_a_cell_whose_lines_could_all_be_rows_is_told(tmp_path):
    notes: list[str] = []
    (row,) = read(tmp_path, 'title,text\nHours,"Open\nMonday,9\nTuesday,9"\n', notes)
    assert row["text"] == "Open\nMonday,9\nTuesday,9"
    (note,) = notes
    assert note.startswith("Each line of the row at line 2 could be a row of its own")


def test_a_header_that_comes_again_is_no_row(tmp_path):
    notes: list[str] = []
    rows = read(tmp_path, "id,title\n1,a\nid,title\n2,b\n", notes)
    assert [row["id"] for row in rows] == ["1", "2"]
    (note,) = notes
    assert note.endswith("rows that repeat the header are skipped: 1")


def test_files_with_byte_order_marks_may_be_joined(tmp_path):
    notes: list[str] = []
    joined = '\ufeff"id","title"\n1,a\n\ufeff"id","title"\n2,b\n\ufeff3,c\n'
    rows = read(tmp_path, joined, notes)
    assert [row["id"] for row in rows] == ["1", "2", "3"]
    assert len(notes) == 1


def test_each_row_with_an_open_quote_is_named(tmp_path):
    found = read(tmp_path, 'id,title\n1,"a\n2,"b\n3,c\n4,"d"x\n')
    assert [(row.line, row.raw) for row in found if isinstance(row, BadLine)] == [
        (2, '1,"a'),
        (3, '2,"b'),
        (5, '4,"d"x'),
    ]
    assert found[2] == {"id": "3", "title": "c"}


def test_a_row_of_several_lines_is_at_its_first_line(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('id,text\n1,"a\nb"\n2,c\n3,"d\ne",f,g\n')
    first, second, bad = read_rows(path)
    assert (first.line, second.line, bad.line) == (2, 4, 5)
    assert bad.raw == '3,"d\ne",f,g'
    assert bad.reason == "4 values, but the header has 2"


def test_an_open_quote_in_a_large_file_takes_a_bounded_memory(tmp_path, monkeypatch):
    monkeypatch.setattr("lmtx_search.sources.csv_rows._LONGEST_ROW", 100_000)
    path = tmp_path / "a.csv"
    path.write_text('id,text\n0,"open\n' + "".join(f"{n},{'x' * 100}\n" for n in range(20_000)))
    tracemalloc.start()
    count = sum(not isinstance(row, BadLine) for row in read_rows(path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 20_000
    assert peak < 5_000_000


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ('id;"Title, main";"Maker, role, date";text', "1;A;B;c"),
        ("sep=;\nid;Title, main;Maker, role, date;text", "1;A;B;c"),
        ('"sep=|"\nid|Title, main|Maker, role, date|text', "1|A|B|c"),
        ('id\t"Title, main"\t"Maker, role, date"\ttext', "1\tA\tB\tc"),
    ],
)
def test_the_delimiter_is_that_of_the_header_outside_of_quotes(tmp_path, header, row):
    (fields,) = read(tmp_path, f"{header}\n{row}\n")
    assert fields == {"id": "1", "Title, main": "A", "Maker, role, date": "B", "text": "c"}


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"]
)
def test_files_of_windows_programs_are_read(tmp_path, encoding):
    content = "id,größe\r\n1,Änderung\r\n"
    notes: list[str] = []
    assert read(tmp_path, content.encode(encoding), notes) == [{"id": "1", "größe": "Änderung"}]
    assert len(notes) == (encoding == "cp1252")


def test_a_utf_8_file_with_one_wrong_row_stays_utf_8(tmp_path):
    good, bad = read(tmp_path, "id,text\n1,Änderung\n".encode() + b"2,caf\xe9\n")
    assert good["text"] == "Änderung"
    assert (bad.line, bad.reason, bad.raw) == (3, "not UTF-8", "2,caf\ufffd")


def test_a_wide_file_that_is_cut_off_is_one_clear_line(tmp_path):
    with pytest.raises(UserError, match="is cut off: UTF-16"):
        read(tmp_path, "id,text\n1,a\n".encode("utf-16")[:-1])


def test_columns_of_the_same_name_give_a_list(tmp_path):
    rows = read(tmp_path, "id,Labels,Labels,Comment,Comment\n1,a,b,,x\n2,,,,\n")
    assert rows == [
        {"id": "1", "Labels": ["a", "b"], "Comment": ["x"]},
        {"id": "2", "Labels": [], "Comment": []},
    ]


def test_delimiters_at_the_end_of_a_line_are_no_values(tmp_path):
    assert read(tmp_path, "id,text,,\n1,a,,\n2,b\n,,,\n") == [
        {"id": "1", "text": "a"},
        {"id": "2", "text": "b"},
    ]
    assert read(tmp_path, "id,text\n1,a,,\n") == [{"id": "1", "text": "a"}]


def test_values_below_no_name_are_kept_and_told(tmp_path):
    notes: list[str] = []
    rows = read(tmp_path, ",id,text\n0,a,b\n1,c,d\n", notes)
    assert rows[0] == {"column_1": "0", "id": "a", "text": "b"}
    assert notes == ["Columns without a name in the header get names such as column_1"]


def test_names_that_an_index_refuses_are_changed_and_told(tmp_path):
    notes: list[str] = []
    header = "id,dc.date,dc.date.issued[],dc.date.issued[].x,dc.subject[en],Nr.,a..b"
    (row,) = read(tmp_path, f"{header}\n1,2,3,4,5,6,7\n", notes)
    assert list(row) == [
        "id",
        "dc.date",
        "dc.date_issued[]",
        "dc.date_issued[]_x",
        "dc.subject[en]",
        "Nr",
        "a.b",
    ]
    (note,) = notes
    assert "dc.date.issued[] → dc.date_issued[]" in note
    assert "Nr. → Nr" in note


def test_labels_in_such_files_are_read_too(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_bytes("sep=;\nid;text;synonyms;synonyms;\n1;Größe;a;b;\n".encode("utf-16"))
    (label,) = read_labels(path)
    assert (label.text, label.synonyms) == ("Größe", ("a", "b"))
    path.write_bytes("id,text\n1,Größe\n".encode("cp1252"))
    (note,) = check_labels(LabelFile(path))
    assert "read as cp1252" in note
    path.write_text('id,text\n1,"chess\n2,go\n')
    with pytest.raises(UserError, match="line 2: a quote is not closed"):
        list(read_labels(path))
    assert DocumentFile(path).count() == 3


def test_a_list_in_a_cell_whose_numbers_begin_anew_is_no_row(tmp_path):
    text = 'id,title,text\n1,Printer,Jams\n2,VPN,Fails\n7,Order,"Please send:\n1,Pen,2\n2,Ink,5"\n'
    path = tmp_path / "a.csv"
    path.write_text(text + "8,Mail,Lost\n")
    file = DocumentFile(path)
    assert [document.id for document in file] == ["1", "2", "7", "8"]
    assert "Each line of the row at line 4 could be a row of its own" in file.last_read.notes[0]
