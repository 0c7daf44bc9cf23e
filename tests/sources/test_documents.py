import bz2
import gzip
import io
import json
import lzma
import sys
import tracemalloc
from pathlib import Path

import pytest

from lmtx_search.errors import UserError
from lmtx_search.records import BadLine, Document
from lmtx_search.sources import DocumentFile, read_documents
from lmtx_search.sources.document_check import check_documents


def write(folder: Path, text: str | bytes, name: str = "docs.jsonl") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def one(folder: Path, text: str | bytes, name: str = "docs.jsonl", **options):
    (found,) = read_documents(write(folder, text, name), **options)
    return found


def test_a_document_keeps_all_its_fields(tmp_path):
    found = one(tmp_path, '{"id": 7, "title": "T", "text": " body ", "n": {"x": [1]}}')
    source = {"id": 7, "title": "T", "text": " body ", "n": {"x": [1]}}
    assert found == Document("7", "T\nbody", source)


def test_text_comes_from_the_given_fields_in_order(tmp_path):
    line = '{"key": "a", "meta": {"subject": "S"}, "lines": ["x", "y"], "title": "no"}'
    found = one(tmp_path, line, id_field="key", text_fields=("meta.subject", "lines", "absent"))
    assert (found.id, found.text) == ("a", "S\nx y")


def test_a_document_without_an_id_gets_one_from_its_content(tmp_path):
    first = one(tmp_path, '{"text": "a", "n": 1}')
    same = one(tmp_path, '{"n": 1, "text": "a"}')
    other = one(tmp_path, '{"n": 2, "text": "a"}')
    assert first.id == same.id != other.id


def test_the_field_of_the_id_may_be_a_path(tmp_path):
    found = one(tmp_path, '{"meta": {"id": 7}, "text": "x"}', id_field="meta.id")
    assert (found.id, found.source) == ("7", {"meta": {"id": 7}, "text": "x"})


def test_documents_without_an_id_are_counted(tmp_path):
    lines = '{"id": "a"}\n{"ID": "b", "text": "x"}\n{"_id": "c"}\n{"id": null}\n'
    jsonl = DocumentFile(write(tmp_path, lines))
    table = DocumentFile(write(tmp_path, "id,text\na,x\n,y\n", "a.csv"))
    assert (len(list(jsonl)), len(list(table))) == (4, 2)
    assert jsonl.last_read.notes == [
        f"{jsonl.path}: documents with nothing in the field id (documents.id_field): 2; their ids "
        "are hashes of their content. The first, on line 2, has the fields ID, text: set "
        "documents.id_field to ID if it holds the id"
    ]
    (note,) = table.last_read.notes
    assert "(documents.id_field): 1; their ids are hashes" in note


def test_an_empty_document_is_a_document(tmp_path):
    assert one(tmp_path, '{"id": "a"}') == Document("a", "", {"id": "a"})


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"not json", "not JSON: Expecting value at column 1"),
        (b'{"id": "a"', "not JSON"),
        (b"[1]", "not a JSON object"),
        (b'{"id": "a", "n": NaN}', "NaN is not a JSON number"),
        (b'{"id": "a", "n": 1e999}', "cannot represent"),
        (b'{"id": "\xff"}', "not UTF-8"),
        (b'{"id": [1]}', "field id"),
        (b'{"id": "' + b"x" * 513 + b'"}', "512 bytes"),
        (b'{"a":' * 100_000, "nested too deeply"),
    ],
)
def test_what_is_no_document_comes_out_with_file_line_and_reason(tmp_path, line, reason):
    path = write(tmp_path, b'{"id": "ok"}\n' + line + b'\n{"id": "ok2"}\n')
    good, bad, after = read_documents(path)
    assert isinstance(bad, BadLine)
    assert (bad.file, bad.line) == (str(path), 2)
    assert reason in bad.reason
    assert [good.id, after.id] == ["ok", "ok2"]


def test_a_refused_record_is_kept_as_it_was_read(tmp_path):
    record = {"id": 7.5, "body": "x" * 2500, "vip": False, "closed": None, "meta": {"a": [1, 2]}}
    (bad,) = read_documents(write(tmp_path, json.dumps(record).encode()))
    assert json.loads(bad.raw) == record


def test_a_malformed_line_is_kept_whole(tmp_path):
    line = '{"id": "a", "body": "' + "x" * 200_000
    (bad,) = read_documents(write(tmp_path, line.encode()))
    assert bad.raw == line


def test_blank_lines_and_a_byte_order_mark_are_passed_over(tmp_path):
    path = write(tmp_path, b'\xef\xbb\xbf{"id": "a"}\r\n\r\n  \n{"id": "b"}')
    assert [item.id for item in read_documents(path)] == ["a", "b"]


