"""A real HTTP tagger for tests, as a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Any

import numpy as np

from lmtx_search.encoder.label_embeddings import embed_labels
from lmtx_search.encoder.load import load_encoder
from lmtx_search.records import Label
from lmtx_search.settings import Settings
from lmtx_search.tagging.versions.contents import TaggingRule, VersionEncoder, VersionLabels
from lmtx_search.tagging.versions.store import TaggerVersions
from lmtx_search.tagging.versions.version import TaggerVersion

LABELS = [
    Label("game::chess", "Chess", "The board game of kings and pawns"),
    Label("web", "Web browser", "Shows pages of the World Wide Web"),
    Label("odd", 'Spread.sheets, "accounts" / {books}: 😀', "Sums in rows and columns"),
    Label("mail-1", "Mail", "Electronic mail"),
    Label("mail-2", "Mail", "Letters that the post brings"),
]


@contextmanager
def running(
    environment: dict[str, str], errors: IO[str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """Run `lmtx-search serve` and wait until it answers; stop it at the end.

    ``errors`` is the file that gets its standard error.
    """
    program = "from lmtx_search.cli.main import main; main()"
    command = [sys.executable, "-c", program, "serve"]
    process = subprocess.Popen(
        command, env=environment, text=True, stdout=subprocess.PIPE, stderr=errors
    )
    try:
        deadline = time.monotonic() + 60
        while call(environment, "/health")[0] != 200:
            assert process.poll() is None, "the tagger ended"
            assert time.monotonic() < deadline, "the tagger did not start"
            time.sleep(0.05)
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=60)


def call(environment: dict[str, str], path: str, body: bytes | Any = None) -> tuple[int, Any]:
    """Return status and JSON of a GET, or of a POST where there is a body (0: no answer)."""
    host, port = environment["LMTX_SERVICE_HOST"], environment["LMTX_SERVICE_PORT"]
    host = "127.0.0.1" if host == "0.0.0.0" else host
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(f"http://{host}:{port}{path}", data, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)
    except OSError:
        return 0, None


def make_version(
    settings: Settings, labels: Sequence[Label] = LABELS, threshold: float = 0.3
) -> TaggerVersion:
    """Make a tagger version of the settings' encoder."""
    encoder = load_encoder(settings, max_tokens=settings.encoder.label_tokens, precision="fp32")
    embeddings = embed_labels(encoder, labels)
    return TaggerVersions(settings.data_dir).create(
        VersionEncoder(
            onnx_folder=encoder.folder,
            name="test",
            digest=encoder.digest,
            precision="fp32",
            document_tokens=64,
        ),
        VersionLabels(
            labels=labels,
            embeddings=embeddings.astype(np.float32),
        ),
        TaggingRule(
            threshold=threshold,
            max_tags=3,
        ),
    )
