"""A session of an ONNX model, set up for a machine that also runs OpenSearch."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from lmtx_search.encoder.form import Precision
from lmtx_search.errors import UserError
from lmtx_search.system.cores import usable_cores
from lmtx_search.system.processor import multiplies_bf16


def bf16_is_fast() -> bool:
    """Return whether this machine computes in bfloat16 faster than in int8."""
    return find_spec("openvino") is not None and multiplies_bf16()


def open_session(model: Path, threads: int, precision: Precision) -> Any:
    """Open an ONNX model in ONNX Runtime, or in OpenVINO for bf16 if it is installed.

    Args:
        threads: of the model (0: one for each core that the process may use).

    Raises:
        UserError: the file is missing or is not a model.
    """
    if not model.is_file():
        raise UserError(f"{model} is missing: make the encoder's ONNX form again")
    # Without such units OpenVINO imitates bf16, which is slower than fp32.
    if precision == "bf16" and bf16_is_fast():
        from lmtx_search.encoder.openvino_session import OpenVinoSession

        return OpenVinoSession(model, threads or usable_cores())
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = threads or usable_cores()
    # Waiting threads must leave the cores to an OpenSearch on the same machine.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors share no public base class
        raise UserError(f"cannot load {model}: {str(error).splitlines()[0]}") from error
