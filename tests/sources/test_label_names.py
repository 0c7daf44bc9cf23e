import json

import pytest

from lmtx_search.errors import UserError
from lmtx_search.records import Document, Label
from lmtx_search.sources import FieldGold, LabelFile
from lmtx_search.sources.label_names import label_name
from lmtx_search.sources.labels import check_labels

SPELLINGS = [
    "Caf\u00e9 culture",
    "Cafe\u0301 culture",
    "Caf\u00e9  culture",
    "Caf\u00e9\u00a0culture",
    "Caf\u00e9\nculture",
    "Caf\u00e9\u000bculture\u0085",
    "Caf\u00e9 cul\u00adture",
    "\ufeffCaf\u00e9 culture\u200b",
]


@pytest.mark.parametrize("text", SPELLINGS)
def test_spellings_that_look_the_same_are_one_name(text):
    assert label_name(text) == "Caf\u00e9 culture"


def test_joiners_that_change_a_word_stay():
    persian = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"
    assert label_name(persian) == persian


def test_labels_of_one_name_stay_two_labels_and_are_told(tmp_path):
    path = tmp_path / "labels.jsonl"
    rows = [{"id": str(row), "text": text} for row, text in enumerate(SPELLINGS)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    source = LabelFile(path)
    (note,) = check_labels(source)
    assert {label.text for label in source} == {"Caf\u00e9 culture"}
    assert len(list(source)) == len(SPELLINGS)
    assert note.startswith("Texts that several labels share: 1, for example Caf\u00e9 culture: the")


def test_a_name_of_characters_that_are_never_seen_is_empty(tmp_path):
    path = tmp_path / "labels.jsonl"
    path.write_text('{"id": "1", "text": "\\u200b\\u00ad "}\n')
    with pytest.raises(UserError, match="field text: missing or empty"):
        check_labels(LabelFile(path))


@pytest.mark.parametrize("text", SPELLINGS)
def test_gold_tags_name_a_label_in_any_spelling(text):
    gold = FieldGold("subjects", [Label("1", "Caf\u00e9 culture")])
    assert gold.tags(0, Document("d", "", {"subjects": [text]})) == {"1"}
