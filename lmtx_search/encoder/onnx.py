"""The encoder in ONNX Runtime: from texts to normalised embeddings, without torch."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
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
from lmtx_search.errors import UserError

# Tokens are rarely longer than this, so the rest of a long text is not tokenised.
_CHARACTERS_PER_TOKEN = 64
# A last window shorter than this fraction of a window is left out, since it says little.
_SHORT = 4
# Texts tokenised at a time: this limits the memory and is enough for even batches.
_CHUNK = 4096
# Texts in one run. Dynamic quantisation scales a whole run by its largest values, so the int8
# embedding of a text would depend on the other texts. On a CPU, single texts are no slower.
_BATCHES: dict[Precision, int] = {"fp32": 16, "int8": 1}


class OnnxEncoder:
    """One tower of the bi-encoder, from an ONNX form (:func:`encoder.export.ensure_onnx`).

    If the encoder has prompts, documents and labels are read behind those for their kind. The
    tokens of a prompt count among those that are read.

    Args:
        onnx_folder: folder with ``encoder.json``, ``tokenizer.json`` and the model.
        max_tokens: further tokens of a text are not read.
        threads: of the model (0: one for each core).
        precision: ``fp32``, or ``int8`` (dynamically quantised: faster, a little less exact).

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
        self._precision = precision
        try:
            self._tokenizer: Any = Tokenizer.from_file(str(onnx_folder / TOKENIZER_FILE))
        except Exception as error:  # tokenizers raises plain Exception
            raise UserError(f"cannot read {onnx_folder / TOKENIZER_FILE}: {error}") from error
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(self.max_tokens)
        self._session = _session(onnx_folder / MODEL_FILES[precision], threads)

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
        batch_size = batch_size or _BATCHES[self._precision]
        counts: list[int] = []
        parts: list[NDArray[np.float32]] = [np.empty((0, self.dimension), dtype=np.float32)]
        for start in range(0, len(texts), _CHUNK):
            windows = self._tokenise(texts[start : start + _CHUNK], most, prompt.text)
            counts += map(len, windows)
            tokens = [window for of_text in windows for window in of_text]
            result = np.empty((len(tokens), self.dimension), dtype=np.float32)
            firsts = set(accumulate((len(of_text) for of_text in windows), initial=0))
            order = sorted(range(len(tokens)), key=lambda index: len(tokens[index]))
            for first in range(0, len(order), batch_size):
                rows = order[first : first + batch_size]
                result[rows] = self._run([tokens[row] for row in rows], prompt.tokens)
                if on_batch is not None:
                    on_batch(len(firsts.intersection(rows)))
            parts.append(result)
        return np.concatenate(parts), counts

    def _tokenise(self, texts: Sequence[str], most: int, prompt: str) -> list[list[list[int]]]:
        limit = most * self.max_tokens * _CHARACTERS_PER_TOKEN
        cut = [read_text(_clean(text[:limit])) for text in texts]
        if self.form.lower:
            cut, prompt = [text.lower() for text in cut], prompt.lower()
        if prompt and most > 1:
            return [self._windows_with_prompt(text, most, prompt) for text in cut]
        shortest = self.max_tokens // _SHORT
        found = []
        for encoding in self._tokenizer.encode_batch_fast([prompt + text for text in cut]):
            more = encoding.overflowing[: most - 1] if most > 1 else []
            found.append([encoding.ids, *(w.ids for w in more if len(w.ids) >= shortest)])
        return found

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


class _Prompt(NamedTuple):
    """What stands before a text, and how many of its tokens do not count in the pooling."""

    text: str
    tokens: int


def _clean(text: str) -> str:
    """Replace invalid Unicode: JSON may contain half of a surrogate pair."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _session(model: Path, threads: int) -> Any:
    import onnxruntime

    if not model.is_file():
        raise UserError(f"{model} is missing: make the encoder's ONNX form again")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = threads or len(os.sched_getaffinity(0))
    # Waiting threads must leave the cores to an OpenSearch on the same machine.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors share no public base class
        raise UserError(f"cannot load {model}: {str(error).splitlines()[0]}") from error
