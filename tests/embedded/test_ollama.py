"""An Ollama that is there is used; a model file becomes a model."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path

import pytest

from lmtx_search.embedded.files import sha256_of
from lmtx_search.embedded.models import JudgeModel
from lmtx_search.embedded.net import LOOPBACK, ask, free_port
from lmtx_search.embedded.ollama import add_model, find_ollama, ollama_address
from lmtx_search.embedded.ollama_build import cpu_key
from lmtx_search.embedded.toolchain import go_version
from lmtx_search.errors import LmtxError
from tests.support.backends import Servers


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("", "http://127.0.0.1:11434"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("box:8000", "http://box:8000"),
        (":8000", "http://127.0.0.1:8000"),
        ("https://box", "https://box:443"),
        ("http://box:8000/", "http://box:8000"),
    ],
)
def test_ollamas_own_variable_means_the_same_here(host: str, address: str) -> None:
    assert ollama_address(host) == address


def test_an_ollama_on_path_is_started_where_none_answers(tmp_path: Path) -> None:
    program = tmp_path / "ollama"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    environ = {"OLLAMA_HOST": f"{LOOPBACK}:{free_port()}", "PATH": str(tmp_path)}
    found = find_ollama(tmp_path, environ=environ)
    assert (found.program, found.address) == (program, "")


def test_a_build_belongs_to_one_kind_of_cpu(tmp_path: Path) -> None:
    def key(text: str) -> str:
        (tmp_path / "cpuinfo").write_text(text)
        return cpu_key(tmp_path / "cpuinfo")

    one = key("processor\t: 0\nflags\t\t: fpu sse avx2\n")
    assert key("processor\t: 1\nflags\t\t: avx2 fpu sse\n") == one
    assert key("processor\t: 0\nflags\t\t: fpu sse\n") != one
    assert key("processor\t: 0\nFeatures\t: fp asimd\n") != key("Features\t: fp\n")
    assert cpu_key(tmp_path / "none") == key("no such line\n")


@pytest.mark.parametrize(
    ("answer", "version"),
    [("go version go1.25.4 linux/amd64", (1, 25, 4)), ("go version go1.24 x", (1, 24)), ("", ())],
)
def test_the_version_of_go_is_read(tmp_path: Path, answer: str, version: tuple[int, ...]) -> None:
    program = tmp_path / "go"
    program.write_text(f"#!/bin/sh\necho '{answer}'\n")
    program.chmod(0o755)
    assert go_version(program) == version


@pytest.mark.integration
def test_a_server_that_answers_is_used(servers: Servers, tmp_path: Path) -> None:
    found = find_ollama(tmp_path, environ={"OLLAMA_HOST": servers.ollama, "PATH": ""})
    assert (found.address, found.program) == (servers.ollama, None)


@pytest.mark.integration
def test_the_judges_model_is_there_with_a_chat_template(servers: Servers) -> None:
    models = (ask(f"{servers.ollama}/api/tags") or {})["models"]
    assert servers.model in [model["name"] for model in models]
    request = urllib.request.Request(
        f"{servers.ollama}/api/show", f'{{"model": "{servers.model}"}}'.encode()
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert "<|im_start|>" in json.loads(answer.read())["template"]


@pytest.mark.integration
def test_a_file_that_is_no_model_is_refused_in_one_line(servers: Servers, tmp_path: Path) -> None:
    path = tmp_path / "broken.gguf"
    path.write_bytes(b"not a model")
    model = JudgeModel("broken:latest", path, sha256_of(path))
    with pytest.raises(LmtxError, match=r"^[^\n]*broken|refused|answers 4"):
        add_model(servers.ollama, model, None)
    models = (ask(f"{servers.ollama}/api/tags") or {})["models"]
    assert "broken:latest" not in [entry["name"] for entry in models]
