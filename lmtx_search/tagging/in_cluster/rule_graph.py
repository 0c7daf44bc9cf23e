"""The part of the ONNX graph that takes labels of each group, and tells the facts about rules.

The pipeline follows the rules, because only it knows what people decided about a document.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lmtx_search.tagging.in_cluster.graph_part import Node
from lmtx_search.tagging.scoring.rule_facts import RuleFacts


def best_of_sets(scores: str, most: str, kept: str, rows: str, sets: int) -> list[Node]:
    """Return the nodes that take the best labels of each of some sets of labels.

    Args:
        scores: float32 [n, labels], 0 for labels that may not be taken.
        most: how many are taken of each set.
        kept, rows: the results: float32 and int64 [n, sets · most]. Rows with the score 0 fill up.
        sets: number of sets. Unless it is 1, ``set_0``, ``set_1``, … are 1 for the labels of each.
    """
    if sets == 1:
        return [("TopK", [scores, most], [kept, rows], {"axis": -1})]
    nodes: list[Node] = []
    for number in range(sets):
        of_set = f"{scores}_of_{number}"
        nodes.append(("Mul", [scores, f"set_{number}"], [of_set], {}))
        taken = [f"{kept}_{number}", f"{rows}_{number}"]
        nodes.append(("TopK", [of_set, most], taken, {"axis": -1}))
    return [
        *nodes,
        *(
            ("Concat", [f"{name}_{number}" for number in range(sets)], [name], {"axis": 1})
            for name in (kept, rows)
        ),
    ]


def rule_values(facts: RuleFacts) -> dict[str, NDArray[Any]]:
    """Return the constants of :func:`rule_nodes`."""
    first, second = facts.subjects.T
    member, subject = facts.members.T
    return {
        "first_of_fact": np.ascontiguousarray(first),
        "second_of_fact": np.ascontiguousarray(second),
        "member": np.ascontiguousarray(member),
        "subject_of_member": np.ascontiguousarray(subject)[None],
        "members": np.array([len(facts.members)], dtype=np.int64),
        "no_subject": np.zeros((1, int(facts.subjects.max(initial=-1)) + 1), dtype=np.float32),
        "subjects": np.array([int(facts.subjects.max(initial=-1)) + 1], dtype=np.int64),
        "always": np.array([list(facts.always.values())], dtype=np.float32),
        "number_always": np.array([len(facts.always)], dtype=np.int64),
    }


def rule_nodes(assigned: str, suggests: bool, output: str) -> list[Node]:
    """Return the nodes that add facts about the labels of a text to its scores.

    They read ``rounded``, ``kept`` and ``rows`` of the graph, and ``suggested`` and
    ``suggested_rows`` if labels are suggested.

    Args:
        assigned: float32 [n, places], what the graph says so far.
        output: name of the result: float32 [n, places + facts + those that are always told].
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
        # A subject has as many labels in the pool as its members do.
        ("Gather", ["in_pool", "member"], ["member_in_pool"], {"axis": 1}),
        ("Concat", ["texts", "members"], ["members_shape"], {"axis": 0}),
        ("Expand", ["subject_of_member", "members_shape"], ["subject_of_members"], {}),
        ("Concat", ["texts", "subjects"], ["subjects_shape"], {"axis": 0}),
        ("Expand", ["no_subject", "subjects_shape"], ["no_subjects"], {}),
        (
            "ScatterElements",
            ["no_subjects", "subject_of_members", "member_in_pool"],
            ["labels_of_subjects"],
            add,
        ),
        ("Sign", ["labels_of_subjects"], ["has_subject"], {}),
        ("Gather", ["has_subject", "first_of_fact"], ["has_first"], {"axis": 1}),
        ("Gather", ["has_subject", "second_of_fact"], ["has_second"], {"axis": 1}),
        ("Max", ["has_first", "has_second"], ["facts"], {}),
        ("Concat", ["texts", "number_always"], ["always_shape"], {"axis": 0}),
        ("Expand", ["always", "always_shape"], ["always_of_texts"], {}),
        ("Concat", [assigned, "facts", "always_of_texts"], [output], {"axis": 1}),
    ]
