"""Settings come from a file, LMTX_* variables and flags; the later one wins."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from lmtx_search.cli.main import cli
from lmtx_search.errors import UserError
from lmtx_search.settings import (
    Settings,
    embedded_state_file,
    flat_settings,
    load_settings,
    load_settings_with_origins,
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LMTX_DATA_DIR", str(tmp_path / "data"))
    return tmp_path


def write(folder: Path, text: str) -> Path:
    path = folder / "lmtx-search.toml"
    path.write_text(text)
    return path


def test_defaults_are_the_usual_public_names() -> None:
    settings = load_settings()
    assert settings.encoder.name == "sentence-transformers/all-MiniLM-L6-v2"
    assert settings.opensearch.url == "http://127.0.0.1:9200"


def test_a_file_in_the_current_folder_is_read(folder: Path) -> None:
    write(folder, '[opensearch]\nurl = "https://search.example:9200"\n')
    loaded = load_settings_with_origins()
    assert loaded.settings.opensearch.url == "https://search.example:9200"
    assert loaded.origins["opensearch.url"] == "file lmtx-search.toml"


def test_a_variable_wins_over_the_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder, "[encoder]\ndocument_tokens = 64\n")
    monkeypatch.setenv("LMTX_ENCODER_DOCUMENT_TOKENS", "32")
    loaded = load_settings_with_origins()
    assert loaded.settings.encoder.document_tokens == 32
    assert loaded.origins["encoder.document_tokens"] == "environment LMTX_ENCODER_DOCUMENT_TOKENS"


def test_a_flag_wins_over_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LMTX_OPENSEARCH_URL", "http://variable:1")
    loaded = load_settings_with_origins(
        flags={"opensearch.url": "http://flag:1", "opensearch.user": None}
    )
    assert loaded.settings.opensearch.url == "http://flag:1"
    assert loaded.settings.opensearch.user is None
    assert loaded.origins["opensearch.url"] == "flag"


def test_a_variable_can_hold_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LMTX_OLLAMA_HOSTS", "http://one:1, http://two:2")
    assert load_settings().ollama.hosts == ("http://one:1", "http://two:2")


def test_running_embedded_servers_are_found_without_any_setting(folder: Path) -> None:
    state = embedded_state_file(folder / "data")
    state.parent.mkdir(parents=True)
    state.write_text(json.dumps({"settings": {"opensearch.url": "http://127.0.0.1:5"}}))
    loaded = load_settings_with_origins()
    assert loaded.settings.opensearch.url == "http://127.0.0.1:5"
    assert loaded.origins["opensearch.url"] == "embedded servers"


def test_a_cluster_of_ones_own_wins_over_embedded_servers(folder: Path) -> None:
    state = embedded_state_file(folder / "data")
    state.parent.mkdir(parents=True)
    state.write_text(json.dumps({"settings": {"opensearch.url": "http://127.0.0.1:5"}}))
    write(folder, '[opensearch]\nurl = "http://mine:9200"\n')
    assert load_settings().opensearch.url == "http://mine:9200"


def test_addresses_of_several_nodes_replace_the_single_one_of_an_earlier_source(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert load_settings().opensearch.addresses == ("http://127.0.0.1:9200",)
    state = embedded_state_file(folder / "data")
    state.parent.mkdir(parents=True)
    urls = ["http://127.0.0.1:5", "http://127.0.0.1:6"]
    state.write_text(json.dumps({"settings": {"opensearch.url": urls[0], "opensearch.urls": urls}}))
    assert load_settings().opensearch.addresses == tuple(urls)
    write(folder, '[opensearch]\nurl = "http://mine:9200"\n')
    assert load_settings().opensearch.addresses == ("http://mine:9200",)
    monkeypatch.setenv("LMTX_OPENSEARCH_URLS", "http://one:1, http://two:2/")
    found = load_settings_with_origins()
    assert found.settings.opensearch.addresses == ("http://one:1", "http://two:2")
    assert found.settings.opensearch.url == "http://one:1"
    assert "opensearch.url" not in found.origins
    flags = {"opensearch.url": "http://flag:3"}
    assert load_settings(flags=flags).opensearch.addresses == ("http://flag:3",)


@pytest.mark.parametrize(
    ("urls", "problem"),
    [
        ("one:1", "must start with http:// or https://"),
        ("http://one:1,https://two:2", "mixes http:// and https://"),
        ("http://one:1,http://me:geheim@two:2", "must not hold a user or password"),
    ],
)
def test_a_wrong_address_of_several_is_one_line_that_names_the_setting(
    monkeypatch: pytest.MonkeyPatch, urls: str, problem: str
) -> None:
    monkeypatch.setenv("LMTX_OPENSEARCH_URLS", urls)
    with pytest.raises(UserError, match=problem) as caught:
        load_settings()
    assert str(caught.value).startswith("environment LMTX_OPENSEARCH_URLS: opensearch.urls = ")
    assert "geheim" not in str(caught.value)


def test_a_password_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LMTX_OPENSEARCH_PASSWORD", "geheim")
    assert "geheim" not in str(flat_settings(load_settings()))


def test_an_api_key_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LMTX_OPENSEARCH_API_KEY", "geheim")
    assert "geheim" not in str(flat_settings(load_settings()))
    monkeypatch.setenv("LMTX_OPENSEARCH_API_KEY", "not a geheim")
    with pytest.raises(UserError, match="api_key = …: must be printable") as caught:
        load_settings()
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "[opensearch]\npassword = 12345\n",
        "[opensearch]\nurl = 'https://tagger:12345@search.example:9200'\n",
        "[opensearch]\nurl = 'tagger:12345@search.example'\n",
    ],
)
def test_a_wrong_value_with_a_password_in_it_is_not_repeated(folder: Path, text: str) -> None:
    write(folder, text)
    with pytest.raises(UserError, match=r"opensearch\.(url|password) = ") as error:
        load_settings()
    assert "12345" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[opensearch]\nulr = 1\n", "file lmtx-search.toml: unknown setting opensearch.ulr"),
        ("[opensearch]\nurl = 'host:9200'\n", "must start with http:// or https://"),
        ("[service]\nport = 'x'\n", "file lmtx-search.toml: service.port = 'x'"),
        ("opensearch = 3\n", "file lmtx-search.toml: opensearch is a section, not a value"),
        ("[search]\nurl = 'x'\n", "file lmtx-search.toml: unknown setting search"),
        ("[opensearch]\nurl = 'http://'\n", "is not an address"),
        ("[opensearch]\nurl = 'http://host:99999'\n", "is not an address"),
        ("[ollama]\nhosts = ','\n", "ollama.hosts = "),
        ("[opensearch\n", "lmtx-search.toml is not valid TOML"),
    ],
)
def test_a_wrong_key_or_value_is_one_line_that_names_the_file(
    folder: Path, text: str, message: str
) -> None:
    write(folder, text)
    with pytest.raises(UserError) as error:
        load_settings()
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("data_dir = ''\n", "file lmtx-search.toml: data_dir is empty"),
        ("[judge]\ngguf = ''\n", "judge.gguf is empty"),
        ("[opensearch]\nuser = ''\n", "opensearch.user is empty"),
        ("[documents]\ntraining_index = '*'\n", "training_index = '*': is not the name of one in"),
        ("[documents]\ntraining_index = ' '\n", "is not the name of one index"),
        ("cache_dir = '~nouser/x'\n", "cache_dir = '~nouser/x': ~nouser has no home folder"),
        ("[label]\nrules = '~nouser/x'\n", "label.rules = '~nouser/x': ~nouser has no home"),
    ],
)
def test_an_empty_or_impossible_value_is_one_line(folder: Path, text: str, message: str) -> None:
    write(folder, text)
    with pytest.raises(UserError) as error:
        load_settings()
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_an_empty_variable_is_not_set(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder, "[judge]\ngguf = 'a.gguf'\n[encoder]\nlabel_prompt = 'query: '\n")
    for name in ("DATA_DIR", "OPENSEARCH_USER", "OLLAMA_HOSTS", "SERVICE_PORT", "JUDGE_GGUF"):
        monkeypatch.setenv(f"LMTX_{name}", "")
    loaded = load_settings_with_origins()
    assert loaded.settings.data_dir == Settings().data_dir
    assert loaded.settings.opensearch.user is None
    assert loaded.settings.judge.gguf == Path("a.gguf")
    assert loaded.origins.keys() == {"judge.gguf", "encoder.label_prompt"}
    # An empty prompt is a value: there is none.
    monkeypatch.setenv("LMTX_ENCODER_LABEL_PROMPT", "")
    assert load_settings().encoder.label_prompt == ""


def test_an_empty_variable_empties_the_list_of_who_may_decide(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder, "[ui]\neditors = ['*']\n")
    monkeypatch.setenv("LMTX_UI_EDITORS", "")
    assert load_settings().ui.editors == ()


def test_an_empty_flag_is_refused() -> None:
    for words in (["--data-dir", ""], ["--user", ""]):
        result = CliRunner().invoke(cli, [*words, "config"])
        assert result.exit_code != 0
        assert "is empty" in f"{result.output} {result.exception}"


def test_without_a_home_folder_the_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_home(path: Path) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("LMTX_DATA_DIR")
    # The account of the tests has a home folder, whatever HOME is.
    monkeypatch.setattr(Path, "expanduser", no_home)
    with pytest.raises(UserError, match=r"data_dir = '~/\.local/share/lmtx-search': ~ has no"):
        load_settings()


def test_the_folder_of_compose_is_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LMTX_FOLDER", "/files")
    assert load_settings_with_origins().origins.keys() == {"data_dir"}


def test_a_byte_order_mark_is_read_over(folder: Path) -> None:
    (folder / "lmtx-search.toml").write_text("[ollama]\nmodel = 'ü'\n", encoding="utf-8-sig")
    assert load_settings().ollama.model == "ü"


@pytest.mark.parametrize("text", ["[]", '{"settings": null}', '{"settings": []}', "1", "{"])
def test_damaged_notes_of_up_count_as_none(folder: Path, text: str) -> None:
    state = embedded_state_file(folder / "data")
    state.parent.mkdir(parents=True)
    state.write_text(text)
    assert load_settings().opensearch.url == Settings().opensearch.url


def test_an_unknown_variable_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LMTX_OPENSEARCH_ULR", "http://x")
    with pytest.raises(UserError, match="unknown variable LMTX_OPENSEARCH_ULR"):
        load_settings()


def test_a_settings_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no settings file"):
        load_settings(tmp_path / "missing.toml")
