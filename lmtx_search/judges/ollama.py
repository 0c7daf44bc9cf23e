"""A judge that is a model on one or more Ollama servers."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from queue import SimpleQueue

from lmtx_search.errors import LmtxError, UserError
from lmtx_search.judges.answers import FirstTokens, most_likely, p_yes, p_yes_of_text
from lmtx_search.judges.base import Answer, Pair
from lmtx_search.judges.chat import ChatFormat, chat_format, chat_problem
from lmtx_search.judges.ollama_client import (
    FAILURES,
    OllamaClient,
    is_refusal,
    reason,
)
from lmtx_search.judges.order.base import Case, Order, cases_of
from lmtx_search.judges.order.exhaustive import Exhaustive
from lmtx_search.judges.prompts import Prompt
from lmtx_search.judges.work_queue import WorkQueue
from lmtx_search.records import content_digest
from lmtx_search.settings import OllamaSettings

IN_FLIGHT = 2
"""Concurrent requests to a host about one document: the server reads the next while it computes
one. More requests gained nothing on one slot."""

# A host is given up after this many errors in a row.
_ERRORS_IN_A_ROW = 3

# After this time, a host is asked again whether it still has the same model.
_CHECK_SECONDS = 60.0


class OllamaJudge:
    """Asks a model one question a call, by a raw prompt with the document first and the label last.

    One token is generated, and P(yes) is read from its log-probabilities. For an old server without
    log-probabilities the word itself is read. The context length is short and constant, because a
    change would make the server reload the model. A prompt that does not fit has no answer.
    Thinking is switched off. A host that fails is given up, and the others take its pairs. ``lost``
    maps such hosts to the reasons. The judge stops if a model is replaced under its name.

    Raises:
        UserError: no host answers, or a host lacks the model.
        MissingExtra: (on import) the package ``ollama`` is not installed.
    """

    def __init__(self, settings: OllamaSettings, prompt: Prompt) -> None:
        self.name = settings.model
        self.prompt = prompt
        self.lost: dict[str, str] = {}
        self._clients: dict[str, OllamaClient] = {}
        digests: dict[str, str] = {}
        for host in settings.hosts:
            client = OllamaClient(host, timeout=settings.timeout)
            try:
                digest = client.digest_of(settings.model)
            except FAILURES as error:
                self.lost[host] = reason(error)
            else:
                if digest is None:
                    raise UserError(
                        f"{host} has no model {settings.model}: run  ollama pull {settings.model}"
                    )
                digests[host] = digest
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
        self._model = next(iter(digests.values()))
        self._chat, self._thinks = _chat_of(next(iter(self._clients.values())), settings.model)
        self.chat_problem = chat_problem(self.name, self._chat)
        self._first_tokens = FirstTokens(self.name, "--model, ollama.model")
        self._options = {
            "num_predict": 1,
            "temperature": 0,
            "seed": 0,
            "num_ctx": _context(prompt.document_characters),
        }
        self.digest = content_digest(self._model, self._chat.name)

    def ask(self, pairs: Iterable[Pair]) -> Iterator[Answer]:
        """Yield an answer for each pair as it arrives. Pairs of one document must be adjacent.

        Raises:
            UserError: the model thinks before it answers, or was replaced.
            LmtxError: all hosts failed.
        """
        return self.ask_cases(cases_of(pairs), Exhaustive())

    def ask_cases(self, cases: Iterable[Case], order: Order) -> Iterator[Answer]:
        """Yield answers to the pairs that the order chooses, as they arrive.

        Raises:
            UserError: the model thinks before it answers, or was replaced.
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
        client: OllamaClient,
        work: WorkQueue,
        results: SimpleQueue[Answer | BaseException | None],
    ) -> None:
        errors, checked = 0, -math.inf
        try:
            while (task := work.next(host)) is not None:
                if time.monotonic() - checked >= _CHECK_SECONDS:
                    self._refuse_replaced(host, client)
                    checked = time.monotonic()
                try:
                    answer = self._ask_one(host, client, task.pair)
                    errors = 0
                except FAILURES as error:
                    errors += 1
                    if not is_refusal(error) or errors >= _ERRORS_IN_A_ROW:
                        work.give_back(host, task)
                        self._clients.pop(host, None)
                        self.lost[host] = reason(error)
                        return
                    answer = Answer(task.pair, None, host, failure=reason(error))
                # The answer goes first, because noting it may already lead to the next question.
                results.put(answer)
                work.note(task, answer.p_yes)
            self._refuse_replaced(host, client)
        except BaseException as error:  # raised in the caller
            results.put(error)
        finally:
            results.put(None)

    def _ask_one(self, host: str, client: OllamaClient, pair: Pair) -> Answer:
        prompt = self.prompt.render(pair.document.text, pair.label, self._chat)
        response = client.next_token(self.name, prompt, self._options, thinks=self._thinks)
        if response is None:
            return Answer(pair, None, host, too_long=True)
        if response.logprobs:
            found = [(t.token, t.logprob) for t in response.logprobs[0].top_logprobs or ()]
            token, value = most_likely(found), p_yes(found)
        else:
            token = response.response or ""
            value = p_yes_of_text(token)
        return Answer(pair, self._first_tokens.check(token, value), host)

    def _refuse_replaced(self, host: str, client: OllamaClient) -> None:
        """Stop if another model has the name now: its answers would count as those of the first."""
        # A host that fails, or that has no such model any more, is noticed by the next question.
        with suppress(*FAILURES):
            if client.digest_of(self.name) not in (self._model, None):
                raise UserError(
                    f"{host} has another model named {self.name} than at the start, and the last "
                    "answers may be those of the new one: run the same command again to ask the "
                    "new one"
                )

    def _losses(self) -> str:
        return "; ".join(f"{host}: {why}" for host, why in self.lost.items())


def _chat_of(client: OllamaClient, model: str) -> tuple[ChatFormat, bool]:
    """Return the model's chat format, and whether the model can think."""
    shown = client.show(model)
    thinks = "thinking" in (shown.capabilities or ())
    return chat_format(shown.template or "", thinks=thinks), thinks


def _context(characters: int) -> int:
    """Return the context length: a power of two for the document, at one token a character."""
    needed = characters + 400
    return max(1024, 1 << (needed - 1).bit_length())
