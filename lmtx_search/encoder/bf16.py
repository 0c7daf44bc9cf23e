"""Embeddings computed in bfloat16, which need the extra ``openvino`` and a processor with AMX.

There, they are faster than int8 and much closer to fp32 (docs/benchmarks.md).
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from lmtx_search.encoder.form import OnnxForm
from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.encoder.session import bf16_is_fast
from lmtx_search.errors import UserError
from lmtx_search.system.processor import multiplies_bf16

# The least cosine to the embedding in fp32. The encoders that were measured have 0.9999.
_FAITHFUL = 0.999
_SAMPLE = ("a", "A text editor for the console.", "Bibliothek für Zahlen, 数学 " * 12)
# What the sample is cut at: it fills windows of this length, and short texts as well.
_TOKENS = 64


def why_no_bf16() -> str:
    """Return why a tagger cannot compute in bfloat16 here, and what to do."""
    other = "leave out `deploy --precision`, or choose int8 or fp32"
    if not multiplies_bf16():
        return f"this processor has no units for bf16 (amx_bf16 in /proc/cpuinfo): {other}"
    if find_spec("openvino") is None:
        return f"bf16 needs an extra: run  pip install 'lmtx-search[openvino]', or {other}"
    return f"OpenVINO cannot compute this encoder closely enough in bf16: {other}"


@cache
def suits_bf16(onnx_folder: Path) -> bool:
    """Return whether bfloat16 is fast here and leaves the encoder's embeddings as they are.

    Args:
        onnx_folder: the encoder's ONNX form.
    """
    return bf16_is_fast() and least_cosine(onnx_folder) >= _FAITHFUL


def least_cosine(onnx_folder: Path) -> float:
    """Return the least cosine between embeddings in bfloat16 and in fp32 (0: it cannot be run)."""
    tokens = min(_TOKENS, OnnxForm.read(onnx_folder).max_tokens)
    try:
        found = OnnxEncoder(onnx_folder, tokens, precision="bf16").encode(_SAMPLE)
    except (UserError, ImportError, OSError):
        return 0.0
    expected = OnnxEncoder(onnx_folder, tokens, precision="fp32").encode(_SAMPLE)
    return float(np.min(np.sum(found * expected, axis=1)))
