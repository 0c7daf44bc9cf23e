"""How long-running parts of the library tell what they are doing, without knowing a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol


class Progress(Protocol):
    """Receives the stages of a long operation."""

    def stage(
        self, name: str, total: int | None = None, unit: str = "items"
    ) -> AbstractContextManager[Callable[[int], None]]:
        """Open a stage of ``total`` units (None: not known); call the result with each advance."""
        ...


class Silent:
    """A progress that shows nothing: the default of every library call."""

    @contextmanager
    def stage(
        self, name: str, total: int | None = None, unit: str = "items"
    ) -> Iterator[Callable[[int], None]]:
        """Do nothing."""
        yield lambda advance: None


SILENT: Progress = Silent()
