"""The options of a deployment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lmtx_search.encoder.form import Precision
from lmtx_search.errors import UserError

DEFAULT_MAX_TAGS = 10

Runtime = Literal["service", "in-cluster"]


@dataclass(frozen=True, slots=True)
class DeployOptions:
    """The options of a deployment.

    Attributes:
        precision: None chooses the best one for the runtime. int8 is three times as fast as fp32.
            Its rounding enlarges small differences between versions of ONNX Runtime, and a cluster
            brings its own version. With fp32 a tagger gives the same tags in every runtime.
        threshold: None takes the threshold of the training run, or the default.
        max_tags: the largest number of tags of a document.
        runtime: where the tagger runs.
        static: whether a static encoder, distilled from the encoder, reads documents. It has only
            one precision.

    Raises:
        UserError: a static encoder is to have a precision.
    """

    precision: Precision | None = None
    threshold: float | None = None
    max_tags: int = DEFAULT_MAX_TAGS
    runtime: Runtime = "service"
    static: bool = False

    def __post_init__(self) -> None:
        if self.static and self.precision is not None:
            raise UserError(
                "a static encoder has only one precision: leave out --precision or --static"
            )

    def of_runtime(self) -> Precision:
        """Return the precision, chosen by the runtime if it is not set."""
        return self.precision or ("fp32" if self.runtime == "in-cluster" else "int8")
