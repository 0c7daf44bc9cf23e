"""The judges' models that `up` downloads."""

from __future__ import annotations

from pathlib import Path

import pytest

from lmtx_search.embedded.models import downloaded_judge, downloaded_judges, prepare_judge
from lmtx_search.embedded.wanted_models import own_gguf, wanted_judge
from lmtx_search.settings import load_settings


def test_the_default_model_is_the_first_one_that_can_be_downloaded() -> None:
    assert load_settings().ollama.model == downloaded_judges()[0]


@pytest.mark.parametrize("name", downloaded_judges())
def test_the_model_of_the_settings_is_downloaded(name: str) -> None:
    assert wanted_judge(load_settings(flags={"ollama.model": name})) == name


def test_without_a_setting_the_model_of_the_last_up_is_downloaded_again() -> None:
    default, other = downloaded_judges()
    assert wanted_judge(load_settings(), other) == other
    assert wanted_judge(load_settings(), "gone") == default
    assert wanted_judge(load_settings(flags={"ollama.model": default}), other) == default


def test_another_model_of_the_settings_does_not_stop_up() -> None:
    settings = load_settings(flags={"ollama.model": "llama3.2:3b"})
    assert wanted_judge(settings, downloaded_judges()[1]) is None


def test_a_downloaded_file_is_not_one_of_the_users(tmp_path: Path) -> None:
    folders = {"cache_dir": tmp_path}
    ours = downloaded_judge(tmp_path, downloaded_judges()[1])
    assert not own_gguf(load_settings(flags=folders))
    assert not own_gguf(load_settings(flags={**folders, "judge.gguf": ours}))
    assert own_gguf(load_settings(flags={**folders, "judge.gguf": tmp_path / "mine.gguf"}))


@pytest.mark.parametrize("name", downloaded_judges())
def test_a_complete_file_is_not_downloaded_again(tmp_path: Path, name: str) -> None:
    from lmtx_search.embedded.pinned import pinned

    wanted = pinned("models.json", "judges")[name]
    file = tmp_path / "models" / wanted["file"]
    file.parent.mkdir()
    with file.open("wb") as empty:
        empty.truncate(wanted["size"])
    assert prepare_judge(tmp_path, name=name).file == file
