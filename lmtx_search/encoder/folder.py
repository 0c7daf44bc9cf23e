"""Finds the files of an encoder: in a folder, or by a public name that is fetched once."""

from __future__ import annotations

import hashlib
import json
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, BinaryIO

from lmtx_search.errors import LmtxError, UserError
from lmtx_search.settings.paths import expanded

# Everything that changes an embedding. No pickles, and no copies of the weights for other runtimes.
_FILES = [
    "modules.json",
    "config.json",
    "sentence_bert_config.json",
    "config_sentence_transformers.json",
    "*.safetensors",
    "*.safetensors.index.json",
    "tokenizer*.json",
    "special_tokens_map.json",
    "vocab.*",
    "merges.txt",
    "*.model",
]
_WANTED = [*_FILES, *(f"*/{name}" for name in _FILES), "README.md"]
DOWNLOADED_ENCODERS = ("all-MiniLM-L6-v2", "multilingual-e5-small")
"""Short names of the encoders that `lmtx-search up` downloads; the first one is the default."""

_UNWANTED = ["onnx/*", "openvino/*", "*/onnx/*", "*/openvino/*"]


def resolve_encoder(name: str, cache_dir: Path) -> Path:
    """Return the sentence-transformers folder of an encoder.

    Args:
        name: a folder, one of ``DOWNLOADED_ENCODERS``, or a public name such as
            ``sentence-transformers/all-MiniLM-L6-v2``, whose needed files are fetched into
            ``cache_dir`` the first time.
        cache_dir: the product's cache folder.

    Raises:
        UserError: there is no such folder or public name, it has no safetensors, or `up` has not
            downloaded it yet.
        LmtxError: the files could not be fetched.
    """
    found = find_encoder(name, cache_dir)
    if found is None and name in DOWNLOADED_ENCODERS:
        raise UserError(
            f"the encoder {name} is not on this machine yet: `lmtx-search up` downloads it "
            "(`up --prepare-only` starts nothing)"
        )
    return found or _fetch(name, cache_dir / "hub")


def find_encoder(name: str, cache_dir: Path) -> Path | None:
    """Return the folder as :func:`resolve_encoder` does (None: not on this machine yet).

    Raises:
        UserError: there is no such folder, the name is malformed, or the folder has no safetensors.
    """
    try:
        folder = expanded(Path(name))
    except ValueError as error:
        raise UserError(f"encoder.name: {error}") from error
    if folder.is_dir():
        return _checked(folder.absolute(), name)
    if name in DOWNLOADED_ENCODERS:
        folder = downloaded_encoder(name, cache_dir)
        return _checked(folder, name) if folder.is_dir() else None
    if folder.is_absolute() or name.startswith((".", "~")) or name.count("/") > 1:
        raise UserError(f"no encoder folder {name}: set encoder.name to a folder or a public name")
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:  # a fetched encoder is never updated, and works without a network
        return _checked(_snapshot(name, cache_dir / "hub", local_only=True), name)
    except HFValidationError as error:
        raise UserError(
            f"{name!r} is neither a folder nor a public encoder's name: set encoder.name"
        ) from error
    except (LocalEntryNotFoundError, UserError):
        return None


def downloaded_encoder(name: str, cache_dir: Path) -> Path:
    """Return where `up` puts one of ``DOWNLOADED_ENCODERS``."""
    return cache_dir / "models" / name


def first_module(folder: Path) -> Path:
    """Return the folder of the encoder's first module, the one with the tokenizer.

    This mostly is the encoder's folder itself. Older encoders have a folder of their own for it.
    """
    modules = _listed_modules(folder)
    return folder / str(modules[0].get("path", "")) if modules else folder


def encoder_digest(folder: Path) -> str:
    """Return the SHA-256 (hex) of everything in the folder that changes an embedding."""
    digest = hashlib.sha256()
    for path in _parts(folder):
        digest.update(path.relative_to(folder).as_posix().encode())
        with path.open("rb") as file:
            digest.update(_sha256(file))
    return digest.hexdigest()


def read_json(path: Path) -> Any:
    """Parse one of the encoder's JSON files.

    Raises:
        UserError: the file cannot be read or is not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise UserError(
            f"{path} is not JSON, the encoder's folder is damaged: fetch it again"
        ) from error


def _sha256(file: BinaryIO) -> bytes:
    digest = hashlib.sha256()
    while block := file.read(1 << 20):
        digest.update(block)
    return digest.digest()


def _parts(folder: Path) -> list[Path]:
    """Return the files of the encoder: those in its folder and in the folders of its modules."""
    folders = {folder, *(folder / str(m.get("path", "")) for m in _listed_modules(folder))}
    return sorted(
        path
        for parent in folders
        if parent.is_dir()
        for path in parent.iterdir()
        if path.is_file() and any(fnmatchcase(path.name, name) for name in _FILES)
    )


def _listed_modules(folder: Path) -> list[dict[str, Any]]:
    listed = read_json(folder / "modules.json") if (folder / "modules.json").is_file() else []
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def _checked(folder: Path, name: str) -> Path:
    if not any((folder / file).is_file() for file in ("config.json", "modules.json")):
        raise UserError(f"{name} is not an encoder, since it has no config.json: set encoder.name")
    if not any(path.suffix == ".safetensors" for path in _parts(folder)):
        raise UserError(
            f"{name} has no *.safetensors, and pickled weights are not read: use another encoder"
        )
    return folder


def _snapshot(name: str, cache: Path, local_only: bool) -> Path:
    from huggingface_hub import snapshot_download

    return Path(
        snapshot_download(
            name,
            cache_dir=cache,
            allow_patterns=_WANTED,
            ignore_patterns=_UNWANTED,
            local_files_only=local_only,
        )
    )


def _fetch(name: str, cache: Path) -> Path:
    from huggingface_hub.errors import RepositoryNotFoundError

    try:
        return _checked(_snapshot(name, cache, local_only=False), name)
    except RepositoryNotFoundError as error:
        raise UserError(f"there is no public encoder {name}: set encoder.name") from error
    except (LmtxError, KeyboardInterrupt):
        raise
    except Exception as error:  # the hub's client raises errors of several HTTP libraries
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise LmtxError(
            f"cannot fetch the encoder {name}: {reason} (offline? set encoder.name to a folder)"
        ) from error