def test_a_csv_row_may_hold_line_breaks_and_megabytes(tmp_path):
    big = "x" * 5_000_000
    path = write(tmp_path, f'id,text\na,"two\nlines"\nb,{big}\n', "docs.csv")
    first, second = read_documents(path)
    assert first.text == "two\nlines"
    assert second.text == big


def test_a_csv_row_that_does_not_fit_the_header_is_bad(tmp_path):
    path = write(tmp_path, b"id,text\na,b,c\nd\ne,\xff\nf,g\n", "docs.csv")
    *bad, good = read_documents(path)
    assert [(item.line, item.reason) for item in bad] == [
        (2, "3 values, but the header has 2"),
        (3, "1 values, but the header has 2"),
        (4, "not UTF-8"),
    ]
    assert good.id == "f"


@pytest.mark.parametrize("header", ["", ",,\n", "\n", '"id\n', "id,id\n"])
def test_a_csv_file_needs_a_header(tmp_path, header):
    with pytest.raises(UserError, match="header"):
        list(read_documents(write(tmp_path, header, "docs.csv")))


def test_standard_input_is_read_as_jsonl(monkeypatch):
    stdin = io.TextIOWrapper(io.BytesIO(b'{"id": "a"}\n'))
    monkeypatch.setattr(sys, "stdin", stdin)
    assert [item.id for item in read_documents(Path("-"))] == ["a"]


def test_lines_are_counted_also_without_a_last_line_break(tmp_path):
    assert DocumentFile(write(tmp_path, "a\nb")).count() == 2
    assert DocumentFile(write(tmp_path, gzip.compress(b"a\nb\n"), "d.jsonl.gz")).count() == 2


def test_the_lines_of_a_list_are_no_records(tmp_path):
    assert DocumentFile(write(tmp_path, json.dumps([{"id": "a"}], indent=1))).count() is None


def test_a_file_that_is_not_there_or_a_folder_is_one_clear_line(tmp_path):
    with pytest.raises(UserError, match="no such file"):
        list(read_documents(tmp_path / "no.jsonl"))
    (tmp_path / "folder.jsonl").mkdir()
    with pytest.raises(UserError, match="holds no"):
        list(read_documents(tmp_path / "folder.jsonl"))


def test_strict_names_the_first_bad_line_and_counts_the_rest(tmp_path):
    path = write(tmp_path, '{"id": "a"}\nx\n{"id": "b"}\ny\n')
    with pytest.raises(UserError, match=r"line 2: not JSON.*1 more bad lines.*nothing was indexed"):
        check_documents(DocumentFile(path), strict=True)


@pytest.mark.parametrize("indent", [None, 1])
def test_a_list_of_objects_is_read_as_a_whole(tmp_path, indent):
    records = [{"id": 1, "text": "a"}, 5, {"id": 2, "text": "b"}]
    first, bad, last = read_documents(write(tmp_path, json.dumps(records, indent=indent)))
    assert (first.id, last.text) == ("1", "b")
    assert (bad.line, bad.reason) == (2, "not a JSON object")


def test_lines_that_are_lists_are_bad_lines(tmp_path):
    first, second = read_documents(write(tmp_path, "[1]\n[2]\n"))
    assert (first.line, second.line) == (1, 2)
    assert "one object per line" in second.reason


@pytest.mark.parametrize("first", ["[INFO] start", '["id", "title"]', "[1994]"])
def test_a_line_that_only_begins_as_a_list_is_a_bad_line_and_lines_go_on(monkeypatch, first):
    class Counted(io.BytesIO):
        lines = 0

        def __next__(self):
            self.lines += 1
            return super().__next__()

    stream = Counted(f'{first}\n{{"id": "a"}}\n[2]\n'.encode())
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(stream))
    found = read_documents(Path("-"))
    bad, document = next(found), next(found)
    assert (bad.line, bad.raw, document.id) == (1, first, "a")
    assert stream.lines == 2
    assert next(found).line == 3


def test_an_error_in_a_list_is_one_bad_line_with_its_place(tmp_path):
    records = [{"id": str(number)} for number in range(3)]
    broken = json.dumps(records, indent=1).replace('"id": "1"', '"id" "1"')
    (bad,) = read_documents(write(tmp_path, broken))
    assert (bad.line, bad.raw) == (6, '  "id" "1"')
    assert bad.reason == (
        "not JSON: Expecting ':' delimiter at column 8; nothing of the list that begins on line 1 "
        "is read"
    )
    (bad,) = read_documents(write(tmp_path, b'[\n{"id": "\xff"}\n]'))
    assert (bad.line, bad.reason.split(";")[0]) == (2, "not UTF-8 (byte 9)")


@pytest.mark.parametrize("indent", [None, 1])
def test_a_number_that_json_does_not_have_spoils_only_its_own_record(tmp_path, indent):
    records = [{"id": "a", "x": 1, "text": "NaN"}, {"id": "b", "x": float("nan")}, {"id": "c"}]
    first, bad, last = read_documents(write(tmp_path, json.dumps(records, indent=indent)))
    assert (first.id, last.id) == ("a", "c")
    assert bad.reason == "record 2 of the list has NaN or Infinity, which is not JSON"
    assert bad.line == (9 if indent else 1)
    assert bad.raw == '{"id": "b", "x": NaN}'


