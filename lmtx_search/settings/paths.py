"""Paths in settings: ``~`` is the home folder."""

from __future__ import annotations

from pathlib import Path


def expanded(path: Path) -> Path:
    """Return the path with the home folder in place of ``~`` or ``~user``.

    Raises:
        ValueError: there is no such home folder.

    >>> expanded(Path("models/a.gguf"))
    PosixPath('models/a.gguf')
    """
    try:
        return path.expanduser()
    except RuntimeError as error:
        raise ValueError(f"{path.parts[0]} has no home folder: write the whole path") from error


def maybe_expanded(path: Path | None) -> Path | None:
    """Return the path as :func:`expanded` does, or None."""
    return None if path is None else expanded(path)
