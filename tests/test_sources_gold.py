import gzip

import pytest

from lmtx_search.errors import UserError
from lmtx_search.sources import read_gold


def test_label_ids_are_gathered_by_document(tmp_path):
    path = tmp_path / "gold.tsv.gz"
    path.write_bytes(gzip.compress(b"a\tx y\nb\tz\n\na\tq\n"))
    assert read_gold(path) == {"a": {"x y", "q"}, "b": {"z"}}


@pytest.mark.parametrize("line", ["a", "a\t", "\tb", "a\tb\tc"])
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
    with pytest.raises(UserError, match="cannot read"):
        read_gold(tmp_path)
