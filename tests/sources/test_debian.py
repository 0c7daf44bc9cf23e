"""Debian's package files become documents, labels and gold tags."""

from __future__ import annotations

from pathlib import Path

from lmtx_search.sources.apt import prose, read_stanzas
from lmtx_search.sources.debian import (
    DataSet,
    Package,
    read_tags,
    read_vocabulary,
    select_packages,
    write_data_set,
)

VOCABULARY = """\
Facet: game
Description: Games and Amusement

Tag: game::board
Description: Board
 Go, chess
 .
 and draughts.

Facet: role
Description: Role

Tag: role::program
Description: Program
 Executable.
"""


def test_stanzas_keep_the_line_breaks_of_folded_fields() -> None:
    stanzas = list(read_stanzas(["A: 1", " two", " .", "B: x", "", "", "A: 3"]))
    assert stanzas == [{"A": "1\ntwo\n.", "B": "x"}, {"A": "3"}]


def test_a_long_description_becomes_prose_with_paragraphs() -> None:
    assert prose("one\n.\ntwo\n.") == "one\n\ntwo"


def test_only_topical_tags_are_labels_and_their_description_starts_with_the_facet() -> None:
    (label,) = read_vocabulary(read_stanzas(VOCABULARY.splitlines()))
    assert (label.id, label.text) == ("game::board", "Board")
    assert label.description == "Games and Amusement. Go, chess and draughts."


def test_packages_with_fewer_than_two_topical_tags_are_left_out() -> None:
    lines = ["gnuchess: game::board, role::program, use::gameplaying", "zsh: game::board"]
    topical = {"game::board", "use::gameplaying"}
    assert read_tags(lines, topical) == {"gnuchess": ("game::board", "use::gameplaying")}


def test_one_of_several_packages_with_the_same_description_is_kept() -> None:
    stanzas = [
        {"Package": "chess-dbg", "Description-md5": "b"},
        {"Package": "chess", "Description-md5": "a"},
        {"Package": "untagged", "Description-md5": "a"},
    ]
    tags = {"chess": ("x", "y"), "chess-dbg": ("x", "y")}
    long = {"a": "a game\nPlays chess.", "b": "symbols\nPlays chess."}
    assert select_packages(stanzas, tags, long) == [
        Package("chess", "chess: a game", "Plays chess.", ("x", "y"))
    ]


def test_gold_is_written_for_test_documents_only(tmp_path: Path) -> None:
    seen = Package("seen", "seen: a", "text", ("x", "y"))
    unseen = Package("unseen", "unseen: b", "text", ("x", "z"))
    files = write_data_set(DataSet([], [seen], [unseen]), tmp_path)
    assert files["gold.tsv"].read_text() == "unseen\tx\nunseen\tz\n"
    assert "tags" not in files["train.jsonl"].read_text()
