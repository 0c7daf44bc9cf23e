"""Documents that clients write: descriptions of programs, and texts that are hard to send."""

from __future__ import annotations

import json
from typing import Any

_ABOUT = (
    ("gnome-chess", "A chess program: play against the computer or a friend, move by move"),
    ("firefox", "A web browser that shows pages of the World Wide Web, with tabs and bookmarks"),
    ("gnumeric", "A spreadsheet: sums in rows and columns, and accounts of a household"),
    ("mutt", "Reads and sends electronic mail in a terminal"),
    ("stockfish", "Analyses positions of the board game of kings and pawns"),
    ("postal", "Prints the addresses of letters that the post brings"),
)
_HARD = (
    "first line\nsecond line\r\n\tof a chess problem",
    'quotes " and \\ backslashes, {"index": {}} in the middle of a mail',
    "Schachprogramm für Anfänger: ♔ ♛ 😀 \u2028 and a web browser",
    "plays chess " * 2000,
    "",
)


def documents() -> list[dict[str, Any]]:
    """Return 35 documents. Their ids need no quoting in a URL."""
    texts = [(name, f"{text} ({n})") for n in range(5) for name, text in _ABOUT]
    texts += [("hard", text) for text in _HARD]
    return [
        {
            "id": f"d{n:03}",
            "@timestamp": "2026-11-29T12:00:00Z",
            "title": title,
            "text": text,
            "size": n,
            "note": None,
        }
        for n, (title, text) in enumerate(texts)
    ]


def json_lines(rows: list[dict[str, Any]]) -> str:
    """Return a JSON object in each line."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
