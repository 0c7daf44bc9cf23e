"""One ONNX graph from a text's tokens to the scores of its tags."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lmtx_search.encoder.form import PROMPT_TOKENS
from lmtx_search.tagging.in_cluster.band_graph import BandedLabels, band_nodes, band_values
from lmtx_search.tagging.in_cluster.graph_part import GraphPart, Node
from lmtx_search.tagging.in_cluster.rule_graph import best_of_sets, rule_nodes, rule_values
from lmtx_search.tagging.in_cluster.word_graph import WORDS
from lmtx_search.tagging.scoring.ranking import ROUNDING
from lmtx_search.tagging.scoring.rule_facts import RuleFacts

INPUTS = ("input1.input_ids", "input1.attention_mask")
"""Names of the token ids and the attention mask, as ML Commons calls them."""
_OUTPUT = "output"

TEXT = ("own_ids", "own_mask")
"""The inputs without the token that ends a text (``tokenizer.py``): its id is that of a tag."""
READ = ("read_ids", "read_mask")
"""What the encoder reads of them (``read_graph.py``)."""

Places = NDArray[np.int64]
"""int64 [L, K]: for each of L labels the columns, after the labels', of the facts about the labels
above it; -1: no further one."""


def tagging_graph(
    encoder: Path,
    embeddings: NDArray[np.float32],
    first: int,
    least: NDArray[np.float32],
    most: int,
    above: Places,
    reading: GraphPart,
    prompt_tokens: int = 0,
    words: GraphPart | None = None,
    bands: BandedLabels | None = None,
    rules: RuleFacts | None = None,
    sets: Sequence[NDArray[np.bool_]] = (),
) -> bytes:
    """Return the encoder's graph with the label matrix and the choice of tags at its end.

    The output is float32 [n, first + L + A]. It contains the score of each of a text's tags, at
    ``first`` + the label's row, and zero for all other labels. With bands, the next L places
    contain the scores of suggestions, and L more the probabilities of tags and suggestions. The
    last A places belong to facts about labels above others (``broader.py``), and contain the sums
    of the scores of the tags that they are about. With rules, their facts follow
    (``rule_graph.py``).

    Args:
        encoder: the encoder's ONNX file; it turns token ids into embeddings of length 1.
        embeddings: float32 [L, dimension], rows of length 1.
        first: column of the first label: the number of the tokenizer's tokens.
        least: float32 [L], lowest score at which a label is a tag; positive.
        most: highest number of tags of a text.
        above: int64 [L, K], the places of A facts, after all others; K is 0 if no label has a
            broader one.
        reading: computes :data:`READ` from :data:`TEXT`.
        prompt_tokens: number of first tokens that are not pooled, if the encoder's graph needs it.
        bands: which labels are suggested (None: none are).
        rules: what the pipeline must know to follow the rules (None: there are none).
        sets: bool [L] each, the sets of labels that tags are taken from (none: all labels).
        words: computes the evidence from words (None: not used).
    """
    import onnx  # an extra: see check_labels
    from onnx import TensorProto, helper, numpy_helper

    model = onnx.load(str(encoder))
    graph = model.graph
    names = {
        **dict(zip(("input_ids", "attention_mask"), map(_own, READ), strict=True)),
        graph.output[0].name: "lmtx_embedding",
    }
    _rename(graph, names)
    for given, name in zip(graph.input, INPUTS, strict=False):
        given.name = name
    labels = len(embeddings)
    sets = sets or [np.ones(labels, dtype=bool)]
    add = {"axis": 1, "reduction": "add"}
    places = labels if bands is None else 3 * labels
    width = first + max(places, int(above.max(initial=-1)) + 1)
    values: dict[str, NDArray[Any]] = {
        "labels": np.ascontiguousarray(embeddings.T),
        "most": np.array([min(most, labels)], dtype=np.int64),
        "least": least,
        "rounding": np.array(ROUNDING),
        "zero": np.array(0, dtype=np.float32),
        "first": np.array(first, dtype=np.int64),
        "width": np.array([width], dtype=np.int64),
    }
    if bands is not None:
        values |= band_values(bands, labels)
    if rules is not None:
        values |= rule_values(rules)
    if len(sets) > 1:
        values |= {f"set_{at}": of_set.astype(np.float32) for at, of_set in enumerate(sets)}
    if above.size:
        values |= {
            "above": np.maximum(above + first, 0),
            "is_above": (above >= 0).astype(np.float32),
            "last": np.array([2], dtype=np.int64),
            "flat": np.array([0, -1], dtype=np.int64),
        }
    if any(given.name == PROMPT_TOKENS for given in graph.input):
        kept = [given for given in graph.input if given.name != PROMPT_TOKENS]
        del graph.input[:]
        graph.input.extend(kept)
        number = np.array([prompt_tokens], dtype=np.int64)
        graph.initializer.append(numpy_helper.from_array(number, PROMPT_TOKENS))
    words = words or GraphPart()
    values |= words.values | reading.values
    graph.initializer.extend(
        numpy_helper.from_array(value, _own(name)) for name, value in values.items()
    )
    zero = helper.make_tensor("value", TensorProto.FLOAT, [1], [0.0])
    combined: Node = (
        ("Add", ["cosines", WORDS], ["scores"], {})
        if words.nodes
        else ("Identity", ["cosines"], ["scores"], {})
    )
    before: list[Node] = [
        ("Less", [INPUTS[0], "first"], ["is_own"], {}),
        ("Cast", ["is_own"], ["is_own_number"], {"to": TensorProto.INT64}),
        ("Mul", [INPUTS[0], "is_own_number"], [TEXT[0]], {}),
        ("Mul", [INPUTS[1], "is_own_number"], [TEXT[1]], {}),
        *reading.nodes,
    ]
    nodes: list[Node] = [
        *words.nodes,
        ("MatMul", ["embedding", "labels"], ["cosines"], {}),
        combined,
        ("Mul", ["scores", "rounding"], ["large"], {}),
        ("Round", ["large"], ["whole"], {}),
        ("Div", ["whole", "rounding"], ["rounded"], {}),
        ("GreaterOrEqual", ["rounded", "least"], ["enough"], {}),
        ("Where", ["enough", "rounded", "zero"], ["tags"], {}),
        *best_of_sets("tags", "most", "kept", "rows", len(sets)),
        ("Add", ["rows", "first"], ["places"], {}),
        ("Shape", ["embedding"], ["texts"], {"start": 0, "end": 1}),
        ("Concat", ["texts", "width"], ["shape"], {"axis": 0}),
        ("ConstantOfShape", ["shape"], ["empty"], {"value": zero}),
        ("ScatterElements", ["empty", "places", "kept"], ["applied"], add),
        *(
            [("Identity", ["applied"], ["assigned"], {})]
            if bands is None
            else band_nodes("applied", "assigned", len(sets))
        ),
    ]
    if above.size:
        nodes += [
            ("Gather", ["above", "rows"], ["above_tags"], {"axis": 0}),
            ("Gather", ["is_above", "rows"], ["is_above_tags"], {"axis": 0}),
            ("Unsqueeze", ["kept", "last"], ["each"], {}),
            ("Mul", ["is_above_tags", "each"], ["sums"], {}),
            ("Reshape", ["above_tags", "flat"], ["above_places"], {}),
            ("Reshape", ["sums", "flat"], ["above_sums"], {}),
            (
                "ScatterElements",
                ["assigned", "above_places", "above_sums"],
                ["with_above"],
                {"axis": 1, "reduction": "add"},
            ),
        ]
    else:
        nodes.append(("Identity", ["assigned"], ["with_above"], {}))
    if rules is None:
        nodes.append(("Identity", ["with_above"], [_OUTPUT], {}))
    else:
        nodes += rule_nodes("with_above", bands is not None, _OUTPUT)
        width += len(rules.names) + len(rules.always)
    encoder_nodes = list(graph.node)
    del graph.node[:]
    graph.node.extend(_made(before))
    graph.node.extend(encoder_nodes)
    graph.node.extend(_made(nodes))
    del graph.output[:]
    graph.output.append(helper.make_tensor_value_info(_OUTPUT, TensorProto.FLOAT, ["texts", width]))
    return bytes(model.SerializeToString())


def _made(nodes: Sequence[Node]) -> Iterator[Any]:
    from onnx import helper

    for kind, inputs, outputs, attributes in nodes:
        yield helper.make_node(kind, [*map(_own, inputs)], [*map(_own, outputs)], **attributes)


def _own(name: str) -> str:
    """Return a name that does not occur in the encoder's graph."""
    return name if name == _OUTPUT or name in INPUTS else f"lmtx_{name}"


def _rename(graph: Any, names: dict[str, str]) -> None:
    for tensor in graph.input:
        tensor.name = names.get(tensor.name, tensor.name)
    for node in graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
