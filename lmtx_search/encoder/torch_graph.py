"""The encoder as one graph, from tokens to an embedding, and its export to ONNX (needs torch)."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from lmtx_search.encoder.description import Description, Pooling
from lmtx_search.encoder.form import EMBEDDING, INPUTS, PROMPT_TOKENS

OPSET = 17

UNLIMITED = 1_000_000
"""Tokens that an encoder without a limit is said to read."""


class EncoderGraph(nn.Module):
    """Tokens to embeddings of length 1: the model, pooling, later modules, cut, normalisation.

    A text without tokens has zeros after pooling.

    Args:
        model: a loaded ``SentenceTransformer``.
        described: its description.
    """

    def __init__(self, model: Any, described: Description) -> None:
        super().__init__()
        self.static = described.static
        self.pooling = described.pooling
        self.dimension = described.dimension
        first = model[0]
        self.tokens = first.embedding if self.static else first.auto_model
        self.later = nn.ModuleList(list(model)[1 if self.static else 2 :])
        self.typed = not self.static and "token_type_ids" in _arguments(self.tokens)

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, prompt_tokens: Tensor | None = None
    ) -> Tensor:
        """Return float32 [texts, dimension].

        Args:
            input_ids: int64 [texts, tokens].
            attention_mask: int64 [texts, tokens], 1 for tokens and 0 for padding at the end.
            prompt_tokens: int64 [1], the number of first tokens that are not pooled.
        """
        if self.static:
            vectors = nn.functional.embedding(input_ids, self.tokens.weight).float()
        else:
            more = {"token_type_ids": torch.zeros_like(input_ids)} if self.typed else {}
            vectors = self.tokens(
                input_ids=input_ids, attention_mask=self._attention(attention_mask), **more
            ).last_hidden_state
        mask = attention_mask
        if prompt_tokens is not None:
            position = torch.ones_like(mask).cumsum(1) - 1
            mask = mask * (position >= prompt_tokens).to(mask.dtype)
        features = {"sentence_embedding": pooled(vectors, mask, self.pooling)}
        for module in self.later:
            features = module(features)
        return normalize(features["sentence_embedding"][:, : self.dimension], dim=-1)

    def _attention(self, mask: Tensor) -> Tensor | dict[str, Tensor]:
        """Return what the model takes as its attention mask.

        The exporter cannot follow how transformers makes the masks of a Gemma 3 model that reads
        in both directions (EmbeddingGemma), so they are made here: which tokens a token attends to,
        in layers that see the whole text and in those that see a window around the token.
        """
        config: Any = self.tokens.config
        if not getattr(config, "use_bidirectional_attention", False):
            return mask
        place = torch.ones_like(mask).cumsum(1)
        near = (place.unsqueeze(1) - place.unsqueeze(2)).abs() < config.sliding_window
        real = (mask > 0).unsqueeze(1).expand_as(near)
        return {
            "full_attention": _as_added(real),
            "sliding_attention": _as_added(real & near),
        }


def _as_added(attended: Tensor) -> Tensor:
    """Return booleans [texts, tokens, tokens] as what is added to the logits of all heads."""
    lowest = torch.finfo(torch.float32).min
    return (~attended).to(torch.float32).mul(lowest).unsqueeze(1)


def pooled(vectors: Tensor, mask: Tensor, pooling: Pooling) -> Tensor:
    """Return one vector for each text: float32 [texts, hidden].

    Args:
        vectors: float32 [texts, tokens, hidden].
        mask: int64 [texts, tokens], 1 for each token that counts.
    """
    counted = mask.unsqueeze(-1).to(vectors.dtype)
    if pooling == "mean":
        return _weighted_sum(vectors, counted) / counted.sum(1).clamp(min=1e-9)
    if pooling == "weightedmean":
        # A token's weight is its position in the text, from 1.
        weights = counted * torch.ones_like(counted).cumsum(1)
        return _weighted_sum(vectors, weights) / weights.sum(1).clamp(min=1e-9)
    if pooling == "max":
        highest = vectors.masked_fill(counted == 0, torch.finfo(vectors.dtype).min).amax(1)
        return highest * counted.amax(1)
    place = torch.ones_like(counted).cumsum(1)
    if pooling == "lasttoken":
        chosen = (place == (place * counted).amax(1, keepdim=True)).to(vectors.dtype)
    else:
        reverse = place.flip(1)
        chosen = (reverse == (reverse * counted).amax(1, keepdim=True)).to(vectors.dtype)
    return _weighted_sum(vectors, chosen * counted)


def _weighted_sum(vectors: Tensor, weights: Tensor) -> Tensor:
    """Return float32 [texts, hidden], from [texts, tokens, hidden] and [texts, tokens, 1]."""
    # A product of matrices runs in one pass over the vectors, a product and a sum in two.
    return torch.matmul(weights.transpose(1, 2), vectors).squeeze(1)


def export_graph(model: Any, described: Description, path: Path) -> None:
    """Write the graph of a ``SentenceTransformer`` into an ONNX file."""
    ids = torch.ones(2, 7, dtype=torch.long)
    mask = torch.ones(2, 7, dtype=torch.long)
    mask[1, 5:] = 0
    names, example = [*INPUTS], [ids, mask]
    if not described.pools_prompt:
        names.append(PROMPT_TOKENS)
        example.append(torch.ones(1, dtype=torch.long))
    axes = {0: "texts", 1: "tokens"}
    torch.onnx.export(
        EncoderGraph(model, described).eval(),
        tuple(example),
        str(path),
        input_names=names,
        output_names=[EMBEDDING],
        dynamic_axes={**dict.fromkeys(INPUTS, axes), EMBEDDING: {0: "texts"}},
        opset_version=OPSET,
        dynamo=False,
    )


def longest_input(model: Any, described: Description) -> int:
    """Return how many tokens the model can read at a time.

    The limit that sentence-transformers keeps with the tokenizer is not one of the model: it is
    what was read in an earlier training.
    """
    if described.static:
        return UNLIMITED
    auto_model = model[0].auto_model
    embeddings = getattr(auto_model, "embeddings", None)
    table = getattr(embeddings, "position_embeddings", None)
    if isinstance(table, nn.Embedding):
        # In some models (RoBERTa, MPNet), positions start after that of the padding token.
        before = 0 if table.padding_idx is None else table.padding_idx + 1
        return int(table.num_embeddings) - before
    config = auto_model.config
    positions = getattr(getattr(config, "text_config", config), "max_position_embeddings", None)
    if isinstance(positions, int) and positions > 0:
        return positions
    return UNLIMITED  # relative positions, as in T5


def _arguments(model: nn.Module) -> set[str]:
    return set(inspect.signature(model.forward).parameters)
