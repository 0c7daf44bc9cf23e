"""The files of a folder, and what is in it that cannot be walked through."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class FolderContent:
    """What a folder and its subfolders hold; names that begin with a dot are hidden.

    Attributes:
        files: in the order of their paths; also those that cannot be read, and links to nothing.
        unread: the folders that cannot be read, each with the reason.
        links: links to folders, which are not followed because they may lead in a circle.
    """

    files: list[Path] = field(default_factory=list)
    unread: dict[Path, str] = field(default_factory=dict)
    links: list[Path] = field(default_factory=list)


def walk(folder: Path) -> FolderContent:
    """Return what a folder and its subfolders hold."""
    found = FolderContent()

    def note(error: OSError) -> None:
        found.unread[Path(error.filename)] = error.strerror or str(error)

    for place, folders, files in os.walk(folder, onerror=note):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        here = Path(place)
        found.links.extend(here / name for name in folders if (here / name).is_symlink())
        shown = (here / name for name in files if not name.startswith("."))
        found.files.extend(path for path in shown if _may_be_file(path))
    found.files.sort()
    return found


def size_and_time(path: Path) -> str:
    """Return the state of a file as a text, also of one that does not exist or cannot be read."""
    try:
        state = path.stat()
    except OSError as error:
        return error.strerror or str(error)
    return f"{state.st_size} {state.st_mtime_ns}"


def _may_be_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:
        # Reading it tells why not.
        return True
