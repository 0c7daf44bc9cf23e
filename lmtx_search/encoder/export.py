"""Makes the ONNX form of an encoder once from its sentence-transformers folder (needs torch)."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from lmtx_search.encoder.agreement import TEXTS, TOKENS, least_cosine
from lmtx_search.encoder.description import ANOTHER, Description, describe
from lmtx_search.encoder.folder import encoder_digest
from lmtx_search.encoder.form import MODEL_FILES, TOKENIZER_FILE, OnnxForm, Precision, is_onnx_form
from lmtx_search.encoder.onnx_files import files_of, quantise, tidy
from lmtx_search.errors import MissingExtra, UserError

# Increased when the graph changes, so that older forms are not used.
FORM_VERSION = 2
_FAITHFUL: dict[Precision, float] = {"fp32": 0.9999, "int8": 0.9}


def ensure_onnx(folder: Path, cache_dir: Path) -> Path:
    """Return the folder of the encoder's ONNX form. It is made if it is not in the cache.

    The graph maps ``input_ids`` and ``attention_mask`` (int64 [n, tokens]) to ``embedding``
    (float32 [n, dimension], each row of length 1). It includes pooling, all later modules and
    normalisation (``encoder/torch_graph.py``).
    ``model_int8.onnx`` is the same graph, dynamically quantised. Both are compared with the output
    of sentence-transformers before they are stored. If the quantised one differs too much, it is
    left out.

    Args:
        folder: sentence-transformers folder.
        cache_dir: the product's cache folder.

    Raises:
        MissingExtra: the form must be made, and torch is not installed.
        UserError: this kind of encoder is not supported.
    """
    digest = encoder_digest(folder)
    target = form_folder(digest, cache_dir)
    described = describe(folder)
    if is_onnx_form(target) and _has_prompts(target, described):
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=".making-", dir=target.parent))
    try:
        _make(folder, described, digest, temporary)
        if is_onnx_form(target) and not _has_prompts(target, described):
            shutil.rmtree(target)
        # Another process may have made the same form in the meantime.
        with contextlib.suppress(OSError):
            temporary.chmod(0o755)
            temporary.rename(target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return target


def form_folder(digest: str, cache_dir: Path) -> Path:
    """Return the folder for the ONNX form of the encoder with that digest."""
    return cache_dir / "onnx" / f"{digest[:32]}-{FORM_VERSION}"


def _has_prompts(form: Path, described: Description) -> bool:
    """Tell whether a form has the encoder's prompts: earlier releases read some otherwise."""
    found = OnnxForm.read(form)
    there = (found.document_prompt, found.label_prompt)
    return there == (described.document_prompt, described.label_prompt)


def _make(folder: Path, described: Description, digest: str, target: Path) -> None:
    try:
        import onnx  # noqa: F401
        import torch  # noqa: F401

        from lmtx_search.encoder.torch_graph import export_graph, longest_input
        from lmtx_search.encoder.torch_model import (
            backend_of,
            first_line,
            load_torch_model,
            prompt_tokens,
        )
    except ImportError as error:
        raise MissingExtra("train", "making an encoder's ONNX form") from error
    with _quiet():
        # Only eager attention gives a graph that is the same for every input.
        model = load_torch_model(folder, eager=True).eval().float()
        _write_tokenizer(backend_of(model), described.static, target / TOKENIZER_FILE)
        prompts = (described.document_prompt, described.label_prompt)
        left_out = [
            0 if described.pools_prompt else prompt_tokens(model, prompt) for prompt in prompts
        ]
        form = OnnxForm(
            digest=digest,
            dimension=described.dimension,
            max_tokens=longest_input(model, described),
            pad_id=0 if described.static else int(model.tokenizer.pad_token_id or 0),
            lower=described.lowers,
            document_prompt=described.document_prompt,
            label_prompt=described.label_prompt,
            pools_prompt=described.pools_prompt,
            document_prompt_tokens=left_out[0],
            label_prompt_tokens=left_out[1],
        )
        try:
            export_graph(model, described, target / MODEL_FILES["fp32"])
            tidy(target / MODEL_FILES["fp32"])
            quantise(target / MODEL_FILES["fp32"], target / MODEL_FILES["int8"])
        except Exception as error:  # torch and onnx raise many kinds
            raise UserError(
                f"the encoder {folder} cannot be written as ONNX ({first_line(error)}): {ANOTHER}"
            ) from error
        form.write(target)
        worst = _worst(model, target, form, "fp32")
        if not worst >= _FAITHFUL["fp32"]:
            raise UserError(
                f"the ONNX form of {folder} differs from the encoder (cosine {worst:.4f}), this "
                f"kind of encoder is not supported: {ANOTHER}"
            )
        if not _worst(model, target, form, "int8") >= _FAITHFUL["int8"]:
            for path in files_of(target / MODEL_FILES["int8"]):
                path.unlink()
            replace(form, int8=False).write(target)


def _write_tokenizer(backend: Any, static: bool, path: Path) -> None:
    content = json.loads(backend.to_str())
    content["truncation"] = content["padding"] = None
    if static:
        # A static encoder reads the tokens of the text and no special ones.
        content["post_processor"] = None
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


def _worst(model: Any, target: Path, form: OnnxForm, precision: Precision) -> float:
    """Return the least cosine between the embeddings of a form and of sentence-transformers."""
    from lmtx_search.encoder.onnx import OnnxEncoder
    from lmtx_search.encoder.torch_model import expected_embeddings

    tokens = min(TOKENS, form.max_tokens)
    encoder = OnnxEncoder(target, tokens, precision=precision)
    sides = (
        (form.document_prompt, encoder.encode),
        (form.label_prompt, encoder.encode_labels),
    )
    expected = [expected_embeddings(model, TEXTS, prompt, tokens) for prompt, _ in sides]
    actual = [encode(TEXTS) for _, encode in sides]
    return least_cosine(np.concatenate(actual), np.concatenate(expected))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Suppress the deprecation notes of the exporter."""
    from transformers.utils import logging as transformers_logging

    names = ("torch.onnx", "root", "transformers")
    levels = {name: logging.getLogger(name).level for name in names}
    bars = os.environ.get("TQDM_DISABLE")
    os.environ["TQDM_DISABLE"] = "1"
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        for name in names:
            logging.getLogger(name).setLevel(logging.ERROR)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        transformers_logging.enable_progress_bar()  # type: ignore[no-untyped-call]
        os.environ.pop("TQDM_DISABLE") if bars is None else os.environ.update(TQDM_DISABLE=bars)
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
