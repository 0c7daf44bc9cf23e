"""Checks of the encoder: whether it is on this machine, and how fast it is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec

from lmtx_search.cluster.client.connect import Client
from lmtx_search.doctor.checks import Check, Finding, ok
from lmtx_search.doctor.languages import examine_languages
from lmtx_search.encoder.bf16 import suits_bf16
from lmtx_search.encoder.chosen import find_chosen_encoder
from lmtx_search.encoder.description import Description, describe
from lmtx_search.encoder.export import form_folder
from lmtx_search.encoder.folder import DOWNLOADED_ENCODERS, encoder_digest
from lmtx_search.encoder.form import OnnxForm, Precision, is_onnx_form
from lmtx_search.encoder.missing_prompts import missing_prompts
from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.errors import MissingExtra
from lmtx_search.settings import Settings

_TEXT = "A text editor for the console that shows several files beside each other. " * 12
_TEXTS = 16


def encoder_checks(settings: Settings, client: Callable[[], Client]) -> Iterator[Check]:
    """Return the checks."""
    yield Check("Encoder", "encoder", lambda: _examine(settings), leads=True)
    yield Check(
        "Encoder", "languages", lambda: examine_languages(client(), settings), needs="Cluster"
    )


def _examine(settings: Settings) -> Finding:
    wanted = settings.encoder
    folder = find_chosen_encoder(settings)
    if folder is None:
        advice = "nothing: the first command that needs it downloads it (offline: set encoder.name)"
        if wanted.name in DOWNLOADED_ENCODERS:
            advice = "run `lmtx-search up`, which downloads it (`up --prepare-only` starts nothing)"
        return Finding("warn", f"{wanted.name} is not on this machine yet", advice)
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
    precision: Precision = "int8" if OnnxForm.read(form).int8 else "fp32"
    if suits_bf16(form):
        precision = "bf16"
    encoder = OnnxEncoder(form, wanted.document_tokens, settings.service.threads, precision)
    encoder.encode([_TEXT])
    started = time.monotonic()
    encoder.encode([_TEXT] * _TEXTS)
    speed = _TEXTS / max(1e-6, time.monotonic() - started)
    described = describe(folder)
    found = (
        f"{wanted.name}, {encoder.dimension} dimensions, {speed:,.0f} documents/s of "
        f"{encoder.max_tokens} tokens ({precision}){_prompts(described)}"
    )
    most = encoder.form.max_tokens
    if most < max(wanted.document_tokens, wanted.label_tokens):
        return Finding(
            "bad",
            f"{found}: it reads fewer tokens than are set",
            f"set encoder.document_tokens and encoder.label_tokens to at most {most}",
        )
    if missing := missing_prompts(wanted, folder):
        problem, advice = missing
        return Finding("warn", f"{found}; {problem}", advice)
    return ok(found)


def _prompts(described: Description) -> str:
    prompts = {"documents": described.document_prompt, "labels": described.label_prompt}
    said = [f"{prompt!r} before {texts}" for texts, prompt in prompts.items() if prompt]
    return "".join(f", {one}" for one in said)
