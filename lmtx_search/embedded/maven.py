"""Downloads pinned Maven artefacts in parallel and checks each before it is stored."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import tenacity

from lmtx_search.embedded.artefacts import Artefact
from lmtx_search.embedded.files import (
    check_digest,
    disk_full_is_one_line,
    megabytes,
    scratch_folder,
)
from lmtx_search.errors import LmtxError, MissingExtra
from lmtx_search.progress import SILENT, Progress

_PARALLEL = 8
_ATTEMPTS = 4
_TIMEOUT = 60


class Unreachable(LmtxError):
    """A download failed because of the network, so trying again may help."""


def fetch_artefacts(
    artefacts: Sequence[Artefact], folder: Path, progress: Progress = SILENT
) -> dict[Artefact, Path]:
    """Download the missing artefacts and return the path of each one under ``folder``.

    An existing file of the right size is not downloaded again, because its SHA-256 was checked
    before it was moved there.

    Raises:
        LmtxError: a digest differs, there is no connection, or the disk is full. No partial file
            stays.
    """
    places = {artefact: folder / _relative(artefact) for artefact in artefacts}
    missing = [artefact for artefact, path in places.items() if not _is_whole(path, artefact)]
    if not missing:
        return places
    total = sum(artefact.size for artefact in missing) // 1_000_000
    with (
        scratch_folder(folder) as scratch,
        progress.stage("Downloading OpenSearch", total, "MB") as advance,
        ThreadPoolExecutor(_PARALLEL) as pool,
    ):
        tell, cancelled = megabytes(advance), Event()

        def count(size: int) -> None:
            if cancelled.is_set():
                raise CancelledError
            tell(size)

        jobs = [
            pool.submit(_fetch, artefact, places[artefact], scratch / str(number), count)
            for number, artefact in enumerate(missing)
        ]
        try:
            for job in jobs:
                job.result()
        except BaseException:
            # The other downloads end at their next chunk.
            cancelled.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return places


def _relative(artefact: Artefact) -> Path:
    group, _, version, *_ = artefact.coordinates.split(":")
    return Path(group, version, artefact.file_name)


def _is_whole(path: Path, artefact: Artefact) -> bool:
    return path.is_file() and path.stat().st_size == artefact.size


def _fetch(artefact: Artefact, target: Path, scratch: Path, count: Callable[[int], None]) -> None:
    with disk_full_is_one_line(target.parent, f"downloading {artefact.file_name}"):
        path = _download(artefact, scratch, count)
        check_digest(path, artefact.sha256, artefact.file_name)
        target.parent.mkdir(parents=True, exist_ok=True)
        path.replace(target)


@tenacity.retry(
    retry=tenacity.retry_if_exception_type(Unreachable),
    stop=tenacity.stop_after_attempt(_ATTEMPTS),
    wait=tenacity.wait_exponential_jitter(initial=1, max=20),
    reraise=True,
)
def _download(artefact: Artefact, scratch: Path, count: Callable[[int], None]) -> Path:
    """Download one file into a folder of its own, which jgo uses as its cache."""
    try:
        import requests
        from jgo.maven import MavenContext
        from jgo.maven._resolver import PythonResolver
    except ImportError as error:
        raise MissingExtra("embedded", "the embedded OpenSearch") from error
    # Its checksum warnings would disturb the progress bars. SHA-256 is checked later.
    logging.getLogger("jgo").setLevel(logging.ERROR)

    @contextmanager
    def bar(name: str, total: int) -> Iterator[Callable[[int], None]]:
        yield count

    group, name, version, *classifier = artefact.coordinates.split(":")
    with scratch_folder(scratch.parent) as attempt:
        context = MavenContext(
            PythonResolver(progress_callback=bar), repo_cache=attempt, timeout=_TIMEOUT
        )
        component = context.project(group, name).at_version(version)
        try:
            found: Path = component.artifact(
                classifier=classifier[0] if classifier else "", packaging=artefact.packaging
            ).resolve()
        except (requests.RequestException, RuntimeError) as error:
            if isinstance(error, OSError) and error.errno:
                raise
            raise Unreachable(
                f"cannot download {artefact.file_name} from Maven Central "
                f"({type(error).__name__}): check the network connection and run the same "
                "command again"
            ) from error
        scratch.parent.mkdir(parents=True, exist_ok=True)
        return found.replace(scratch)
