"""The encoder of the settings as a folder, with the prompts and the dimension that they choose."""

from __future__ import annotations

import json
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from lmtx_search.encoder.description import PROMPTS_FILE, describe
from lmtx_search.encoder.folder import encoder_digest, find_encoder, read_json, resolve_encoder
from lmtx_search.errors import UserError
from lmtx_search.records import content_digest
from lmtx_search.settings import EncoderSettings, Settings

T = TypeVar("T")


def chosen_encoder(settings: Settings) -> Path:
    """Return the sentence-transformers folder of the settings' encoder.

    If the settings choose prompts or a dimension of their own, it is a folder in the cache, which
    consists of links to the encoder's files and a changed configuration. Its digest is another, so
    whatever is made with it is kept apart.

    Raises:
        UserError: there is no such encoder, this kind is not supported, or the dimension is longer
            than its embeddings.
        LmtxError: its files could not be fetched.
    """
    folder = resolve_encoder(settings.encoder.name, settings.cache_dir)
    return _with_choices(folder, settings.encoder, settings.cache_dir)


def find_chosen_encoder(settings: Settings) -> Path | None:
    """Return the folder as :func:`chosen_encoder` does (None: not on this machine yet)."""
    folder = find_encoder(settings.encoder.name, settings.cache_dir)
    return folder and _with_choices(folder, settings.encoder, settings.cache_dir)


def _with_choices(folder: Path, choices: EncoderSettings, cache_dir: Path) -> Path:
    described = describe(folder)
    dimension, own = choices.dimension, described.own_dimension
    if dimension is not None and dimension > own:
        raise UserError(
            f"encoder.dimension is {dimension}, and the embeddings of {choices.name} have {own} "
            "dimensions: leave it out, or set a smaller one to cut them"
        )
    document = _chosen(choices.document_prompt, described.document_prompt)
    label = _chosen(choices.label_prompt, described.label_prompt)
    cut = _chosen(dimension, described.dimension)
    if (document, label, cut) == (
        described.document_prompt,
        described.label_prompt,
        described.dimension,
    ):
        return folder
    said = read_json(folder / PROMPTS_FILE) if (folder / PROMPTS_FILE).is_file() else {}
    said |= {
        "prompts": {"document": document, "query": label},
        "default_prompt_name": None,
        "truncate_dim": cut if cut < own else None,
    }
    return _linked(folder, said, cache_dir / "encoders")


def _chosen(choice: T | None, otherwise: T) -> T:
    return otherwise if choice is None else choice


def _linked(folder: Path, said: dict[str, Any], cache: Path) -> Path:
    """Return a folder that has the encoder's files, and ``said`` in place of its prompts."""
    content = json.dumps(said, indent=1, sort_keys=True)
    target = cache / content_digest(encoder_digest(folder), str(folder), content)[:32]
    if target.is_dir():
        return target
    cache.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=".making-", dir=cache))
    try:
        for entry in folder.iterdir():
            if entry.name != PROMPTS_FILE:
                (temporary / entry.name).symlink_to(entry.absolute(), entry.is_dir())
        (temporary / PROMPTS_FILE).write_text(content, encoding="utf-8")
        # Another process may have made the same folder in the meantime.
        with suppress(OSError):
            temporary.chmod(0o755)
            temporary.rename(target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return target
