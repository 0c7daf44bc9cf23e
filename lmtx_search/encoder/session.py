"""ONNX Runtime's session of a model, set up for a machine that also runs OpenSearch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lmtx_search.errors import UserError
from lmtx_search.system.cores import usable_cores


def open_session(model: Path, threads: int) -> Any:
    """Open an ONNX model.

    Args:
        threads: of the model (0: one for each core that the process may use).

    Raises:
        UserError: the file is missing or is not a model.
    """
    import onnxruntime

    if not model.is_file():
        raise UserError(f"{model} is missing: make the encoder's ONNX form again")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = threads or usable_cores()
    # Waiting threads must leave the cores to an OpenSearch on the same machine.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors share no public base class
        raise UserError(f"cannot load {model}: {str(error).splitlines()[0]}") from error
