"""How large an encoder is, from its files: what tagging with it takes follows from that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lmtx_search.encoder.description import describe
from lmtx_search.encoder.folder import first_module, read_json

_LAYERS = ("num_hidden_layers", "num_layers", "n_layers", "n_layer", "encoder_layers")
_WIDTHS = ("hidden_size", "d_model", "dim", "n_embd")


@dataclass(frozen=True, slots=True)
class EncoderSize:
    """The size of an encoder.

    Attributes:
        layers, width: of a transformer; 0 for a static encoder.
        dimension: length of an embedding.
        weights: bytes of its weights in float32, about.
    """

    layers: int
    width: int
    dimension: int
    weights: int


# These two need not be on the machine.
DEFAULT_SIZE = EncoderSize(layers=6, width=384, dimension=384, weights=90_868_376)
SIZES = {
    "all-MiniLM-L6-v2": DEFAULT_SIZE,
    "multilingual-e5-small": EncoderSize(12, 384, 384, 470_637_448),
}


def size_of(folder: Path) -> EncoderSize | None:
    """Read the size of the encoder in a sentence-transformers folder.

    Returns:
        None if the configuration of a transformer does not say how many layers it has.

    Raises:
        UserError: a file is damaged, or this kind of encoder is not supported.
    """
    described = describe(folder)
    weights = sum(path.stat().st_size for path in folder.rglob("*.safetensors"))
    first = first_module(folder)
    if described.static:
        return EncoderSize(0, 0, described.dimension, weights)
    config = read_json(first / "config.json")
    inner = config.get("text_config") or {}
    # Weights of 16 bits become float32.
    named = str(config.get("dtype") or config.get("torch_dtype") or inner.get("dtype") or "")
    layers = _number(config, inner, _LAYERS)
    if not layers:
        return None
    return EncoderSize(
        layers=layers,
        width=_number(config, inner, _WIDTHS),
        dimension=described.dimension,
        weights=weights * (2 if named.endswith("16") else 1),
    )


def _number(config: Mapping[str, Any], inner: Mapping[str, Any], names: tuple[str, ...]) -> int:
    values = (of.get(name) for of in (config, inner) for name in names)
    return next((value for value in values if isinstance(value, int)), 0)
