"""Settings that win over what `up` starts are named, and flags without effect are refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from lmtx_search.cli.main import cli
from lmtx_search.embedded.set_addresses import other_ollama, winning_settings, without_addresses
from lmtx_search.embedded.state import State
from lmtx_search.embedded.tagger import tagger_environ
from lmtx_search.errors import UserError
from lmtx_search.settings import load_settings

STARTED = {"opensearch.url": "http://127.0.0.1:5", "service.url": "http://127.0.0.1:6"}


def test_addresses_of_the_settings_that_win_are_named() -> None:
    assert winning_settings(load_settings(), STARTED) == []
    assert winning_settings(load_settings(flags=STARTED), STARTED) == []
    flags = {"opensearch.url": "https://search.example:9200", "service.url": "http://tagger:1"}
    first, second = winning_settings(load_settings(flags=flags), STARTED)
    assert first.startswith("opensearch.url is set to https://search.example:9200 ")
    assert second.startswith("service.url is set to http://tagger:1 ")


def test_addresses_that_an_earlier_start_recorded_are_not_settings() -> None:
    settings = without_addresses(load_settings(flags={**STARTED, "opensearch.user": "u"}), STARTED)
    assert winning_settings(settings, {**STARTED, "opensearch.url": "http://127.0.0.1:8"}) == []
    environ = tagger_environ(settings, 8787, {})
    assert "LMTX_OPENSEARCH_URL" not in environ
    assert environ["LMTX_OPENSEARCH_USER"] == "u"
    other = load_settings(flags={"opensearch.url": "https://search.example:9200"})
    assert without_addresses(other, STARTED) == other


def test_an_ollama_that_no_command_would_ask_is_not_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OLLAMA_HOST", "http://127.0.0.1:9")
    state = State(tmp_path, ports={"ollama": 7})
    named = load_settings(flags={"ollama.hosts": "http://judge.example:11434"})
    note = other_ollama(named, state)
    assert note is not None
    assert note.startswith("ollama.hosts is set to http://judge.example:11434 ")
    assert other_ollama(load_settings(), state) is None
    assert other_ollama(load_settings(flags={"ollama.hosts": "http://localhost:7/"}), state) is None


@pytest.mark.parametrize(
    ("file", "words", "problem"),
    [
        ("", ("--encoder", "BAAI/bge"), "`up` downloads only all-MiniLM-L6-v2 and multilingual"),
        ("", ("--without-judge", "--model", "x"), "--model chooses the judge"),
        ("", ("--model", "llama3.2:3b"), "to use llama3.2:3b, set ollama.model in"),
        (
            '[encoder]\nname = "BAAI/bge"\n',
            ("--encoder", "multilingual-e5-small"),
            "encoder.name is BAAI/bge (file lmtx-search.toml), which other commands follow",
        ),
        (
            '[judge]\nruntime = "llamacpp"\ngguf = "mine.gguf"\n',
            ("--model", "qwen2.5-coder:1.5b-instruct-q4_K_M"),
            "judge.gguf is mine.gguf (file lmtx-search.toml), which other commands follow",
        ),
    ],
)
def test_a_flag_of_up_that_would_have_no_effect_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, words: tuple[str, ...], problem: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lmtx-search.toml").write_text(file)
    result = CliRunner().invoke(cli, ["--data-dir", str(tmp_path), "up", *words])
    assert isinstance(result.exception, UserError)
    assert problem in str(result.exception)


def test_the_tagger_has_the_settings_of_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It runs in another folder, and sees neither flags nor the settings file."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lmtx-search.toml").write_text(
        '[opensearch]\nurls = ["https://a:1", "https://b:2"]\nca_file = "ca.pem"\nverify = false\n'
        '[service]\nexact_labels = 5\ntoken = "sixteen-characters"\nport = 1\n'
    )
    settings = load_settings(flags={"data_dir": tmp_path / "data", "opensearch.user": "tagger"})
    before = {"PATH": "/bin", "LMTX_DATA_DIR": "data", "LMTX_LABEL_RULES": "r", "LMTX_DEBUG": "1"}
    environ = tagger_environ(settings, 8787, before)
    assert environ["LMTX_OPENSEARCH_CA_FILE"] == str(tmp_path / "ca.pem")
    assert environ.keys() >= {"PATH", "LMTX_DEBUG"}
    monkeypatch.chdir("/")
    for name in before:
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    found = load_settings()
    ca_file = tmp_path / "ca.pem"
    assert found.opensearch == settings.opensearch.model_copy(update={"ca_file": ca_file})
    assert found.service == settings.service.model_copy(update={"host": "127.0.0.1", "port": 8787})
    assert found.data_dir == settings.data_dir


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("--url", "http://127.0.0.1:9"), "--url has an effect on one command only"),
        (("--ollama", "http://127.0.0.1:9"), "--ollama has an effect on one command only"),
        (("--prepare-only", "--nodes", "3"), "--nodes has no effect with --prepare-only"),
        (("--prepare-only", "--without-tagger"), "--without-tagger has no effect with"),
    ],
)
def test_options_that_up_cannot_follow_are_refused(
    tmp_path: Path, words: tuple[str, ...], problem: str
) -> None:
    result = CliRunner().invoke(cli, ["--data-dir", str(tmp_path), "up", *words])
    assert isinstance(result.exception, UserError)
    assert str(result.exception).startswith(problem)
