"""Gold tags that fit the documents and the labels, and those that do not."""

from __future__ import annotations

import json

import numpy as np
import pytest

from lmtx_search.encoder.nearest import nearest
from lmtx_search.errors import UserError
from lmtx_search.evaluation.gold.coverage import collect_gold, named, usable_gold
from lmtx_search.evaluation.gold.files import GoldFiles, open_gold_files
from lmtx_search.evaluation.gold.gold_set import notes, open_gold_set
from lmtx_search.records import BadLine, Document, Label
from lmtx_search.settings import load_settings
from lmtx_search.sources import DocumentFile, open_gold
from lmtx_search.untouched import Untouched

LABELS = [Label("x", "Chess"), Label("y", "Music")]


@pytest.fixture
def write(tmp_path):
    def written(name, text):
        path = tmp_path / name
        path.write_text(text)
        return path

    return written


def test_unknown_documents_and_labels_are_named(write):
    gold = open_gold(write("gold.tsv", "a\tx\na\tgone\naway\tx\nb\tgone\n"))
    collected = collect_gold([Document("a", "A"), Document("b", "B"), Document("c", "C")], gold)
    fits = usable_gold(collected.gold, {"x"}, collected.unknown)
    assert collected.unnamed == (1, "c")
    assert fits.gold == {"a": {"x", "gone"}}
    assert fits.unknown_documents == ["away"]
    assert fits.unknown_labels == ["gone"]
    assert fits.without_tags == ["b"]


def test_a_malformed_line_takes_a_row_and_the_last_of_two_documents_counts(write):
    gold = open_gold(write("gold.txt", "4 1 2\n0\n1\n0\n1\n"), ["x", "y"])
    items = [Document("a", "A"), BadLine("f", 2, "?"), Document("b", "B"), Document("a", "again")]
    collected = collect_gold(items, gold)
    assert collected.gold == {"a": {"y"}, "b": {"x"}}
    assert collected.documents["a"].text == "again"
    assert (collected.repeated, collected.bad_lines) == (1, 1)


def test_documents_that_are_never_touched_are_left_out_and_counted(write):
    gold = open_gold(write("gold.tsv", "a\tx\nb\ty\naway\tx\n"))
    items = [Document("a", "A", {"source": "archive"}), Document("b", "B", {"source": "press"})]
    never = Untouched.of('{"term": {"source": "archive"}}')
    collected = collect_gold(items, gold, never, with_sources=True)
    assert collected.gold == {"b": {"y"}}
    assert (collected.untouched, collected.unknown) == (1, ["away"])
    assert collected.documents["b"].source == {"source": "press"}


def test_gold_in_the_order_of_other_documents_is_refused(write):
    gold = open_gold(write("gold.txt", "2 1 2\n0\n1\n"))
    with pytest.raises(UserError, match="has 2 documents, but 1 were read"):
        collect_gold([Document("a", "A")], gold)


@pytest.mark.parametrize(
    ("gold", "unknown", "message"),
    [
        ({}, ["away"], "none of the gold file's documents"),
        ({"a": {"gone"}}, [], "none of the gold labels"),
        ({"a": {"7"}}, [], "--labels"),
        ({"a": set()}, [], "not one document has a gold tag"),
    ],
)
def test_gold_tags_of_which_nothing_fits_are_refused(gold, unknown, message):
    with pytest.raises(UserError, match=message):
        usable_gold(gold, {"x"}, unknown)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("train.tsv", "a\tx\nb\tx\nb\ty\n"),
        ("train.txt", "2 9 2\n0 1:1\n0,1 2:1\n"),
        (
            "train.jsonl",
            json.dumps({"id": "a", "tags": ["x"]})
            + "\n"
            + json.dumps({"id": "b", "tags": ["Chess", "y"]})
            + "\n",
        ),
        ("train.ris", "TY  - JOUR\nKW  - x\nER  - \nTY  - JOUR\nKW  - Chess\nKW  - y\nER  - \n"),
    ],
)
def test_labels_are_counted_in_training_gold_of_every_kind(write, name, text):
    labels = write("labels.jsonl", '{"id": "x", "text": "Chess"}\n{"id": "y", "text": "Music"}\n')
    field = "keywords" if name == "train.ris" else "tags"
    given = GoldFiles(field=field, labels=labels, train=write(name, text))
    frequencies = open_gold_files(given, LABELS).frequencies
    assert frequencies.counts == {"x": 2, "y": 1}
    assert frequencies.documents == 2


@pytest.mark.parametrize("kept", [False, True])
def test_the_fields_of_documents_are_kept_if_they_are_needed(write, kept):
    row = {"id": "a", "text": "T", "tags": ["x"], "source": "press"}
    documents = DocumentFile(write("test.jsonl", json.dumps(row) + "\n"))
    gold = GoldFiles(field="tags")
    found = open_gold_set(load_settings(), documents, gold, LABELS, with_sources=kept)
    assert ("source" in found.documents[0].source) is kept


@pytest.mark.parametrize("everything", [False, True])
def test_documents_are_read_in_the_format_that_is_named(write, everything):
    comments = [{"body": "It jams", "public": True}, {"body": "SECRET", "public": False}]
    ticket = {"id": 1, "subject": "T", "comments": comments, "tags": ["Chess"]}
    page = write("page.json", json.dumps({"tickets": [ticket]}, indent=1))
    given = GoldFiles(field="subjects", train=page, format="zendesk", everything=everything)
    documents = DocumentFile(page, "zendesk", everything=everything)
    found = open_gold_set(load_settings(), documents, given, LABELS)
    assert found.usable.gold == {"1": {"x"}}
    assert found.counted == f"the training gold, {page}"
    assert ("SECRET" in found.documents[0].text) is everything
    left_out = "Left out: 1 internal notes of tickets"
    assert (left_out in notes(found)) is not everything


def test_what_is_left_out_of_training_gold_is_counted(write):
    rows = [json.dumps({"id": id_, "text": "T", "tags": ["x"]}) for id_ in ("a", "b", "b")]
    train = write("train.jsonl", "\n".join([*rows, "{"]) + "\n")
    documents = DocumentFile(write("test.jsonl", rows[0] + "\n"))
    found = open_gold_set(load_settings(), documents, GoldFiles(field="tags", train=train), LABELS)
    assert "train.jsonl: malformed lines that were skipped: 1" in notes(found)
    assert "train.jsonl: repeated document ids: 1" in notes(found)


def test_training_gold_of_other_labels_is_refused(write):
    given = GoldFiles(field="tags", train=write("train.tsv", "a\tgone\n"))
    with pytest.raises(UserError, match="no gold tag of the label set"):
        open_gold_files(given, LABELS)


def test_training_documents_need_the_field(write):
    given = GoldFiles(write("gold.tsv", "a\tx\n"), train=write("train.jsonl", "{}\n"))
    with pytest.raises(UserError, match="--gold-field"):
        open_gold_files(given, LABELS)


def test_a_long_list_is_named_by_its_first() -> None:
    assert named(["a", "b"]) == "2 (a, b)"
    assert named(["a", "b", "c", "d"]) == "4 (a, b, c, …)"


def test_the_nearest_labels_come_best_first_and_all_of_them_where_k_is_more() -> None:
    labels = np.array([[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]], dtype=np.float32)
    vectors = np.array([[1.0, 0.0]], dtype=np.float32)
    (ranking,) = nearest(vectors, labels, ["a", "b", "c"], 10)
    assert [label for label, _ in ranking] == ["a", "c", "b"]
    assert ranking[1][1] == pytest.approx(0.6)
