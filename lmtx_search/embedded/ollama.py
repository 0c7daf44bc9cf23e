"""Finds or starts an Ollama server and gives it the judge's model."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from lmtx_search.embedded.models import JudgeModel
from lmtx_search.embedded.net import OPENER, ask, wait_until
from lmtx_search.embedded.ollama_build import build_ollama
from lmtx_search.embedded.places import Places
from lmtx_search.embedded.processes import Process, spawn
from lmtx_search.errors import LmtxError
from lmtx_search.progress import SILENT, Progress

_DEFAULT_PORT = 11434
_SECONDS_TO_START = 60.0
_CHUNK = 1 << 20

# Ollama finds no template in the GGUF file. The model was trained on ChatML.
_TEMPLATE = """{{- if .System }}<|im_start|>system
{{ .System }}<|im_end|>
{{ end }}<|im_start|>user
{{ .Prompt }}<|im_end|>
<|im_start|>assistant
{{ .Response }}"""


@dataclass(frozen=True)
class Ollama:
    """A running server (``address``), or a program to start."""

    address: str = ""
    program: Path | None = None


def find_ollama(
    cache: Path, progress: Progress = SILENT, environ: Mapping[str, str] | None = None
) -> Ollama:
    """Return the Ollama to use: a server at OLLAMA_HOST, a program on PATH, or a new build."""
    environ = os.environ if environ is None else environ
    if address := running_ollama(environ):
        return Ollama(address=address)
    program = shutil.which("ollama", path=environ.get("PATH", ""))
    return Ollama(program=Path(program) if program else build_ollama(cache, progress))


def running_ollama(environ: Mapping[str, str] | None = None) -> str | None:
    """Return the address of the server at OLLAMA_HOST (None: none answers there)."""
    environ = os.environ if environ is None else environ
    address = ollama_address(environ.get("OLLAMA_HOST", ""))
    return address if "version" in (ask(f"{address}/api/version") or {}) else None


def ollama_address(host: str) -> str:
    """Return the client's address for a value of OLLAMA_HOST.

    >>> ollama_address("")
    'http://127.0.0.1:11434'
    >>> ollama_address("0.0.0.0:8000")
    'http://127.0.0.1:8000'
    """
    scheme, _, rest = host.strip().rpartition("://")
    name, _, port = rest.rstrip("/").partition(":")
    name = "127.0.0.1" if name in ("", "0.0.0.0") else name
    default = {"https": 443, "http": 80}.get(scheme, _DEFAULT_PORT)
    return f"{scheme or 'http'}://{name}:{port or default}"


def start_ollama(
    program: Path,
    address: str,
    places: Places,
    note: Callable[[Process], None],
    progress: Progress = SILENT,
) -> None:
    """Start `ollama serve` at an address, with its models in the cache."""
    store = model_store(places)
    store.mkdir(parents=True, exist_ok=True)
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("OLLAMA_")},
        "OLLAMA_HOST": address.removeprefix("http://"),
        "OLLAMA_MODELS": str(store),
        "OLLAMA_NOPRUNE": "1",
        "OLLAMA_KEEP_ALIVE": "30m",
        "HOME": os.environ.get("HOME", str(store)),
    }
    with progress.stage("Starting Ollama", 1, "servers") as advance:
        process = spawn("Ollama", [program, "serve"], places.logs / "ollama.log", environ)
        note(process)
        wait_until(lambda: ask(f"{address}/api/version") is not None, process, _SECONDS_TO_START)
        advance(1)


def add_model(
    address: str, model: JudgeModel, store: Path | None, progress: Progress = SILENT
) -> None:
    """Add the judge's model to the server, unless it has a model of that name.

    Args:
        store: the server's model folder if it is on this machine, where the file can be linked.
            With None the file is uploaded.
    """
    if _has_model(address, model.name):
        return
    with progress.stage("Giving Ollama the judge's model", 1, "models") as advance:
        _link_blob(model, store)
        _upload_blob(address, model)
        body = {
            "model": model.name,
            "files": {model.file.name: f"sha256:{model.sha256}"},
            "template": _TEMPLATE,
            "parameters": {"stop": ["<|im_end|>"]},
        }
        for status in _post(f"{address}/api/create", json.dumps(body).encode()):
            if "error" in status:
                raise LmtxError(f"Ollama at {address} refused the model: {status['error']}")
        advance(1)


def model_store(places: Places) -> Path:
    """Return the model folder of the server that `up` starts."""
    return places.cache / "ollama" / "models"


def _has_model(address: str, name: str) -> bool:
    models = (ask(f"{address}/api/tags", timeout=30) or {}).get("models") or []
    return any(model.get("name") == name for model in models)


def _link_blob(model: JudgeModel, store: Path | None) -> None:
    """Link the file into the server's store if possible, instead of copying half a gigabyte."""
    if store is not None:
        blob = store / "blobs" / f"sha256-{model.sha256}"
        with suppress(OSError):
            blob.parent.mkdir(parents=True, exist_ok=True)
            blob.hardlink_to(model.file)


def _upload_blob(address: str, model: JudgeModel) -> None:
    url = f"{address}/api/blobs/sha256:{model.sha256}"
    try:
        OPENER.open(urllib.request.Request(url, method="HEAD"), timeout=60).close()
    except urllib.error.HTTPError as error:
        if error.code != 404:
            raise LmtxError(f"Ollama at {address} answers {error.code} {error.reason}") from error
        with model.file.open("rb") as file:
            size = str(model.file.stat().st_size)
            list(_post(url, file, {"Content-Length": size}))  # type: ignore[arg-type]
    except (OSError, http.client.HTTPException) as error:
        raise LmtxError(f"Ollama at {address} does not answer: {error}") from error


def _post(
    url: str, body: bytes, headers: Mapping[str, str] | None = None
) -> Iterator[dict[str, object]]:
    request = urllib.request.Request(url, data=body, headers=dict(headers or {}), method="POST")
    try:
        with OPENER.open(request, timeout=600) as answer:
            for line in answer:
                if line.strip():
                    yield json.loads(line)
    except urllib.error.HTTPError as error:
        reason = error.read().decode(errors="replace")[:200]
        raise LmtxError(f"{url} answers {error.code}: {reason}") from error
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise LmtxError(f"{url} does not answer as Ollama does: {error}") from error
