"""What doctor says about the encoder of the settings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lmtx_search.doctor.checks import carry_out
from lmtx_search.doctor.encoder import encoder_checks
from lmtx_search.doctor.languages import examine_languages
from lmtx_search.encoder.load import load_encoder
from lmtx_search.settings import EncoderSettings, Settings
from tests.conftest import Run
from tests.support.random_encoders import make_random_encoder

pytestmark = pytest.mark.integration


def found(folder: Path, tmp_path: Path, **choices: Any) -> Any:
    """Return the finding about an encoder whose ONNX form is in the cache."""
    settings = Settings(
        cache_dir=tmp_path / "cache",
        encoder=EncoderSettings(name=str(folder), **{"document_tokens": 48, **choices}),
    )
    load_encoder(settings, max_tokens=8)
    return first_finding(settings)


def first_finding(settings: Settings) -> Any:
    """Return what is found of the encoder itself, which needs no cluster."""
    return next(carry_out(encoder_checks(settings, lambda: pytest.fail("asks the cluster"))))


def test_the_prompts_of_an_encoder_are_named(tmp_path: Path) -> None:
    prompts = {"query": "query: ", "document": "passage: "}
    finding = found(make_random_encoder(tmp_path / "base", prompts=prompts), tmp_path)
    assert finding.status == "ok"
    assert "'passage: ' before documents, 'query: ' before labels" in finding.found


def test_prompts_that_are_not_used_are_named(tmp_path: Path) -> None:
    folder = make_random_encoder(tmp_path / "base", prompts={"clustering": "cluster: "})
    finding = found(folder, tmp_path)
    assert finding.status == "warn"
    assert "has prompts for other uses (clustering)" in finding.found
    assert "set encoder.document_prompt" in finding.todo


def test_more_tokens_than_the_encoder_reads_are_wrong(tmp_path: Path) -> None:
    folder = make_random_encoder(tmp_path / "base")
    finding = found(folder, tmp_path, document_tokens=500)
    assert (finding.status, "at most 130" in finding.todo) == ("bad", True)


def test_an_encoder_that_is_not_supported_is_one_clear_line(tmp_path: Path) -> None:
    folder = make_random_encoder(tmp_path / "base", pooling={"pooling_mode": ["mean", "max"]})
    settings = Settings(cache_dir=tmp_path / "cache", encoder=EncoderSettings(name=str(folder)))
    finding = first_finding(settings)
    assert finding.status == "bad"
    assert "pools in 2 ways at once" in finding.found


def test_labels_in_another_language_than_the_encoders_are_noticed(
    client: Any, lmtx: Run, settings: Settings, tmp_path: Path
) -> None:
    assert lmtx("bootstrap-index").returncode == 0
    assert examine_languages(client, settings).status == "ok"
    words = ("Zerrissenheit", "Bibliothekswissenschaft", "Großhandelsgeschäft", "Urheberrecht")
    labels = [{"id": f"{word}{n}", "text": f"{word} {n}"} for word in words for n in range(20)]
    (tmp_path / "labels.jsonl").write_text("\n".join(map(json.dumps, labels)))
    loaded = lmtx("labels", "load", "labels.jsonl")
    assert loaded.returncode == 0
    finding = examine_languages(client, settings)
    assert finding.status == "warn"
    for said in (" ".join(loaded.stderr.split()), finding.found):
        assert "not made for the language of the labels" in said
        assert f"the judge {settings.ollama.model} knows little of other languages" in said
    assert "multilingual" in finding.todo


def test_documents_in_another_language_are_noticed_by_docs_load_and_doctor(
    client: Any, lmtx: Run, settings: Settings, tmp_path: Path
) -> None:
    assert lmtx("bootstrap-index").returncode == 0
    text = "Die Stadtbücherei verleiht Bücher und Zeitschriften an ihre Leserinnen und Leser."
    documents = [{"id": str(number), "text": f"{text} {number}"} for number in range(20)]
    (tmp_path / "documents.jsonl").write_text("\n".join(map(json.dumps, documents)))
    loaded = lmtx("docs", "load", "documents.jsonl", "--json")
    assert loaded.returncode == 0
    encoder, judge = (
        note for note in json.loads(loaded.stdout)["notes"] if not note.startswith("Created")
    )
    assert encoder.startswith("The documents are probably not in English, and the encoder")
    assert f"the judge {settings.ollama.model} knows little of other languages" in judge
    finding = examine_languages(client, settings)
    assert finding.status == "warn"
    assert "encoder" in finding.found
    assert "judge" in finding.found


def test_an_encoder_that_up_downloads_names_the_command(tmp_path: Path) -> None:
    choice = EncoderSettings(name="multilingual-e5-small")
    finding = first_finding(Settings(cache_dir=tmp_path, encoder=choice))
    assert finding.status == "warn"
    assert "`lmtx-search up`" in finding.todo
