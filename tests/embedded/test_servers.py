"""`up` and `down` with a real node: what survives, and that nothing is left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from lmtx_search.embedded.files import remove_folder
from lmtx_search.embedded.net import ask, wait_for
from lmtx_search.embedded.places import find_places
from lmtx_search.embedded.processes import is_alive
from lmtx_search.embedded.servers import down
from lmtx_search.embedded.state import State, read_state
from lmtx_search.settings import Settings, embedded_state_file, load_settings
from tests.support.llama_libraries import any_library

pytestmark = pytest.mark.integration

UP = ("up", "--without-judge", "--without-tagger")
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def own() -> Iterator[Settings]:
    """Settings with a data folder for servers that only this test starts."""
    base = Path(tempfile.mkdtemp(prefix="lmtx-test-"))
    base.chmod(0o755)
    settings = load_settings(flags={"data_dir": base})
    yield settings
    down(settings)
    remove_folder(find_places(settings).node_data)
    remove_folder(base)


@pytest.fixture
def start(own: Settings) -> Start:
    """Start a `lmtx-search` command for that data folder."""
    program = [sys.executable, "-c", "from lmtx_search.cli.main import main; main()"]

    def begin(*words: str, **environment: str) -> subprocess.Popen[str]:
        command = [*program, "--data-dir", str(own.data_dir), *words]
        pipe, env = subprocess.PIPE, {**os.environ, **environment}
        # In a background job of a shell, SIGINT is ignored, also by what the job starts.
        listens = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
        return subprocess.Popen(
            command,
            stdout=pipe,
            stderr=pipe,
            text=True,
            cwd=own.data_dir,
            env=env,
            preexec_fn=listens,
        )

    return begin


def finish(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=300)
    return process.returncode, out, err


def result_of(process: subprocess.Popen[str]) -> dict[str, Any]:
    code, out, err = finish(process)
    assert code == 0, err
    found = json.loads(out)
    assert isinstance(found, dict)
    return found


def until_node_is_there(own: Settings) -> State:
    """Wait until `up` has started its node, which then needs long to answer."""
    wait_for(lambda: "opensearch" in read_state(own.data_dir).processes, "up", 60)
    return read_state(own.data_dir)


def test_data_and_address_survive_down(own: Settings, start: Start) -> None:
    first = result_of(start(*UP, "--json"))["servers"][0]
    assert first["state"] == "started"
    url = f"{first['address']}/kept/_doc/1?refresh=true"
    request = urllib.request.Request(url, b'{"a": 1}', {"Content-Type": "application/json"})
    urllib.request.urlopen(request, timeout=60).close()

    again = result_of(start(*UP, "--json"))["servers"][0]
    assert (again["state"], again["address"]) == ("running", first["address"])

    assert [s["name"] for s in result_of(start("down", "--json"))["stopped"]] == ["opensearch"]
    assert ask(first["address"]) is None
    assert not embedded_state_file(own.data_dir).exists()

    third = result_of(start(*UP, "--json"))["servers"][0]
    assert third["address"] == first["address"]
    assert (ask(f"{third['address']}/kept/_doc/1") or {})["_source"] == {"a": 1}


def test_the_node_does_not_run_as_root(own: Settings, start: Start) -> None:
    first = start(*UP)
    pid = until_node_is_there(own).processes["opensearch"].pid
    assert Path(f"/proc/{pid}").stat().st_uid != 0
    first.terminate()
    finish(first)


def test_of_two_ups_at_once_the_second_says_so(own: Settings, start: Start) -> None:
    first = start(*UP)
    until_node_is_there(own)
    code, _, err = finish(start(*UP))
    assert code == 1
    assert f"already running (process {first.pid})" in err
    first.terminate()
    finish(first)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_interrupted_up_leaves_nothing_running(
    own: Settings, start: Start, number: signal.Signals
) -> None:
    first = start(*UP)
    node = until_node_is_there(own).processes["opensearch"]
    first.send_signal(number)
    code, _, err = finish(first)
    assert (code, err.splitlines()[-1]) == (130, "Stopped. Run the same command again to continue.")
    assert not is_alive(node)
    assert not embedded_state_file(own.data_dir).exists()


def test_what_a_killed_up_left_is_stopped_by_down(own: Settings, start: Start) -> None:
    first = start(*UP)
    node = until_node_is_there(own).processes["opensearch"]
    first.kill()
    first.communicate()
    assert is_alive(node)
    result_of(start("down", "--json"))
    assert not is_alive(node)


def test_a_node_that_cannot_start_tells_its_own_reason(own: Settings, start: Start) -> None:
    places = find_places(own)
    data = places.node_data / "data"
    data.mkdir(parents=True)
    places.node_data.chmod(0o755)
    (data / "nodes").write_text("not a folder")
    code, _, err = finish(start(*UP))
    assert code == 1
    assert err.splitlines()[-1].startswith("Error: OpenSearch ended while starting: Likely root")
    assert not embedded_state_file(own.data_dir).exists()


def test_status_shows_the_node_and_what_to_do_next(own: Settings, start: Start) -> None:
    code, out, _ = finish(start("status"))
    assert code == 0
    assert "To start them: `lmtx-search up`" in out


def test_the_nodes_log_is_the_callers(own: Settings, start: Start) -> None:
    first = start(*UP)
    log = Path(until_node_is_there(own).processes["opensearch"].log)
    assert log.stat().st_uid == os.geteuid()
    first.terminate()
    finish(first)


def test_a_judge_inside_the_commands_gets_its_model_and_no_ollama(
    own: Settings, start: Start
) -> None:
    any_library()
    runtime = {"LMTX_JUDGE_RUNTIME": "llamacpp"}
    found = result_of(start("up", "--without-tagger", "--json", **runtime))
    assert [server["name"] for server in found["servers"]] == ["opensearch"]
    checks = json.loads(finish(start("doctor", "--json", **runtime))[1])["checks"]
    (judge,) = [check for check in checks if check["group"] == "Judge"]
    assert judge["name"] == "llama.cpp"
    # How fast it is depends on the machine, and a slow one is said to be slow.
    assert judge["found"].startswith("qwen2.5-coder-0.5b")


def test_the_encoder_that_is_asked_for_is_used_again_after_down(
    own: Settings, start: Start
) -> None:
    assert finish(start(*UP, "--encoder", "multilingual-e5-small"))[0] == 0
    assert finish(start("down"))[0] == 0
    assert result_of(start(*UP, "--json"))["encoder"] == "multilingual-e5-small"
    folder = result_of(start("config", "--json"))["encoder.name"]
    assert folder["from"] == "embedded servers"
    assert Path(folder["value"]).name == "multilingual-e5-small"
