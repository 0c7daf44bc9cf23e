"""The HTTP tagger, as a real process."""

from __future__ import annotations

import json
import signal
import socket
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import Popen

import pytest
from prometheus_client.parser import text_string_to_metric_families

from lmtx_search import __version__
from lmtx_search.errors import UserError
from lmtx_search.settings import Settings
from lmtx_search.tagging.scoring.tagger import Tagger
from lmtx_search.tagging.service.app import create_app
from lmtx_search.tagging.service.server import listen
from lmtx_search.tagging.service.version_pool import TaggerPool
from lmtx_search.tagging.versions.store import TaggerVersions
from lmtx_search.tagging.versions.version import TaggerVersion
from tests.conftest import Run
from tests.support.tagger_service import LABELS, call, make_version, running


def test_a_port_in_use_is_one_clear_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UserError, match=f"port {port} on 127.0.0.1 is in use"):
            listen("127.0.0.1", port)


def test_an_address_of_another_machine_is_one_clear_line() -> None:
    with pytest.raises(UserError, match="not an address of this machine"):
        listen("192.0.2.1", 0)


@pytest.fixture
def version(settings: Settings) -> TaggerVersion:
    return make_version(settings)


@pytest.fixture
def service(version: TaggerVersion, environment: dict[str, str]) -> Iterator[Popen[str]]:
    with running(environment) as process:
        yield process


@pytest.mark.integration
@pytest.mark.usefixtures("service")
class TestService:
    def test_answers_in_the_order_of_the_input(
        self, version: TaggerVersion, environment: dict[str, str]
    ) -> None:
        texts = ["shows pages of the web", "", "plays chess", "accounting and spreadsheets"]
        status, answer = call(environment, _tag(version), {"input": texts})
        assert status == 200
        first = [next(iter(tags), None) for tags in answer["response"]]
        assert first == ["Web browser", None, "Chess", LABELS[2].text]

    def test_gives_what_the_tagger_gives_here(
        self, version: TaggerVersion, environment: dict[str, str]
    ) -> None:
        texts = ["an e-mail program", "letters and post", "chess on the web"]
        here = Tagger(version).tag(texts)
        _, answer = call(environment, _tag(version), {"input": texts})
        given = answer["response"]
        assert given == [{tag.name: pytest.approx(tag.score, abs=2e-4) for tag in t} for t in here]

    def test_sees_a_new_version_without_a_restart(
        self, settings: Settings, environment: dict[str, str]
    ) -> None:
        added = make_version(settings, LABELS[:1])
        assert call(environment, _tag(added), {"input": ["chess"]})[0] == 200
        assert call(environment, "/ready")[1]["loaded"] == [added.manifest.version]

    def test_requests_that_arrive_together_get_their_own_answers(
        self, version: TaggerVersion, environment: dict[str, str]
    ) -> None:
        texts = ["plays chess", "shows pages of the web"] * 8
        with ThreadPoolExecutor(8) as pool:
            answers = pool.map(lambda t: call(environment, _tag(version), {"input": [t]}), texts)
            firsts = [next(iter(answer["response"][0])) for _, answer in answers]
        assert firsts == ["Chess", "Web browser"] * 8

    def test_a_malformed_request_is_a_4xx_with_one_line(
        self, version: TaggerVersion, environment: dict[str, str]
    ) -> None:
        wrong = {
            b"{": 400,
            b'["a"]': 400,
            b'{"input": "a"}': 400,
            b'{"input": [1]}': 400,
            json.dumps({"input": ["x"] * 2000}).encode(): 413,
            json.dumps({"input": ["x" * 17 * 1024 * 1024]}).encode(): 413,
        }
        for body, status in wrong.items():
            given, answer = call(environment, _tag(version), body)
            assert given == status, body[:50]
            assert "\n" not in answer["error"]

    def test_an_unknown_version_and_an_unknown_path_are_404(
        self, environment: dict[str, str]
    ) -> None:
        for path in ("/taggers/none/tag", "/taggers/..%2f..%2fx/tag"):
            assert call(environment, path, {"input": ["x"]})[0] == 404
        assert call(environment, "/nothing")[0] == 404

    def test_says_which_version_it_is(
        self, version: TaggerVersion, environment: dict[str, str]
    ) -> None:
        status, manifest = call(environment, f"/taggers/{version.manifest.version}")
        assert (status, manifest["encoder_digest"]) == (200, version.manifest.encoder_digest)

    def test_counts_what_it_does_for_prometheus(
        self, version: TaggerVersion, environment: dict[str, str]
    ) -> None:
        call(environment, _tag(version), {"input": ["plays chess", "web"]})
        call(environment, _tag(version), b"{")
        found = _metrics(environment)
        assert found["lmtx_requests_total", "200"] == 1
        assert found["lmtx_requests_total", "400"] == 1
        assert found["lmtx_texts_total", None] == 2
        assert found["lmtx_run_texts_sum", None] == 2
        assert found["lmtx_request_seconds_count", None] == 2
        assert found["lmtx_taggers_loaded", None] == 1
        assert found["process_resident_memory_bytes", None] > 0

    def test_describes_every_path_it_has(self, environment: dict[str, str]) -> None:
        described = call(environment, "/openapi.json")[1]
        assert described["info"]["version"] == __version__
        routes = {route.path for route in create_app(TaggerPool(TaggerVersions(Path()))).routes}
        assert described["paths"].keys() == routes

    def test_a_request_under_way_is_answered_before_it_stops(
        self, service: Popen[str], version: TaggerVersion, environment: dict[str, str]
    ) -> None:
        call(environment, _tag(version), {"input": ["warm"]})
        texts = ["plays chess on the web " * 20] * 256
        with ThreadPoolExecutor(1) as pool:
            answer = pool.submit(call, environment, _tag(version), {"input": texts})
            deadline = time.monotonic() + 30
            while _metrics(environment)["lmtx_requests_under_way", None] < 1 and not answer.done():
                assert time.monotonic() < deadline
            service.send_signal(signal.SIGTERM)
            status, given = answer.result(timeout=60)
        assert (status, len(given["response"])) == (200, len(texts))
        assert service.wait(timeout=30) == 0

    def test_a_request_to_stop_is_not_a_failure(self, service: Popen[str]) -> None:
        service.send_signal(signal.SIGTERM)
        output, _ = service.communicate(timeout=30)
        assert service.returncode == 0
        assert "The tagger has stopped." in output


