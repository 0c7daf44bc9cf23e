"""The library that runs the judge's model inside this process: ik_llama.cpp or llama.cpp.

ik_llama.cpp (the package ``ik-llama-cpp-python``) comes as a wheel, needs AVX2 on x86-64, and is
the faster one on a CPU. llama.cpp (``llama-cpp-python``) is compiled when it is installed. Both
have nearly the same C interface; a :class:`LlamaLibrary` contains what differs.
"""

from __future__ import annotations

import ctypes
import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lmtx_search.errors import MissingExtra, UserError


@dataclass(frozen=True)
class LlamaLibrary:
    """A library with the C interface of llama.cpp.

    Attributes:
        name: part of the judge's digest, because the libraries round differently.
        c: module with the functions and structures that both libraries have.
        model_parameters, context_parameters: return parameters to load a model and to open a
            context. All sequences of a context have one store, so that sharing needs no copy.
        vocabulary: returns what ``c.llama_tokenize`` takes for a model.
        memory: returns what ``remove`` and ``copy`` take for a context.
        remove: removes the positions [p0, p1) of a sequence (memory, sequence, p0, p1).
        copy: lets a sequence share those of another (memory, from, to, p0, p1).
    """

    name: str
    c: Any
    model_parameters: Callable[[], Any]
    context_parameters: Callable[[], Any]
    vocabulary: Callable[[Any], Any]
    memory: Callable[[Any], Any]
    remove: Callable[..., Any]
    copy: Callable[..., Any]
    free_model: Callable[[Any], Any]
    chat_template: Callable[[Any, Any], bytes | None]


def open_library() -> LlamaLibrary:
    """Return the installed library, ik_llama.cpp before llama.cpp. It prints nothing.

    Raises:
        MissingExtra: neither is installed.
        UserError: only ik_llama.cpp is installed, and it does not run on this machine.
    """
    refused = "" if _has_avx2() else "this processor has no AVX2"
    if not refused:
        try:
            if found := prebuilt_library():
                return found
        except (OSError, AttributeError) as error:
            refused = str(error)
    if found := compiled_library():
        return found
    if refused:
        raise UserError(
            f"ik-llama-cpp-python does not run on this machine ({refused}): run  pip install "
            "'llama-cpp-python<0.4'  (compiles for minutes), or set judge.runtime = ollama"
        )
    raise MissingExtra("llamacpp", "The judge inside this process")


def prebuilt_library() -> LlamaLibrary | None:
    """Return ik_llama.cpp, or None if it is not installed.

    Raises:
        OSError: it cannot be loaded here.
        AttributeError: a function is missing in this release.
    """
    try:
        from ik_llama_cpp import _ctypes_api as c
    except ImportError:
        return None
    library = c._lib
    # Exported by the library, and not declared by its package.
    position, sequence, handle = ctypes.c_int32, ctypes.c_int32, ctypes.c_void_p
    library.llama_kv_cache_seq_rm.argtypes = [handle, sequence, position, position]
    library.llama_kv_cache_seq_rm.restype = ctypes.c_bool
    library.llama_kv_cache_seq_cp.argtypes = [handle, sequence, sequence, position, position]
    library.llama_kv_cache_seq_cp.restype = None
    library.llama_model_chat_template.argtypes = [handle, ctypes.c_char_p]
    library.llama_model_chat_template.restype = ctypes.c_char_p
    _silence(library)

    def model_parameters() -> Any:
        found = c.llama_model_default_params()
        # Rows of weights are interleaved as the model is loaded, which saves a fifth of the time.
        found.repack_tensors = True
        return found

    def context_parameters() -> Any:
        found = c.llama_context_default_params()
        # With the defaults, several sequences in a batch get wrong logits (flash attention), and
        # models in some formats all do (micro-batches from 32 tokens on), both without an error:
        # see findings/ik-llama-batches.sh.
        found.flash_attn = False
        found.n_ubatch = 31
        return found

    return LlamaLibrary(
        name="ik_llama.cpp",
        c=c,
        model_parameters=model_parameters,
        context_parameters=context_parameters,
        vocabulary=lambda model: model,
        memory=lambda context: context,
        remove=library.llama_kv_cache_seq_rm,
        copy=library.llama_kv_cache_seq_cp,
        free_model=c.llama_free_model,
        chat_template=library.llama_model_chat_template,
    )


def compiled_library() -> LlamaLibrary | None:
    """Return llama.cpp, or None if it is not installed."""
    try:
        import llama_cpp as c
    except ImportError:
        return None
    _silence(c)

    def context_parameters() -> Any:
        found = c.llama_context_default_params()
        found.kv_unified = True
        return found

    return LlamaLibrary(
        name="llama.cpp",
        c=c,
        model_parameters=c.llama_model_default_params,
        context_parameters=context_parameters,
        vocabulary=c.llama_model_get_vocab,
        memory=c.llama_get_memory,
        remove=c.llama_memory_seq_rm,
        copy=c.llama_memory_seq_cp,
        free_model=c.llama_model_free,
        chat_template=c.llama_model_chat_template,
    )


# The libraries borrow it, so it must stay referenced.
_SILENCE = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)(
    lambda level, text, data: None
)


def _silence(library: Any) -> None:
    library.llama_log_set(_SILENCE, ctypes.c_void_p(0))


def _has_avx2() -> bool:
    """Tell whether ik_llama.cpp runs here. Without AVX2, it would end the process by a signal."""
    cpu = Path("/proc/cpuinfo")
    if platform.machine() != "x86_64" or sys.platform != "linux":
        return True
    return not cpu.is_file() or " avx2 " in cpu.read_text("ascii", "replace")
