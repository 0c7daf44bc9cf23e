import gzip

import pytest

from lmtx_search.sources.mailbox import split_mailbox

SEPARATOR = b"From ann@desk Mon Mar  2 09:00:00 2026\n"


def bodies(path, content: bytes) -> list[bytes]:
    path.write_bytes(content)
    return [message.content.partition(b"\n\n")[2].strip() for message in split_mailbox(path)]


@pytest.mark.parametrize(
    "separator",
    [
        "From - Mon Mar  2 09:00:00 2026",
        "From ann@desk Mon Mar 02 09:00:00 2026",
        "From ann@desk Mon Mar  2 09:00 2026",
        "From 17@xxx Mon Mar 02 09:00:00 +0000 2026",
        "From ann at desk.example  Mon Mar  2 09:00:00 2026",
        "From ann@desk Mon Mar  2 09:00:00 CET 2026",
        "From ann@desk Mon Mar  2 09:00:00 2026 +0100",
        "From ann@desk Mon, 2 Mar 2026 09:00:00 +0100",
        "From ann@desk 2026-03-02T09:00:00Z",
        "From ann Mon Mar  2 09:00:00 2026 remote from desk",
        "From  Mon Mar  2 09:00:00 2026",
    ],
)
def test_a_separator_is_from_a_sender_and_a_date(tmp_path, separator):
    content = f"{separator}\nSubject: 1\n\none\n\n{separator}\nSubject: 2\n\ntwo\n"
    assert bodies(tmp_path / "a.mbox", content.encode()) == [b"one", b"two"]
    windows = content.replace("\n", "\r\n").encode()
    (tmp_path / "a.mbox").write_bytes(windows)
    assert len(list(split_mailbox(tmp_path / "a.mbox"))) == 2


@pytest.mark.parametrize(
    "line",
    [
        "From here on: nothing.",
        "From what I heard on Mon Mar  2 09:00:00 2026 it works.",
        "From 2026 on",
        "From Mon to Sun",
    ],
)
def test_a_line_of_a_body_that_begins_with_from_splits_nothing(tmp_path, line):
    content = SEPARATOR + f"Subject: a\n\nFirst.\n\n{line}\nSubject: no head\n".encode()
    (only,) = bodies(tmp_path / "a.mbox", content)
    assert line.encode() in only


def test_a_quoted_separator_in_a_body_splits_nothing_if_no_head_follows(tmp_path):
    content = SEPARATOR + b"Subject: a\n\nThe line\n" + SEPARATOR + b"is a separator.\n"
    assert len(bodies(tmp_path / "a.mbox", content)) == 1


@pytest.mark.parametrize(("quoted", "line"), [(">From", "From"), (">>From", ">From")])
def test_the_mark_before_from_is_taken_away(tmp_path, quoted, line):
    content = SEPARATOR + f"Subject: a\n\n{quoted} here\n> quoted\n".encode()
    assert bodies(tmp_path / "a.mbox", content) == [f"{line} here\n> quoted".encode()]


def test_a_length_that_is_right_keeps_a_whole_mailbox_within_a_body(tmp_path):
    body = b"It was:\n\n" + SEPARATOR + b"Subject: inner\n\n>From me\n"
    head = b"Subject: a\nContent-Length: %d\n\n" % len(body)
    content = SEPARATOR + head + body + b"\n" + SEPARATOR + b"Subject: b\n\ntwo\n"
    assert bodies(tmp_path / "a.mbox", content) == [body.strip(), b"two"]


@pytest.mark.parametrize("length", [1, 7, 8, 30, 999_999_999, 999])
def test_a_length_that_is_wrong_counts_for_nothing(tmp_path, length):
    head = b"Subject: a\nContent-Length: %d\n\n" % length
    content = SEPARATOR + head + b"first one\n\n" + SEPARATOR + b"Subject: b\n\ntwo\n"
    assert bodies(tmp_path / "a.mbox", content) == [b"first one", b"two"]


def test_messages_without_a_body_or_without_heads_are_messages(tmp_path):
    content = SEPARATOR + b"Subject: a\n" + SEPARATOR + b"\nno heads\n\n" + SEPARATOR + b"\nlast\n"
    assert bodies(tmp_path / "a.mbox", content)[0] == b""
    assert [message.line for message in split_mailbox(tmp_path / "a.mbox")] == [1, 3, 7]


def test_a_packed_mailbox_is_read_too(tmp_path):
    content = gzip.compress(SEPARATOR + b"Subject: a\n\none\n")
    assert bodies(tmp_path / "a.mbox.gz", content) == [b"one"]