def test_a_number_that_is_not_kept_does_not_move_the_line_of_the_next(tmp_path):
    text = '[\n{"id": "a", "x": NaN, "x": 1},\n{"id": "b", "x": NaN}\n]'
    fine, bad = read_documents(write(tmp_path, text))
    assert (fine.id, bad.line) == ("a", 3)


def test_a_list_on_one_line_may_be_followed_by_lines(tmp_path):
    first, second = read_documents(write(tmp_path, '[{"id": "a"}]\n{"id": "b"}\n'))
    assert (first.id, second.id) == ("a", "b")


@pytest.mark.parametrize("rest", ["", '{"id": "a"}\n'])
def test_a_first_line_that_is_only_begun_is_a_bad_line(tmp_path, rest):
    bad, *fine = read_documents(write(tmp_path, "{\n" + rest))
    assert (bad.line, bad.raw) == (1, "{")
    assert [one.id for one in fine] == ["a"] * bool(rest)


def test_gzip_is_known_by_its_content(tmp_path):
    assert one(tmp_path, gzip.compress(b"id,text\n1,a\n"), "d.csv").id == "1"


def test_an_archive_under_another_name_is_refused(tmp_path):
    for data in (b"PK\x03\x04rest", bz2.compress(b"id,text\n"), lzma.compress(b"id,text\n")):
        with pytest.raises(UserError, match="unpack it first"):
            list(read_documents(write(tmp_path, data, "d.csv")))


@pytest.mark.parametrize("name", ["d.eml.gz", "d.html.gz", "d.xlsx.gz"])
def test_files_that_are_not_read_packed_are_refused(tmp_path, name):
    with pytest.raises(UserError, match=r"are not read from \.gz: unpack it first"):
        DocumentFile(write(tmp_path, gzip.compress(b"x"), name))


def test_an_object_over_several_lines_is_refused_once(tmp_path):
    path = write(tmp_path, json.dumps({"id": 1, "text": "a"}, indent=1))
    with pytest.raises(UserError, match="line 1: an object over several lines"):
        check_documents(DocumentFile(path))


def test_columns_of_a_table_may_differ_in_case(tmp_path):
    file = DocumentFile(write(tmp_path, "ID,Title,TEXT,Text\n1,T,a,b\n", "d.csv"))
    (note,) = check_documents(file)
    assert note.endswith("columns are read as fields of the settings: ID → id, Title → title")
    (document,) = file
    assert document.source == {"id": "1", "title": "T", "TEXT": "a", "Text": "b"}
    assert file.last_read.notes == [note]


def test_a_column_beside_the_id_of_an_export_is_not_the_id(tmp_path):
    document = one(tmp_path, "_id,Id,title\n1,A,T\n", "d.csv")
    assert (document.id, document.source) == ("1", {"Id": "A", "title": "T"})


def test_messages_have_the_columns_of_the_file(tmp_path):
    file = DocumentFile(write(tmp_path, 'Title,"a\nb"\nT,x\n', "d.csv"))
    assert any("The columns are Title, a b" in note for note in check_documents(file))


def test_records_that_differ_only_in_what_is_not_read_are_two_documents(tmp_path):
    reference = "TY  - JOUR\nTI  - Editorial\nT2  - {}\nER  - \n"
    text = reference.format("Chess") + reference.format("Go") + reference.format("Go")
    first, second, again = read_documents(write(tmp_path, text, "d.ris"))
    assert first.id != second.id
    assert second.id == again.id
    assert not again.repeats


def test_what_the_beginning_shows_is_told_before_the_load(tmp_path):
    table = "id,text,dc.date,dc.date.issued\n1,Gr\xfc\xdfe,,\n".encode("cp1252")
    file = DocumentFile(write(tmp_path, table, "d.csv"))
    encoding, renamed = check_documents(file)
    assert "is read as cp1252" in encoding
    assert "dc.date.issued → dc.date_issued" in renamed
    assert check_documents(file, strict=True) == [encoding, renamed]


def test_reading_takes_no_more_memory_for_a_longer_file(tmp_path):
    line = json.dumps({"id": "a", "text": "x" * 1000}) + "\n"
    path = write(tmp_path, line * 20_000)
    tracemalloc.start()
    assert sum(1 for _ in read_documents(path)) == 20_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000


@pytest.mark.parametrize("end", ["\n", "\r\n", ""])
def test_a_line_that_stops_too_early_is_told_with_the_column_of_its_end(tmp_path, end):
    (bad,) = read_documents(write(tmp_path, '{"id": "a"' + end))
    assert bad.reason == "not JSON: Expecting ',' delimiter at column 11"
