"""The options of a deployment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lmtx_search.encoder.bf16 import why_no_bf16
from lmtx_search.encoder.form import Precision
from lmtx_search.encoder.session import bf16_is_fast
from lmtx_search.errors import UserError

DEFAULT_MAX_TAGS = 10

Runtime = Literal["service", "in-cluster"]


@dataclass(frozen=True, slots=True)
class DeployOptions:
    """The options of a deployment.

    Attributes:
        precision: None chooses the best one for the runtime. In the service it is bf16 where
            this machine computes it fast, else int8, which is twice as fast as fp32.
            The rounding of int8 enlarges small differences between versions of ONNX Runtime, and a
            cluster brings its own version. With fp32 a tagger gives the same tags in every runtime.
        threshold: None takes the threshold of the training run, or the default.
        max_tags: the largest number of tags of a document.
        runtime: where the tagger runs.
        static: whether a static encoder, distilled from the encoder, reads documents. It has only
            one precision.

    Raises:
        UserError: a static encoder is to have a precision, or bf16 is not fast here.
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
        if self.precision == "bf16" and self.runtime == "in-cluster":
            raise UserError(
                "the cluster computes in fp32 or int8, not in bf16: leave out --precision or "
                "--runtime"
            )
        if self.precision == "bf16" and not bf16_is_fast():
            raise UserError(why_no_bf16())

    def of_runtime(self) -> Precision:
        """Return the precision, chosen by the runtime if it is not set."""
        if self.precision is not None:
            return self.precision
        if self.runtime == "in-cluster":
            return "fp32"
        return "bf16" if bf16_is_fast() else "int8"
