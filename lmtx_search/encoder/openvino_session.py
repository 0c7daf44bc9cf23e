"""OpenVINO's session of an ONNX model, with products in bfloat16."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lmtx_search.errors import UserError


class OpenVinoSession:
    """Runs an ONNX model as ONNX Runtime's session does.

    The first layers to the last product of matrices are computed in bfloat16, and what follows
    (pooling and normalisation of a sentence encoder) in 32 bits.

    Args:
        model: the file of the fp32 model.
        threads: at least 1.

    Raises:
        UserError: OpenVINO cannot read the model.
        ImportError: the extra ``openvino`` is not installed.
    """

    def __init__(self, model: Path, threads: int) -> None:
        core = _openvino().Core()
        properties = {
            "INFERENCE_PRECISION_HINT": "bf16",
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": 1,
            # The cores are shared with an OpenSearch on the same machine.
            "ENABLE_CPU_PINNING": False,
        }
        try:
            self._model: Any = core.compile_model(core.read_model(model), "CPU", properties)
        except RuntimeError as error:  # what all of OpenVINO's errors are
            raise UserError(f"OpenVINO cannot load {model}: {_reason(error)}") from error

    def run(
        self, outputs: None, inputs: Mapping[str, NDArray[np.int64]]
    ) -> list[NDArray[np.float32]]:
        """Return all outputs of the model.

        Args:
            outputs: None: all, as in ONNX Runtime.
        """
        # Several threads may call at the same time; a request serves one of them.
        found = self._model.create_infer_request().infer(dict(inputs))
        return [np.array(values) for values in found.values()]


def openvino_version() -> str:
    """Return the version of OpenVINO, mostly without importing it.

    Raises:
        ImportError: it is not installed, or not completely.
    """
    try:
        return version("openvino")
    except PackageNotFoundError:  # not installed from a package index, but by its makers' archive
        return str(_openvino().get_version())


def _openvino() -> Any:
    """Return the module ``openvino``.

    When it is imported, it reports this to its makers without asking, unless the package
    ``openvino_telemetry`` is missing (2026.4.1). So that package is hidden.
    """
    hidden: dict[str, Any] = sys.modules
    hidden.setdefault("openvino_telemetry", None)
    import openvino

    return openvino


def _reason(error: RuntimeError) -> str:
    """Return the last line of an error. The lines before say where in OpenVINO it was raised."""
    return ([line.strip() for line in str(error).splitlines() if line.strip()] or ["unknown"])[-1]
