"""A part of an ONNX graph: nodes, and the constants that they use."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Node = tuple[str, list[str], list[str], dict[str, Any]]
"""Kind, inputs, outputs and attributes of a node."""


@dataclass
class GraphPart:
    """Nodes of a graph, and the constants that they use."""

    nodes: list[Node] = field(default_factory=list)
    values: dict[str, NDArray[Any]] = field(default_factory=dict)

    def add(
        self, kind: str, inputs: list[str], output: str, values: dict[str, Any] | None = None
    ) -> str:
        """Add a node with the given attributes, and return the name of its output."""
        self.nodes.append((kind, inputs, [output], values or {}))
        return output

    def constant(self, name: str, value: Any, dtype: Any = np.float32) -> str:
        """Add a constant and return its name."""
        self.values[name] = np.asarray(value, dtype=dtype)
        return name
