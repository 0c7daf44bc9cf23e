"""The encodings of text files, and texts in them."""

import io

import pytest

from lmtx_search.errors import UserError
from lmtx_search.sources import read_documents
from lmtx_search.sources.text_encoding import text_encoding

TEXT = "id,text\n1,\u5c06\u68cb \uff76\uff85\n"


@pytest.mark.parametrize(
    ("encoding", "codec"),
    [
        ("iso-2022-jp-ext", "iso-2022-jp-ext"),
        ("utf-32", "utf-32"),
        ("utf-32-le", "utf-32-le"),
        ("utf-32-be", "utf-32-be"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-8", "utf-8-sig"),
    ],
)
def test_csv_and_texts_are_read_in_their_encoding(tmp_path, encoding, codec):
    data = TEXT.encode(encoding)
    assert text_encoding(io.BytesIO(data)) == codec
    (tmp_path / "a.csv").write_bytes(data)
    (document,) = read_documents(tmp_path / "a.csv")
    assert document.text == TEXT[10:-1]
    if codec in ("utf-32", "utf-16", "iso-2022-jp-ext"):
        (tmp_path / "a.txt").write_bytes(data)
        (document,) = read_documents(tmp_path)
        assert document.source["text"] == TEXT


def test_colours_of_a_terminal_are_not_japanese():
    assert text_encoding(io.BytesIO(b"id,text\n1,\x1b[31mred\x1b(B\n")) == "utf-8-sig"


def test_damaged_japanese_is_refused_in_one_line(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"id,text\n" + "1,\u5c06".encode("iso-2022-jp").replace(b"\x1b(B", b"!\n"))
    with pytest.raises(UserError, match="ISO-2022-JP") as raised:
        list(read_documents(path))
    assert "\n" not in str(raised.value)
