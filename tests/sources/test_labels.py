import gzip
from pathlib import Path

import pytest

from lmtx_search.errors import LmtxError, UserError
from lmtx_search.records import Label, content_digest
from lmtx_search.sources import LabelFile, read_labels
from lmtx_search.sources.labels import check_labels


def write(folder: Path, text: str | bytes, name: str = "labels.jsonl") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_labels_are_read_in_the_order_of_the_file(tmp_path):
    path = write(tmp_path, '{"id": "b", "text": "two", "description": "d"}\n{"id": 1, "text": "x"}')
    assert list(read_labels(path)) == [Label("b", "two", "d"), Label("1", "x")]


def test_synonyms_are_a_list_in_jsonl_and_separated_by_bars_in_csv(tmp_path):
    jsonl = write(tmp_path, '{"id": "a", "text": "car", "synonyms": ["auto", " ", "motor"]}')
    table = write(tmp_path, "id,text,synonyms\na,car,auto | motor\n", "labels.csv")
    assert list(read_labels(jsonl)) == list(read_labels(table))
    assert next(iter(read_labels(table))).synonyms == ("auto", "motor")


def test_several_columns_of_synonyms_are_read_as_one(tmp_path):
    table = write(tmp_path, "id,text,synonyms,synonyms\na,car,auto|motor,vehicle\n", "labels.csv")
    (label,) = read_labels(table)
    assert label.synonyms == ("auto", "motor", "vehicle")


def test_a_column_that_another_one_stands_for_is_named(tmp_path):
    labels = LabelFile(write(tmp_path, "ID,Text,text\na,CAR,car\n", "labels.csv"))
    assert [label.text for label in labels] == ["car"]
    (note,) = labels.notes
    assert note.startswith("Columns that are not read: Text (")


def test_a_gzip_file_is_read(tmp_path):
    path = write(tmp_path, gzip.compress(b'{"id": "a", "text": "x"}\n'), "labels.jsonl.gz")
    assert [label.id for label in read_labels(path)] == ["a"]


def test_a_damaged_gzip_file_is_one_clear_line(tmp_path):
    path = write(
        tmp_path, gzip.compress(b'{"id": "a", "text": "x"}\n' * 99)[:-9], "labels.jsonl.gz"
    )
    with pytest.raises(LmtxError, match="damaged"):
        list(read_labels(path))


@pytest.mark.parametrize(
    ("line", "field", "problem"),
    [
        ('{"id": "a"}', "text", "missing"),
        ('{"id": "a", "text": "  "}', "text", "needs a text"),
        ('{"id": "a", "text": 3}', "text", "missing"),
        ('{"text": "a"}', "id", "missing"),
        ('{"id": true, "text": "a"}', "id", "missing"),
        ('{"id": "a", "text": "' + "x" * 1025 + '"}', "text", "put explanations into description"),
        ('{"id": "a", "text": "\\ue03echess"}', "text", r"U\+E03E"),
        ('{"id": "a", "text": "che\\ue052ss"}', "text", r"contains U\+E052"),
        ('{"id": "a\\ue052", "text": "chess"}', "id", r"contains U\+E052"),
        ('{"id": "a", "text": "\\ue025chess"}', "text", r"U\+E025"),
        ('{"id": "a", "text": "a", "description": []}', "description", "must be a text"),
        ('{"id": "a", "text": "a", "synonyms": [1]}', "synonyms", "list of texts"),
        ('{"id": "' + "x" * 513 + '", "text": "a"}', "id", "512 bytes"),
    ],
)
def test_a_wrong_field_is_told_with_file_line_and_field(tmp_path, line, field, problem):
    path = write(tmp_path, f'{{"id": "ok", "text": "ok"}}\n{line}\n')
    with pytest.raises(UserError, match=rf"labels\.jsonl, line 2: field {field}: .*{problem}"):
        list(read_labels(path))


def test_an_id_that_comes_twice_is_told_with_both_lines(tmp_path):
    path = write(tmp_path, '{"id": "a", "text": "x"}\n\n{"id": "a", "text": "y"}\n')
    with pytest.raises(UserError, match="line 3: field id: 'a' is also on line 1"):
        list(read_labels(path))


