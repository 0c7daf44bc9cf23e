"""The part of the ONNX graph that tells the facts about rules.

The pipeline follows the rules, because only it knows what people decided about a document.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lmtx_search.tagging.in_cluster.word_graph import Node
from lmtx_search.tagging.scoring.rule_facts import RuleFacts


def rule_values(facts: RuleFacts) -> dict[str, NDArray[Any]]:
    """Return the constants of :func:`rule_nodes`."""
    first, second = facts.rows.T
    return {
        "first_of_fact": np.ascontiguousarray(first),
        "second_of_fact": np.ascontiguousarray(second),
        "limits": np.array([list(facts.limits.values())], dtype=np.float32),
        "number_of_limits": np.array([len(facts.limits)], dtype=np.int64),
    }


def rule_nodes(assigned: str, suggests: bool, output: str) -> list[Node]:
    """Return the nodes that add facts about the labels of a text to its scores.

    They read ``rounded``, ``kept`` and ``rows`` of the graph, and ``suggested`` and
    ``suggested_rows`` if labels are suggested.

    Args:
        assigned: float32 [n, places], what the graph says so far.
        output: name of the result: float32 [n, places + facts + limits].
    """
    add = {"axis": 1, "reduction": "add"}
    both = [("kept", "rows"), *([("suggested", "suggested_rows")] if suggests else [])]
    nodes: list[Node] = [
        ("Shape", ["rounded"], ["pool_shape"], {}),
        ("Expand", ["zero", "pool_shape"], ["in_pool_0"], {}),
    ]
    for number, (scores, rows) in enumerate(both):
        names = [f"in_pool_{number}", rows, scores]
        nodes.append(("ScatterElements", names, [f"in_pool_{number + 1}"], add))
    return [
        *nodes,
        ("Sign", [f"in_pool_{len(both)}"], ["in_pool"], {}),
        ("Gather", ["in_pool", "first_of_fact"], ["has_first"], {"axis": 1}),
        ("Gather", ["in_pool", "second_of_fact"], ["has_second"], {"axis": 1}),
        ("Max", ["has_first", "has_second"], ["facts"], {}),
        ("Concat", ["texts", "number_of_limits"], ["limits_shape"], {"axis": 0}),
        ("Expand", ["limits", "limits_shape"], ["limits_of_texts"], {}),
        ("Concat", [assigned, "facts", "limits_of_texts"], [output], {"axis": 1}),
    ]
