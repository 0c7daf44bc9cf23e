import gzip
import json

import pytest

from lmtx_search.errors import UserError
from lmtx_search.records import Label
from lmtx_search.sources import FieldGold, LabelFile, read_documents
from lmtx_search.sources.labels import check_labels


def write(folder, name, *lines):
    text = "".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines)
    path = folder / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith("gz") else text.encode())
    return path


@pytest.fixture
def data_set(tmp_path):
    write(tmp_path, "lbl.json.gz", {"uid": "B0", "title": "chess", "content": "A game"},
          {"uid": "B1", "title": " ", "content": ""}, {"uid": "B2", "title": "music"})  # fmt: skip
    write(tmp_path, "trn.json.gz",
          {"uid": "A7", "title": "Openings", "content": "of chess", "target_ind": [0, 2],
           "target_rel": [1.0, 1.0]})  # fmt: skip
    return tmp_path


def test_labels_are_known_by_their_row(data_set):
    labels = LabelFile(data_set)
    notes = check_labels(labels)
    assert list(labels) == [Label("0", "chess", "A game"), Label("2", "music")]
    assert notes == ["Labels without text, left out: 1"]


def test_documents_have_title_text_and_the_rows_of_their_labels(data_set):
    (document,) = read_documents(data_set / "trn.json.gz")
    assert (document.id, document.text) == ("A7", "Openings\nof chess")
    gold = FieldGold("target_ind", list(LabelFile(data_set)))
    assert gold.tags(0, document) == {"0", "2"}
    assert list(read_documents(data_set, format="xmc")) == [document]


def test_fields_have_the_names_of_the_settings(data_set):
    (document,) = read_documents(data_set / "trn.json.gz", "key", ("head", "body"))
    assert document.source["key"] == "A7"
    assert document.text == "Openings\nof chess"
    (document,) = read_documents(data_set / "trn.json.gz", "id", ("body",))
    assert document.text == "Openings\nof chess"


@pytest.mark.parametrize("name", ["Y.txt", "Yf.txt.gz"])
def test_label_texts_may_be_a_line_each(tmp_path, name):
    assert list(LabelFile(write(tmp_path, name, "chess", "", "music"))) == [
        Label("0", "chess"),
        Label("2", "music"),
    ]


def test_document_texts_may_be_a_line_each_with_titles(tmp_path):
    path = write(tmp_path, "trn_raw_texts.txt", "Openings /SEP/ of chess", "no title")
    assert [document.text for document in read_documents(path)] == [
        "Openings\nof chess",
        "no title",
    ]


def test_a_long_label_text_is_cut_and_told(tmp_path):
    labels = LabelFile(write(tmp_path, "Y.txt", "x" * 2000))
    assert check_labels(labels) == ["Label texts cut to 1,024 characters: 1"]


@pytest.mark.parametrize(
    ("read", "message"),
    [
        (lambda folder: check_labels(LabelFile(folder)), r"has no lbl\.json\.gz and none of"),
        (lambda folder: list(read_documents(folder, format="xmc")), r"has no trn\.json\.gz"),
        (
            lambda folder: check_labels(LabelFile(write(folder, "lbl.json", {"text": "x"}))),
            "line 1: a field title",
        ),
    ],
)
def test_what_is_missing_is_one_clear_line(tmp_path, read, message):
    with pytest.raises(UserError, match=message):
        read(tmp_path)
