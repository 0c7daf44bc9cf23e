"""A judge inside this process: llama.cpp with a GGUF file, without a server."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lmtx_search.errors import UserError
from lmtx_search.judges.answers import FirstTokens, most_likely, p_yes
from lmtx_search.judges.base import Answer, Pair
from lmtx_search.judges.chat import chat_format, chat_problem
from lmtx_search.judges.llama_context import MOST_PROMPTS, LlamaContext, common_prefix
from lmtx_search.judges.llama_library import LlamaLibrary, open_library
from lmtx_search.judges.order.base import Case, Order, cases_of
from lmtx_search.judges.order.exhaustive import Exhaustive
from lmtx_search.judges.prompts import Prompt
from lmtx_search.records import content_digest
from lmtx_search.settings import JudgeSettings

HOST = "llama.cpp"
# As many as the Ollama judge sees.
_CANDIDATES = 20


class LlamaCppJudge:
    """Asks the same questions as the Ollama judge, those of a document as one batch.

    The prompt is tokenized as a whole and then divided, so the model reads the same tokens as in
    Ollama. The answers about a document do not depend on earlier documents.

    Raises:
        UserError: ``judge.gguf`` is not set, does not exist, or is not a model.
        MissingExtra: the extra ``llamacpp`` is not installed.
    """

    def __init__(
        self, settings: JudgeSettings, prompt: Prompt, library: LlamaLibrary | None = None
    ) -> None:
        if settings.gguf is None:
            raise UserError("judge.runtime = llamacpp needs the model's file: set judge.gguf")
        self.name = settings.gguf.name
        self.prompt = prompt
        self.lost: dict[str, str] = {}
        library = library or open_library()
        # At most one token a character, and the question.
        self._context = LlamaContext(
            settings.gguf, prompt.document_characters + 1024, settings.threads, library
        )
        template = self._context.chat_template()
        # Templates of models whose thinking can be switched off have this variable.
        self._chat = chat_format(template, thinks="enable_thinking" in template)
        self.chat_problem = chat_problem(self.name, self._chat)
        self._first_tokens = FirstTokens(self.name, "judge.gguf")
        # Without the last token, which depends on the first letters of the document.
        self._head = self._context.tokenize(
            self._chat.start(prompt.system) + prompt.document.partition("{document}")[0]
        )[:-1]
        self.digest = content_digest(library.name, _sha256(settings.gguf), self._chat.name)

    def ask(self, pairs: Iterable[Pair]) -> Iterator[Answer]:
        """Yield an answer for each pair as it arrives. Pairs of one document must be adjacent."""
        return self.ask_cases(cases_of(pairs), Exhaustive())

    def ask_cases(self, cases: Iterable[Case], order: Order) -> Iterator[Answer]:
        """Yield answers to the pairs that the order chooses, as they arrive.

        Raises:
            UserError: the model thinks before it answers.
            LmtxError: llama.cpp failed.
        """
        for case in cases:
            prompts = [
                self._context.tokenize(
                    self.prompt.render(pair.document.text, pair.label, self._chat)
                )
                for pair in case.pairs
            ]
            shared = _shared(prompts)
            while positions := _ready(case, order):
                values = self._answer([prompts[position] for position in positions], shared)
                for position, value in zip(positions, values, strict=True):
                    pair = case.pairs[position]
                    case.pending.discard(position)
                    case.answers[position] = value
                    if value is not None:
                        order.learn(pair, value)
                    fits = self._context.fits(shared, prompts[position])
                    yield Answer(pair, value, HOST, too_long=not fits)

    def _answer(self, prompts: Sequence[list[int]], shared: int) -> list[float | None]:
        fitting = [prompt for prompt in prompts if self._context.fits(shared, prompt)]
        length = len(self._head)
        head = length if shared >= length and prompts[0][:length] == self._head else 0
        found = self._context.logits(fitting, shared, head) if fitting else ()
        values = map(self._p_yes, found)
        return [next(values) if self._context.fits(shared, prompt) else None for prompt in prompts]

    def _p_yes(self, logits: NDArray[np.float32]) -> float | None:
        top = np.argpartition(logits, -_CANDIDATES)[-_CANDIDATES:]
        highest = float(logits.max())
        log_sum = highest + float(np.log(np.exp(logits - highest, dtype=np.float64).sum()))
        found = [(self._context.piece(int(t)), float(logits[t]) - log_sum) for t in top]
        return self._first_tokens.check(most_likely(found), p_yes(found))


def _shared(prompts: Sequence[list[int]]) -> int:
    """Return the number of common first tokens, leaving at least one token of each prompt."""
    if not prompts:
        return 0
    return min(common_prefix(prompts), min(map(len, prompts)) - 1)


def _ready(case: Case, order: Order) -> list[int]:
    """Take the positions that the order asks without waiting for answers; mark them pending."""
    positions: list[int] = []
    while len(positions) < MOST_PROMPTS and isinstance(position := order.next(case), int):
        case.pending.add(position)
        positions.append(position)
    return positions


def _sha256(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as content:
        while part := content.read(1 << 20):
            digest.update(part)
    return digest.hexdigest()
