"""Makes the ONNX form of an encoder once from its sentence-transformers folder (needs torch)."""

from __future__ import annotations

import contextlib
import inspect
import logging
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lmtx_search.encoder.folder import encoder_digest, read_json
from lmtx_search.encoder.form import MODEL_FILES, TOKENIZER_FILE, OnnxForm, is_onnx_form
from lmtx_search.errors import LmtxError, MissingExtra, UserError

if TYPE_CHECKING:
    import torch

OPSET = 17
# Increased when the graph changes, so that older forms are not used.
FORM_VERSION = 1
_FAITHFUL = {"fp32": 0.9999, "int8": 0.9}
_SAMPLE = ("a", "A text editor for the console.", "Bibliothek für Zahlen, 数学 " * 12)


def ensure_onnx(folder: Path, cache_dir: Path) -> Path:
    """Return the folder of the encoder's ONNX form. It is made if it is not in the cache.

    The graph maps ``input_ids`` and ``attention_mask`` (int64 [n, tokens]) to ``embedding``
    (float32 [n, dimension], each row of length 1). It includes pooling and normalisation.
    ``model_int8.onnx`` is the same graph, dynamically quantised. Both are compared with the output
    of sentence-transformers before they are stored.

    Args:
        folder: sentence-transformers folder.
        cache_dir: the product's cache folder.

    Raises:
        MissingExtra: the form must be made, and torch is not installed.
        UserError: this kind of encoder is not supported.
    """
    digest = encoder_digest(folder)
    target = form_folder(digest, cache_dir)
    if is_onnx_form(target):
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=".making-", dir=target.parent))
    try:
        _make(folder, digest, temporary)
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


def pooling_mode(folder: Path) -> str:
    """Return ``mean`` or ``cls``, from the sentence-transformers folder (``mean`` by default).

    Raises:
        UserError: another pooling, or a module that is neither transformer, pooling nor
            normalisation.
    """
    modules = read_json(folder / "modules.json") if (folder / "modules.json").is_file() else []
    for module in modules:
        if module["type"].rsplit(".", 1)[-1] not in ("Transformer", "Pooling", "Normalize"):
            raise UserError(
                f"the encoder {folder} has a module {module['type']}: use another encoder"
            )
    path = next((m["path"] for m in modules if m["type"].endswith(".Pooling")), None)
    if path is None:
        return "mean"
    config = read_json(folder / path / "config.json")
    modes = [key.removeprefix("pooling_mode_") for key in config if config[key] is True]
    mode = config.get("pooling_mode") or "+".join(m for m in modes if m != "include_prompt")
    mode = {"mean_tokens": "mean", "cls_token": "cls"}.get(mode, mode)
    if mode not in ("mean", "cls"):
        raise UserError(f"the encoder {folder} pools by {mode}: use one with mean or cls pooling")
    return str(mode)


def _make(folder: Path, digest: str, target: Path) -> None:
    try:
        import onnx  # noqa: F401
        import torch
        from transformers import AutoModel, AutoTokenizer
    except ImportError as error:
        raise MissingExtra("train", "making an encoder's ONNX form") from error
    pooling = pooling_mode(folder)
    with _quiet():
        tokenizer = AutoTokenizer.from_pretrained(str(folder))
        # Only eager attention gives a graph that is the same for every input.
        model = AutoModel.from_pretrained(
            str(folder), use_safetensors=True, attn_implementation="eager", dtype=torch.float32
        ).eval()
        if (folder / TOKENIZER_FILE).is_file():
            shutil.copyfile(folder / TOKENIZER_FILE, target / TOKENIZER_FILE)
        else:
            tokenizer.backend_tokenizer.save(str(target / TOKENIZER_FILE))
        _export(model, pooling, target / MODEL_FILES["fp32"])
        _quantise(target / MODEL_FILES["fp32"], target / MODEL_FILES["int8"])
    form = OnnxForm(
        digest=digest,
        dimension=int(model.config.hidden_size),
        max_tokens=_longest_input(model.config, tokenizer),
        pad_id=int(tokenizer.pad_token_id or 0),
        lower=_lowers(folder),
    )
    form.write(target)
    _compare(folder, target)


def _export(model: Any, pooling: str, path: Path) -> None:
    import torch

    typed = "token_type_ids" in inspect.signature(model.forward).parameters

    class Graph(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            more = {"token_type_ids": torch.zeros_like(input_ids)} if typed else {}
            hidden = self.model(
                input_ids=input_ids, attention_mask=attention_mask, **more
            ).last_hidden_state
            if pooling == "cls":
                pooled = hidden[:, 0]
            else:
                weights = attention_mask.unsqueeze(-1).to(hidden.dtype)
                pooled = (hidden * weights).sum(1) / weights.sum(1).clamp(min=1e-9)
            return torch.nn.functional.normalize(pooled, dim=-1)

    example = torch.ones(2, 7, dtype=torch.long)
    axes = {0: "texts", 1: "tokens"}
    torch.onnx.export(
        Graph().eval(),
        (example, example),
        str(path),
        input_names=["input_ids", "attention_mask"],
        output_names=["embedding"],
        dynamic_axes={"input_ids": axes, "attention_mask": axes, "embedding": {0: "texts"}},
        opset_version=OPSET,
        dynamo=False,
    )


def _quantise(source: Path, target: Path) -> None:
    from onnxruntime.quantization import QuantType, quantize_dynamic

    # Seven bits of weight (reduce_range), because eight overflow 16-bit sums on CPUs without VNNI.
    quantize_dynamic(
        str(source), str(target), weight_type=QuantType.QInt8, per_channel=True, reduce_range=True
    )


def _compare(folder: Path, target: Path) -> None:
    """Compare both models with sentence-transformers, so that a wrong graph is never stored."""
    from sentence_transformers import SentenceTransformer

    from lmtx_search.encoder.onnx import OnnxEncoder

    tokens = 64
    with _quiet():
        model = SentenceTransformer(
            str(folder), device="cpu", model_kwargs={"use_safetensors": True}
        )
        model.max_seq_length = tokens
        expected = model.encode(list(_SAMPLE), normalize_embeddings=True, show_progress_bar=False)
    for precision in MODEL_FILES:
        actual = OnnxEncoder(target, tokens, precision=precision).encode(_SAMPLE)
        worst = float(np.min(np.sum(actual * np.asarray(expected), axis=1)))
        if worst < _FAITHFUL[precision]:
            raise LmtxError(
                f"the ONNX form ({precision}) of {folder} differs from the encoder "
                f"(cosine {worst:.4f}): this kind of encoder is not supported"
            )


def _longest_input(config: Any, tokenizer: Any) -> int:
    positions = int(getattr(config, "max_position_embeddings", 512))
    if getattr(config, "model_type", "") in ("mpnet", "roberta", "xlm-roberta", "camembert"):
        positions -= 2  # their positions start after the padding token's
    return min(positions, int(min(tokenizer.model_max_length, 1_000_000)))


def _lowers(folder: Path) -> bool:
    path = folder / "sentence_bert_config.json"
    return bool(read_json(path).get("do_lower_case", False)) if path.is_file() else False


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
