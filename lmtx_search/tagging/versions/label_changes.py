"""Changes to the labels of a tagger version after it was made, as numbered files.

The version's own files are never written again. A change is two files: ``changes/000001.npy`` (the
embeddings) and ``changes/000001.jsonl`` (the encoder, then one label or id a line). The second file
appears atomically, and a service that uses the version reads it with the next request.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lmtx_search.errors import UserError
from lmtx_search.records import Label

_FOLDER = "changes"
_FILE = re.compile(r"(\d{6})\.jsonl\Z")


@dataclass(frozen=True, slots=True)
class LabelChange:
    """Labels that were added or changed (``puts``), and ids that were retired.

    ``embeddings`` is float32[puts, dimension], each row of length 1.
    """

    number: int
    at: str
    puts: Sequence[Label]
    embeddings: NDArray[np.float32]
    retired: Sequence[str]


def change_numbers(version: Path) -> list[int]:
    """Return the numbers of a version's changes in ascending order."""
    try:
        found = [path.name for path in (version / _FOLDER).iterdir()]
    except FileNotFoundError:
        return []
    return sorted(int(match[1]) for name in found if (match := _FILE.match(name)))


def changes_digest(version: Path) -> str:
    """Return a short digest of a version's changes, which copies with the same changes share."""
    digest = hashlib.sha256()
    for number in change_numbers(version):
        path = version / _FOLDER / f"{number:06d}.jsonl"
        # The first line has the time of the change. A change of all labels is large.
        with path.open("rb") as lines:
            digest.update(f"{number} {path.stat().st_size} ".encode() + lines.readline())
    return digest.hexdigest()[:16]


def write_change(
    version: Path,
    encoder_digest: str,
    puts: Sequence[Label],
    embeddings: NDArray[np.float32],
    retired: Sequence[str],
    at: datetime | None = None,
) -> int:
    """Add a change to a version's folder, completely or not at all, and return its number.

    Args:
        version: the version's folder.
        encoder_digest: of the encoder that the embeddings come from.
        embeddings: float32[puts, dimension], rows of length 1.
        at: the cluster's current time, which `retag` compares with the times of documents. None
            takes the time of this machine.
    """
    folder = version / _FOLDER
    folder.mkdir(exist_ok=True)
    number = max(change_numbers(version), default=0) + 1
    path = folder / f"{number:06d}.jsonl"
    rows = np.asarray(embeddings, dtype=np.float32)
    np.save(path.with_suffix(".npy"), rows, allow_pickle=False)
    head = {"encoder": encoder_digest, "at": (at or datetime.now(timezone.utc)).isoformat()}
    lines = [
        head,
        *({"put": label.record} for label in puts),
        *({"retire": id_} for id_ in retired),
    ]
    new = path.with_suffix(".new")
    new.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    new.replace(path)
    return number


def read_changes(version: Path, encoder_digest: str, after: int = 0) -> Iterator[LabelChange]:
    """Yield a version's changes after the given number, in ascending order.

    Raises:
        UserError: a change is damaged, or holds another encoder's embeddings.
    """
    for number in change_numbers(version):
        if number > after:
            yield _read(version / _FOLDER / f"{number:06d}.jsonl", number, encoder_digest)


def _read(path: Path, number: int, encoder_digest: str) -> LabelChange:
    try:
        head, *lines = map(json.loads, path.read_text(encoding="utf-8").splitlines())
        puts = [Label.of(line["put"]) for line in lines if "put" in line]
        retired = [str(line["retire"]) for line in lines if "retire" in line]
        embeddings: NDArray[np.float32] = np.load(path.with_suffix(".npy"), allow_pickle=False)
        fits = len(embeddings) == len(puts) and embeddings.dtype == np.float32
        at, encoder = str(head["at"]), head["encoder"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} is damaged ({error}): deploy again") from error
    if not fits:
        raise UserError(f"{path} is damaged (labels and embeddings differ): deploy again")
    if encoder != encoder_digest:
        raise UserError(f"{path} holds another encoder's embeddings: deploy again")
    return LabelChange(number, at, puts, embeddings, retired)
