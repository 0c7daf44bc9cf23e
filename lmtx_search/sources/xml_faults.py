"""Where XML is not well-formed, and why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lmtx_search.records import BadLine


def xml_fault(path: Path, error: Any, parser: Any) -> BadLine:
    """Return the malformed line of an error that ended the reading of a file.

    Args:
        error: the XMLSyntaxError of lxml.
        parser: the ``iterparse`` that raised it. Its log has the first error with its line. An
            entity that is not defined, such as ``&nbsp;``, makes it raise another one without.
    """
    first = next(iter(parser.error_log), None)
    line, reason = (first.line, first.message) if first else (error.lineno or 0, error.msg)
    return BadLine(str(path), line, f"not XML; the rest is not read: {reason}")
