import sys

import pytest

from lmtx_search.errors import MissingExtra, UserError
from lmtx_search.records import BadLine, Document
from lmtx_search.sources import DocumentFile, read_documents
from lmtx_search.sources.read_options import ReadOptions

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


def atom(*entries: str) -> str:
    inner = "".join(f"<entry>{entry}</entry>" for entry in entries)
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>News</title>{inner}</feed>'


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("<title>vector&lt;int&gt;</title>", "vector<int>"),
        ('<title type="text">The &lt;template&gt; element</title>', "The <template> element"),
        ('<title type="html">The &lt;i&gt;next&lt;/i&gt; move</title>', "The next move"),
        ('<title type="html">vector&amp;lt;int&amp;gt;</title>', "vector<int>"),
    ],
)
def test_plain_text_is_not_read_as_html(tmp_path, written, title):
    content = written.replace("title", "content", 1).replace("</title>", "</content>")
    file = write(tmp_path / "a.atom", atom(f"<id>1</id>{written}{content}"))
    (only,) = read_documents(file)
    assert (only.source["title"], only.source["text"]) == (title, title)


def test_plain_titles_of_rss_are_not_read_as_html(tmp_path):
    item = "<item><title>std::vector&lt;int&gt; grows</title></item>"
    (only,) = read_documents(write(tmp_path / "a.rss", RSS.format(item)))
    assert only.source["title"] == "std::vector<int> grows"


def test_an_entry_has_an_address_only_if_it_has_a_link(tmp_path):
    link = '<link href="https://news/x"/>'
    other = '<link rel="enclosure" href="https://news/x.mp3"/>'
    named = [f"<id>https://news/{number}</id><title>a</title>" for number in range(3)]
    file = write(tmp_path / "a.atom", atom(named[0], named[1] + link, named[2] + other))
    assert [document.source.get("url") for document in read_documents(file)] == [
        None,
        "https://news/x",
        None,
    ]
    guids = [f"<item><guid{of}>https://news/1</guid></item>" for of in ("", ' isPermaLink="false"')]
    file = write(tmp_path / "a.rss", RSS.format("".join([*guids, "<item><guid>7</guid></item>"])))
    assert [document.source.get("url") for document in read_documents(file)] == [
        "https://news/1",
        None,
        None,
    ]


def test_content_that_is_no_text_is_not_read(tmp_path):
    entry = '<id>1</id><content type="image/png">QUJD</content><summary>A bridge</summary>'
    (only,) = read_documents(write(tmp_path / "a.atom", atom(entry)))
    assert only.source["text"] == "A bridge"


def post(number: int, status: str, kind: str = "post", password: str = "") -> str:
    return (
        f"<item><title>Post {number}</title><link>https://paper/{number}</link>"
        f"<pubDate>{'-0001' if status == 'draft' else 'Mon, 02 Mar 2026 09:00:00 +0000'}</pubDate>"
        f'<guid isPermaLink="false">https://paper/?p={number}</guid>'
        f"<content:encoded><![CDATA[<!-- wp:paragraph --><p>Text {number}</p>]]></content:encoded>"
        f"<excerpt:encoded><![CDATA[Short {number}]]></excerpt:encoded>"
        f"<wp:post_id>{number}</wp:post_id><wp:status>{status}</wp:status>"
        f"<wp:post_type>{kind}</wp:post_type><wp:post_password>{password}</wp:post_password></item>"
    )


def export(folder, *items: str):
    head = (
        '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"'
        ' xmlns:excerpt="http://wordpress.org/export/1.2/excerpt/"'
        ' xmlns:wp="http://wordpress.org/export/1.2/"><channel><title>Paper</title>'
        "<wp:wxr_version>1.2</wp:wxr_version>"
    )
    return write(folder / "export.xml", f"{head}{''.join(items)}</channel></rss>")


def test_a_post_that_is_only_an_excerpt_has_that_as_its_text(tmp_path):
    empty = post(1, "publish").replace("<!-- wp:paragraph --><p>Text 1</p>", "")
    (only,) = read_documents(export(tmp_path, empty))
    assert only.source["text"] == "Short 1"


ALL_KINDS = (
    post(1, "publish"),
    post(2, "publish", "page"),
    post(3, "draft"),
    post(4, "private"),
    post(5, "trash"),
    post(6, "future"),
    post(7, "pending"),
    post(8, "publish", password="sesame"),
    post(9, "inherit", "attachment"),
    post(10, "publish", "nav_menu_item"),
    post(11, "draft"),
)


def test_of_a_wordpress_export_only_what_is_published_is_read(tmp_path):
    options = ReadOptions()
    first, page = read_documents(export(tmp_path, *ALL_KINDS), options=options)
    assert (first.id, first.source["text"], page.id) == ("1", "Text 1", "2")
    assert options.left_out.counts == {
        "drafts": 2,
        "private posts": 1,
        "trashed posts": 1,
        "scheduled posts": 1,
        "posts that are waiting for review": 1,
        "password-protected posts": 1,
        "items of the type attachment": 1,
        "items of the type nav_menu_item": 1,
    }
    assert options.left_out.lines()[0] == "Left out: 2 drafts (the first: 3: Post 3)"


def test_everything_of_a_wordpress_export_is_read_if_it_is_asked_for(tmp_path):
    options = ReadOptions(everything=True)
    found = list(read_documents(export(tmp_path, *ALL_KINDS), options=options))
    assert [document.id for document in found] == [str(number) for number in range(1, 12)]
    assert "date" not in found[2].source  # a draft has none
    assert not options.left_out


