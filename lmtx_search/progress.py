"""How long-running parts of the library report what they are doing, without a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol


class Progress(Protocol):
    """Receives the stages of a long operation, and notes about it."""

    def stage(
        self, name: str, total: int | None = None, unit: str = "items"
    ) -> AbstractContextManager[Callable[[int], None]]:
        """Open a stage of ``total`` units (None: unknown); call the result with each advance."""
        ...

    def note(self, text: str) -> None:
        """Receive a sentence that the user should know at once; called between stages."""
        ...


class Silent:
    """Reports nothing: the default of every call of the library."""

    @contextmanager
    def stage(
        self, name: str, total: int | None = None, unit: str = "items"
    ) -> Iterator[Callable[[int], None]]:
        """Do nothing."""
        yield lambda advance: None

    def note(self, text: str) -> None:
        """Do nothing."""


SILENT: Progress = Silent()
