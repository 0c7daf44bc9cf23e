"""Small office files with the oddities of real ones, written part by part."""

from __future__ import annotations

import zipfile
from pathlib import Path

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"


def write_zip(path: Path, members: dict[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def write_docx(
    path: Path,
    body: str,
    styles: str = "",
    part: str = "word/document.xml",
    target: str | None = None,
) -> Path:
    """A Word file with this XML as the body of its document, and as its styles.

    Args:
        part: the name of the document's part.
        target: how the archive names this part.
    """
    main = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    return write_zip(
        path,
        {
            "[Content_Types].xml": f'<Types xmlns="{_TYPES}"><Default Extension="rels" '
            'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/{part}" ContentType="{main}"/></Types>',
            "_rels/.rels": f'<Relationships xmlns="{_RELATIONS}"><Relationship Id="r1" '
            f'Type="{_OFFICE}" Target="{target or part}"/></Relationships>',
            "word/styles.xml": f'<w:styles xmlns:w="{W}">{styles}</w:styles>',
            part: f'<w:document xmlns:w="{W}" '
            'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math" '
            'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
            'xmlns:v="urn:schemas-microsoft-com:vml">'
            f"<w:body>{body}</w:body></w:document>",
        },
    )


def run(text: str) -> str:
    return f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>'


_ODF = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" '
    'xmlns:presentation="urn:oasis:names:tc:opendocument:xmlns:presentation:1.0" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/"'
)


def write_odf(
    path: Path, body: str, manifest: str = "", kind: str = "text", styles: str = ""
) -> Path:
    """An OpenDocument file with this XML inside ``office:body``, and as its common styles."""
    content = f"<office:document-content {_ODF}><office:body>{body}</office:body>"
    members = {
        "mimetype": f"application/vnd.oasis.opendocument.{kind}",
        "META-INF/manifest.xml": f"<manifest>{manifest}</manifest>",
        "content.xml": f"{content}</office:document-content>",
        "styles.xml": f"<office:document-styles {_ODF}><office:styles>{styles}</office:styles>"
        "</office:document-styles>",
    }
    return write_zip(path, members)


def write_epub(path: Path, metadata: str, chapters: dict[str, str], more: dict[str, str]) -> Path:
    """An e-book whose package uses a prefix for its namespace; chapters in reading order."""
    items = "".join(
        f'<opf:item id="c{n}" href="{name}" media-type="application/xhtml+xml"/>'
        for n, name in enumerate(chapters)
    )
    order = "".join(f'<opf:itemref idref="c{n}"/>' for n in range(len(chapters)))
    package = (
        '<opf:package xmlns:opf="http://www.idpf.org/2007/opf" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><opf:metadata>{metadata}</opf:metadata>'
        f"<opf:manifest>{items}</opf:manifest><opf:spine>{order}</opf:spine></opf:package>"
    )
    pages = {
        f"OEBPS/{name}": f"<html><head><title>Book</title></head><body>{text}</body></html>"
        for name, text in chapters.items()
        if text
    }
    container = (
        '<container><rootfiles><rootfile full-path="OEBPS/book.opf"/></rootfiles></container>'
    )
    return write_zip(
        path, {"META-INF/container.xml": container, "OEBPS/book.opf": package, **pages, **more}
    )
