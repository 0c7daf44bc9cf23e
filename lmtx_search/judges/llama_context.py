"""One model in llama.cpp, which computes what follows prompts with a common prefix."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lmtx_search.errors import LmtxError, UserError
from lmtx_search.judges.llama_library import LlamaLibrary
from lmtx_search.system.cores import usable_cores

# Prompts that are computed in one batch.
MOST_PROMPTS = 16
_BATCH_TOKENS = 1024


class LlamaContext:
    """Computes logits. Sequence 0 has the shared prefix; each other one has the end of a prompt.

    Args:
        file: a GGUF file.
        tokens: length of the longest prompt.
        threads: 0 means one for each core that the process may use.

    Raises:
        UserError: the file does not exist or is not a model.
    """

    def __init__(self, file: Path, tokens: int, threads: int, library: LlamaLibrary) -> None:
        self._library = library
        self._c = library.c
        if not file.is_file():
            raise UserError(f"no model file {file}: set judge.gguf to a GGUF file")
        self._c.llama_backend_init()
        # ik_llama.cpp prints its own line about a file of another kind.
        self._model = _is_gguf(file) and self._c.llama_model_load_from_file(
            str(file).encode(), library.model_parameters()
        )
        if not self._model:
            raise UserError(f"{library.name} cannot read {file} as a model: set judge.gguf")
        self._vocabulary = library.vocabulary(self._model)
        self._vocabulary_size = self._c.llama_vocab_n_tokens(
            self._c.llama_model_get_vocab(self._model)
        )
        parameters = library.context_parameters()
        parameters.n_ctx = tokens + _BATCH_TOKENS
        parameters.n_batch = _BATCH_TOKENS
        parameters.n_seq_max = MOST_PROMPTS + 1
        parameters.n_threads = parameters.n_threads_batch = threads or usable_cores()
        self._context = self._c.llama_init_from_model(self._model, parameters)
        if not self._context:
            raise LmtxError(f"llama.cpp could not allocate memory for {file}: is there enough?")
        self._memory = library.memory(self._context)
        self._batch = self._c.llama_batch_init(_BATCH_TOKENS, 0, 1)
        self._held: list[int] = []
        self._longest = tokens

    def close(self) -> None:
        """Free the memory."""
        self._c.llama_batch_free(self._batch)
        self._c.llama_free(self._context)
        self._library.free_model(self._model)

    def chat_template(self) -> str:
        """Return the model's own chat template (empty if it has none)."""
        found = self._library.chat_template(self._model, None)
        return found.decode("utf-8", "replace") if found else ""

    def tokenize(self, text: str) -> list[int]:
        """Return the tokens of a text. Marks of the chat format become special tokens."""
        data = text.encode()
        room = len(data) + 8
        tokens = (self._c.llama_token * room)()
        count = self._c.llama_tokenize(self._vocabulary, data, len(data), tokens, room, True, True)
        if count < 0:
            raise LmtxError("llama.cpp could not read a prompt as tokens")
        return list(tokens[:count])

    def piece(self, token: int) -> str:
        """Return a token's text."""
        buffer = ctypes.create_string_buffer(256)
        length = self._c.llama_token_to_piece(self._vocabulary, token, buffer, 256, 0, True)
        return buffer.raw[: max(0, length)].decode("utf-8", "replace")

    def fits(self, shared: int, prompt: Sequence[int]) -> bool:
        """Tell whether a prompt with this many shared tokens fits into context and batch."""
        return shared < len(prompt) <= self._longest and len(prompt) - shared <= _BATCH_TOKENS

    def logits(
        self, prompts: Sequence[Sequence[int]], shared: int, head: int = 0
    ) -> Iterator[NDArray[np.float32]]:
        """Yield float32[vocabulary] for the next token of each prompt, in their order.

        The result does not depend on earlier calls, down to the last bit.

        Args:
            prompts: as tokens. Each must fit (see :meth:`fits`).
            shared: number of tokens that all prompts start with. They are computed once and kept
                for the next call.
            head: number of tokens that the prompts of all calls start with.
        """
        self._hold(list(prompts[0][:shared]), head)
        chunk: list[Sequence[int]] = []
        tokens = 0
        for prompt in prompts:
            end = prompt[shared:]
            if chunk and (tokens + len(end) > _BATCH_TOKENS or len(chunk) == MOST_PROMPTS):
                yield from self._ends(chunk, shared)
                chunk, tokens = [], 0
            chunk.append(end)
            tokens += len(end)
        yield from self._ends(chunk, shared)

    def _hold(self, prefix: list[int], head: int) -> None:
        """Put exactly these tokens into sequence 0, reusing only the head of the previous call."""
        if self._held == prefix:
            return
        # Results depend slightly on how tokens are divided into batches. If everything that two
        # documents share were reused, answers would depend on the previous document.
        same = head if self._held[:head] == prefix[:head] else 0
        # Set before the computation, so that a failure leaves no partial prefix behind.
        self._held = prefix[:same]
        self._library.remove(self._memory, 0, same, -1)
        starts = [*range(same, head, _BATCH_TOKENS), *range(head, len(prefix), _BATCH_TOKENS)]
        for start, end in pairwise([*starts, len(prefix)]):
            part = prefix[start:end]
            self._decode([(token, start + at, 0, False) for at, token in enumerate(part)])
        self._held = prefix

    def _ends(self, ends: Sequence[Sequence[int]], shared: int) -> Iterator[NDArray[np.float32]]:
        entries: list[tuple[int, int, int, bool]] = []
        rows: list[int] = []
        for sequence, end in enumerate(ends, start=1):
            self._library.remove(self._memory, sequence, -1, -1)
            self._library.copy(self._memory, 0, sequence, -1, -1)
            last = len(end) - 1
            entries += [(token, shared + at, sequence, at == last) for at, token in enumerate(end)]
            rows.append(len(entries) - 1)
        self._decode(entries)
        found = [
            np.ctypeslib.as_array(
                self._c.llama_get_logits_ith(self._context, row), (self._vocabulary_size,)
            ).copy()
            for row in rows
        ]
        for sequence in range(1, len(ends) + 1):
            self._library.remove(self._memory, sequence, -1, -1)
        yield from found

    def _decode(self, entries: Sequence[tuple[int, int, int, bool]]) -> None:
        """Compute entries of (token, position, sequence, whether logits are needed)."""
        batch: Any = self._batch
        batch.n_tokens = len(entries)
        for row, (token, position, sequence, wanted) in enumerate(entries):
            batch.token[row] = token
            batch.pos[row] = position
            batch.n_seq_id[row] = 1
            batch.seq_id[row][0] = sequence
            batch.logits[row] = wanted
        code = self._c.llama_decode(self._context, batch)
        if code:
            raise LmtxError(f"llama.cpp failed on a batch of {len(entries)} tokens (code {code})")


def _is_gguf(file: Path) -> bool:
    with file.open("rb") as content:
        return content.read(4) == b"GGUF"


def common_prefix(sequences: Sequence[list[int]]) -> int:
    """Return the length of the longest common prefix."""
    first, last = min(sequences), max(sequences)
    for position, (a, b) in enumerate(zip(first, last, strict=False)):
        if a != b:
            return position
    return min(len(first), len(last))
