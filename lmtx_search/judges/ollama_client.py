"""Requests to an Ollama server: one token after a raw prompt, and what an error means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lmtx_search.errors import MissingExtra

try:
    import httpx
    import ollama
except ImportError as error:
    raise MissingExtra("judge", "The judge") from error

from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

# ValueError: the server is not Ollama.
FAILURES = (ConnectionError, httpx.HTTPError, ollama.ResponseError, ValueError)
_ATTEMPTS = 3
_CANDIDATES = 20


class OllamaClient(ollama.Client):
    """A client that can ask for the next token of a prompt, and for the digest of a model."""

    def digest_of(self, model: str) -> str | None:
        """Return the digest of the model that has this name now (None: there is none)."""
        names = {model, f"{model}:latest"}
        found = (one.digest for one in self.list().models if one.model in names and one.digest)
        return next(found, None)

    def next_token(
        self, model: str, prompt: str, options: Mapping[str, Any], *, thinks: bool
    ) -> ollama.GenerateResponse | None:
        """Return the token after a raw prompt, with its log-probabilities.

        None: the prompt does not fit into the model's context. A busy server is asked again.

        Args:
            thinks: the model can think before it answers. Thinking is switched off.
        """
        body = {
            "model": model,
            "prompt": prompt,
            "raw": True,
            # By default, the server would drop the beginning of a long prompt without an error.
            # `ollama.Client.generate` has no such argument, so the request is written here.
            "truncate": False,
            "stream": False,
            "logprobs": True,
            "top_logprobs": _CANDIDATES,
            "options": dict(options),
            "keep_alive": "30m",
        }
        if thinks:
            body["think"] = False
        try:
            found: ollama.GenerateResponse = _patience()(
                self._request, ollama.GenerateResponse, "POST", "/api/generate", json=body
            )
        except ollama.ResponseError as error:
            if _is_too_long(error):
                return None
            raise
        return found


def reason(error: BaseException) -> str:
    """Return why a server did not answer."""
    if isinstance(error, httpx.TimeoutException):
        return "no answer in time (ollama.timeout)"
    if isinstance(error, ConnectionError):
        return "cannot connect"
    if isinstance(error, ValueError):
        return "the server there is not Ollama"
    return " ".join(str(error).split()) or type(error).__name__


def is_refusal(error: BaseException) -> bool:
    """Tell whether a server refused one request; it may answer the next one."""
    return isinstance(error, ollama.ResponseError) and error.status_code != 404


def _is_too_long(error: ollama.ResponseError) -> bool:
    # Ollama 0.17: "the input length exceeds the context length". Later servers pass on the error
    # of llama.cpp: "the request exceeds the available context size", "exceed_context_size_error".
    text = error.error.lower()
    return error.status_code == 400 and "exceed" in text and "context" in text


def _patience() -> Retrying:
    return Retrying(
        retry=retry_if_exception(_is_passing),
        wait=wait_random_exponential(multiplier=0.5, max=10),
        stop=stop_after_attempt(_ATTEMPTS),
        reraise=True,
    )


def _is_passing(error: BaseException) -> bool:
    if isinstance(error, ollama.ResponseError):
        return error.status_code in (429, 500, 502, 503, 504)
    return isinstance(error, (ConnectionError, httpx.HTTPError))
