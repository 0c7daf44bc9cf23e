import json
from importlib import resources
from pathlib import Path

import pytest

from lmtx_search.index_templates import load


def test_every_json_file_is_json():
    root = Path(str(resources.files("lmtx_search.index_templates")))
    files = list(root.rglob("*.json"))
    assert len(files) > 5
    for file in files:
        json.loads(file.read_text())


def test_a_placeholder_becomes_any_json_value():
    body = load(
        "indices/label_version", encoder=None, state="ready", words=1, dimension=7, engine="lucene"
    )
    assert body["mappings"]["_meta"]["encoder"] is None
    assert body["mappings"]["properties"]["embedding"]["dimension"] == 7


def test_a_value_cannot_break_out_of_its_place():
    body = load("indices/label_alias", index='x"}}, {"', alias="$index")
    assert body == {"actions": [{"add": {"index": 'x"}}, {"', "alias": "$index"}}]}


def test_a_placeholder_without_a_value_is_an_error():
    with pytest.raises(ValueError, match="alias"):
        load("indices/label_alias", index="x")


def test_a_value_without_a_placeholder_is_an_error():
    with pytest.raises(ValueError, match="shards"):
        load("indices/label_alias", index="x", alias="y", shards=1)
