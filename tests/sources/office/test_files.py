"""Office files and e-books: what is read of them, and what is said of the rest."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from lmtx_search.errors import UserError
from lmtx_search.sources.left_out import LeftOut
from lmtx_search.sources.office.epub import read_epub
from lmtx_search.sources.office.files import OFFICE_ENDINGS, read_office
from lmtx_search.sources.office.opendocument import opendocument_text
from lmtx_search.sources.office.slides import slides_text
from lmtx_search.sources.office.word import word_text
from tests.support.office_files import run, write_docx, write_epub, write_odf, write_zip


class TestWord:
    def read(self, tmp_path: Path, body: str, left_out: LeftOut | None = None) -> list[str]:
        path = write_docx(tmp_path / "a.docx", body)
        return word_text(path, LeftOut() if left_out is None else left_out).split("\n")

    def test_insertions_are_read_and_deletions_are_not(self, tmp_path: Path) -> None:
        deleted = "<w:del><w:r><w:delText>old</w:delText></w:r></w:del>"
        body = f"<w:p>{run('The ')}<w:ins>{run('new')}</w:ins>{deleted}{run(' rules')}</w:p>"
        assert self.read(tmp_path, body) == ["The new rules"]

    def test_fields_and_directions_are_ordinary_text(self, tmp_path: Path) -> None:
        field = f'<w:fldSimple w:instr="DATE">{run("1 May")}</w:fldSimple>'
        body = f"<w:p>{run('On ')}{field}<w:bdo>{run(' we play')}</w:bdo></w:p>"
        assert self.read(tmp_path, body) == ["On 1 May we play"]

    def test_of_a_ruby_the_base_is_read(self, tmp_path: Path) -> None:
        ruby = f"<w:ruby><w:rt>{run('kan')}</w:rt><w:rubyBase>{run('漢')}</w:rubyBase></w:ruby>"
        assert self.read(tmp_path, f"<w:p><w:r>{ruby}</w:r>{run('字')}</w:p>") == ["漢字"]

    def test_a_formula_is_its_letters(self, tmp_path: Path) -> None:
        formula = "<m:oMath><m:r><m:t>E=mc</m:t></m:r><m:r><m:t>2</m:t></m:r></m:oMath>"
        assert self.read(tmp_path, f"<w:p>{run('Since ')}{formula}</w:p>") == ["Since E=mc2"]

    def test_markup_in_the_text_stays_text(self, tmp_path: Path) -> None:
        assert self.read(tmp_path, f"<w:p>{run('a &lt;b&gt; &amp; c')}</w:p>") == ["a <b> & c"]

    def test_a_table_has_a_line_for_each_paragraph(self, tmp_path: Path) -> None:
        cell = "<w:tc><w:p>{}</w:p></w:tc>"
        row = f"<w:tr>{cell.format(run('chess'))}{cell.format(run('go'))}</w:tr>"
        assert self.read(tmp_path, f"<w:tbl>{row}</w:tbl>") == ["chess", "go"]

    def test_what_is_ignored_is_counted(self, tmp_path: Path) -> None:
        left_out = LeftOut()
        self.read(tmp_path, f"<w:p>{run('text')}</w:p><w:altChunk/><w:altChunk/>", left_out)
        assert left_out.counts == {"Word elements of the kind w:altChunk": 2}

    @pytest.mark.parametrize(
        ("part", "target"),
        [
            ("word/document2.xml", "./word/document2.xml"),
            ("word/document2.xml", "word/../word/document2.xml"),
            ("word/document2.xml", "/word/document2.xml"),
            ("word/document.xml", "word/missing.xml"),
            ("text/document.xml", "text/document.xml"),
        ],
    )
    def test_the_main_part_is_found_however_it_is_named(
        self, tmp_path: Path, part: str, target: str
    ) -> None:
        path = write_docx(tmp_path / "a.docx", f"<w:p>{run('chess')}</w:p>", "", part, target)
        assert word_text(path, LeftOut()) == "chess"

    def test_hidden_text_is_left_out_and_counted(self, tmp_path: Path) -> None:
        def marked(vanish: str, text: str) -> str:
            return f"<w:r><w:rPr>{vanish}</w:rPr><w:t>{text}</w:t></w:r>"

        shown = marked('<w:vanish w:val="0"/>', "shown")
        body = f"<w:p>{run('All ')}{marked('<w:vanish/>', 'secret')}{shown}</w:p>"
        left_out = LeftOut()
        assert self.read(tmp_path, body, left_out) == ["All shown"]
        assert left_out.counts == {"hidden pieces of text": 1}


class TestSlides:
    def make(self, path: Path) -> Path:
        from pptx import Presentation
        from pptx.chart.data import CategoryChartData
        from pptx.enum.chart import XL_CHART_TYPE
        from pptx.util import Inches

        deck = Presentation()
        slide = deck.slides.add_slide(deck.slide_layouts[5])
        slide.shapes.title.text = "Annual\vReport"
        place = (Inches(1), Inches(1), Inches(2), Inches(2))
        group = slide.shapes.add_group_shape()
        group.shapes.add_textbox(*place).text_frame.text = "in a group"
        table = slide.shapes.add_table(1, 2, *place).table
        table.cell(0, 0).text, table.cell(0, 1).text = "chess", "go"
        data = CategoryChartData()
        data.categories = ["2023", "2024"]
        data.add_series("Members", (1, 2))
        slide.shapes.add_chart(XL_CHART_TYPE.BAR_CLUSTERED, *place, data)
        slide.notes_slide.notes_text_frame.text = "say hello"
        hidden = deck.slides.add_slide(deck.slide_layouts[5])
        hidden.shapes.title.text = "not shown"
        hidden.element.set("show", "0")
        deck.save(str(path))
        return path

    def test_groups_tables_charts_and_notes_are_read_in_lines(self, tmp_path: Path) -> None:
        text = slides_text(self.make(tmp_path / "a.pptx"), LeftOut())
        assert text.split("\n") == [
            *("Annual", "Report", "in a group", "chess go", "2023 2024", "Members", "say hello")
        ]

    def test_hidden_slides_are_left_out_and_counted(self, tmp_path: Path) -> None:
        left_out = LeftOut()
        assert "not shown" not in slides_text(self.make(tmp_path / "a.pptx"), left_out)
        assert left_out.lines() == ["Left out: 1 hidden slides (the first: a.pptx, slide 2)"]


class TestOpenDocument:
    def test_boxes_notes_and_fields_are_read_and_deletions_are_not(self, tmp_path: Path) -> None:
        body = (
            "<office:text><text:tracked-changes><text:p>deleted</text:p></text:tracked-changes>"
            "<text:h>Ch<text:span>ess</text:span></text:h><text:p>Two<text:s/>players"
            "<text:note><text:note-citation>1</text:note-citation><text:note-body>"
            "<text:p>or more</text:p></text:note-body></text:note>"
            "<office:annotation><text:p>a comment</text:p></office:annotation>"
            "<draw:frame><draw:text-box><text:p>in a box</text:p></draw:text-box></draw:frame>"
            "<text:line-break/>on a board</text:p>"
            "<table:table><table:table-row><table:table-cell><text:p>cell</text:p>"
            "</table:table-cell></table:table-row></table:table></office:text>"
        )
        text = opendocument_text(write_odf(tmp_path / "a.odt", body), LeftOut())
        assert text == "Chess\nTwo players\non a board\nor more\nin a box\ncell"

    def test_hidden_sections_are_left_out_and_counted(self, tmp_path: Path) -> None:
        body = (
            '<office:text><text:section text:display="none"><text:p>secret</text:p></text:section>'
            '<text:section text:display="true"><text:p>shown</text:p></text:section></office:text>'
        )
        left_out = LeftOut()
        assert opendocument_text(write_odf(tmp_path / "a.odt", body), left_out) == "shown"
        assert left_out.counts == {"hidden sections": 1}

    def test_hidden_text_is_left_out_and_counted(self, tmp_path: Path) -> None:
        style = "urn:oasis:names:tc:opendocument:xmlns:style:1.0"
        body = (
            f'<s:style xmlns:s="{style}" s:name="T1" s:family="text">'
            '<s:text-properties text:display="none"/></s:style><office:text><text:p>All '
            '<text:span text:style-name="T1">secret</text:span>'
            'of <text:hidden-text text:is-hidden="true">secret</text:hidden-text>'
            "<text:hidden-text>this</text:hidden-text></text:p>"
            '<text:p>secret<text:hidden-paragraph text:is-hidden="true"/></text:p></office:text>'
        )
        left_out = LeftOut()
        assert opendocument_text(write_odf(tmp_path / "a.odt", body), left_out) == "All of this"
        assert left_out.counts == {"hidden pieces of text": 3}

    def test_an_encrypted_file_is_one_line(self, tmp_path: Path) -> None:
        path = write_odf(tmp_path / "a.odt", "", "<manifest:encryption-data/>")
        with pytest.raises(UserError, match="is encrypted"):
            opendocument_text(path, LeftOut())


class TestEpub:
    METADATA = (
        "<dc:title>Endgames</dc:title><dc:creator>A. Player</dc:creator>"
        "<dc:subject>chess</dc:subject><dc:subject>board games</dc:subject>"
    )

    def test_chapters_come_in_reading_order_with_the_subjects(self, tmp_path: Path) -> None:
        chapters = {"z%20one.xhtml": "", "a.xhtml": "<p>Pawns</p>"}
        page = "<html><body><p>Kings</p></body></html>"
        more = {"OEBPS/z one.xhtml": page}
        path = write_epub(tmp_path / "a.epub", self.METADATA, chapters, more)
        assert read_epub(path, LeftOut()) == {
            "title": "Endgames",
            "creator": "A. Player",
            "subjects": ["chess", "board games"],
            "text": "Kings\nPawns",
        }

    def test_missing_chapters_are_counted(self, tmp_path: Path) -> None:
        left_out = LeftOut()
        chapters = {"a.xhtml": "<p>Pawns</p>", "gone.xhtml": ""}
        read_epub(write_epub(tmp_path / "a.epub", "", chapters, {}), left_out)
        assert left_out.counts == {"chapters of e-books that are missing": 1}

    @pytest.mark.parametrize(
        ("declared", "encoding"),
        [
            ("windows-1251", "cp1251"),
            ("utf-16", "utf-16"),
            ("utf-16", "utf-16-le"),
            ("utf-16", "utf-8"),
            ("utf-8", "utf-8-sig"),
        ],
    )
    def test_chapters_are_read_in_their_own_encoding(
        self, tmp_path: Path, declared: str, encoding: str
    ) -> None:
        page = (
            f"<?xml version='1.0' encoding='{declared}'?><html><body><p>Шахматы</p></body></html>"
        )
        path = write_epub(tmp_path / "a.epub", "", {"a.xhtml": ""}, {})
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr("OEBPS/a.xhtml", page.encode(encoding))
        left_out = LeftOut()
        assert read_epub(path, left_out) == {"text": "Шахматы"}
        assert not left_out

    def test_characters_of_chapters_that_cannot_be_decoded_are_counted(
        self, tmp_path: Path
    ) -> None:
        path = write_epub(tmp_path / "a.epub", "", {"a.xhtml": ""}, {})
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr("OEBPS/a.xhtml", b"<html><body>chess \x81\x8d</body></html>")
        left_out = LeftOut()
        read_epub(path, left_out)
        assert left_out.counts == {"characters of e-books that cannot be decoded": 2}

    def test_a_protected_book_is_one_line(self, tmp_path: Path) -> None:
        more = {"META-INF/encryption.xml": '<e><CipherReference URI="OEBPS/a.xhtml"/></e>'}
        path = write_epub(tmp_path / "a.epub", "", {"a.xhtml": "<p>x</p>"}, more)
        with pytest.raises(UserError, match=r"protected \(DRM\)"):
            read_epub(path, LeftOut())


@pytest.mark.parametrize("ending", OFFICE_ENDINGS)
@pytest.mark.parametrize(
    "content",
    [b"", b"not an archive", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, b"PK\x03\x04cut"],
    ids=["empty", "text", "protected", "cut"],
)
def test_a_bad_file_is_one_line(tmp_path: Path, ending: str, content: bytes) -> None:
    path = tmp_path / f"bad{ending}"
    path.write_bytes(content)
    with pytest.raises(UserError) as error:
        read_office(path, LeftOut())
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("ending", OFFICE_ENDINGS)
def test_an_archive_of_another_kind_is_one_line(tmp_path: Path, ending: str) -> None:
    path = write_zip(tmp_path / f"bad{ending}", {"a.txt": "x", "[Content_Types].xml": "<x/>"})
    with pytest.raises(UserError) as error:
        read_office(path, LeftOut())
    assert "\n" not in str(error.value)
