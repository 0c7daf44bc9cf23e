"""Makes, finds and removes the tagger versions of a data folder."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np

from lmtx_search.encoder.folder import read_json
from lmtx_search.encoder.form import FORM_FILE, MODEL_FILES, TOKENIZER_FILE, Precision
from lmtx_search.encoder.label_digests import digests_of, write_digests
from lmtx_search.encoder.onnx_files import files_of
from lmtx_search.errors import UserError
from lmtx_search.records import content_digest, labels_digest
from lmtx_search.tagging.versions.contents import (
    TaggingRule,
    VersionEncoder,
    VersionLabels,
)
from lmtx_search.tagging.versions.version import (
    MANIFEST,
    RULES_FILE,
    SCHEMA,
    STUDENT,
    WORDS_FILE,
    Manifest,
    RulesRecord,
    TaggerVersion,
)
from lmtx_search.words.importance import write_pairs
from lmtx_search.words.weights import WordScoring, write_offsets

_NAME = re.compile(r"\d{8}-\d{6}-[0-9a-f]{6}\Z")
_SECOND = "%Y%m%d-%H%M%S"
# A file in the folder of a version that has not passed the test of its deployment yet.
_UNTESTED = "untested"
_MAKING = ".making-"
# A partly written folder of an earlier release, which did not note the cluster.
_MADE_BEFORE = re.compile(re.escape(_MAKING) + r"\w{8}\Z")


class TaggerVersions:
    """The versions under ``data_dir/taggers``."""

    def __init__(self, data_dir: Path) -> None:
        self.folder = data_dir / "taggers"

    @staticmethod
    def is_name(name: str) -> bool:
        """Return whether the name has the form of a version name."""
        return _NAME.match(name) is not None

    def names(self) -> list[str]:
        """Return the names of the complete versions, oldest first."""
        if not self.folder.is_dir():
            return []
        return sorted(path.name for path in self.folder.iterdir() if _NAME.match(path.name))

    def finished(self) -> list[str]:
        """Return the names of the versions that passed their deployment test, oldest first."""
        return [name for name in self.names() if not (self.folder / name / _UNTESTED).exists()]

    def finish(self, name: str) -> None:
        """Record that a version passed the test of its deployment."""
        (self.folder / name / _UNTESTED).unlink(missing_ok=True)

    def cluster_of(self, name: str) -> str:
        """Return the id of the cluster that a version was made for ("": unknown)."""
        try:
            return str(read_json(self.folder / name / MANIFEST).get("cluster") or "")
        except UserError:
            return ""

    def take_over(self, name: str, cluster: str) -> None:
        """Record that a version belongs to this cluster from now on.

        Args:
            cluster: id of the cluster.

        Raises:
            UserError: the manifest cannot be read.
        """
        file = self.folder / name / MANIFEST
        values = {**read_json(file), "cluster": cluster}
        new = file.with_suffix(".new")
        new.write_text(json.dumps(values, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        new.replace(file)

    def remove_partial(self, cluster: str = "") -> None:
        """Delete the partly written folders of killed processes.

        The caller must hold the lock of the cluster. Deployments to others may be writing theirs.
        """
        for path in self.folder.glob(f"{_MAKING}*"):
            if path.name.startswith(_making(cluster)) or _MADE_BEFORE.match(path.name):
                shutil.rmtree(path, ignore_errors=True)

    def get(self, name: str) -> TaggerVersion:
        """Return the version of that name.

        Raises:
            UserError: there is none, or it cannot be used.
        """
        folder = self.folder / name
        if not _NAME.match(name) or not folder.is_dir():
            raise UserError(
                f"no tagger version {name} in {self.folder}: `lmtx-search deploy` first"
            )
        return TaggerVersion.read(folder)

    def latest(self) -> TaggerVersion | None:
        """Return the newest version that passed its deployment test, or None."""
        names = self.finished()
        return self.get(names[-1]) if names else None

    def create(
        self,
        encoder: VersionEncoder,
        labels: VersionLabels,
        rule: TaggingRule,
        words: WordScoring | None = None,
        *,
        untested: bool = False,
        cluster: str = "",
        others: Collection[str] = (),
    ) -> TaggerVersion:
        """Write a new version, completely or not at all.

        Args:
            words: None leaves the score to the encoder alone.
            untested: a rollback may not use the version before :meth:`finish` is called.
            cluster: id of the cluster that it is made for ("": unknown).
            others: names of versions that may be in other data folders. The new version gets a
                later name than these and those in this folder.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        now = self._after_the_latest(datetime.now(timezone.utc), others)
        digest = labels_digest(labels.labels)
        unique = content_digest(encoder.digest, digest, now.isoformat(), str(os.getpid()))
        manifest = Manifest(
            version=f"{now:{_SECOND}}-{unique[:6]}",
            created=now.isoformat(timespec="seconds"),
            run=encoder.run,
            encoder=encoder.name,
            encoder_digest=encoder.digest,
            precision=encoder.precision,
            dimension=int(labels.embeddings.shape[1]),
            document_tokens=encoder.document_tokens,
            labels=len(labels.labels),
            labels_digest=digest,
            threshold=rule.threshold,
            max_tags=rule.max_tags,
            calibration=rule.calibration,
            passages=labels.passages,
            windows=encoder.windows,
            own_thresholds=dict(rule.own_thresholds),
            broader_tags=rule.broader_tags,
            bands=rule.bands,
            words=None if words is None else words.weights,
            word_windows=1 if words is None else words.windows,
            word_pairs=words is not None and words.importance.pairs is not None,
            student=None if encoder.student is None else encoder.student.record,
            rules=None if rule.rules is None else RulesRecord(rule.rules.number, rule.rules.digest),
            refit=encoder.refit,
            cluster=cluster,
            text_fields=list(rule.text_fields),
            untouched=rule.untouched,
            schema=SCHEMA,
        )
        target = self.folder / manifest.version
        with _temporary(self.folder, _making(cluster)) as folder:
            # The fp32 model embeds labels, including those that are added later.
            of_documents: Precision = encoder.precision if encoder.student is None else "fp32"
            _link_form(encoder.onnx_folder, folder / "encoder", {of_documents, "fp32"})
            if encoder.student is not None:
                _link_form(encoder.student.onnx_folder, folder / STUDENT, {encoder.precision})
            with (folder / "labels.jsonl").open("w", encoding="utf-8") as lines:
                lines.writelines(json.dumps(label.record) + "\n" for label in labels.labels)
            write_digests(folder, digests_of(labels.labels))
            embeddings = labels.embeddings.astype(np.float32)
            np.save(folder / "embeddings.npy", embeddings, allow_pickle=False)
            if words is not None:
                importance = words.importance.words.astype(np.float32)
                np.save(folder / WORDS_FILE, importance, allow_pickle=False)
                write_pairs(folder, words.importance.pairs)
                write_offsets(folder, words.offsets)
            if rule.rules is not None:
                content = json.dumps(rule.rules.record, indent=1, ensure_ascii=False)
                (folder / RULES_FILE).write_text(content + "\n", encoding="utf-8")
            text = json.dumps(asdict(manifest), indent=1, ensure_ascii=False)
            (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")
            if untested:
                (folder / _UNTESTED).touch()
            folder.rename(target)
        return TaggerVersion(target, manifest)

    def _after_the_latest(self, now: datetime, others: Collection[str]) -> datetime:
        """Return a time after the latest version: versions sort by the time in their names."""
        last = max((*self.names(), *filter(self.is_name, others)), default=None)
        if last is None:
            return now
        latest = datetime.strptime(last[:15], _SECOND).replace(tzinfo=timezone.utc)
        return max(now, latest + timedelta(seconds=1))

    def remove(self, version: TaggerVersion) -> None:
        """Delete a version's folder."""
        self.discard(version.manifest.version)

    def discard(self, name: str) -> None:
        """Delete the folder of a version, even a damaged one."""
        if _NAME.match(name):
            shutil.rmtree(self.folder / name, ignore_errors=True)


def _making(cluster: str) -> str:
    return f"{_MAKING}{cluster}-"


def _link_form(source: Path, target: Path, precisions: Collection[Precision]) -> None:
    target.mkdir()
    models = sorted({MODEL_FILES[precision] for precision in precisions})
    for name in (FORM_FILE, TOKENIZER_FILE, *models):
        for path in files_of(source / name):
            _link(path, target / path.name)


def _link(source: Path, target: Path) -> None:
    """Link the file if possible, else copy it. Files of the cache are never written again."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


@contextmanager
def _temporary(parent: Path, prefix: str) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
