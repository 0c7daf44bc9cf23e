import gzip

import pytest

from lmtx_search.errors import UserError
from lmtx_search.sources import open_gold
from lmtx_search.sources.xmc import is_xmc, read_xmc

FILE = "4 5 3\n0,2 0:0.5 4:1\n 1:2.5\n1 0:1\n2\n"


@pytest.mark.parametrize("name", ["tst.txt", "tst.txt.gz"])
def test_labels_are_read_and_features_are_not(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(gzip.compress(FILE.encode()) if name.endswith("gz") else FILE.encode())
    assert is_xmc(path)
    found = read_xmc(path)
    assert found.labels == 3
    assert list(map(tuple, found.rows)) == [(0, 2), (), (1,), (2,)]


def test_documents_without_labels_or_features_are_rows_too(tmp_path):
    path = tmp_path / "tst.txt"
    path.write_text("3 5 3\n\n1:2 3:4\n1\n\n")
    assert list(map(tuple, read_xmc(path).rows)) == [(), (), (1,)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2 5 3\n0\n", "ends after 1 of 2 documents"),
        ("1 5 3\n0\n1\n", "line 3: its header says 1 documents"),
        ("1 5 3\n3 0:1\n", "line 2: there is no label 3 of 3"),
        ("1 5 3\n-1\n", "line 2: there is no label -1"),
        ("1 5 3\na,b 0:1\n", "line 2: labels must be row numbers"),
        ("1 5\n0\n", "line 1: documents, features and labels"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path, text, message):
    path = tmp_path / "tst.txt"
    path.write_text(text)
    with pytest.raises(UserError, match=message):
        read_xmc(path)


def test_row_numbers_are_ids_where_no_labels_file_is_given(tmp_path):
    path = tmp_path / "tst.txt"
    path.write_text(FILE)
    assert list(open_gold(path).label_sets()) == [{"0", "2"}, set(), {"1"}, {"2"}]
    assert next(iter(open_gold(path, ["a", "b", "c"]).label_sets())) == {"a", "c"}


def test_a_labels_file_of_another_length_is_refused(tmp_path):
    path = tmp_path / "tst.txt"
    path.write_text(FILE)
    with pytest.raises(UserError, match="about 3 labels, but the labels file has 2"):
        open_gold(path, ["a", "b"])


def test_two_ids_with_a_tab_are_no_header(tmp_path):
    path = tmp_path / "gold.tsv"
    path.write_text("4 5\t3\n")
    assert not is_xmc(path)
