"""Checks of the encoder: whether it is on this machine, and how fast it is."""

from __future__ import annotations

import time
from collections.abc import Iterator
from importlib.util import find_spec

from lmtx_search.doctor.checks import Check, Finding, ok
from lmtx_search.encoder.export import form_folder
from lmtx_search.encoder.folder import encoder_digest, find_encoder
from lmtx_search.encoder.form import is_onnx_form
from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.errors import MissingExtra
from lmtx_search.settings import Settings

_TEXT = "A text editor for the console that shows several files beside each other. " * 12
_TEXTS = 16


def encoder_checks(settings: Settings) -> Iterator[Check]:
    """Return the checks."""
    yield Check("Encoder", "encoder", lambda: _examine(settings))


def _examine(settings: Settings) -> Finding:
    wanted = settings.encoder
    folder = find_encoder(wanted.name, settings.cache_dir)
    if folder is None:
        return Finding(
            "warn",
            f"{wanted.name} is not on this machine yet",
            "nothing: the first command that needs it downloads it (offline: set encoder.name)",
        )
    form = folder
    if not is_onnx_form(folder):
        form = form_folder(encoder_digest(folder), settings.cache_dir)
    if not is_onnx_form(form):
        if find_spec("torch") is None:
            raise MissingExtra("train", "Making the encoder's ONNX form")
        return Finding(
            "warn",
            f"{wanted.name} has no ONNX form yet",
            "nothing: the first command that needs it makes it in about 20 s",
        )
    encoder = OnnxEncoder(form, wanted.document_tokens, settings.service.threads, "int8")
    if encoder.dimension != wanted.dimension:
        return Finding(
            "bad",
            f"{wanted.name} has {encoder.dimension} dimensions, but encoder.dimension is "
            f"{wanted.dimension}",
            f"set encoder.dimension = {encoder.dimension}",
        )
    encoder.encode([_TEXT])
    started = time.monotonic()
    encoder.encode([_TEXT] * _TEXTS)
    speed = _TEXTS / max(1e-6, time.monotonic() - started)
    return ok(
        f"{wanted.name}, {encoder.dimension} dimensions, {speed:,.0f} documents/s of "
        f"{encoder.max_tokens} tokens (int8)"
    )
