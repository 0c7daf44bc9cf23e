"""Progress that keeps what users are told."""

from __future__ import annotations

from lmtx_search.progress import Silent


class Notes(Silent):
    """Keeps the notes, in ``kept``."""

    def __init__(self) -> None:
        self.kept: list[str] = []

    def note(self, text: str) -> None:
        self.kept.append(text)
