"""The root element of XML, read without the rest."""

from __future__ import annotations

from contextlib import suppress
from xml.parsers.expat import ExpatError, ParserCreate

# The root stands behind the declarations, of which a file has few.
_WITHIN = 1 << 20


def root_name(data: bytes) -> str:
    """Return the name of the root element with its prefix ("": it is not found).

    >>> root_name(b"<?xml version='1.0'?><!-- a --><rdf:RDF><item/>")
    'rdf:RDF'
    >>> root_name(b"no XML")
    ''
    """
    names = list[str]()
    parser = ParserCreate()
    parser.StartElementHandler = lambda name, _attributes: names.append(name)
    # With a default handler, no entity of the content is expanded.
    parser.DefaultHandler = lambda _data: None
    # What is wrong before the root is for the reader of the format to say.
    with suppress(ExpatError, LookupError, ValueError):
        parser.Parse(data[:_WITHIN].lstrip(), False)
    return names[0] if names else ""
