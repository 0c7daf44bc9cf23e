"""Where the embedded servers' files lie, and as whom OpenSearch runs."""

from __future__ import annotations

import hashlib
import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from lmtx_search.errors import LmtxError
from lmtx_search.settings import Settings

# OpenSearch refuses to run as root, and another user cannot look into root's own folders.
SHARED = Path("/var/lib/lmtx-search")


@dataclass(frozen=True)
class Account:
    """Numbers of the user and group that OpenSearch runs as."""

    uid: int
    gid: int

    def own(self, folder: Path) -> None:
        """Make the folder, and give it and what lies directly in it to this account."""
        folder.mkdir(parents=True, exist_ok=True)
        for path in (folder, *folder.iterdir()):
            os.chown(path, self.uid, self.gid)


@dataclass(frozen=True)
class Places:
    """Folders of the embedded servers."""

    cache: Path
    """Downloads and what is built from them; can be deleted at any time."""
    state: Path
    """Lock, servers.json and logs: ``data_dir/embedded``."""
    node_cache: Path
    """The assembled OpenSearch; readable to its account."""
    node_data: Path
    """OpenSearch's configuration, temporary files and data; survives `down`."""
    account: Account | None
    """As whom OpenSearch runs; None: as the user who calls."""

    @property
    def logs(self) -> Path:
        """Folder of one log a server."""
        return self.state / "logs"


def find_places(settings: Settings) -> Places:
    """Choose the folders: under cache_dir and data_dir, except what root has to share.

    Called by root, the node runs as `nobody`. Where that account cannot enter cache_dir or
    data_dir (/root is closed to others), its part lies under /var/lib/lmtx-search instead, the
    data in a folder named after data_dir, so that every data_dir keeps data of its own.
    """
    cache, state = settings.cache_dir, settings.data_dir / "embedded"
    node_cache, node_data = cache / "opensearch", state / "opensearch"
    if os.geteuid() != 0:
        return Places(cache, state, node_cache, node_data, None)
    if not is_open(node_cache):
        node_cache = SHARED / "cache" / "opensearch"
    if not is_open(node_data):
        name = hashlib.sha256(str(settings.data_dir).encode()).hexdigest()[:16]
        node_data = SHARED / "data" / name
    return Places(cache, state, node_cache, node_data, _unprivileged())


def _unprivileged() -> Account:
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError as error:
        raise LmtxError(
            "OpenSearch does not run as root and there is no user `nobody` to run it as: call "
            "this command as a user of your own"
        ) from error
    return Account(entry.pw_uid, entry.pw_gid)


def open_up(folder: Path) -> None:
    """Make a folder, and its parents as far as they are not there, to be entered by anybody."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(exist_ok=True)
        path.chmod(0o755)


def is_open(folder: Path) -> bool:
    """Whether every folder on the way that exists can be entered by anybody."""
    return all(path.stat().st_mode & 0o001 for path in (folder, *folder.parents) if path.exists())
