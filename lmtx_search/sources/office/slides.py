"""The text of PowerPoint files (.pptx), by python-pptx."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from lmtx_search.errors import UserError
from lmtx_search.sources.left_out import LeftOut
from lmtx_search.sources.office.archive import local_name, open_archive, parse_xml
from lmtx_search.sources.office.unread_objects import unread_objects


def slides_text(path: Path, left_out: LeftOut) -> str:
    """Return the text of the slides in their order: shapes, groups, tables, charts, notes.

    Hidden slides, SmartArt, embedded objects, comments and alternative content are left out and
    counted.

    Raises:
        UserError: the file cannot be read, or holds no text.
    """
    from pptx import Presentation

    with open_archive(path):  # raises a clear error for a damaged archive
        pass
    try:
        slides = list(Presentation(str(path)).slides)
        lines = [
            line
            for number, slide in enumerate(slides, 1)
            for line in _slide(slide, f"{path.name}, slide {number}", left_out)
        ]
    except UserError:
        raise
    except Exception as error:  # python-pptx does not catch the errors of lxml and zipfile
        raise UserError(
            f"cannot be read as PowerPoint ({type(error).__name__}: {str(error)[:100]})"
        ) from error
    if not lines:
        raise UserError("holds no text: pictures only?")
    return "\n".join(lines)


def _slide(slide: Any, where: str, left_out: LeftOut) -> Iterator[str]:
    if slide.element.get("show") == "0":
        left_out.add("hidden slides", where)
        return
    left_out.add("pieces of alternative content in slides", where, _alternatives(slide.element))
    for kind, count in _comments(slide.part).items():
        left_out.add(kind, where, count)
    yield from _shapes(slide.shapes, where, left_out)
    if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
        yield from _lines(slide.notes_slide.notes_text_frame.text)


def _alternatives(slide: Any) -> int:
    """Return the number of pieces with a second form, but for those inside a counted object."""
    return sum(
        local_name(one) == "AlternateContent"
        and not any(local_name(above) == "graphicData" for above in one.iterancestors())
        for one in slide.iter()
    )


def _comments(part: Any) -> Counter[str]:
    """Return the number of comments of a slide, and of parts with comments that are damaged."""
    counts: Counter[str] = Counter()
    for relation in part.rels.values():
        if relation.is_external or not relation.reltype.endswith("/comments"):
            continue
        try:
            comments = parse_xml(relation.target_part.blob, "comments")
        except UserError:  # the slide itself can be read
            counts["parts with comments that cannot be read"] += 1
        else:
            counts["comments"] += sum(local_name(one) == "cm" for one in comments.iter())
    return counts


def _shapes(shapes: Iterable[Any], where: str, left_out: LeftOut) -> Iterator[str]:
    for shape in shapes:
        if hasattr(shape, "shapes"):
            yield from _shapes(shape.shapes, where, left_out)
        elif getattr(shape, "has_table", False) and shape.has_table:
            for row in shape.table.rows:
                yield from _lines(" ".join(cell.text for cell in row.cells))
        elif getattr(shape, "has_chart", False) and shape.has_chart:
            yield from _chart(shape.chart)
        elif shape.has_text_frame:
            yield from _lines(shape.text_frame.text)
        else:
            for kind, count in unread_objects(shape.element).items():
                left_out.add(kind, where, count)


def _chart(chart: Any) -> Iterator[str]:
    if chart.has_title and chart.chart_title.has_text_frame:
        yield from _lines(chart.chart_title.text_frame.text)
    for plot in chart.plots:
        yield from _lines(" ".join(str(one) for one in plot.categories))
        yield from _lines(" ".join(str(series.name) for series in plot.series))


def _lines(text: str) -> Iterator[str]:
    """Yield the lines with text; U+000B is PowerPoint's line break."""
    for line in text.replace("\x0b", "\n").splitlines():
        if line.strip():
            yield line.strip()
