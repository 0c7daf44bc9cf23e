"""Loads the encoder of the settings, or one in a folder."""

from __future__ import annotations

from pathlib import Path

from lmtx_search.encoder.bf16 import suits_bf16
from lmtx_search.encoder.chosen import chosen_encoder
from lmtx_search.encoder.form import Precision, is_onnx_form
from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.errors import UserError
from lmtx_search.settings import Settings


def load_encoder(
    settings: Settings,
    *,
    max_tokens: int,
    folder: Path | None = None,
    precision: Precision | None = None,
) -> OnnxEncoder:
    """Load an encoder. Its ONNX form is made first if it is not in the cache.

    Args:
        settings: name the encoder, the cache and the threads.
        max_tokens: tokens that it reads of a text.
        folder: a sentence-transformers folder or an ONNX form, in place of the settings' encoder.
        precision: None: bf16 where it is fast and suits the encoder, else fp32.

    Raises:
        UserError: there is no such encoder, this kind is not supported, or it reads fewer tokens.
    """
    source = folder or chosen_encoder(settings)
    form = onnx_form(source, settings.cache_dir)
    encoder = OnnxEncoder(
        form,
        max_tokens,
        threads=settings.service.threads,
        precision=precision or ("bf16" if suits_bf16(form) else "fp32"),
    )
    if encoder.max_tokens < max_tokens:
        raise UserError(
            f"the encoder {source} reads at most {encoder.max_tokens} tokens, and {max_tokens} are "
            "asked for: lower encoder.document_tokens (and encoder.label_tokens)"
        )
    return encoder


def onnx_form(folder: Path, cache_dir: Path) -> Path:
    """Return the ONNX form of a folder, which may already be one."""
    if is_onnx_form(folder):
        return folder
    # Imported here to keep the start quick: only a missing form needs the module.
    from lmtx_search.encoder.export import ensure_onnx

    return ensure_onnx(folder, cache_dir)
