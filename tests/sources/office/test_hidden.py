"""Text and slides that a style of an office file hides; text boxes of new versions of Word."""

from __future__ import annotations

from pathlib import Path

import pytest

from lmtx_search.errors import UserError
from lmtx_search.sources.left_out import LeftOut
from lmtx_search.sources.office.opendocument import opendocument_text
from lmtx_search.sources.office.word import word_text
from tests.support.office_files import run, write_docx, write_odf, write_zip

HIDDEN = "<w:rPr><w:vanish/></w:rPr>"


def style(kind: str, name: str, content: str = HIDDEN, above: str = "") -> str:
    based = f'<w:basedOn w:val="{above}"/>' if above else ""
    return f'<w:style w:type="{kind}" w:styleId="{name}">{based}{content}</w:style>'


def paragraph(text: str, of_paragraph: str = "", of_run: str = "", own: str = "") -> str:
    said = f'<w:rStyle w:val="{of_run}"/>' if of_run else ""
    return (
        f'<w:p><w:pPr><w:pStyle w:val="{of_paragraph}"/></w:pPr>'
        f"<w:r><w:rPr>{said}{own}</w:rPr><w:t>{text}</w:t></w:r></w:p>"
    )


def test_text_that_a_style_of_word_hides_is_left_out_and_counted(tmp_path: Path) -> None:
    styles = (
        style("paragraph", "P")
        + style("character", "C")
        + style("character", "Below", "", above="C")
        + style("character", "Shown", '<w:rPr><w:vanish w:val="0"/></w:rPr>', above="C")
    )
    body = (
        paragraph("secret", of_paragraph="P")
        + paragraph("secret", of_run="C")
        + paragraph("secret", of_run="Below")
        + paragraph("one", of_run="Shown")
        + paragraph("two", of_paragraph="P", of_run="C")
        + paragraph("three", of_paragraph="P", own='<w:vanish w:val="0"/>')
    )
    left_out = LeftOut()
    assert word_text(write_docx(tmp_path / "a.docx", body, styles), left_out) == "one\ntwo\nthree"
    assert left_out.counts == {"hidden pieces of text": 3}


ALTERNATIVES = (
    "<w:p><w:r><mc:AlternateContent><mc:Choice><w:drawing><w:txbxContent><w:p>{box}</w:p>"
    "</w:txbxContent></w:drawing></mc:Choice>{fallback}</mc:AlternateContent></w:r></w:p>"
)


@pytest.mark.parametrize(
    "fallback",
    [
        "",
        "<mc:Fallback/>",
        "<mc:Fallback><w:pict><v:textbox><w:txbxContent><w:p><w:r><w:t>in a box</w:t></w:r></w:p>"
        "</w:txbxContent></v:textbox></w:pict></mc:Fallback>",
    ],
)
def test_text_boxes_are_read_once_in_any_form(tmp_path: Path, fallback: str) -> None:
    body = f"<w:p>{run('before')}</w:p>" + ALTERNATIVES.format(
        box=run("in a box"), fallback=fallback
    )
    assert word_text(write_docx(tmp_path / "a.docx", body), LeftOut()) == "before\nin a box"


def test_a_file_of_another_program_is_told(tmp_path: Path) -> None:
    relations = '<r><Relationship Type="x/officeDocument" Target="xl/workbook.xml"/></r>'
    members: dict[str, str | bytes] = {"_rels/.rels": relations, "xl/workbook.xml": "<workbook/>"}
    with pytest.raises(UserError, match=r"its main part xl/workbook\.xml is a workbook"):
        word_text(write_zip(tmp_path / "a.docx", members), LeftOut())


def test_text_that_a_style_of_opendocument_hides_is_left_out_and_counted(tmp_path: Path) -> None:
    styles = (
        '<style:style style:family="paragraph" style:name="Hidden"><style:text-properties '
        'text:display="none"/></style:style><style:style style:family="text" style:name="P1">'
        '<style:text-properties text:display="none"/></style:style>'
    )
    body = (
        '<style:style style:family="paragraph" style:name="P1" style:parent-style-name="Hidden"/>'
        '<style:style style:family="paragraph" style:name="P2" style:parent-style-name="Hidden">'
        '<style:text-properties text:display="true"/></style:style>'
        '<office:text><text:p text:style-name="P1">secret</text:p>'
        '<text:p text:style-name="Hidden">secret</text:p>'
        '<text:p text:style-name="P2">shown</text:p></office:text>'
    )
    left_out = LeftOut()
    path = write_odf(tmp_path / "a.odt", body, styles=styles)
    assert opendocument_text(path, left_out) == "shown"
    assert left_out.counts == {"hidden pieces of text": 2}


def test_a_span_that_is_displayed_stays_in_a_hidden_paragraph(tmp_path: Path) -> None:
    style = (
        '<style:style style:family="{}" style:name="{}"><style:text-properties text:display="{}"/>'
        "</style:style>"
    )
    body = (
        style.format("paragraph", "P1", "none")
        + style.format("text", "T1", "true")
        + '<office:text><text:p text:style-name="P1">secret<text:s/><text:a>secret '
        '<text:span text:style-name="T1">shown</text:span> secret</text:a> secret</text:p>'
        "</office:text>"
    )
    left_out = LeftOut()
    assert opendocument_text(write_odf(tmp_path / "a.odt", body), left_out) == "shown"
    assert left_out.counts == {"hidden pieces of text": 1}


def test_hidden_slides_of_opendocument_are_left_out_and_counted(tmp_path: Path) -> None:
    page = "<draw:page{}><draw:frame><draw:text-box><text:p>{}</text:p></draw:text-box>"
    page += "</draw:frame></draw:page>"
    body = (
        '<style:style style:family="drawing-page" style:name="dp1"><style:drawing-page-properties '
        'presentation:visibility="hidden"/></style:style><office:presentation>'
        + page.format("", "shown")
        + page.format(' draw:style-name="dp1"', "secret")
        + "</office:presentation>"
    )
    left_out = LeftOut()
    path = write_odf(tmp_path / "a.odp", body, kind="presentation")
    assert opendocument_text(path, left_out) == "shown"
    assert left_out.counts == {"hidden slides": 1}
