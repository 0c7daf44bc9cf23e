"""`init`: a few answers become a settings file that can be read, and nothing is lost or leaked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tokenizers import Tokenizer, models, pre_tokenizers

from lmtx_search.cli.main import cli
from lmtx_search.errors import UserError
from lmtx_search.settings import Settings, load_settings
from lmtx_search.settings.first_file import Answers, settings_text
from tests.conftest import Run

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LMTX_DATA_DIR", str(tmp_path / "data"))
    (tmp_path / "labels.csv").write_text("id,text\n1,chess\n2,music\n")
    return tmp_path


def init(*words: str, input: str | None = None, before: tuple[str, ...] = ()) -> Result:
    return CliRunner().invoke(cli, [*before, "init", *words], input=input)


def test_without_a_cluster_the_next_step_is_up(folder: Path) -> None:
    result = init("--yes", "--embedded", "--labels", "labels.csv", "--json")
    assert result.exit_code == 0, result.output
    steps = json.loads(result.stdout)["next"]
    assert steps[0] == "lmtx-search up"
    assert "lmtx-search labels load labels.csv" in steps
    assert load_settings().opensearch.url == "http://127.0.0.1:9200"


def test_answers_are_in_the_file_and_faults_are_notes(folder: Path) -> None:
    answers = f"{NOWHERE}\ntagger\narticles\nsubject, body\nmissing.csv\n\n{NOWHERE}\nllama3.2:3b\n"
    result = init(input=answers)
    assert result.exit_code == 0, result.output
    settings = load_settings()
    assert settings.opensearch.url == NOWHERE
    assert settings.opensearch.user == "tagger"
    assert settings.documents.text_fields == ("subject", "body")
    assert "lmtx-search docs load --from-index articles" in result.output
    assert settings.ollama.model == "llama3.2:3b"
    for note in ("no OpenSearch at", "no such file: missing.csv", "no Ollama at"):
        assert f"Note: {note}" in result.output


@pytest.mark.parametrize(
    "words",
    [
        ("--text-field", "subject", "--text-field", "body"),
        ("--text-field", "subject, body"),
    ],
)
def test_text_fields_are_given_one_by_one_or_with_commas(words: tuple[str, ...]) -> None:
    assert init("--yes", "--embedded", *words).exit_code == 0
    assert load_settings().documents.text_fields == ("subject", "body")


@pytest.mark.parametrize("empty", ["", " , "])
def test_an_empty_text_field_is_refused(folder: Path, empty: str) -> None:
    result = init("--yes", "--embedded", "--text-field", empty)
    assert result.exit_code == 2
    assert "name at least one field" in result.output
    assert not (folder / "lmtx-search.toml").exists()


def test_an_address_that_is_none_is_asked_again(folder: Path) -> None:
    result = init(input=f"search.example:9200\n{NOWHERE}\n\n\n\n\n\n\n\n")
    assert "must start with http:// or https://" in result.output
    assert load_settings().opensearch.url == NOWHERE


def test_labels_are_counted_at_once(folder: Path) -> None:
    result = init("--yes", "--embedded", "--labels", "labels.csv")
    assert "2 labels in labels.csv" in result.output


@pytest.mark.parametrize(("words", "input"), [(("--yes",), None), ((), "n\n")])
def test_a_file_that_is_there_stays(folder: Path, words: tuple[str, ...], input: str) -> None:
    file = folder / "lmtx-search.toml"
    file.write_text('data_dir = "mine"\n')
    result = CliRunner().invoke(cli, ["init", *words], input=input)
    assert "was not changed" in str(result.exception)
    assert file.read_text() == 'data_dir = "mine"\n'


def test_with_force_it_is_replaced_and_its_values_are_proposed(folder: Path) -> None:
    file = folder / "lmtx-search.toml"
    file.write_text(f'[opensearch]\nurl = "{NOWHERE}"\n')
    assert init("--yes", "--force").exit_code == 0
    assert "# address of the cluster" in file.read_text()
    assert load_settings().opensearch.url == NOWHERE


@pytest.mark.parametrize("language", ["German", "English"])
def test_an_encoder_that_does_not_fit_the_labels_is_a_note(folder: Path, language: str) -> None:
    words = ["[UNK]", "chess", "town", "library", *"abcdefghijklmnopqrstuvwxyz"]
    vocabulary = {word: id_ for id_, word in enumerate([*words, *(f"##{w}" for w in words[4:])])}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    encoder = folder / "encoder"
    encoder.mkdir()
    tokenizer.save(str(encoder / "tokenizer.json"))
    (encoder / "config.json").write_text('{"model_type": "bert", "hidden_size": 8}')
    (encoder / "model.safetensors").write_bytes(b"")
    names = ("stadt", "schach") if language == "German" else ("town", "chess library")
    rows = [f"{id_},{names[id_ % 2]}" for id_ in range(60)]
    (folder / "labels.csv").write_text("\n".join(["id,text", *rows]))
    result = init(
        "--yes", "--embedded", "--labels", "labels.csv", "--json", "--encoder", str(encoder)
    )
    assert result.exit_code == 0, result.output
    notes = json.loads(result.stdout)["notes"]
    told = "The encoder was probably not made for the language of the labels"
    assert any(note.startswith(told) for note in notes) is (language == "German")


def test_the_file_that_config_names_is_made(folder: Path) -> None:
    (folder / "lmtx-search.toml").write_text("not = [toml")
    result = init("--yes", "--embedded", "--config", "a new.toml")
    assert result.exit_code == 0, result.output
    assert load_settings(folder / "a new.toml").encoder == Settings().encoder
    assert "lmtx-search --config 'a new.toml' up" in result.output


def test_force_replaces_a_broken_file_and_says_so(folder: Path) -> None:
    file = folder / "lmtx-search.toml"
    for text in ("not = [toml", "[opensearch]\nulr = 1\n"):
        file.write_text(text)
        result = init("--yes", "--embedded", "--force")
        assert result.exit_code == 0, result.output
        assert "Note: the values of the replaced file are not used: " in result.output
        assert load_settings().documents == Settings().documents


def test_every_flag_is_in_the_file(folder: Path) -> None:
    flags = ("--model", "qwen2.5:3b", "--encoder", "my/encoder", "--data-dir", str(folder / "own"))
    assert init("--yes", "--embedded", *flags).exit_code == 0
    settings = load_settings()
    assert (settings.ollama.model, settings.encoder.name) == ("qwen2.5:3b", "my/encoder")
    assert "hosts" not in settings.ollama.model_fields_set
    assert f'data_dir = "{folder / "own"}"' in (folder / "lmtx-search.toml").read_text()
    assert init("--yes", "--force", "--url", NOWHERE, "--no-verify").exit_code == 0
    assert load_settings().opensearch.verify is False


def test_flags_of_another_cluster_are_not_silently_left_out() -> None:
    result = init("--yes", "--embedded", "--url", NOWHERE)
    assert "either --embedded or --url" in str(result.exception)
    result = init("--yes", "--embedded", "--user", "tagger")
    assert "`lmtx-search up` starts: opensearch.user\n" in result.output


def test_a_model_file_that_the_judge_does_not_read_is_not_silently_left_out() -> None:
    result = init("--yes", "--embedded", "--gguf", "mine.gguf")
    assert "Note: mine.gguf is not used: only --judge llamacpp" in result.output


@pytest.mark.parametrize(("words", "gguf"), [((), None), (("--gguf", "mine.gguf"), "mine.gguf")])
def test_the_judge_that_up_downloads_is_not_in_the_file(
    words: tuple[str, ...], gguf: str | None
) -> None:
    result = init("--yes", "--embedded", "--judge", "llamacpp", *words)
    assert result.exit_code == 0, result.output
    judge = load_settings().judge
    assert (judge.runtime, judge.gguf) == ("llamacpp", gguf and Path(gguf))
    assert ("  Note: " in result.output) is (gguf is not None)


def test_without_answers_the_way_without_questions_is_named(folder: Path) -> None:
    result = init(input="")
    assert isinstance(result.exception, UserError)
    assert "--yes uses the flags" in str(result.exception)
    assert not (folder / "lmtx-search.toml").exists()


def test_no_password_is_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LMTX_OPENSEARCH_PASSWORD", "geheim")
    result = init("--yes", before=("--url", NOWHERE, "--user", "tagger"))
    assert result.exit_code == 0, result.output
    text = (folder / "lmtx-search.toml").read_text()
    assert "geheim" not in text + result.output
    assert "LMTX_OPENSEARCH_PASSWORD" in text


def test_a_variable_that_wins_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LMTX_OPENSEARCH_URL", NOWHERE)
    notes = json.loads(init("--yes", "--json").stdout)["notes"]
    assert "LMTX_OPENSEARCH_URL is set and overrides the file" in notes


def test_any_text_can_be_read_again(folder: Path) -> None:
    odd = 'quote " back\\slash \x7f \x01 ü'
    answers = Answers(NOWHERE, odd, None, [odd], "ollama", [odd], odd, None)
    file = folder / "odd.toml"
    file.write_text(settings_text(answers), encoding="utf-8")
    settings = load_settings(file)
    assert settings.opensearch.user == settings.ollama.model == odd
    assert settings.documents.text_fields == (odd,)


@pytest.mark.integration
def test_a_real_index_and_a_real_judge_are_found(
    client: Any, lmtx: Run, settings: Settings
) -> None:
    client.index(index="articles", id="1", body={"subject": "chess"}, refresh=True)
    done = lmtx("init", "--yes", "--index", "articles", "--text-field", "subject", "--json")
    assert done.returncode == 0, done.stderr
    notes = json.loads(done.stdout)["notes"]
    assert all(note.endswith(" is set and overrides the file") for note in notes), notes
    done = lmtx("init", "--yes", "--force", "--index", "articles", "--text-field", "body")
    assert "Note: articles has no field body; its fields: subject" in done.stdout
