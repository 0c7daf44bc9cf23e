"""The libraries that run a judge in this process, and skips where one is not installed."""

from __future__ import annotations

import ctypes

import pytest

from lmtx_search.judges.llama_library import LlamaLibrary, compiled_library, prebuilt_library
from lmtx_search.judges.llamacpp import LlamaCppJudge

LIBRARIES = {"ik_llama.cpp": prebuilt_library, "llama.cpp": compiled_library}


def library_named(name: str) -> LlamaLibrary:
    """Return the library, or skip the test."""
    library = LIBRARIES[name]()
    if library is None:
        pytest.skip(f"{name} is not installed")
    return library


def any_library() -> LlamaLibrary:
    """Return an installed library, or skip the test."""
    library = prebuilt_library() or compiled_library()
    if library is None:
        pytest.skip("needs the extra llamacpp: pip install 'lmtx-search[llamacpp]'")
    return library


def special_tokens(judge: LlamaCppJudge) -> list[int]:
    """Return the tokens of the judge's model that are marks, not text."""
    context = judge._context
    c, library = context._c, context._library
    attributes = (
        c._lib.llama_token_get_attr if library.name == "ik_llama.cpp" else c.llama_vocab_get_attr
    )
    if library.name == "ik_llama.cpp":
        attributes.argtypes = [ctypes.c_void_p, ctypes.c_int32]
    control, user_defined = 1 << 3, 1 << 4
    return [
        token
        for token in range(context._vocabulary_size)
        if attributes(context._vocabulary, token) & (control | user_defined)
    ]
