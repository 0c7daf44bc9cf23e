import sys

import pytest

from lmtx_search.errors import MissingExtra, UserError
from lmtx_search.records import BadLine
from lmtx_search.sources import DocumentFile, read_documents

ITEM = """<item><guid>a1</guid><title>Chess &amp;amp; go</title><link>https://news/a1</link>
<description>&lt;p&gt;Short&lt;/p&gt;</description>
<content:encoded><![CDATA[<p>A <b>long</b> report</p><script>x</script>]]></content:encoded>
<category>games</category><category>news</category>
<pubDate>Tue, 24 Nov 2026 10:00:00 +0100</pubDate></item>"""
RSS = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>
<title>News</title>{}</channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>News</title>
<entry><id>tag:news,1</id><title>Chess</title><summary>Short</summary>
<updated>2026-11-24T09:00:00Z</updated></entry></feed>"""


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def test_each_entry_is_a_document_with_its_whole_content(tmp_path):
    file = write(tmp_path / "export.xml", RSS.format(ITEM + "<item><title>Two</title></item>"))
    first, second = read_documents(file)
    assert first.id == "a1"
    assert first.source == {
        "id": "a1",
        "title": "Chess & go",
        "text": "A long report",
        "url": "https://news/a1",
        "date": "2026-11-24T09:00:00+00:00",
        "categories": ["games", "news"],
    }
    assert second.text == "Two"
    assert DocumentFile(file).count() == 2


def test_atom_is_read_too(tmp_path):
    (only,) = read_documents(write(tmp_path / "news.atom", ATOM))
    assert (only.id, only.text) == ("tag:news,1", "Chess\nShort")


def test_what_may_be_lost_behind_a_fault_is_said(tmp_path):
    file = write(tmp_path / "cut.rss", RSS.format(ITEM).split("</channel>")[0] + "<item><title>B")
    *read, bad = read_documents(file)
    assert "a1" in [document.id for document in read]
    assert isinstance(bad, BadLine)
    assert "not well-formed" in str(bad)
    assert "what follows may be lost" in str(bad)


@pytest.mark.parametrize("text", ["", "<html><p>no feed</p></html>", RSS.format("")])
def test_what_is_no_feed_is_said(tmp_path, text):
    file = write(tmp_path / "a.rss", text)
    with pytest.raises(UserError, match=r"a\.rss.*: is no RSS or Atom feed with entries"):
        list(read_documents(file))


def test_entities_that_grow_are_not_followed(tmp_path):
    bomb = "<!DOCTYPE r [<!ENTITY a 'ha'><!ENTITY b '&a;&a;'><!ENTITY c '&b;&b;'>]>"
    text = RSS.format(ITEM.replace("Short", "&c;")).replace("?>\n", "?>\n" + bomb, 1)
    for item in read_documents(write(tmp_path / "a.rss", text)):
        assert isinstance(item, BadLine) or "hahaha" not in item.text


def test_a_file_that_names_another_one_is_not_followed(tmp_path):
    other = write(tmp_path / "other.rss", RSS.format(ITEM))
    with pytest.raises(UserError, match="is no RSS or Atom feed"):
        list(read_documents(write(tmp_path / "a.rss", str(other))))


def test_without_feedparser_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "feedparser", None)
    with pytest.raises(MissingExtra, match=r"pip install 'lmtx-search\[feeds\]'"):
        list(read_documents(write(tmp_path / "a.rss", RSS.format(ITEM))))
