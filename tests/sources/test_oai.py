"""Dublin Core from harvests, whole and not."""

from lmtx_search.records import BadLine, Label
from lmtx_search.sources import FieldGold, read_documents
from lmtx_search.sources.oai import read_oai
from lmtx_search.sources.read_options import ReadOptions

DC = """<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/"
  xmlns:dc="http://purl.org/dc/elements/1.1/">
  <dc:title xml:lang="en">On
    chess</dc:title><dc:title xml:lang="de">Schach</dc:title>
  <dc:creator>Example, P.</dc:creator><dc:subject>chess</dc:subject><dc:subject>chess</dc:subject>
  <dc:subject>games</dc:subject><dc:description>A &amp; B.</dc:description><dc:date>2001</dc:date>
</oai_dc:dc>"""


def record(number, inside=DC, status=""):
    metadata = f"<metadata>{inside}</metadata>" if inside else ""
    header = f"<header{status}><identifier>oai:x:{number}</identifier></header>"
    return f"<record>{header}{metadata}</record>"


def write(folder, *parts):
    inner = "".join(parts)
    text = (
        f'<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListRecords>{inner}</ListRecords>'
    )
    (folder / "h.xml").write_text(f"{text}</OAI-PMH>")
    return folder / "h.xml"


def test_titles_descriptions_and_subjects_are_read(tmp_path):
    (row,) = read_oai(write(tmp_path, record(1)))
    assert row.fields == {
        "id": "oai:x:1",
        "title": "On chess",
        "text": "Schach\nA & B.",
        "subjects": ["chess", "games"],
        "authors": ["Example, P."],
        "languages": ["de", "en"],
        "date": "2001",
    }


def test_html_in_values_is_read_as_html_and_other_brackets_stay(tmp_path):
    inside = DC.replace("On\n    chess", "&lt;i&gt;E. coli&lt;/i&gt; &amp;amp; vector&lt;int&gt;")
    inside = inside.replace("A &amp; B.", "The &lt;template&gt; element &amp;amp; more")
    (row,) = read_oai(write(tmp_path, record(1, inside)))
    assert row.fields["title"] == "E. coli & vector<int>"
    assert row.fields["text"] == "Schach\nThe <template> element &amp; more"


def test_subjects_are_gold_tags(tmp_path):
    (document,) = read_documents(write(tmp_path, record(1)), format="oai")
    gold = FieldGold("subjects", [Label("1", "chess"), Label("2", "games")])
    assert gold.tags(0, document) == {"1", "2"}


def test_deleted_records_and_other_metadata_are_left_out_and_counted(tmp_path):
    path = write(tmp_path, record(1, "", ' status="deleted"'), record(2, "<x/>"), record(3))
    options = ReadOptions()
    assert [row.fields["id"] for row in read_oai(path, options)] == ["oai:x:3"]
    assert options.left_out.counts == {"deleted records": 1, "records without Dublin Core": 1}


def test_a_harvest_that_is_not_whole_is_told(tmp_path):
    token = '<resumptionToken completeListSize="9">t</resumptionToken>'
    options = ReadOptions()
    path = write(tmp_path, record(1), token)
    assert len(list(read_oai(path, options))) == 1
    assert options.notes == [f"{path} holds only a part of the list: 1 of 9 records"]


def test_dublin_core_without_records_around_it_is_read(tmp_path):
    (tmp_path / "h.xml").write_text(f"<all>{DC}{DC}</all>")
    assert [row.fields["title"] for row in read_oai(tmp_path / "h.xml")] == ["On chess"] * 2


def test_an_error_a_web_page_and_an_answer_that_is_cut_off_are_told(tmp_path):
    path = write(tmp_path, '<error code="badArgument">no such set</error>')
    bad = next(iter(read_oai(path)))
    assert isinstance(bad, BadLine)
    assert "the answer is an error: badArgument no such set" in str(bad)
    path.write_text("<html><body>Sorry</body></html>")
    (bad,) = read_oai(path)
    assert "it contains no OAI-PMH record" in str(bad)
    path = write(tmp_path, record(1), record(2))
    path.write_text(path.read_text()[:-90])
    *_, bad = read_oai(path)
    assert "not XML; the rest is not read" in str(bad)


def test_entities_are_not_resolved(tmp_path):
    (tmp_path / "secret").write_text("secret")
    path = write(tmp_path, record(1, DC.replace("A &amp; B", "&e;")))
    start = f'<!DOCTYPE x [<!ENTITY e SYSTEM "{tmp_path}/secret">]>'
    path.write_text(start + path.read_text())
    assert "secret" not in str(list(read_oai(path)))


def test_an_entity_that_is_not_defined_is_told_with_its_line(tmp_path):
    path = write(tmp_path, record(1) + "\n", record(2, DC.replace("A &amp; B", "A&nbsp;B")))
    row, bad = read_oai(path)
    assert row.fields["id"] == "oai:x:1"
    assert str(bad).endswith("line 13: not XML; the rest is not read: Entity 'nbsp' not defined")
