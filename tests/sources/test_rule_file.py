"""Rules about labels: the file that states them, and what follows from them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from lmtx_search.errors import UserError
from lmtx_search.rules import Rules
from lmtx_search.sources.rule_file import read_rules

IDS = ["a", "b", "c", "d", "an id with blanks", "http://t.example/1#x", "http://t.example/2"]
THESAURUS = """\
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
<http://t.example/1#x> a skos:Concept ; skos:related <http://t.example/2>, <http://t.example/3> .
<http://t.example/2> a skos:Concept ; skos:related <http://t.example/1#x> .
"""


def read(folder: Path, text: str, labels: list[str] = IDS) -> Rules:
    file = folder / "rules.txt"
    file.write_text(text, encoding="utf-8")
    return read_rules(file, labels)


def test_each_kind_of_rule_is_read(tmp_path: Path) -> None:
    (tmp_path / "t.ttl").write_text(THESAURUS)
    found = read(
        tmp_path,
        "\ufeff# for the library\n\npeople-only a b\n  # apart\nexclude a b c\n"
        "people-only\tan id with blanks\nimply d c\ngroup press a d\nexclude-related t.ttl\n",
    )
    assert found.people_only == ("a", "b", "an id with blanks")
    related = ("http://t.example/1#x", "http://t.example/2")
    assert found.exclude == (("a", "b"), ("a", "c"), ("b", "c"), related)
    assert found.imply == (("d", "c"),)
    assert found.group_of == {"a": "press", "d": "press"}
    assert found.number == 3 + 4 + 1 + 2


def test_rules_survive_their_record(tmp_path: Path) -> None:
    found = read(tmp_path, "people-only a\nexclude a b\nimply c d\ngroup g c d\n")
    again = Rules.of(json.loads(json.dumps(found.record)))
    assert again == found
    assert again.digest == found.digest != Rules().digest


def test_what_labels_imply_and_exclude_goes_on(tmp_path: Path) -> None:
    found = read(tmp_path, "imply a b\nimply b c\nexclude c d\n")
    assert found.implied() == {"a": ["b", "c"], "b": ["c"]}
    assert set(found.excluded()) == {("c", "d"), ("b", "d"), ("a", "d")}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("exclude a b\nforbid a\n", "line 2: 'forbid' is no rule: the rules are people-only, "),
        ("people-only\n", r"line 1: expected people-only ID \[ID ...\]"),
        ("exclude a\n", "line 1: expected exclude ID ID"),
        ("imply a b c\n", "line 1: expected imply ID ID"),
        ("group g\n", "line 1: expected group NAME ID"),
        ("# x\npeople-only a nowhere\n", "line 2: no label has the id nowhere: correct it"),
        ("exclude a b a\n", "line 1: a label cannot exclude itself"),
        ("imply a b\nimply b c\nimply c a\n", "labels imply themselves: . > . > . > ."),
        ("imply a a\n", "line 1: labels imply themselves: a > a"),
        ("imply a b\nexclude b a\n", "line 2: a and b exclude each other, but a brings both"),
        ("imply d a\nimply d b\nexclude a b\n", "line 3: a and b exclude each other, but d brings"),
        ("group g a\ngroup h a\n", "line 2: the label a is already in the group g"),
        ("group g\ue052h a\n", r"line 1: the name of the group contains U\+E052"),
        ("people-only b\nimply a b\n", "line 2: a implies b, which is for people only"),
        ("imply a b\ngroup g b\n", "line 1: a implies b, which is only for documents of the group"),
        ("# x\nexclude-related none.ttl\n", r"rules.txt, line 2: .*none\.ttl"),
    ],
)
def test_what_cannot_be_followed_is_one_line_that_says_where(
    tmp_path: Path, text: str, told: str
) -> None:
    with pytest.raises(UserError, match=told) as error:
        read(tmp_path, text)
    assert "\n" not in str(error.value)


def test_a_thesaurus_of_other_labels_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.ttl").write_text(THESAURUS)
    with pytest.raises(UserError, match=r"line 1: .* relates no two labels of the label set"):
        read(tmp_path, "exclude-related t.ttl", ["a"])


@pytest.mark.parametrize(("content", "told"), [(None, "cannot read the rules"), (b"\xff", "UTF-8")])
def test_a_file_that_cannot_be_read_names_the_setting(
    tmp_path: Path, content: bytes | None, told: str
) -> None:
    file = tmp_path / "rules.txt"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(UserError, match=rf"{told}.*label\.rules"):
        read_rules(file, IDS)


def test_without_rdflib_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "t.ttl").write_text(THESAURUS)
    monkeypatch.setitem(sys.modules, "rdflib", None)
    with pytest.raises(UserError, match=r"rules.txt, line 1: .*'lmtx-search\[skos\]'"):
        read(tmp_path, "exclude-related t.ttl\n")
