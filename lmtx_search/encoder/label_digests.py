"""The digests of labels in a file beside an encoder, so that others can be told from them later.

A training run and a tagger version have such a file.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from lmtx_search.encoder.passages import label_passage
from lmtx_search.errors import UserError
from lmtx_search.records import Label, content_digest, short_digest

_FILE = "label_digests.json"


def digests_of(labels: Iterable[Label]) -> dict[str, bytes]:
    """Return id → short digest of each label."""
    return {label.id: short_digest(label.digest) for label in labels}


def passage_digests(labels: Iterable[Label]) -> dict[str, bytes]:
    """Return id → short digest of what the encoder reads of each label: names and synonyms."""
    return {label.id: short_digest(content_digest(label_passage(label))) for label in labels}


def write_digests(folder: Path, digests: Mapping[str, bytes]) -> None:
    """Write the digests of labels, by id, into the folder of a version or a run."""
    written = {id_: digest.hex() for id_, digest in digests.items()}
    (folder / _FILE).write_text(json.dumps(written), encoding="utf-8")


def stored_digests(folder: Path, again: str) -> Mapping[str, bytes] | None:
    """Return what :func:`write_digests` wrote (None: an earlier release made the folder).

    Args:
        again: what a person does if the file is damaged.

    Raises:
        UserError: the file is damaged.
    """
    file = folder / _FILE
    try:
        digests = json.loads(file.read_text(encoding="utf-8"))
        return {id_: bytes.fromhex(digest) for id_, digest in digests.items()}
    except FileNotFoundError:
        return None
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise UserError(f"{file} is damaged ({error}): {again}") from error
