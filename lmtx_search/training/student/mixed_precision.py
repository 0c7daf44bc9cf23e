"""Products in bfloat16 while an encoder is trained; weights and their updates stay in 32 bits."""

from __future__ import annotations

import torch

# Longer texts: the plain form of attention is slower than torch's kernel (docs/benchmarks.md).
_PLAIN_UP_TO = 256


def computes_bf16() -> bool:
    """Tell whether 16-bit products are fast here: they halve the time of a training."""
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported())
    supported = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(getattr(torch.cpu, name, lambda: False)() for name in supported)


def plain_attention_is_faster(tokens: int) -> bool:
    """Tell whether attention without torch's kernel is faster for texts of so many tokens.

    On processors, that kernel does not use the units for products in bfloat16 when it computes
    gradients.
    """
    return computes_bf16() and not torch.cuda.is_available() and tokens <= _PLAIN_UP_TO


def weights_converted_once(device: torch.device) -> torch.autocast:
    """Return a context in which weights are converted to 16 bits once for all texts.

    Otherwise the trainer converts them, and their gradients back, with each call of the model.
    """
    return torch.autocast(device.type, torch.bfloat16, enabled=computes_bf16())
