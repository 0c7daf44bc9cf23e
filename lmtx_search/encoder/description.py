"""What the files of a sentence-transformers folder say about the encoder, read without torch."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from lmtx_search.encoder.folder import first_module, read_json
from lmtx_search.errors import UserError

Pooling = Literal["mean", "cls", "max", "weightedmean", "lasttoken"]

PROMPTS_FILE = "config_sentence_transformers.json"
ANOTHER = "use another encoder, such as intfloat/multilingual-e5-small"

# Names of prompts, as `encode_query` and `encode_document` of sentence-transformers look for them.
# A label is short, as a query is, and a document is what is found.
# The last ones are Nomic's.
_LABEL_PROMPTS = ("query", "search_query")
_DOCUMENT_PROMPTS = ("document", "passage", "corpus", "search_document")
_POOLINGS: Mapping[str, Pooling] = {
    "mean": "mean",
    "mean_tokens": "mean",
    "cls": "cls",
    "cls_token": "cls",
    "max": "max",
    "max_tokens": "max",
    "weightedmean": "weightedmean",
    "weightedmean_tokens": "weightedmean",
    "lasttoken": "lasttoken",
}
_AFTER_POOLING = ("Dense", "Normalize", "LayerNorm", "Dropout")
_WITH_WEIGHTS = ("Dense", "LayerNorm")


@dataclass(frozen=True, slots=True)
class Description:
    """An encoder, as its files describe it.

    Attributes:
        pooling: how the vectors of the tokens become one (``mean`` for a static encoder).
        pools_prompt: whether the tokens of a prompt count in the pooling.
        static: the encoder is a table of vectors, one a token.
        dimension: length of an embedding, after it was cut.
        own_dimension: length of an embedding before it is cut.
        document_prompt, label_prompt: what stands before each text of that kind.
        unused_prompts: names of prompts that are neither for documents nor for labels.
        lowers: whether texts are lower-cased before they are tokenised.
    """

    pooling: Pooling
    pools_prompt: bool
    static: bool
    dimension: int
    own_dimension: int
    document_prompt: str
    label_prompt: str
    unused_prompts: Sequence[str]
    lowers: bool


def describe(folder: Path) -> Description:
    """Read the description of the encoder in a sentence-transformers folder.

    Raises:
        UserError: a file is damaged, or this kind of encoder is not supported.
    """
    first = first_module(folder)
    config = _object(first / "config.json") if (first / "config.json").is_file() else {}
    if "auto_map" in config:
        raise UserError(
            f"the encoder {folder} needs code that comes with it (trust_remote_code), and such "
            f"code is not run: {ANOTHER}"
        )
    if config.get("attention_type") == "block_sparse":
        # BigBird changes its attention with the first short text, and a graph has only one.
        raise UserError(
            f"the encoder {folder} reads long texts in another way than short ones (attention_type "
            f"block_sparse), which an ONNX form cannot: {ANOTHER}"
        )
    modules = _modules(folder)
    names = [name for name, _ in modules]
    static = names[:1] == ["StaticEmbedding"]
    pooling: Pooling = "mean"
    pools_prompt = True
    if static:
        dimension = _table_width(modules[0][1])
        after = modules[1:]
    else:
        after = modules[2:]
        if names[:2] == ["Transformer", "Pooling"]:
            pooled = _object(modules[1][1] / "config.json")
            pooling = _pooling(pooled, folder)
            pools_prompt = bool(pooled.get("include_prompt", True))
        elif names[:1] == ["Transformer"] or not names:
            if names:
                raise UserError(f"the encoder {folder} has no pooling module: {ANOTHER}")
        else:
            raise UserError(f"the encoder {folder} starts with the module {names[0]}: {ANOTHER}")
        dimension = _hidden_size(config, first)
    for name, path in after:
        if name not in _AFTER_POOLING:
            raise UserError(f"the encoder {folder} has a module {name}: {ANOTHER}")
        if name in _WITH_WEIGHTS and not (path / "model.safetensors").is_file():
            raise UserError(
                f"{path} has no model.safetensors, and pickled weights are not read: {ANOTHER}"
            )
        if name == "Dense":
            dimension = _length(_object(path / "config.json"), "out_features", path)
    said = _object(folder / PROMPTS_FILE) if (folder / PROMPTS_FILE).is_file() else {}
    prompts, default = _prompts(said, folder)
    cut = _length(said, "truncate_dim", folder / PROMPTS_FILE) if said.get("truncate_dim") else None
    return Description(
        pooling=pooling,
        pools_prompt=pools_prompt,
        static=static,
        dimension=min(dimension, cut) if cut else dimension,
        own_dimension=dimension,
        document_prompt=_side(prompts, default, _DOCUMENT_PROMPTS, _LABEL_PROMPTS),
        label_prompt=_side(prompts, default, _LABEL_PROMPTS, _DOCUMENT_PROMPTS),
        unused_prompts=sorted(
            name
            for name, text in prompts.items()
            if text and name != default and name not in (*_DOCUMENT_PROMPTS, *_LABEL_PROMPTS)
        ),
        lowers=_lowers(first),
    )


def _modules(folder: Path) -> list[tuple[str, Path]]:
    """Return the (class name, folder) of each module; none if the folder does not list them."""
    if not (folder / "modules.json").is_file():
        return []
    content = read_json(folder / "modules.json")
    try:
        modules = [(str(entry["type"]), folder / str(entry["path"])) for entry in content]
    except (KeyError, TypeError) as error:
        raise UserError(f"{folder / 'modules.json'} is not a list of modules: {ANOTHER}") from error
    foreign = [kind for kind, _ in modules if not kind.startswith("sentence_transformers.")]
    if foreign:
        raise UserError(
            f"the encoder {folder} needs code that comes with it ({foreign[0]}, "
            f"trust_remote_code), and such code is not run: {ANOTHER}"
        )
    return [(kind.rsplit(".", 1)[-1], path) for kind, path in modules]


def _pooling(config: Mapping[str, Any], folder: Path) -> Pooling:
    modes = [
        key.removeprefix("pooling_mode_")
        for key, value in config.items()
        if key.startswith("pooling_mode_") and value is True
    ]
    named = config.get("pooling_mode")
    if named is not None:
        modes = [named] if isinstance(named, str) else [str(name) for name in named]
    modes = modes or ["mean"]
    if len(modes) > 1:
        raise UserError(
            f"the encoder {folder} pools in {len(modes)} ways at once ({', '.join(modes)}): "
            f"{ANOTHER}"
        )
    if modes[0] not in _POOLINGS:
        raise UserError(f"the encoder {folder} pools by {modes[0]}: {ANOTHER}")
    return _POOLINGS[modes[0]]


def _prompts(said: Mapping[str, Any], folder: Path) -> tuple[dict[str, str], str | None]:
    """Return the prompts by name, and the name of the default one (None: there is none)."""
    prompts = said.get("prompts") or {}
    default = said.get("default_prompt_name")
    texts = isinstance(prompts, dict) and all(
        text is None or isinstance(text, str) for text in prompts.values()
    )
    if not texts or (default is not None and default not in prompts):
        raise UserError(
            f"{folder / PROMPTS_FILE} has no texts under `prompts`, or names a default prompt "
            "that is not among them: correct it, or fetch the encoder again"
        )
    return {name: text or "" for name, text in prompts.items()}, default


def _side(
    prompts: Mapping[str, str], default: str | None, own: Sequence[str], other: Sequence[str]
) -> str:
    """Return the prompt of documents or of labels.

    sentence-transformers adds empty prompts of both sides to every folder that it saves. An empty
    prompt therefore says only then that there is none, when the other side has one.

    Args:
        own, other: the names of the prompts of this side and of the other one.
    """
    texts = [prompts[name] for name in own if name in prompts]
    if any(texts):
        return next(filter(None, texts))
    if default is None or default in (*own, *other):
        return ""  # the default one is for one side only
    return "" if texts and any(prompts.get(name) for name in other) else prompts[default]


def _length(config: Mapping[str, Any], key: str, where: Path) -> int:
    value = config.get(key)
    if not isinstance(value, int) or value < 1:
        raise UserError(
            f"{where}: `{key}` is {value!r} in place of a number: fetch the encoder again"
        )
    return value


def _hidden_size(config: Mapping[str, Any], folder: Path) -> int:
    for settings in (config, config.get("text_config") or {}):
        for key in ("hidden_size", "d_model", "dim", "n_embd"):
            if isinstance(settings.get(key), int):
                return int(settings[key])
    raise UserError(f"{folder / 'config.json'} does not say how long an embedding is: {ANOTHER}")


def _table_width(folder: Path) -> int:
    """Return the length of the vectors in a static encoder's table, from the file's header."""
    file = folder / "model.safetensors"
    try:
        with file.open("rb") as content:
            (length,) = struct.unpack("<Q", content.read(8))
            header = json.loads(content.read(length))
    except (OSError, ValueError, struct.error) as error:
        raise UserError(f"cannot read {file}, which holds the encoder's table") from error
    try:
        table = header.get("embedding.weight") or header["embeddings"]
        return int(table["shape"][1])
    except (AttributeError, LookupError, TypeError) as error:
        raise UserError(f"{file} has no table of vectors: {ANOTHER}") from error


def _lowers(folder: Path) -> bool:
    path = folder / "sentence_bert_config.json"
    return bool(_object(path).get("do_lower_case", False)) if path.is_file() else False


def _object(path: Path) -> dict[str, Any]:
    content = read_json(path)
    if not isinstance(content, dict):
        raise UserError(f"{path} is not a JSON object, the encoder's folder is damaged")
    return content
