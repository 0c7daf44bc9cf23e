"""What `deploy` says about options that differ from those of the version in use."""

from __future__ import annotations

from typing import Any

import pytest

from lmtx_search.encoder.student import Student
from lmtx_search.settings import DocumentSettings
from lmtx_search.tagging.deployment.differences import InUse, differing
from lmtx_search.tagging.deployment.options import DeployOptions
from lmtx_search.tagging.versions.version import Manifest
from lmtx_search.untouched import Untouched

DOCUMENTS = DocumentSettings()
STUDENT = Student("digest", agreement=0.9, documents=100)


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
        (["title", "text"], PRESS, "untouched that match {'term'"),
    ],
)
def test_settings_of_documents_that_the_pipeline_follows_are_compared(
    used: list[str], given: str | None, said: str
) -> None:
    documents = DocumentSettings(text_fields=("title", "text"), untouched_query=given)
    (line,) = differing(InUse("v1", manifest(), "service", None, used), DeployOptions(), documents)
    assert said.replace("'", '"') in line
    assert line.count("keeps that") == 1
    same = InUse(
        "v1",
        manifest(),
        "service",
        None,
        ["title", "text"],
        None if given is None else Untouched.of(given),
    )
    assert differing(same, DeployOptions(), documents) == []


def test_a_query_that_the_new_version_lacks_is_said_with_what_keeps_it() -> None:
    used = InUse("v1", manifest(), "service", None, (), Untouched.of(PRESS))
    (line,) = differing(used, DeployOptions(), DOCUMENTS)
    assert f"leaves no document untouched, not those that match {PRESS} " in line
    assert f"(documents.untouched_query = {PRESS} keeps that)" in line