def test_of_a_blogger_export_only_posts_that_are_published_are_read(tmp_path):
    def entry(number: int, kind: str, more: str = "") -> str:
        scheme = "http://schemas.google.com/g/2005#kind"
        term = f"http://schemas.google.com/blogger/2008/kind#{kind}"
        return (
            f"<id>{number}</id><title>T</title><content>x</content><category term='chess'/>"
            f"<category scheme='{scheme}' term='{term}'/>{more}"
        )

    draft = "<app:control xmlns:app='http://purl.org/atom/app#'><app:draft>yes</app:draft></app:control>"
    entries = (entry(1, "post"), entry(2, "post", draft), entry(3, "settings"), entry(4, "comment"))
    file = DocumentFile(write(tmp_path / "blog.atom", atom(*entries)))
    (post,) = file
    assert (post.id, post.source["categories"]) == ("1", ["chess"])
    counts = {"drafts": 1, "settings": 1, "items of the type comment": 1}
    assert file.last_read.left_out.counts == counts
    assert len(list(DocumentFile(file.path, everything=True))) == 4


def test_of_a_takeout_of_blogger_drafts_are_left_out(tmp_path):
    def entry(status: str) -> str:
        name = "xmlns:blogger='http://schemas.google.com/blogger/2018'"
        kind = f"<blogger:type {name}>POST</blogger:type>"
        kind += f"<blogger:status {name}>{status}</blogger:status>"
        return f"<id>{status}</id><title>T</title>{kind}"

    (post,) = read_documents(write(tmp_path / "feed.atom", atom(entry("LIVE"), entry("DRAFT"))))
    assert post.id == "LIVE"


def test_shortcodes_of_wordpress_are_not_text(tmp_path):
    content = '[row][text size="2"]A [b] cat[/text][/row] [gallery ids="1,2"] [[gallery]] [sic]'
    item = (
        "<item><guid>1</guid><wp:post_id>1</wp:post_id><wp:post_type>post</wp:post_type>"
        f"<content:encoded><![CDATA[{content}]]></content:encoded></item>"
    )
    feed = RSS.replace("<rss ", "<rss xmlns:wp='http://wordpress.org/export/1.2/' ").format(item)
    (post,) = read_documents(write(tmp_path / "wp.xml", feed))
    assert post.text == "A [b] cat  [[gallery]] [sic]"


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        (
            RSS.format("<item><title>T</title><project>P</project><key id='1'>P-1</key></item>"),
            "jira",
        ),
        ("<collection xmlns='http://www.loc.gov/MARC21/slim'/>", "marc"),
        ("<OAI-PMH xmlns='http://www.openarchives.org/OAI/2.0/'/>", "oai"),
    ],
)
def test_xml_of_another_format_is_refused_with_that_format(tmp_path, text, hint):
    with pytest.raises(UserError, match=f"--format {hint}"):
        list(read_documents(write(tmp_path / "x.xml", text)))


def test_what_may_be_lost_behind_a_fault_is_said(tmp_path):
    file = write(tmp_path / "cut.rss", RSS.format(ITEM).split("</channel>")[0] + "<item><title>B")
    *read, bad = read_documents(file)
    assert "a1" in [document.id for document in read]
    assert isinstance(bad, BadLine)
    assert "not well-formed" in str(bad)
    assert "entries after it may be lost" in str(bad)


@pytest.mark.parametrize("text", ["", "<html><p>no feed</p></html>", RSS.format("")])
def test_what_is_no_feed_is_said(tmp_path, text):
    file = write(tmp_path / "a.rss", text)
    with pytest.raises(UserError, match=r"a\.rss.*: is not an RSS or Atom feed with entries"):
        list(read_documents(file))


def test_entities_that_grow_are_not_followed(tmp_path):
    bomb = "<!DOCTYPE r [<!ENTITY a 'ha'><!ENTITY b '&a;&a;'><!ENTITY c '&b;&b;'>]>"
    text = RSS.format(ITEM.replace("Chess", "&c;")).replace("?>\n", "?>\n" + bomb, 1)
    items = read_documents(write(tmp_path / "a.rss", text))
    read = [item.source["title"] for item in items if isinstance(item, Document)]
    assert read == ["&c; &amp; go"]


def test_a_file_that_names_another_one_is_not_followed(tmp_path):
    other = write(tmp_path / "other.rss", RSS.format(ITEM))
    with pytest.raises(UserError, match="is not an RSS or Atom feed"):
        list(read_documents(write(tmp_path / "a.rss", str(other))))


def test_without_feedparser_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "feedparser", None)
    with pytest.raises(MissingExtra, match=r"pip install 'lmtx-search\[feeds\]'"):
        list(read_documents(write(tmp_path / "a.rss", RSS.format(ITEM))))


@pytest.mark.parametrize(
    "text",
    [
        "<response><item key='0'><title>Node</title></item></response>",
        "<uniprot xmlns='http://uniprot.org/uniprot'><entry><name>P1</name></entry></uniprot>",
    ],
)
def test_entries_of_other_xml_are_refused(tmp_path, text):
    file = write(tmp_path / "a.xml", text)
    with pytest.raises(UserError, match=r"is not an RSS or Atom feed.*its root is <.*to JSONL"):
        list(read_documents(file))


def test_a_feed_of_rdf_is_read_in_every_encoding(tmp_path):
    rdf = (
        "<?xml version='1.0' encoding='{}'?><rdf:RDF xmlns='http://purl.org/rss/1.0/' "
        "xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
        "<item><title>Café</title></item></rdf:RDF>"
    )
    for encoding in ("utf-8", "utf-16", "windows-1252"):
        path = tmp_path / "a.rss"
        path.write_bytes(rdf.format(encoding).encode(encoding))
        assert [document.text for document in read_documents(path)] == ["Café"]
