"""ONNX models on disk. One with over 2 GB keeps its weights in a second file beside it."""

from __future__ import annotations

from pathlib import Path

MOST_BYTES = 2**31 - 1
"""What fits into one ONNX file: it is a Protocol Buffers message."""

_WEIGHTS = ".data"
# For the graph itself, beside its weights.
_ROOM = 50_000_000


def weights_file(model: Path) -> Path:
    """Return the second file of a model, which exists only if the model needs one."""
    return model.with_name(model.name + _WEIGHTS)


def size_of(model: Path) -> int:
    """Return the bytes of a model with its weights."""
    return sum(path.stat().st_size for path in files_of(model))


def files_of(model: Path) -> list[Path]:
    """Return the files of a model."""
    weights = weights_file(model)
    return [model, weights] if weights.is_file() else [model]


def tidy(model: Path) -> None:
    """Put the weights of a large model, which torch writes as one file each, into one file."""
    import onnx

    beside = _weights_of(model)
    if not beside and model.stat().st_size <= MOST_BYTES - _ROOM:
        return
    content = onnx.load(str(model))
    for path in (model, *beside):
        path.unlink()
    onnx.save_model(
        content,
        str(model),
        save_as_external_data=True,
        all_tensors_to_one_file=True,
        location=weights_file(model).name,
    )


def quantise(source: Path, target: Path) -> None:
    """Write the model with weights of seven bits and activations of eight, scaled at each run."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    # Seven bits of weight (reduce_range), because eight overflow 16-bit sums on CPUs without VNNI.
    quantize_dynamic(
        str(source),
        str(target),
        weight_type=QuantType.QInt8,
        per_channel=True,
        reduce_range=True,
        use_external_data_format=weights_file(source).is_file(),
    )
    tidy(target)


def _weights_of(model: Path) -> set[Path]:
    """Return the files that the model's weights are in, besides its own."""
    import onnx
    from onnx.external_data_helper import ExternalDataInfo, uses_external_data

    content = onnx.load(str(model), load_external_data=False)
    return {
        model.parent / ExternalDataInfo(tensor).location
        for tensor in content.graph.initializer
        if uses_external_data(tensor)
    }
