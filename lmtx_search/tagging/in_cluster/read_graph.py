"""The part of the ONNX graph that cuts texts to what the encoder reads.

Words are read from more tokens than the encoder reads, so texts reach the graph with all of them.
"""

from __future__ import annotations

import numpy as np

from lmtx_search.tagging.in_cluster.graph_part import GraphPart


def read_graph(
    inputs: tuple[str, str], outputs: tuple[str, str], tokens: int, last: int
) -> GraphPart:
    """Return the nodes that cut texts as the tokenizer would have cut them.

    Args:
        inputs: names of the token ids and the attention mask, int64 [n, width] each. Padding
            follows a text.
        outputs: names of the results, int64 [n, width] each, with ``tokens`` tokens at most.
        tokens: that the encoder reads.
        last: special tokens at the end of a text, which a cut text has as well.
    """
    part = GraphPart()
    constant, add = part.constant, part.add
    (ids, mask), (read_ids, read_mask) = inputs, outputs
    axis = constant("read_axis", [1], np.int64)
    most = constant("read_tokens", tokens, np.int64)
    start = constant("read_start", 0, np.int64)
    step = constant("read_step", 1, np.int64)
    end = constant("read_end", tokens - last, np.int64)
    length = add("ReduceSum", [mask, axis], "text_length", {"keepdims": 1})
    beyond = add("Max", [add("Sub", [length, most], "difference"), start], "beyond")
    shape = add("Shape", [ids], "text_shape")
    width = add("Gather", [shape, step], "text_width")
    places = add("Range", [start, add("Min", [width, most], "read_width"), step], "read_places")
    is_last = add("GreaterOrEqual", [places, end], "is_last")
    moved = add("Mul", [beyond, add("Cast", [is_last], "is_last_number", {"to": 7})], "moved")
    source = add("Add", [places, moved], "read_source")
    add("GatherElements", [ids, source], read_ids, {"axis": 1})
    add("GatherElements", [mask, source], read_mask, {"axis": 1})
    return part
