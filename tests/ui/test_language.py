"""Which language a browser prefers."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from lmtx_search.ui.requests import language_of


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("de", "de"),
        ("de-AT,de;q=0.9,en;q=0.8", "de-at"),
        ("de;q=0.5, en", "en"),
        ("fr;q=0, en ; q=0.3", "en"),
        ("*", None),
        ("*;q=0.1, nl;q=0.2", "nl"),
        ("", None),
        ("1;drop, de", "de"),
    ],
)
def test_the_language_with_the_highest_weight_is_preferred(
    header: str, language: str | None
) -> None:
    scope = {"type": "http", "headers": [(b"accept-language", header.encode())]}
    assert language_of(Request(scope)) == language
