"""What `deploy` says about options that differ from those of the version in use."""

from __future__ import annotations

from typing import Any

import pytest
import tomllib

from lmtx_search.encoder.student import Student
from lmtx_search.settings import DocumentSettings
from lmtx_search.tagging.deployment import differences, options
from lmtx_search.tagging.deployment.differences import InUse, differing
from lmtx_search.tagging.deployment.documents_read import DocumentsRead
from lmtx_search.tagging.deployment.options import DeployOptions
from lmtx_search.tagging.versions.version import Manifest
from lmtx_search.untouched import Untouched

DOCUMENTS = DocumentSettings()
STUDENT = Student("digest", agreement=0.9, documents=100)


@pytest.fixture(autouse=True)
def a_machine_without_bf16(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(options, "bf16_is_fast", lambda: False)


def manifest(**values: Any) -> Manifest:
    basic: dict[str, Any] = {
        "version": "v1",
        "created": "",
        "run": None,
        "encoder": "tiny",
        "encoder_digest": "d",
        "precision": "int8",
        "dimension": 4,
        "document_tokens": 128,
        "labels": 3,
        "labels_digest": "l",
        "threshold": 0.4,
        "max_tags": 10,
    }
    return Manifest(**{**basic, **values})


@pytest.mark.parametrize(
    ("used", "options", "kept_by"),
    [
        (InUse("v1", manifest(), "in-cluster", None), DeployOptions(), "--runtime in-cluster"),
        (InUse("v1", manifest(student=STUDENT), "service", None), DeployOptions(), "--static"),
        (
            InUse("v1", manifest(), "service", None),
            DeployOptions(static=True),
            "without --static",
        ),
        (InUse("v1", manifest(max_tags=5), "service", None), DeployOptions(), "--max-tags 5"),
        (
            InUse("v1", manifest(precision="fp32"), "service", None),
            DeployOptions(),
            "--precision fp32",
        ),
        (InUse("v1", manifest(), "service", 0.4), DeployOptions(), "--threshold 0.4"),
        (InUse("v1", manifest(), "service", 0.4), DeployOptions(threshold=0.5), "--threshold 0.4"),
    ],
)
def test_a_difference_names_the_option_that_keeps_what_is_in_use(
    used: InUse, options: DeployOptions, kept_by: str
) -> None:
    (line,) = differing(used, options, DOCUMENTS)
    assert line.startswith("Unlike the version in use, v1, the new one ")
    assert f"{kept_by} " in line
    assert line.count("keeps that") == 1


@pytest.mark.parametrize(("fast", "said"), [(True, "bf16 keeps that"), (False, "not fast in it")])
def test_a_precision_that_this_machine_lacks_is_no_advice(
    fast: bool, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(differences, "bf16_is_fast", lambda: fast)
    used = InUse("v1", manifest(precision="bf16"), "service", None)
    (line,) = differing(used, DeployOptions(), DOCUMENTS)
    assert "reads documents in int8 if that is exact enough, not in bf16" in line
    assert said in line


def test_several_differences_are_one_line_and_none_is_no_line() -> None:
    used = InUse("v1", manifest(student=STUDENT, precision="fp32", max_tags=5), "service", 0.3)
    (line,) = differing(used, DeployOptions(), DOCUMENTS)
    assert line.count("keeps that") == 3
    assert differing(used, DeployOptions(threshold=0.3, max_tags=5, static=True), DOCUMENTS) == []
    in_cluster = InUse("v1", manifest(precision="fp32"), "in-cluster", None)
    assert differing(in_cluster, DeployOptions(runtime="in-cluster"), DOCUMENTS) == []


def test_a_static_encoder_that_is_too_loose_is_no_difference_to_a_transformer() -> None:
    static = DeployOptions(static=True)
    assert (
        differing(InUse("v1", manifest(), "service", None), static, DOCUMENTS, too_loose=True) == []
    )
    (line,) = differing(
        InUse("v1", manifest(student=STUDENT), "service", None), static, DOCUMENTS, too_loose=True
    )
    assert "with a transformer, not with a static encoder" in line
    assert "a lower deploy.least_agreement keeps that" in line
    exact = InUse("v1", manifest(precision="fp32"), "service", None)
    (line,) = differing(exact, static, DOCUMENTS, too_loose=True)
    assert "--precision fp32 without --static keeps that" in line


def test_a_version_that_is_not_on_this_machine_is_said() -> None:
    (line,) = differing(InUse("v1", None, "service", None), DeployOptions(), DOCUMENTS)
    assert "not on this machine" in line


PRESS = '{"term": {"source": "press"}}'


@pytest.mark.parametrize(
    ("used", "given", "said"),
    [
        (["title"], None, 'documents.text_fields = ["title"] keeps that'),
        (["title", "text"], PRESS, f"never touches documents that match {PRESS} (without "),
    ],
)
def test_settings_of_documents_that_the_pipeline_follows_are_compared(
    used: list[str], given: str | None, said: str
) -> None:
    documents = DocumentSettings(text_fields=("title", "text"), untouched_query=given)
    before = DocumentsRead(used)
    (line,) = differing(in_use(before), DeployOptions(), documents)
    assert said in line
    same = DocumentsRead(documents.text_fields, documents.untouched)
    assert differing(in_use(same), DeployOptions(), documents) == []


@pytest.mark.parametrize("query", [PRESS, '{"term": {"source": "it\'s \\\\ \\"é\\""}}'])
def test_documents_that_a_deployment_begins_to_touch_are_said_with_a_setting_for_the_file(
    query: str,
) -> None:
    used = in_use(DocumentsRead((), Untouched.of(query)))
    (line,) = differing(used, DeployOptions(), DOCUMENTS)
    assert f"the new one touches documents that match {query} (" in line
    setting = line[line.index("(documents.") + 1 : line.index(" keeps them untouched")]
    assert tomllib.loads(setting)["documents"]["untouched_query"] == query


def in_use(documents: DocumentsRead) -> InUse:
    return InUse("v1", manifest(), "service", None, documents)
