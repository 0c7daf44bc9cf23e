"""The encoder in ONNX Runtime or OpenVINO: from texts to normalised embeddings, without torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lmtx_search.encoder.form import (
    INPUTS,
    MODEL_FILES,
    PROMPT_TOKENS,
    TOKENIZER_FILE,
    TOO_INEXACT,
    OnnxForm,
    Precision,
)
from lmtx_search.encoder.read_text import read_text
from lmtx_search.encoder.session import open_session
from lmtx_search.encoder.special_tokens import SpecialTokens
from lmtx_search.encoder.tokenising import encode_beginnings
from lmtx_search.encoder.word_tokens import WordWiseTokenizer
from lmtx_search.errors import UserError
from lmtx_search.words.tokens import WordTokens

# Tokens are rarely longer than this, so the rest of a long text is not tokenised.
_CHARACTERS_PER_TOKEN = 64
# A last window shorter than this fraction of a window is left out, since it says little.
_SHORT = 4
# Tokens of a text beside a prompt, at least.
_LEAST_TOKENS = 4
# Texts tokenised at a time: this limits the memory and is enough for even batches.
_CHUNK = 4096
_OFFSETS_CHUNK = 256
# What tokenizers that read bytes (GPT-2) make of a letter of two bytes.
_LETTER, _LETTER_AS_BYTES = "é", "Ã©"
# Texts in one run. Dynamic quantisation scales a whole run by its largest values, so the int8
# embedding of a text would depend on the other texts. On a CPU, single texts are no slower.
_BATCHES: dict[Precision, int] = {"fp32": 16, "int8": 1, "bf16": 16}


class OnnxEncoder:
    """One tower of the bi-encoder, from an ONNX form (:func:`encoder.export.ensure_onnx`).

    If the encoder has prompts, documents and labels are read behind those for their kind. The
    tokens of a prompt count among those that are read.

    Args:
        onnx_folder: folder with ``encoder.json``, ``tokenizer.json`` and the model.
        max_tokens: further tokens of a text are not read.
        threads: of the model (0: one for each core).
        precision: ``fp32``; ``int8`` (dynamically quantised: faster, a little less exact); or
            ``bf16``, which is ``fp32`` where this machine has no OpenVINO.

    Attributes:
        folder: the ONNX form's folder.
        form: the properties of the ONNX form.
        digest: digest of the encoder that the form was made from.
        dimension: length of an embedding.

    Example:
        >>> encoder = OnnxEncoder(folder, max_tokens=128)
        >>> encoder.encode(["a web browser"]).shape
        (1, 384)
    """

    def __init__(
        self,
        onnx_folder: Path,
        max_tokens: int,
        threads: int = 0,
        precision: Precision = "fp32",
    ) -> None:
        from tokenizers import Tokenizer

        form = OnnxForm.read(onnx_folder)
        if precision == "int8" and not form.int8:
            raise UserError(TOO_INEXACT)
        self.folder = onnx_folder
        self.digest = form.digest
        self.dimension = form.dimension
        self.max_tokens = min(max_tokens, form.max_tokens)
        self.form = form
        self._of_documents = _Prompt(form.document_prompt, form.document_prompt_tokens)
        self._of_labels = _Prompt(form.label_prompt, form.label_prompt_tokens)
        self._fitting: set[str] = set()
        self._precision = precision
        try:
            self._tokenizer: Any = Tokenizer.from_file(str(onnx_folder / TOKENIZER_FILE))
        except Exception as error:  # tokenizers raises plain Exception
            raise UserError(f"cannot read {onnx_folder / TOKENIZER_FILE}: {error}") from error
        self._special = SpecialTokens.of(self._tokenizer)
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(self.max_tokens)
        self._word_wise = WordWiseTokenizer.of(self._tokenizer, self.max_tokens)
        self._session = open_session(onnx_folder / MODEL_FILES[precision], threads, precision)

    def encode(
        self,
        texts: Sequence[str],
        batch_size: int | None = None,
        on_batch: Callable[[int], None] | None = None,
    ) -> NDArray[np.float32]:
        """Embed documents.

        Args:
            texts: n texts. An empty text gets the embedding of no tokens.
            batch_size: texts in one run of the model, which have similar lengths. By default 16,
                and 1 for int8.
            on_batch: called with the number of texts after each run.

        Returns:
            float32 [n, dimension], each row of length 1, in the order of ``texts``.
        """
        return self._encode(texts, 1, self._of_documents, batch_size, on_batch)[0]

    def encode_labels(
        self,
        texts: Sequence[str],
        batch_size: int | None = None,
        on_batch: Callable[[int], None] | None = None,
    ) -> NDArray[np.float32]:
        """Embed the texts of labels; as :meth:`encode`."""
        return self._encode(texts, 1, self._of_labels, batch_size, on_batch)[0]

    def encode_windows(
        self,
        texts: Sequence[str],
        most: int,
        batch_size: int | None = None,
        on_batch: Callable[[int], None] | None = None,
    ) -> tuple[NDArray[np.float32], list[int]]:
        """Embed the windows of documents: consecutive parts that the encoder can read at a time.

        Args:
            texts: n texts.
            most: windows to read of a text; the rest of the text is not read. If there are several
                windows, a short last one is left out.
            batch_size: windows in one run, as for :meth:`encode`.
            on_batch: called with the number of texts whose first window was read.

        Returns:
            float32 [windows, dimension], each row of length 1, text by text; and the number of
            windows of each text, at least 1.
        """
        return self._encode(texts, most, self._of_documents, batch_size, on_batch)

    def _encode(
        self,
        texts: Sequence[str],
        most: int,
        prompt: _Prompt,
        batch_size: int | None,
        on_batch: Callable[[int], None] | None,
    ) -> tuple[NDArray[np.float32], list[int]]:
        counts: list[int] = []
        parts: list[NDArray[np.float32]] = [np.empty((0, self.dimension), dtype=np.float32)]
        for start in range(0, len(texts), _CHUNK):
            windows = self._tokenise(texts[start : start + _CHUNK], most, prompt.text)
            counts += map(len, windows)
            parts.append(self._embed(windows, prompt, batch_size, on_batch))
        return np.concatenate(parts), counts

    def embed(
        self,
        texts: Sequence[Sequence[list[int]]],
        batch_size: int | None = None,
        on_batch: Callable[[int], None] | None = None,
    ) -> NDArray[np.float32]:
        """Embed documents that :meth:`tokenise` has read: float32 [windows, dimension], in order.

        Args:
            texts: the windows of each text.
            batch_size: as for :meth:`encode_windows`.
            on_batch: as for :meth:`encode_windows`.
        """
        return self._embed(texts, self._of_documents, batch_size, on_batch)

    def _embed(
        self,
        texts: Sequence[Sequence[list[int]]],
        prompt: _Prompt,
        batch_size: int | None,
        on_batch: Callable[[int], None] | None,
    ) -> NDArray[np.float32]:
        batch_size = batch_size or _BATCHES[self._precision]
        tokens = [window for windows in texts for window in windows]
        result = np.empty((len(tokens), self.dimension), dtype=np.float32)
        firsts = set(accumulate(map(len, texts), initial=0))
        order = sorted(range(len(tokens)), key=lambda index: len(tokens[index]))
        for first in range(0, len(order), batch_size):
            rows = order[first : first + batch_size]
            result[rows] = self._run([tokens[row] for row in rows], prompt.tokens)
            if on_batch is not None:
                on_batch(len(firsts.intersection(rows)))
        return result

    def tokens(self, texts: Sequence[str], windows: int = 1) -> list[list[int]]:
        """Return the ids of the tokens of each text without a prompt, special ones included.

        Args:
            windows: windows to read of a text.
        """
        found: list[list[int]] = []
        for start in range(0, len(texts), _CHUNK):
            cut = self._cleaned(texts[start : start + _CHUNK], windows)
            found += map(self._joined, self._windows(cut, windows))
        return found

    def vocabulary(self) -> list[str]:
        """Return the text of each token, by id. Ids without a token have an empty text."""
        vocabulary: dict[str, int] = self._tokenizer.get_vocab()
        texts = [""] * (max(vocabulary.values(), default=-1) + 1)
        for text, id_ in vocabulary.items():
            texts[id_] = text
        return texts

    def special_tokens(self) -> list[int]:
        """Return the ids of tokens that stand for no text, and of the one for unknown text."""
        added = self._tokenizer.get_added_tokens_decoder().items()
        special = [id_ for id_, token in added if token.special]
        unknown = self._tokenizer.token_to_id(
            getattr(self._tokenizer.model, "unk_token", None) or ""
        )
        return special if unknown is None else sorted({*special, unknown})

    @cached_property
    def special_tokens_around(self) -> tuple[int, int]:
        """How many special tokens stand before and after each text."""
        ((nothing,), (read,)) = self._windows(["", "a"], 1)
        before = next((at for at, id_ in enumerate(nothing) if id_ != read[at]), len(nothing))
        return before, len(nothing) - before

    def _joined(self, windows: Sequence[Sequence[int]]) -> list[int]:
        """Return the tokens of a text, with special ones at its beginning and its end only.

        Between windows they would look like the end of a word.
        """
        before, after = self.special_tokens_around
        last = len(windows) - 1
        return [
            id_
            for place, ids in enumerate(windows)
            for id_ in ids[before if place else 0 : len(ids) if place == last else len(ids) - after]
        ]

    def word_tokens(self) -> WordTokens:
        """Return which of the tokens are words."""
        return WordTokens(self.vocabulary(), self.special_tokens(), self.bytewise)

    @property
    def bytewise(self) -> bool:
        """Whether the tokens are written with one character for each byte (GPT-2)."""
        pieces = self._tokenizer.pre_tokenizer
        read = pieces.pre_tokenize_str(_LETTER) if pieces is not None else []
        # A single token cannot tell: the vocabulary of XLM-R has the letter "Ġ" as well.
        return _LETTER_AS_BYTES in "".join(piece for piece, _ in read)

    @cached_property
    def prompt_length(self) -> int:
        """How many tokens before a document are those of its prompt."""
        prompt = self._of_documents.text.rstrip()
        if not prompt:
            return 0
        ((read,),) = self._tokenise([prompt], 1, "")
        special = set(self.special_tokens())
        while read and read[-1] in special:
            read = read[:-1]
        return len(read)

    def text_of(self, tokens: Sequence[int]) -> str:
        """Return tokens as text."""
        text: str = self._tokenizer.decode(tokens)
        return text

    def tokenise(self, texts: Sequence[str], most: int) -> list[list[list[int]]]:
        """Return the token ids of each window of each document, at most ``most`` windows each."""
        return self._tokenise(texts, most, self._of_documents.text)

    def tokenise_with_words(
        self, texts: Sequence[str], most: int, for_words: int
    ) -> list[TokenisedText]:
        """Return what the encoder reads of each document, and what its words are read from.

        Args:
            most: windows to embed of a document.
            for_words: windows that its words are read from, at least ``most``.
        """
        prompt = self._read_prompt(self._of_documents.text)
        cut = self._cleaned(texts, for_words)
        read = self._windows([prompt + text for text in cut], for_words)
        if prompt and most > 1:
            embedded = [self._windows_with_prompt(text, most, prompt) for text in cut]
        else:
            embedded = [self._long_enough(windows[:most]) for windows in read]
        return [
            TokenisedText(windows, self._joined(all_windows)[self.prompt_length :])
            for windows, all_windows in zip(embedded, read, strict=True)
        ]

    def beginnings(self, texts: Sequence[str]) -> list[str]:
        """Return the part of each document that the encoder reads in its first window."""
        prompt = self._read_prompt(self._of_documents.text)
        found: list[str] = []
        for start in range(0, len(texts), _OFFSETS_CHUNK):
            cleaned = self._cleaned(texts[start : start + _OFFSETS_CHUNK], 1)
            prompted = [prompt + text for text in cleaned]
            read = encode_beginnings(self._tokenizer, prompted, 1, self.max_tokens, offsets=True)
            for text, one in zip(cleaned, read, strict=True):
                end = max((stop for _, stop in one.offsets), default=0) - len(prompt)
                found.append(text[: max(end, 0)])
        return found

    def _tokenise(self, texts: Sequence[str], most: int, prompt: str) -> list[list[list[int]]]:
        prompt = self._read_prompt(prompt)
        cut = self._cleaned(texts, most)
        if prompt and most > 1:
            return [self._windows_with_prompt(text, most, prompt) for text in cut]
        read = self._windows([prompt + text for text in cut], most)
        return [self._long_enough(windows) for windows in read]

    def _cleaned(self, texts: Sequence[str], windows: int) -> list[str]:
        """Return the beginnings of texts as the tokenizer reads them."""
        limit = windows * self.max_tokens * _CHARACTERS_PER_TOKEN
        cut = [read_text(_clean(text[:limit])) for text in texts]
        lowered = [text.lower() for text in cut] if self.form.lower else cut
        return [self._special.blanked(text) for text in lowered]

    def _long_enough(self, windows: list[list[int]]) -> list[list[int]]:
        """Return the windows without a short last one, which says little."""
        first, *more = windows
        return [first, *(window for window in more if len(window) >= self.max_tokens // _SHORT)]

    def _read_prompt(self, prompt: str) -> str:
        """Return a prompt as the tokenizer reads it, if it leaves tokens for a text."""
        if prompt and prompt not in self._fitting:
            self._require_room(prompt)
        return prompt.lower() if self.form.lower else prompt

    def _require_room(self, prompt: str) -> None:
        """Check that a prompt leaves tokens for a text. Without, all texts would be the same."""
        ((read,),) = self._tokenise([prompt], 1, "")
        if len(read) + _LEAST_TOKENS > self.max_tokens:
            raise UserError(
                f"the prompt {prompt!r} takes {len(read)} of the {self.max_tokens} tokens that the "
                "encoder reads of a text: raise encoder.document_tokens or encoder.label_tokens, "
                "or shorten the prompt (encoder.document_prompt, encoder.label_prompt)"
            )
        self._fitting.add(prompt)

    def _windows(self, texts: Sequence[str], most: int) -> list[list[list[int]]]:
        if self._word_wise is not None:
            return self._word_wise.windows(texts, most)
        read = encode_beginnings(self._tokenizer, texts, most, self.max_tokens)
        return [[one.ids, *(window.ids for window in one.overflowing[: most - 1])] for one in read]

    def _windows_with_prompt(self, text: str, most: int, prompt: str) -> list[list[int]]:
        """Return the tokens of each window; every window starts with the prompt."""
        windows: list[list[int]] = []
        shortest = self.max_tokens // _SHORT
        while len(windows) < most:
            encoding = self._tokenizer.encode(prompt + text)
            if not windows or len(encoding.ids) >= shortest:
                windows.append(encoding.ids)
            read = max((stop for _, stop in encoding.offsets), default=0) - len(prompt)
            text = text[read:].lstrip()
            if read <= 0 or not text or not encoding.overflowing:
                break
        return windows

    def _run(self, batch: list[list[int]], prompt_tokens: int) -> NDArray[np.float32]:
        width = max(1, *(len(ids) for ids in batch)) if batch else 1
        ids = np.full((len(batch), width), self.form.pad_id, dtype=np.int64)
        mask = np.zeros((len(batch), width), dtype=np.int64)
        for row, tokens in enumerate(batch):
            ids[row, : len(tokens)] = tokens
            mask[row, : len(tokens)] = 1
        inputs = dict(zip(INPUTS, (ids, mask), strict=True))
        if not self.form.pools_prompt:
            inputs[PROMPT_TOKENS] = np.array([prompt_tokens], dtype=np.int64)
        (embeddings,) = self._session.run(None, inputs)
        return np.asarray(embeddings, dtype=np.float32)


class TokenisedText(NamedTuple):
    """A document as token ids.

    Attributes:
        windows: what the encoder reads, special tokens and the prompt included.
        words: what words are read from, without the prompt.
    """

    windows: list[list[int]]
    words: list[int]


class _Prompt(NamedTuple):
    """What stands before a text, and how many of its tokens do not count in the pooling."""

    text: str
    tokens: int


def _clean(text: str) -> str:
    """Replace invalid Unicode: JSON may contain half of a surrogate pair."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
