"""The digests of a version's labels in a file, so that a comparison need not read the labels."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from lmtx_search.errors import UserError
from lmtx_search.records import Label, short_digest

_FILE = "label_digests.json"


def digests_of(labels: Iterable[Label]) -> dict[str, bytes]:
    """Return id → short digest of each label."""
    return {label.id: short_digest(label.digest) for label in labels}


def write_digests(version: Path, labels: Iterable[Label]) -> None:
    """Write the digests of the labels into a version's folder."""
    digests = {id_: digest.hex() for id_, digest in digests_of(labels).items()}
    (version / _FILE).write_text(json.dumps(digests), encoding="utf-8")


def stored_digests(version: Path) -> Mapping[str, bytes] | None:
    """Return what :func:`write_digests` wrote (None: an earlier release made the version).

    Raises:
        UserError: the file is damaged.
    """
    file = version / _FILE
    try:
        digests = json.loads(file.read_text(encoding="utf-8"))
        return {id_: bytes.fromhex(digest) for id_, digest in digests.items()}
    except FileNotFoundError:
        return None
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise UserError(f"{file} is damaged ({error}): deploy again") from error
