"""The tagger versions of a data folder: made, found, removed."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lmtx_search.encoder.calibration import Calibration
from lmtx_search.encoder.form import FORM_FILE, MODEL_FILES, TOKENIZER_FILE, Precision
from lmtx_search.encoder.windows import ONE_WINDOW, Windows
from lmtx_search.errors import UserError
from lmtx_search.records import Label, content_digest, labels_digest
from lmtx_search.tagging.versions.version import MANIFEST, SCHEMA, Manifest, TaggerVersion

_NAME = re.compile(r"\d{8}-\d{6}-[0-9a-f]{6}\Z")
_SECOND = "%Y%m%d-%H%M%S"
# In the folder of a version that is being deployed, until it has passed its test.
_UNTESTED = "untested"
_MAKING = ".making-"


class TaggerVersions:
    """The versions under ``data_dir/taggers``."""

    def __init__(self, data_dir: Path) -> None:
        self.folder = data_dir / "taggers"

    @staticmethod
    def is_name(name: str) -> bool:
        """Tell whether a version could be called that."""
        return _NAME.match(name) is not None

    def names(self) -> list[str]:
        """Return the complete versions, oldest first."""
        if not self.folder.is_dir():
            return []
        return sorted(path.name for path in self.folder.iterdir() if _NAME.match(path.name))

    def finished(self) -> list[str]:
        """Return those that passed the test of their deployment, oldest first."""
        return [name for name in self.names() if not (self.folder / name / _UNTESTED).exists()]

    def finish(self, name: str) -> None:
        """Note that a version passed the test of its deployment."""
        (self.folder / name / _UNTESTED).unlink(missing_ok=True)

    def sweep(self) -> None:
        """Delete what processes that were killed left half written; only one may do so."""
        for path in self.folder.glob(f"{_MAKING}*"):
            shutil.rmtree(path, ignore_errors=True)

    def get(self, name: str) -> TaggerVersion:
        """Return a version.

        Raises:
            UserError: there is none of that name, or it cannot be used.
        """
        folder = self.folder / name
        if not _NAME.match(name) or not folder.is_dir():
            raise UserError(
                f"no tagger version {name} in {self.folder}: `lmtx-search deploy` first"
            )
        return TaggerVersion.read(folder)

    def latest(self) -> TaggerVersion | None:
        """Return the newest version, or None."""
        names = self.names()
        return self.get(names[-1]) if names else None

    def create(
        self,
        *,
        onnx_folder: Path,
        encoder: str,
        encoder_digest: str,
        precision: Precision,
        document_tokens: int,
        labels: Sequence[Label],
        embeddings: NDArray[np.float32],
        threshold: float,
        max_tags: int,
        run: str | None = None,
        calibration: Calibration | None = None,
        passages: str = "",
        windows: Windows = ONE_WINDOW,
        own_thresholds: Mapping[str, float] | None = None,
        broader_tags: bool = False,
        untested: bool = False,
    ) -> TaggerVersion:
        """Write a version; it is there as a whole or not at all.

        Args:
            onnx_folder: the encoder's ONNX form.
            encoder: what the encoder is called.
            labels: the L labels.
            embeddings: float32[L, dimension], the labels' rows of length 1.
            passages: how they were embedded (``encoder.passages.passages_digest``).
            windows: what is read of a long document.
            own_thresholds: of single labels, by id.
            untested: it is for :meth:`finish` to say that it can be gone back to.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        now = self._after_the_latest(datetime.now(timezone.utc))
        digest = labels_digest(labels)
        unique = content_digest(encoder_digest, digest, now.isoformat(), str(os.getpid()))
        manifest = Manifest(
            version=f"{now:{_SECOND}}-{unique[:6]}",
            created=now.isoformat(timespec="seconds"),
            run=run,
            encoder=encoder,
            encoder_digest=encoder_digest,
            precision=precision,
            dimension=int(embeddings.shape[1]),
            document_tokens=document_tokens,
            labels=len(labels),
            labels_digest=digest,
            threshold=threshold,
            max_tags=max_tags,
            calibration=calibration,
            passages=passages,
            windows=windows,
            own_thresholds=dict(own_thresholds or {}),
            broader_tags=broader_tags,
            schema=SCHEMA,
        )
        target = self.folder / manifest.version
        with _temporary(self.folder) as folder:
            (folder / "encoder").mkdir()
            # Labels are embedded in fp32, also those that come later.
            models = {MODEL_FILES[precision], MODEL_FILES["fp32"]}
            for name in (FORM_FILE, TOKENIZER_FILE, *sorted(models)):
                _link(onnx_folder / name, folder / "encoder" / name)
            with (folder / "labels.jsonl").open("w", encoding="utf-8") as lines:
                lines.writelines(json.dumps(asdict(label)) + "\n" for label in labels)
            np.save(folder / "embeddings.npy", embeddings.astype(np.float32), allow_pickle=False)
            text = json.dumps(asdict(manifest), indent=1, ensure_ascii=False)
            (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")
            if untested:
                (folder / _UNTESTED).touch()
            folder.rename(target)
        return TaggerVersion(target, manifest)

    def _after_the_latest(self, now: datetime) -> datetime:
        """Return a second later than the latest version's: versions are ordered by their names."""
        names = self.names()
        if not names:
            return now
        latest = datetime.strptime(names[-1][:15], _SECOND).replace(tzinfo=timezone.utc)
        return max(now, latest + timedelta(seconds=1))

    def remove(self, version: TaggerVersion) -> None:
        """Delete a version's folder."""
        self.discard(version.manifest.version)

    def discard(self, name: str) -> None:
        """Delete the folder of a version, also of one that is damaged."""
        if _NAME.match(name):
            shutil.rmtree(self.folder / name, ignore_errors=True)


def _link(source: Path, target: Path) -> None:
    """Share the file where the file system can: the cache's files are never written again."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


@contextmanager
def _temporary(parent: Path) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix=_MAKING, dir=parent))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
