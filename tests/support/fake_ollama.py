"""An Ollama that answers what a test says, where a real one cannot be made to."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.support.http_server import QuietHandler, serving

Answer = Callable[[int], tuple[int, dict[str, Any]]]

# What Ollama shows of a model whose thinking can be switched off.
QWEN3 = {"template": "<|im_start|>{{ if .Think }}<think>", "capabilities": ["thinking"]}


@contextmanager
def fake_ollama(
    answer: Answer,
    digest: str | Callable[[], str] = "abc",
    shown: dict[str, Any] | None = None,
    bodies: list[dict[str, Any]] | None = None,
) -> Iterator[str]:
    """Serve one model; ``answer`` gives status and body of the n-th question.

    ``digest`` is that of the model, or gives it each time when the server is asked for it.
    ``shown`` is what /api/show says; ``bodies`` receives the questions.
    """
    asked = iter(range(10**6))

    class Handler(QuietHandler):
        def _send(self, status: int, body: dict[str, Any]) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_GET(self) -> None:
            now = digest() if callable(digest) else digest
            self._send(200, {"models": [{"model": "tiny:latest", "digest": now}]})

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.path == "/api/show":
                self._send(200, {"template": "", "model_info": {}, **(shown or {})})
            else:
                if bodies is not None:
                    bodies.append(body)
                self._send(*answer(next(asked)))

    with serving(Handler) as url:
        yield url


def first_token(token: str) -> dict[str, Any]:
    """Return an answer that almost surely starts with this token."""
    candidates = [
        {"token": t, "logprob": p} for t, p in ((token, -0.01), ("Yes", -12), ("No", -13))
    ]
    return {"response": token, "logprobs": [{**candidates[0], "top_logprobs": candidates}]}