@pytest.mark.integration
def test_tag_runs_the_newest_version_where_no_cluster_answers(
    version: TaggerVersion, lmtx: Run, environment: dict[str, str]
) -> None:
    away = environment | {"LMTX_OPENSEARCH_URL": "http://127.0.0.1:9"}
    done = lmtx("tag", "plays chess", env=away)
    assert done.returncode == 0
    assert done.stdout.startswith("Chess")
    assert version.manifest.version in done.stderr


@pytest.mark.integration
def test_tag_reads_a_file_and_standard_input(
    version: TaggerVersion, lmtx: Run, tmp_path: Path
) -> None:
    name = version.manifest.version
    (tmp_path / "text").write_text("shows pages of the web")
    assert "Web browser" in lmtx("tag", "--tagger", name, "--file", "text").stdout
    assert "Chess" in lmtx("tag", "--tagger", name, "-", input="plays chess").stdout


def _tag(version: TaggerVersion) -> str:
    return f"/taggers/{version.manifest.version}/tag"


def _metrics(environment: dict[str, str]) -> dict[tuple[str, str | None], float]:
    host, port = environment["LMTX_SERVICE_HOST"], environment["LMTX_SERVICE_PORT"]
    host = "127.0.0.1" if host == "0.0.0.0" else host
    with urllib.request.urlopen(f"http://{host}:{port}/metrics", timeout=60) as answer:
        return {
            (sample.name, sample.labels.get("status")): sample.value
            for family in text_string_to_metric_families(answer.read().decode())
            for sample in family.samples
        }