def test_a_malformed_line_is_told_with_file_and_line(tmp_path):
    path = write(tmp_path, '{"id": "a", "text": "x"}\n{"id": \n')
    with pytest.raises(UserError, match=r"labels\.jsonl, line 2: not JSON"):
        list(read_labels(path))


def test_a_file_without_labels_is_refused(tmp_path):
    with pytest.raises(UserError, match="holds no labels"):
        check_labels(LabelFile(write(tmp_path, "\n")))


@pytest.mark.parametrize("name", ["labels.txt", "labels", "labels.parquet.gz"])
def test_an_unknown_ending_is_refused(tmp_path, name):
    with pytest.raises(UserError, match="unknown kind of file"):
        list(read_labels(write(tmp_path, "", name)))


def test_a_label_file_can_be_read_again_and_again(tmp_path):
    labels = LabelFile(write(tmp_path, '{"id": "a", "text": "x"}'))
    assert list(labels) == list(labels)


def test_broader_labels_are_ids(tmp_path):
    jsonl = write(tmp_path, '{"id": "a", "text": "go", "broader": ["b", "c"]}')
    table = write(tmp_path, "id,text,broader\na,go,b|c\n", "labels.csv")
    assert (
        list(read_labels(jsonl))
        == list(read_labels(table))
        == [Label("a", "go", "", (), ("b", "c"))]
    )
    assert check_labels(LabelFile(jsonl)) == [
        "Broader labels that are missing in it: 2, for example b"
    ]


@pytest.mark.parametrize("between", [";", "\t"])
def test_a_spreadsheets_csv_may_have_something_else_between_its_values(tmp_path, between):
    path = write(tmp_path, f'ID{between}Text\n1{between}"a, b"\n', "labels.csv")
    assert list(read_labels(path)) == [Label("1", "a, b")]


@pytest.mark.parametrize(
    ("header", "hint"),
    [("key,name", "id and text are required"), ("uri,label_en", "labels load --format annif")],
)
def test_other_columns_are_told(tmp_path, header, hint):
    path = write(tmp_path, f"{header}\n1,a\n", "labels.csv")
    columns = header.replace(",", ", ")
    with pytest.raises(UserError, match=f"line 1: the columns are {columns}: .*{hint}"):
        list(read_labels(path))


def test_only_what_is_broader_changes_the_digest_of_a_label_that_has_it():
    plain = Label("a", "go", "d", ("s",))
    assert plain.digest == content_digest("go", "d", "s")
    assert Label("a", "go", "d", ("s",), ("b",)).digest != plain.digest


@pytest.mark.parametrize(
    ("name", "text", "note"),
    [
        (
            "l.csv",
            "ID;Text;Synonyme\n1;Schach;Brettspiel\n",
            "that are not read: Synonyme (",
        ),
        ("l.csv", 'id,text,"title\n(de)"\n1,Schach,x\n', "not read: title (de) ("),
        ("l.jsonl", '{"id": "1", "text": "Schach", "parents": ["2"]}\n', "not read: parents ("),
    ],
)
def test_columns_and_fields_that_are_not_read_are_named(tmp_path, name, text, note):
    (tmp_path / name).write_text(text)
    (told,) = check_labels(LabelFile(tmp_path / name))
    assert note in told


def test_a_missing_value_of_a_database_is_empty(tmp_path):
    text = "id,text,description,synonyms,broader\n1,Chess,\\N,\\N,\\N\n"
    (tmp_path / "l.csv").write_text(text)
    assert list(LabelFile(tmp_path / "l.csv")) == [Label("1", "Chess")]


def test_ids_of_broader_labels_may_be_whole_numbers(tmp_path):
    (tmp_path / "l.jsonl").write_text(
        '{"id": 1, "text": "a"}\n{"id": 2, "text": "b", "broader": [1]}'
    )
    assert [label.broader for label in LabelFile(tmp_path / "l.jsonl")] == [(), ("1",)]
