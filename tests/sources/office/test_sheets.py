"""Rows of spreadsheets: values as people see them, and what is left out."""

from __future__ import annotations

import datetime
import re
import zipfile
from pathlib import Path

import pytest

from lmtx_search.sources.left_out import LeftOut
from lmtx_search.sources.office.sheets import sheet_rows, sheets_text
from tests.support.office_files import write_odf


class TestSheets:
    def make(self, path: Path) -> Path:
        from openpyxl import Workbook

        book = Workbook()
        sheet = book.active
        sheet.title = "books"
        sheet.append(["isbn", "title", "pages", "when", "sum"])
        sheet.append(["007", "NA", 12.0, datetime.datetime(2024, 5, 1), "=1+1"])
        sheet.append([None, None, None, None, None])
        sheet.append([9783161484100, "Chess", 3.5, datetime.datetime(2024, 5, 1, 8, 30), True])
        book.create_sheet("old").append(["secret"])
        book["old"].sheet_state = "hidden"
        book.save(path)
        return path

    def test_values_keep_their_form(self, tmp_path: Path) -> None:
        rows = list(sheet_rows(self.make(tmp_path / "a.xlsx"), LeftOut()))
        assert rows == [
            ("books", 1, ["isbn", "title", "pages", "when", "sum"]),
            ("books", 2, ["007", "NA", "12", "2024-05-01", ""]),
            ("books", 4, ["9783161484100", "Chess", "3.5", "2024-05-01T08:30:00", "true"]),
        ]

    @pytest.mark.parametrize("dimension", ["A1", "A1:B3"])
    def test_a_wrong_dimension_hides_nothing(self, tmp_path: Path, dimension: str) -> None:
        right, wrong = self.make(tmp_path / "a.xlsx"), tmp_path / "b.xlsx"
        with zipfile.ZipFile(right) as source, zipfile.ZipFile(wrong, "w") as target:
            for name in source.namelist():
                content = source.read(name)
                if name.startswith("xl/worksheets/"):
                    new = f'<dimension ref="{dimension}"'.encode()
                    content = re.sub(rb'<dimension ref="[^"]*"', new, content)
                target.writestr(name, content)
        assert list(sheet_rows(wrong, LeftOut())) == list(sheet_rows(right, LeftOut()))

    def test_a_line_break_in_a_cell_parts_words(self, tmp_path: Path) -> None:
        body = (
            '<office:spreadsheet><table:table table:name="S"><table:table-row>'
            '<table:table-cell office:value-type="string">'
            "<text:p><text:span>one<text:line-break/>two</text:span></text:p>"
            "</table:table-cell></table:table-row></table:table></office:spreadsheet>"
        )
        path = write_odf(tmp_path / "a.ods", body, kind="spreadsheet")
        assert list(sheet_rows(path, LeftOut())) == [("S", 1, ["one\ntwo"])]

    def test_numbers_keep_the_zeros_of_their_format(self, tmp_path: Path) -> None:
        from openpyxl import Workbook

        book = Workbook()
        book.active.append([7, 1067.0, -5, 7, "a_x000D_\nb _x005F_x000D_", 1.5])
        for cell, form in zip(book.active[1], ("000", "00000", "00", "0", "@", "00"), strict=True):
            cell.number_format = form
        book.save(tmp_path / "a.xlsx")
        ((_, _, cells),) = sheet_rows(tmp_path / "a.xlsx", LeftOut())
        assert cells == ["007", "01067", "-05", "7", "a\r\nb _x000D_", "1.5"]

    def test_numbers_of_opendocument_keep_their_zeros(self, tmp_path: Path) -> None:
        cell = (
            '<table:table-cell table:formula="of:=IF(1>0;1)" office:value-type="float" '
            'office:value="{}"><text:p>{}</text:p></table:table-cell>'
        )
        values = (("7", "007"), ("7", "7.00"), ("7.4", "007"), ("-7", "-007"))
        cells = "".join(cell.format(*value) for value in values)
        body = (
            '<office:spreadsheet><table:table table:name="S"><table:table-row>'
            f"{cells}</table:table-row></table:table></office:spreadsheet>"
        )
        path = write_odf(tmp_path / "a.ods", body, kind="spreadsheet")
        assert list(sheet_rows(path, LeftOut())) == [("S", 1, ["007", "7", "7.4", "-007"])]

    def test_formulas_of_any_kind_without_a_result_are_counted(self, tmp_path: Path) -> None:
        from openpyxl import Workbook
        from openpyxl.worksheet.formula import ArrayFormula

        book = Workbook()
        book.active.append(["title", "sum"])
        book.active["B2"] = ArrayFormula("B2", "=SUM(A1:A1)")
        book.save(tmp_path / "a.xlsx")
        body = (
            '<office:spreadsheet><table:table table:name="S"><table:table-row><table:table-cell '
            'office:value-type="string"><text:p>title</text:p></table:table-cell><table:table-cell '
            'table:formula="of:=IF(1>0;1)"/><table:table-cell table:formula="of:=1" '
            'office:value-type="float" office:value="1"><text:p>1</text:p></table:table-cell>'
            "</table:table-row></table:table></office:spreadsheet>"
        )
        write_odf(tmp_path / "a.ods", body, kind="spreadsheet")
        for name in ("a.xlsx", "a.ods"):
            left_out = LeftOut()
            sheets_text(tmp_path / name, left_out)
            assert left_out.counts == {"formulas without a stored result": 1}, name

    def test_hidden_sheets_and_formulas_without_a_result_are_counted(self, tmp_path: Path) -> None:
        left_out = LeftOut()
        sheets_text(self.make(tmp_path / "a.xlsx"), left_out)
        assert left_out.counts == {"formulas without a stored result": 1, "hidden sheets": 1}
