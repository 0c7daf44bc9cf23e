import gzip

import pytest

from lmtx_search.errors import UserError
from lmtx_search.records import Document, Label
from lmtx_search.sources import FieldGold, open_gold, read_gold


def test_label_ids_are_gathered_by_document(tmp_path):
    path = tmp_path / "gold.tsv.gz"
    path.write_bytes(gzip.compress(b"a\tx y\nb\tz\n\na\tq\n"))
    assert read_gold(path) == {"a": {"x y", "q"}, "b": {"z"}}


@pytest.mark.parametrize("line", ["a", "a\t", "a\t  ", "\tb", " \tb", "a\tb\tc"])
def test_a_line_that_is_not_two_ids_is_told_with_its_number(tmp_path, line):
    path = tmp_path / "gold.tsv"
    path.write_text(f"a\tb\n{line}\n")
    with pytest.raises(UserError, match="line 2"):
        read_gold(path)


def test_a_byte_order_mark_is_no_part_of_the_first_id(tmp_path):
    path = tmp_path / "gold.tsv"
    path.write_bytes(b"\xef\xbb\xbfa\tx\n")
    assert read_gold(path) == {"a": {"x"}}


def test_a_folder_is_no_gold_file(tmp_path):
    with pytest.raises(UserError, match="is a folder"):
        read_gold(tmp_path)


def test_an_empty_file_is_no_gold(tmp_path):
    path = tmp_path / "gold.tsv"
    path.write_text("\n")
    with pytest.raises(UserError, match="gold file is empty"):
        open_gold(path)


LABELS = [Label("1", "Chess"), Label("2", "Music"), Label("3", "Twice"), Label("4", "Twice")]


@pytest.mark.parametrize(
    ("value", "tags"),
    [
        (["1", "2"], {"1", "2"}),
        ([1], {"1"}),
        (["Music", " 1 "], {"2", "1"}),
        ("Chess|2", {"1", "2"}),
        (2, {"2"}),
        (["Twice", "other"], {"Twice", "other"}),
        ([], set()),
        ("", set()),
        (None, None),
    ],
)
def test_a_field_holds_ids_or_texts_of_labels(value, tags):
    assert FieldGold("tags", LABELS).tags(0, Document("a", "A", {"tags": value})) == tags


@pytest.mark.parametrize("value", [{"x": 1}, [["1"]], [None], 1.5, True])
def test_a_field_of_another_kind_is_told_with_its_document(value):
    with pytest.raises(UserError, match="document a: field tags: a list of labels is expected"):
        FieldGold("tags", LABELS).tags(0, Document("a", "A", {"tags": value}))


def test_a_field_that_no_document_has_is_refused():
    with pytest.raises(UserError, match="not one of the 7 documents has a field tags"):
        FieldGold("tags", LABELS).unused(7, set())


def test_blanks_around_a_label_do_not_count_as_in_files_of_labels(tmp_path):
    path = tmp_path / "gold.tsv"
    path.write_text("a\t go \n")
    assert read_gold(path) == {"a": {"go"}}
