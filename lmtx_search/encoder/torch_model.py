"""Loads an encoder into torch, so that training and export read the same tokens (needs torch)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lmtx_search.encoder.description import ANOTHER, describe
from lmtx_search.encoder.folder import first_module
from lmtx_search.encoder.form import TOKENIZER_FILE
from lmtx_search.errors import LmtxError, UserError
from lmtx_search.system.cores import usable_cores

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

_ROLES = ("pad", "unk", "cls", "sep", "mask", "bos", "eos")


def load_torch_model(
    folder: Path, device: str | None = "cpu", *, eager: bool = False
) -> SentenceTransformer:
    """Load the encoder in a sentence-transformers folder.

    Its tokens are those of ``tokenizer.json``. By default, transformers 5 replaces the normaliser
    and the pre-tokenizer that are in the file by those of the tokenizer's class.

    Args:
        device: of torch (None: the best there is).
        eager: use the plain form of attention, without kernels that depend on the input.

    Raises:
        UserError: this kind of encoder is not supported, or the folder is damaged.
    """
    from sentence_transformers import SentenceTransformer

    described = describe(folder)
    limit_threads()
    cut = described.dimension < described.own_dimension
    try:
        model = SentenceTransformer(
            str(folder),
            device=device,
            truncate_dim=described.dimension if cut else None,
            model_kwargs={
                "use_safetensors": True,
                **({"attn_implementation": "eager"} if eager else {}),
            },
        )
        if not described.static:
            _use_tokenizer_file(model, first_module(folder), described.lowers)
    except LmtxError:
        raise
    except Exception as error:  # transformers raises many kinds
        raise UserError(
            f"cannot load the encoder {folder} ({first_line(error)}): {ANOTHER}"
        ) from error
    # A copy that is saved has the same prompts: sentence-transformers would add empty ones.
    model.prompts = {"document": described.document_prompt, "query": described.label_prompt}
    model.default_prompt_name = None
    return model


def limit_threads() -> None:
    """Let torch have at most one thread for each core that the process may use.

    By default, it has one for each core of the machine, also in a container with fewer.
    """
    import torch

    cores = usable_cores()
    if torch.get_num_threads() > cores:
        torch.set_num_threads(cores)


def first_line(error: BaseException) -> str:
    """Return the first line of an error's message, or the name of its class."""
    return next(iter(str(error).strip().splitlines()), "") or type(error).__name__


def backend_of(model: SentenceTransformer) -> Any:
    """Return the model's tokenizer, as the tokenizers library has it."""
    tokenizer: Any = model.tokenizer
    return getattr(tokenizer, "backend_tokenizer", tokenizer)


def prompt_tokens(model: SentenceTransformer, prompt: str) -> int:
    """Return how many first tokens of a text are its prompt, as sentence-transformers counts them.

    It tokenises the prompt alone and leaves out a last special token.
    """
    tokenizer: Any = model.tokenizer
    ids = tokenizer(prompt)["input_ids"] if prompt else []
    return len(ids) - (1 if ids and ids[-1] in tokenizer.all_special_ids else 0)


def expected_embeddings(
    model: SentenceTransformer, texts: Sequence[str], prompt: str, max_tokens: int
) -> NDArray[np.float32]:
    """Return the embeddings that sentence-transformers computes, with the texts cut to tokens.

    Returns:
        float32 [texts, dimension], each row of length 1.
    """
    with read_at_most(model, max_tokens):
        found = model.encode(
            list(texts), prompt=prompt, normalize_embeddings=True, show_progress_bar=False
        )
    return np.asarray(found, dtype=np.float32)


@contextmanager
def read_at_most(model: SentenceTransformer, tokens: int) -> Iterator[None]:
    """Cut texts to so many tokens; afterwards the model has its own limit again."""
    from sentence_transformers.models import StaticEmbedding

    first: Any = model[0]
    static = isinstance(first, StaticEmbedding)
    before = model.max_seq_length
    if static:
        first.tokenizer.enable_truncation(tokens)
    else:
        model.max_seq_length = tokens
    try:
        yield
    finally:
        if static:
            first.tokenizer.no_truncation()
        else:
            model.max_seq_length = before


def _use_tokenizer_file(model: SentenceTransformer, folder: Path, lowers: bool) -> None:
    if not (folder / TOKENIZER_FILE).is_file():
        return  # the class makes the tokenizer from older files
    from tokenizers.normalizers import Lowercase
    from tokenizers.normalizers import Sequence as Steps
    from transformers import PreTrainedTokenizerFast

    of_class: Any = model.tokenizer
    tokenizer: Any = PreTrainedTokenizerFast.from_pretrained(str(folder))
    tokenizer.model_max_length = of_class.model_max_length
    tokenizer.model_input_names = of_class.model_input_names
    tokenizer.padding_side = of_class.padding_side
    for name in (f"{role}_token" for role in _ROLES):
        if getattr(tokenizer, name) is None and getattr(of_class, name) is not None:
            setattr(tokenizer, name, getattr(of_class, name))
    backend = tokenizer.backend_tokenizer
    if lowers:
        backend.normalizer = Steps([Lowercase(), *filter(None, [backend.normalizer])])
    first: Any = model[0]
    if hasattr(first, "processor"):
        first.processor = tokenizer
    else:  # before sentence-transformers 5.3
        first.tokenizer = tokenizer
