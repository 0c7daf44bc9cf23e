"""A judge that is a model on one or more Ollama servers."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from queue import SimpleQueue

from lmtx_search.errors import LmtxError, MissingExtra, UserError

try:
    import httpx
    import ollama
except ImportError as error:
    raise MissingExtra("judge", "The judge") from error

from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from lmtx_search.judges.answers import p_yes, p_yes_of_text
from lmtx_search.judges.base import Answer, Pair
from lmtx_search.judges.chat import ChatFormat, chat_format
from lmtx_search.judges.order.base import Case, Order, cases_of
from lmtx_search.judges.order.exhaustive import Exhaustive
from lmtx_search.judges.prompts import Prompt
from lmtx_search.judges.work_queue import WorkQueue
from lmtx_search.records import content_digest
from lmtx_search.settings import OllamaSettings

IN_FLIGHT = 2
"""Concurrent requests to a host about one document: the server reads the next while it computes
one. More requests gained nothing on one slot."""

_ATTEMPTS = 3
# A host is given up after this many errors in a row.
_ERRORS_IN_A_ROW = 3
_CANDIDATES = 20
# ValueError: the server is not Ollama.
_FAILURES = (ConnectionError, httpx.HTTPError, ollama.ResponseError, ValueError)


class OllamaJudge:
    """Asks a model one question a call, by a raw prompt with the document first and the label last.

    One token is generated, and P(yes) is read from its log-probabilities. For an old server without
    log-probabilities the word itself is read. The context length is short and constant, because a
    change would make the server reload the model. A host that fails is given up, and the others
    take its pairs. ``lost`` maps such hosts to the reasons.

    Raises:
        UserError: no host answers, or a host lacks the model.
        MissingExtra: (on import) the package ``ollama`` is not installed.
    """

    def __init__(self, settings: OllamaSettings, prompt: Prompt) -> None:
        self.name = settings.model
        self.prompt = prompt
        self.lost: dict[str, str] = {}
        self._clients: dict[str, ollama.Client] = {}
        digests: dict[str, str] = {}
        for host in settings.hosts:
            client = ollama.Client(host, timeout=settings.timeout)
            try:
                digests[host] = _model_digest(client, settings.model, host)
            except _FAILURES as error:
                self.lost[host] = _why(error)
            else:
                self._clients[host] = client
        if not self._clients:
            raise UserError(
                f"no Ollama at {', '.join(settings.hosts)} ({next(iter(self.lost.values()))}): "
                "start it (`ollama serve`, or `lmtx-search up`) or set ollama.hosts"
            )
        if len(set(digests.values())) > 1:
            raise UserError(
                f"the hosts have different models named {settings.model}: "
                f"run `ollama pull {settings.model}` on each"
            )
        self._chat = _chat_of(next(iter(self._clients.values())), settings.model)
        self._options = {
            "num_predict": 1,
            "temperature": 0,
            "seed": 0,
            "num_ctx": _context(prompt.document_characters),
        }
        self.digest = content_digest(next(iter(digests.values())), self._chat.name)

    def ask(self, pairs: Iterable[Pair]) -> Iterator[Answer]:
        """Yield an answer for each pair as it arrives. Pairs of one document must be adjacent.

        Raises:
            LmtxError: all hosts failed.
        """
        return self.ask_cases(cases_of(pairs), Exhaustive())

    def ask_cases(self, cases: Iterable[Case], order: Order) -> Iterator[Answer]:
        """Yield answers to the pairs that the order chooses, as they arrive.

        Raises:
            LmtxError: all hosts failed.
        """
        work = WorkQueue(cases, order)
        try:
            while self._clients:
                yield from self._round(work)
                if not work.left():
                    return
            raise LmtxError(
                f"the judge stopped answering: {self._losses()}; run the same command to continue"
            )
        finally:
            work.stop()

    def _round(self, work: WorkQueue) -> Iterator[Answer]:
        """Work with the remaining hosts until none of them has anything to do."""
        results: SimpleQueue[Answer | BaseException | None] = SimpleQueue()
        threads = [
            threading.Thread(target=self._serve, args=(host, client, work, results), daemon=True)
            for host, client in self._clients.items()
            for _ in range(IN_FLIGHT)
        ]
        for thread in threads:
            thread.start()
        running = len(threads)
        while running:
            result = results.get()
            if result is None:
                running -= 1
            elif isinstance(result, BaseException):
                raise result
            else:
                yield result

    def _serve(
        self,
        host: str,
        client: ollama.Client,
        work: WorkQueue,
        results: SimpleQueue[Answer | BaseException | None],
    ) -> None:
        errors = 0
        try:
            while (task := work.next(host)) is not None:
                p_yes = None
                try:
                    p_yes = self._ask_one(client, task.pair)
                    errors = 0
                except _FAILURES as error:
                    errors += 1
                    refused = isinstance(error, ollama.ResponseError) and error.status_code != 404
                    if not refused or errors >= _ERRORS_IN_A_ROW:
                        work.give_back(host, task)
                        self._clients.pop(host, None)
                        self.lost[host] = _why(error)
                        return
                # The answer goes first, because noting it may already lead to the next question.
                results.put(Answer(task.pair, p_yes, host))
                work.note(task, p_yes)
        except BaseException as error:  # raised in the caller
            results.put(error)
        finally:
            results.put(None)

    def _ask_one(self, client: ollama.Client, pair: Pair) -> float | None:
        prompt = self.prompt.render(pair.document.text, pair.label, self._chat)
        response = _patience()(
            client.generate,
            model=self.name,
            prompt=prompt,
            raw=True,
            logprobs=True,
            top_logprobs=_CANDIDATES,
            options=self._options,
            keep_alive="30m",
        )
        if not response.logprobs:
            return p_yes_of_text(response.response or "")
        return p_yes((t.token, t.logprob) for t in response.logprobs[0].top_logprobs or ())

    def _losses(self) -> str:
        return "; ".join(f"{host}: {why}" for host, why in self.lost.items())


def _model_digest(client: ollama.Client, model: str, host: str) -> str:
    names = {model, f"{model}:latest"}
    for entry in client.list().models:
        if entry.model in names and entry.digest:
            return entry.digest
    raise UserError(f"{host} has no model {model}: run  ollama pull {model}")


def _chat_of(client: ollama.Client, model: str) -> ChatFormat:
    return chat_format(client.show(model).template or "")


def _context(characters: int) -> int:
    """Return the context length: a power of two for the document, at one token a character."""
    needed = characters + 400
    return max(1024, 1 << (needed - 1).bit_length())


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


def _why(error: BaseException) -> str:
    if isinstance(error, httpx.TimeoutException):
        return "no answer in time (ollama.timeout)"
    if isinstance(error, ConnectionError):
        return "cannot connect"
    if isinstance(error, ValueError):
        return "the server there is not Ollama"
    return " ".join(str(error).split()) or type(error).__name__
