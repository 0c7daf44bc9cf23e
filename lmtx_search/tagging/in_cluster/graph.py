"""One ONNX graph from a text's tokens to the scores of its tags."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lmtx_search.tagging.label_ranking import ROUNDING

# What ML Commons calls them.
_INPUTS = {"input_ids": "input1.input_ids", "attention_mask": "input1.attention_mask"}
_OUTPUT = "output"


def tagging_graph(
    encoder: Path,
    embeddings: NDArray[np.float32],
    first: int,
    least: NDArray[np.float32],
    most: int,
) -> bytes:
    """Return the encoder's graph with the label matrix and the choice of tags at its end.

    The output is float32 [n, first + L], zero but for a text's tags: at ``first`` + the label's
    row, its cosine score.

    Args:
        encoder: the encoder's ONNX file; takes token ids, gives embeddings of length 1.
        embeddings: float32 [L, dimension], rows of length 1.
        first: position of the first label: as many tokens as the tokenizer has.
        least: float32 [L], least score of a tag, positive.
        most: most tags of a text.
    """
    import onnx  # an extra: see check_labels
    from onnx import TensorProto, helper, numpy_helper

    model = onnx.load(str(encoder))
    graph = model.graph
    names = {**_INPUTS, graph.output[0].name: "lmtx_embedding"}
    _rename(graph, names)
    labels = len(embeddings)
    values: dict[str, NDArray[Any]] = {
        "labels": np.ascontiguousarray(embeddings.T),
        "most": np.array([min(most, labels)], dtype=np.int64),
        "least": least,
        "rounding": np.array(ROUNDING),
        "zero": np.array(0, dtype=np.float32),
        "first": np.array(first, dtype=np.int64),
        "width": np.array([first + labels], dtype=np.int64),
    }
    graph.initializer.extend(
        numpy_helper.from_array(value, _own(name)) for name, value in values.items()
    )
    zero = helper.make_tensor("value", TensorProto.FLOAT, [1], [0.0])
    nodes: list[tuple[str, list[str], list[str], dict[str, Any]]] = [
        ("MatMul", ["embedding", "labels"], ["scores"], {}),
        ("Mul", ["scores", "rounding"], ["large"], {}),
        ("Round", ["large"], ["whole"], {}),
        ("Div", ["whole", "rounding"], ["rounded"], {}),
        ("GreaterOrEqual", ["rounded", "least"], ["enough"], {}),
        ("Where", ["enough", "rounded", "zero"], ["tags"], {}),
        ("TopK", ["tags", "most"], ["kept", "rows"], {"axis": -1}),
        ("Add", ["rows", "first"], ["places"], {}),
        ("Shape", ["embedding"], ["texts"], {"start": 0, "end": 1}),
        ("Concat", ["texts", "width"], ["shape"], {"axis": 0}),
        ("ConstantOfShape", ["shape"], ["empty"], {"value": zero}),
        ("ScatterElements", ["empty", "places", "kept"], [_OUTPUT], {"axis": 1}),
    ]
    graph.node.extend(
        helper.make_node(kind, list(map(_own, inputs)), list(map(_own, outputs)), **attributes)
        for kind, inputs, outputs, attributes in nodes
    )
    del graph.output[:]
    graph.output.append(
        helper.make_tensor_value_info(_OUTPUT, TensorProto.FLOAT, ["texts", first + labels])
    )
    return bytes(model.SerializeToString())


def _own(name: str) -> str:
    """Return a name that the encoder's graph does not have."""
    return name if name == _OUTPUT else f"lmtx_{name}"


def _rename(graph: Any, names: dict[str, str]) -> None:
    for given in graph.input:
        given.name = names.get(given.name, given.name)
    for node in graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
