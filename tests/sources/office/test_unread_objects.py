"""What office files show beside their text: read, or left out and counted."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from lmtx_search.sources import DocumentFile
from lmtx_search.sources.left_out import LeftOut
from lmtx_search.sources.office.opendocument import opendocument_text
from lmtx_search.sources.office.sheets import sheets_text
from lmtx_search.sources.office.slides import slides_text
from lmtx_search.sources.office.word import word_text
from tests.support.office_files import run, write_docx, write_odf, write_zip

DRAWING = "http://schemas.openxmlformats.org/drawingml/2006"
OBJECT = '<w:object><o:OLEObject xmlns:o="urn:schemas-microsoft-com:office:office"/></w:object>'


def graphic(kind: str) -> str:
    data = f'<a:graphicData uri="{DRAWING}/{kind}"/>'
    start = f'<wp:inline xmlns:wp="{DRAWING}/wordprocessingDrawing" xmlns:a="{DRAWING}/main">'
    return f"{start}<a:graphic>{data}</a:graphic></wp:inline>"


def test_objects_of_word_are_counted(tmp_path: Path) -> None:
    drawn = "".join(f"<w:drawing>{graphic(kind)}</w:drawing>" for kind in ("diagram", "chart"))
    old = f"<mc:AlternateContent><mc:Fallback>{OBJECT}</mc:Fallback></mc:AlternateContent>"
    comment = '<w:commentReference w:id="1"/>'
    deleted = f"<w:del><w:r>{OBJECT}</w:r></w:del>"
    body = f"<w:p>{run('chess')}<w:r>{drawn}{OBJECT}{old}{comment}</w:r>{deleted}</w:p>"
    left_out = LeftOut()
    assert word_text(write_docx(tmp_path / "a.docx", body), left_out) == "chess"
    assert left_out.counts == {
        "SmartArt diagrams": 1,
        "charts": 1,
        "embedded objects": 1,
        "comments": 1,
    }


def test_objects_of_slides_are_counted(tmp_path: Path) -> None:
    from pptx import Presentation
    from pptx.opc.package import Part
    from pptx.opc.packuri import PackURI
    from pptx.oxml import parse_xml
    from pptx.util import Inches

    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[5])
    slide.shapes.title.text = "chess"
    for _ in range(2):
        slide.shapes.add_ole_object(io.BytesIO(b"x"), "Excel.Sheet.12", Inches(1), Inches(1))
    # PowerPoint writes an object in two forms.
    frame = slide.shapes[-1].element
    (data,) = frame.iter(f"{{{DRAWING}/main}}graphicData")
    space = "http://schemas.openxmlformats.org/markup-compatibility/2006"
    data.append(parse_xml(f'<mc:AlternateContent xmlns:mc="{space}"/>'))
    written = b"<cmLst><cm><text>Really?</text></cm></cmLst>"
    comments = Part(PackURI("/ppt/comments/comment1.xml"), "text/xml", deck.part.package, written)
    slide.part.relate_to(comments, "http://schemas.openxmlformats.org/x/comments")
    deck.save(str(tmp_path / "a.pptx"))
    left_out = LeftOut()
    assert slides_text(tmp_path / "a.pptx", left_out) == "chess"
    assert left_out.counts == {"embedded objects": 2, "comments": 1}


def test_damaged_comments_of_slides_are_counted_and_the_slide_is_read(tmp_path: Path) -> None:
    from pptx import Presentation
    from pptx.opc.package import Part
    from pptx.opc.packuri import PackURI

    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[5])
    slide.shapes.title.text = "chess"
    kind = "http://schemas.openxmlformats.org/x/comments"
    place = PackURI("/ppt/comments/comment1.xml")
    slide.part.relate_to(Part(place, "text/xml", deck.part.package, b"<cmLst><cm>"), kind)
    slide.part.rels.get_or_add_ext_rel(kind, "http://127.0.0.1/comments.xml")
    deck.save(str(tmp_path / "a.pptx"))
    left_out = LeftOut()
    assert slides_text(tmp_path / "a.pptx", left_out) == "chess"
    assert left_out.counts == {"parts with comments that cannot be read": 1}


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """A spreadsheet with a text box, a comment, a thread, a chart and an embedded object."""
    from openpyxl import Workbook
    from openpyxl.chart import BarChart
    from openpyxl.comments import Comment

    made = Workbook()
    sheet = made.active
    sheet.append(["title"])
    sheet.append(["chess"])
    sheet["A1"].comment = Comment("A remark", "Ann")
    sheet["A2"].comment = Comment("Your version of Excel is old: why?", "tc={1}")
    sheet.add_chart(BarChart())
    hidden = made.create_sheet("hidden")
    hidden["A1"].comment = Comment("secret", "Ann")
    hidden.sheet_state = "hidden"
    made.save(tmp_path / "plain.xlsx")
    with zipfile.ZipFile(tmp_path / "plain.xlsx") as archive:
        members: dict[str, str | bytes] = {name: archive.read(name) for name in archive.namelist()}

    def sp(text: str, mark: str = "") -> str:
        start = f'<sp xmlns="{DRAWING}/spreadsheetDrawing" xmlns:a="{DRAWING}/main">'
        paragraphs = "".join(f"<a:p><a:r><a:t>{line}</a:t></a:r></a:p>" for line in text.split("|"))
        return f"{start}<nvSpPr><cNvPr {mark}/></nvSpPr><txBody>{paragraphs}</txBody></sp>"

    relations = "xl/worksheets/_rels/sheet1.xml.rels"
    types = ("oleObject", "threadedComment")
    more = "".join(f'<Relationship Type="x/{one}" Target="/xl/{one}.xml"/>' for one in types)
    for name, end, added in (
        ("xl/drawings/drawing1.xml", b"</wsDr>", sp("in a|box") + sp("no", 'hidden="1"')),
        (relations, b"</Relationships>", more),
    ):
        content = members[name]
        assert isinstance(content, bytes)
        assert content.count(end) == 1
        members[name] = content.replace(end, added.encode() + end)
    thread = "<x><threadedComment><text>why?</text></threadedComment></x>"
    members["xl/threadedComment.xml"] = thread
    return write_zip(tmp_path / "a.xlsx", members)


def test_boxes_and_comments_of_sheets_are_read_and_objects_are_counted(book: Path) -> None:
    left_out = LeftOut()
    text = sheets_text(book, left_out)
    assert text.split("\n") == ["title", "chess", "in a", "box", "A remark", "why?"]
    assert left_out.counts == {"hidden sheets": 1, "charts": 1, "embedded objects": 1}


def test_what_belongs_to_no_row_of_a_table_is_counted(book: Path) -> None:
    file = DocumentFile(book)
    assert [one.source for one in file] == [{"title": "chess"}]
    assert file.last_read.left_out.counts == {
        "comments": 2,
        "hidden sheets": 1,
        "embedded objects": 1,
        "charts": 1,
        "text boxes of sheets": 1,
    }


def test_a_damaged_drawing_costs_no_cell(book: Path) -> None:
    with zipfile.ZipFile(book) as archive:
        members: dict[str, str | bytes] = {name: archive.read(name) for name in archive.namelist()}
    write_zip(book, {**members, "xl/drawings/drawing1.xml": "<cut"})
    left_out = LeftOut()
    assert sheets_text(book, left_out).startswith("title\nchess\n")
    assert left_out.counts["drawings and comments that cannot be read"] == 1


def test_boxes_and_comments_of_opendocument_sheets_are_read(tmp_path: Path) -> None:
    box = "<draw:frame><draw:text-box><text:p>in a box</text:p></draw:text-box></draw:frame>"
    remark = "<office:annotation><dc:creator>Ann</dc:creator><text:p>why?</text:p>"
    cell = (
        f'<table:table-cell office:value-type="string">{remark}</office:annotation>'
        "<text:p>chess</text:p><draw:frame><draw:object/></draw:frame></table:table-cell>"
    )
    rows = f"<table:shapes>{box}</table:shapes><table:table-row>{cell}</table:table-row>"
    hidden = (
        '<style:style style:name="no" style:family="table">'
        '<style:table-properties table:display="false"/></style:style>'
    )
    body = (
        f'{hidden}<office:spreadsheet><table:table table:name="A">{rows}</table:table>'
        f'<table:table table:name="B" table:style-name="no">{rows}</table:table>'
        "</office:spreadsheet>"
    )
    path, left_out = tmp_path / "a.ods", LeftOut()
    write_odf(path, body, kind="spreadsheet")
    assert sheets_text(path, left_out).split("\n")[-2:] == ["in a box", "why?"]
    assert left_out.counts["embedded formulas, charts and other objects"] == 1


def test_comments_of_opendocument_texts_are_counted(tmp_path: Path) -> None:
    remark = "<office:annotation><text:p>why?</text:p></office:annotation>"
    body = f"<office:text><text:p>chess{remark}</text:p></office:text>"
    left_out = LeftOut()
    assert opendocument_text(write_odf(tmp_path / "a.odt", body), left_out) == "chess"
    assert left_out.counts == {"comments": 1}
