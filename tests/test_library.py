"""The Python API: light to import, typed, and enough to go the whole way without a command."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import lmtx_search
from lmtx_search.errors import UserError
from lmtx_search.settings import Settings
from tests.support.random_encoders import make_static_encoder
from tests.support.tiny_tagger import version_of

TOPICS = ("web browsers", "chess", "electronic mail", "astronomy", "music", "databases")


def test_importing_it_loads_nothing_heavy() -> None:
    script = (
        "import sys, lmtx_search; lmtx_search.Label, lmtx_search.load_settings;"
        "heavy = {'torch', 'transformers', 'opensearchpy', 'ollama', 'onnxruntime', 'numpy'};"
        "sys.exit(bool(heavy & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", script]).returncode == 0


@pytest.mark.parametrize("name", lmtx_search.__all__)
def test_every_name_is_there_and_explained(name: str) -> None:
    value = getattr(lmtx_search, name)
    assert isinstance(value, str) or value.__doc__


def test_what_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        lmtx_search.nothing  # noqa: B018


def test_type_checkers_find_each_name_in_the_module_that_it_is_imported_from() -> None:
    tree = ast.parse(Path(lmtx_search.__file__).read_text())
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    names = [(alias, node.module) for node in imports for alias in node.names]
    found = {alias.asname: str(module).removeprefix("lmtx_search.") for alias, module in names}
    assert found == lmtx_search._MODULES
    # Only a name that is imported under itself is public for a strict type checker.
    assert all(alias.name == alias.asname for alias, _ in names)


def test_no_other_tagger_than_the_one_in_use_is_opened_unasked(tmp_path: Path) -> None:
    from lmtx_search import load_settings, open_tagger

    name = version_of(tmp_path).manifest.version
    nowhere = {"opensearch.url": "http://127.0.0.1:1", "data_dir": str(tmp_path)}
    settings = load_settings(flags=nowhere)
    with pytest.raises(UserError, match=r"tagger in use is not known \(no OpenSearch at"):
        open_tagger(settings)
    assert open_tagger(settings, name).manifest.version == name


def test_shortlists_have_the_labels_that_a_document_names(tmp_path: Path) -> None:
    from lmtx_search import Document, Label, load_settings, shortlists

    encoder = make_static_encoder(tmp_path / "encoder")
    settings = load_settings(
        flags={
            "encoder.name": str(encoder),
            "encoder.document_tokens": "48",
            "cache_dir": str(tmp_path / "cache"),
        }
    )
    labels = [Label(topic, topic) for topic in TOPICS]
    documents = [Document(topic, f"Songs of radio stations, {topic} of two") for topic in TOPICS]
    found = {one.document.id: one.labels for one in shortlists(settings, documents, labels, 1)}
    assert {id_: label.text for id_, ((label, _),) in found.items()} == {t: t for t in TOPICS}
    assert list(shortlists(settings, [], labels, 1)) == []


@pytest.mark.integration
def test_the_whole_way_in_python(client: Any, settings: Settings, tmp_path: Path) -> None:
    from lmtx_search import (
        bootstrap_index,
        ingest,
        load_labels,
        load_training_documents,
        open_judge,
        read_documents,
        read_labels,
        shortlists,
        train,
        training_settings,
    )
    from lmtx_search.records import Document

    (tmp_path / "labels.csv").write_text("id,text\n" + "".join(f"{t},{t}\n" for t in TOPICS))
    rows = "".join(f"{t}-{n},A program about {t}\n" for t in TOPICS for n in "abcd")
    (tmp_path / "documents.csv").write_text("id,title\n" + rows)
    labels = list(read_labels(tmp_path / "labels.csv"))
    documents = [d for d in read_documents(tmp_path / "documents.csv") if isinstance(d, Document)]

    in_memory = list(shortlists(settings, documents[:2], labels, 3))
    assert in_memory[0].labels[0][0].text == "web browsers"
    answers = list(open_judge(settings).ask(in_memory[0].pairs(2)))
    assert {answer.pair.label for answer in answers} == {x for x, _ in in_memory[0].labels[:2]}
    assert all(answer.p_yes is None or 0 <= answer.p_yes <= 1 for answer in answers)

    assert bootstrap_index(settings)
    assert bootstrap_index(settings) == []
    assert load_labels(settings, labels).report.created == len(labels)
    assert load_training_documents(settings, documents).indexed == len(documents)
    (from_index, *_) = shortlists(settings, documents[:2], size=3)
    assert [label.id for label, _ in from_index.labels] == [
        label.id for label, _ in in_memory[0].labels
    ]
    small = training_settings(
        settings.encoder,
        budget="12",
        shortlist=4,
        pairs_per_document=2,
        batch_size=4,
        epochs=1,
        least_documents=2,
    )
    trained = train(settings, small)
    assert trained.encoder == settings.data_dir / "runs" / trained.run / "encoder"
    assert trained.encoder.is_dir()
    assert 0 < trained.asked + trained.known <= 12
    assert ingest(settings, documents[:3], "articles").indexed == 3
