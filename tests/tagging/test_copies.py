"""Services with copies of a version's folder, of which some lack a change of labels."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path

import numpy as np
import pytest
from starlette.testclient import TestClient

from lmtx_search.embedded.net import LOOPBACK, free_port
from lmtx_search.errors import LmtxError
from lmtx_search.settings import ServiceSettings, load_settings
from lmtx_search.tagging.service.app import create_app
from lmtx_search.tagging.service.client import lacks_changes, require_version
from lmtx_search.tagging.service.version_pool import TaggerPool
from lmtx_search.tagging.versions.label_changes import write_change
from lmtx_search.tagging.versions.store import TaggerVersions
from lmtx_search.tagging.versions.version import TaggerVersion
from tests.support.http_server import QuietHandler, serving
from tests.support.tiny_tagger import LABELS, version_of


def service_at(url: str) -> ServiceSettings:
    return load_settings(flags={"service.url": url}).service


@contextmanager
def balanced(*folders: Path) -> Iterator[ServiceSettings]:
    """Run a service for each data folder, behind an address that takes turns."""
    services = [TestClient(create_app(TaggerPool(TaggerVersions(one)))) for one in folders]
    turns = cycle(services)

    class Balancer(QuietHandler):
        def do_GET(self) -> None:
            answer = next(turns).get(self.path)
            self.send_response(answer.status_code)
            self.end_headers()
            self.wfile.write(answer.content)

    with serving(Balancer) as url:
        yield service_at(url)


def retire_chess(version: TaggerVersion) -> None:
    dimension = version.manifest.dimension
    none = np.empty((0, dimension), dtype=np.float32)
    write_change(version.folder, version.manifest.encoder_digest, [], none, [LABELS[0].id])


@pytest.fixture
def version(tmp_path: Path) -> TaggerVersion:
    return version_of(tmp_path / "one")


def test_a_service_whose_copy_lacks_a_change_of_labels_is_told(
    version: TaggerVersion, tmp_path: Path
) -> None:
    copy = tmp_path / "two" / "taggers" / version.folder.name
    shutil.copytree(version.folder, copy)
    with balanced(tmp_path / "one", tmp_path / "two") as service:
        assert lacks_changes(service, version) is None
        retire_chess(version)
        told = f"a tagger at {service.url} has other label changes than {version.folder}"
        assert lacks_changes(service, version) == told
        shutil.copytree(version.folder / "changes", copy / "changes")
        assert lacks_changes(service, version) is None


def test_nothing_is_said_of_a_service_that_does_not_answer(version: TaggerVersion) -> None:
    retire_chess(version)
    assert lacks_changes(service_at(f"http://{LOOPBACK}:{free_port()}"), version) is None


@pytest.mark.parametrize(
    ("answer", "required"),
    [
        (b"HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\n{", "did not answer"),
        (b"HTTP/1.0 200 OK\r\n\r\n[]", "is not an lmtx-search tagger"),
    ],
    ids=["cut off", "list"],
)
def test_a_service_with_a_broken_answer_is_no_internal_error(
    version: TaggerVersion, answer: bytes, required: str
) -> None:
    class Broken(QuietHandler):
        def do_GET(self) -> None:
            self.wfile.write(answer)

    with serving(Broken) as url:
        assert lacks_changes(service_at(url), version) is None
        with pytest.raises(LmtxError, match=required):
            require_version(service_at(url), version)
