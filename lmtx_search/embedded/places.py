"""The folders of the embedded servers, and the account that runs OpenSearch."""

from __future__ import annotations

import hashlib
import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from lmtx_search.errors import LmtxError
from lmtx_search.settings import Settings

# OpenSearch refuses to run as root, and other users cannot enter the folders of root.
SHARED = Path("/var/lib/lmtx-search")


@dataclass(frozen=True)
class Account:
    """The ids of the user and group that OpenSearch runs as."""

    uid: int
    gid: int

    def own(self, folder: Path) -> None:
        """Create the folder, and make the account its owner and that of its direct entries."""
        folder.mkdir(parents=True, exist_ok=True)
        for path in (folder, *folder.iterdir()):
            os.chown(path, self.uid, self.gid)


@dataclass(frozen=True)
class Places:
    """Folders of the embedded servers."""

    cache: Path
    """Downloads and builds, which can be deleted at any time."""
    state: Path
    """Lock, servers.json and logs: ``data_dir/embedded``."""
    node_cache: Path
    """The assembled OpenSearch, readable for its account."""
    node_data: Path
    """Configuration, temporary files and data of OpenSearch, which stay after `down`."""
    account: Account | None
    """The account that runs OpenSearch (None: the calling user)."""

    @property
    def logs(self) -> Path:
        """Folder with one log for each server."""
        return self.state / "logs"


def find_places(settings: Settings) -> Places:
    """Return the folders under cache_dir and data_dir, or shared folders if root calls.

    If root calls, the node runs as `nobody`. If that account cannot enter cache_dir or data_dir
    (for example /root), the node uses /var/lib/lmtx-search instead. The data are then in a folder
    named after data_dir, so that each data_dir has its own data.
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
            "OpenSearch does not run as root and there is no user `nobody` to run it as: run "
            "this command as another user"
        ) from error
    return Account(entry.pw_uid, entry.pw_gid)


def open_up(folder: Path) -> None:
    """Create a folder and its missing parents so that all users can enter them."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(exist_ok=True)
        path.chmod(0o755)


def is_open(folder: Path) -> bool:
    """Return whether all users can enter the folder and its parents, as far as they exist."""
    return all(path.stat().st_mode & 0o001 for path in (folder, *folder.parents) if path.exists())
