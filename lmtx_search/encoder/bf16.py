"""Embeddings computed in bfloat16, which need the extra ``openvino`` and a processor with AMX.

There, they are faster than int8 and much closer to fp32 (docs/benchmarks.md).
"""

from __future__ import annotations

import json
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from lmtx_search.encoder.agreement import TEXTS, TOKENS, least_cosine
from lmtx_search.encoder.form import OnnxForm
from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.encoder.openvino_session import openvino_version
from lmtx_search.encoder.session import bf16_is_fast
from lmtx_search.errors import UserError
from lmtx_search.system.processor import multiplies_bf16

# The least cosine to the embedding in fp32. The encoders that were measured have 0.9999.
_FAITHFUL = 0.999
# In the folder of the ONNX form. Copies of a form do without it.
_MEASURED = "bf16.json"


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
    return bf16_is_fast() and cosine_to_fp32(onnx_folder) >= _FAITHFUL


def cosine_to_fp32(onnx_folder: Path) -> float:
    """Return the least cosine between embeddings in bfloat16 and in fp32 (0: it cannot be run).

    Two models are loaded to measure it, so the form's folder keeps it for other processes. With
    another encoder in the folder, or another OpenVINO, it is measured again.
    """
    form = OnnxForm.read(onnx_folder)
    try:
        of = {"encoder": form.digest, "openvino": openvino_version()}
        kept = _kept(onnx_folder, of)
        if kept is not None:
            return kept
        tokens = min(TOKENS, form.max_tokens)
        found = OnnxEncoder(onnx_folder, tokens, precision="bf16").encode(TEXTS)
        expected = OnnxEncoder(onnx_folder, tokens, precision="fp32").encode(TEXTS)
    except (UserError, ImportError, OSError):
        return 0.0
    measured = least_cosine(found, expected)
    # The folder may be another user's. A file that was written by half is no JSON and not read.
    with suppress(OSError):
        (onnx_folder / _MEASURED).write_text(json.dumps({**of, "cosine": measured}), "utf-8")
    return measured


def _kept(onnx_folder: Path, of: dict[str, str]) -> float | None:
    try:
        kept = json.loads((onnx_folder / _MEASURED).read_text("utf-8"))
        return float(kept["cosine"]) if of.items() <= kept.items() else None
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None
