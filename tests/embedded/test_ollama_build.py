"""Why a build of Ollama failed is told by the line that says so."""

from __future__ import annotations

from lmtx_search.embedded.ollama_build import failure

MODULE = "go: downloading github.com/pkg/errors v0.9.1"


def test_the_error_is_told_and_not_the_name_of_a_module() -> None:
    lines = [MODULE, "github.com/pkg/errors", "ggml.cpp:1:10: fatal error: ggml.h: no such file"]
    assert failure(lines) == lines[2]


def test_without_an_error_the_last_message_is_told() -> None:
    assert failure([MODULE, "go: build interrupted", "net/http"]) == "go: build interrupted"


def test_modules_alone_tell_nothing() -> None:
    assert failure([MODULE]) == "go install failed"
