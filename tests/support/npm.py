"""Files of npm packages, by version and SHA-512: what Dashboards draws with."""

from __future__ import annotations

import base64
import hashlib
import io
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

import pytest


def npm_file(package: str, sha512: str, path: str) -> str:
    """Return a text file of a package; the test is skipped where there is no npm.

    Args:
        package: with its version, as in ``d3-cloud@1.2.5``.
        sha512: of the package's archive, in base64, as npm writes it.
        path: inside the package.
    """
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed: it fetches the package that Dashboards draws with")
    with tempfile.TemporaryDirectory() as folder:
        words = ["npm", "pack", package, "--silent", "--pack-destination", folder]
        subprocess.run(words, check=True, capture_output=True, timeout=120)
        (archive,) = Path(folder).glob("*.tgz")
        content = archive.read_bytes()
    found = base64.b64encode(hashlib.sha512(content).digest()).decode()
    assert found == sha512, f"{package} has other content than it had: {found}"
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        member = tar.extractfile(f"package/{path}")
        assert member is not None
        return member.read().decode()
