"""Small encoders of every kind, with random weights and tokenizers of their own."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HIDDEN = 32
VOCABULARY = 400
SENTENCES = [
    "A web browser shows pages of the internet, and a mail program shows electronic mail.",
    "Chess is a board game for two players; astronomy is the study of the stars.",
    "Die Bibliothek für Zahlen enthält Formeln, Tabellen und Zeichnungen. 数学 と 音楽",
    "Music players play songs (query: passage: title: none | text:) and radio stations.",
]


@dataclass(frozen=True)
class Kind:
    """How to make the encoders of one kind.

    Attributes:
        config: class of the model's configuration in transformers.
        values: of the configuration.
        tokenizer: ``wordpiece``, ``bytes`` (byte-level BPE) or ``unigram``.
        tokenizer_class: what the tokenizer's configuration names.
        pooling: of the encoder.
    """

    config: str
    tokenizer: str
    tokenizer_class: str
    pooling: str = "mean"
    values: Mapping[str, Any] = field(default_factory=dict)
    model: str = "AutoModel"


_BERT = {
    "hidden_size": HIDDEN,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "max_position_embeddings": 130,
    "initializer_range": 0.3,
}
_CAUSAL = {
    **_BERT,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 512,
}
KINDS: dict[str, Kind] = {
    "BERT": Kind("BertConfig", "wordpiece", "BertTokenizer", values=_BERT),
    "RoBERTa": Kind("RobertaConfig", "bytes", "RobertaTokenizer", values=_BERT),
    "XLM-R": Kind("XLMRobertaConfig", "unigram", "XLMRobertaTokenizer", values=_BERT),
    "MPNet": Kind("MPNetConfig", "wordpiece", "MPNetTokenizer", values=_BERT),
    "DistilBERT": Kind(
        "DistilBertConfig",
        "wordpiece",
        "DistilBertTokenizer",
        values={
            "dim": HIDDEN,
            "n_layers": 2,
            "n_heads": 4,
            "hidden_dim": 64,
            "max_position_embeddings": 130,
            "initializer_range": 0.3,
        },
    ),
    "ModernBERT": Kind(
        "ModernBertConfig",
        "bytes",
        "PreTrainedTokenizerFast",
        "cls",
        {**_BERT, "max_position_embeddings": 256, "local_attention": 16},
    ),
    "Qwen3": Kind("Qwen3Config", "bytes", "Qwen2Tokenizer", "lasttoken", _CAUSAL),
    "Gemma3": Kind(
        "Gemma3TextConfig",
        "unigram",
        "PreTrainedTokenizerFast",
        values={**_CAUSAL, "sliding_window": 16},
    ),
    "EmbeddingGemma": Kind(
        "Gemma3TextConfig",
        "unigram",
        "PreTrainedTokenizerFast",
        values={
            **_CAUSAL,
            "sliding_window": 16,
            "use_bidirectional_attention": True,
            "layer_types": ["sliding_attention", "full_attention"],
        },
    ),
    "T5": Kind(
        "T5Config",
        "unigram",
        "T5Tokenizer",
        values={"d_model": HIDDEN, "d_kv": 8, "d_ff": 64, "num_layers": 2, "num_heads": 4},
        model="T5EncoderModel",
    ),
}


def make_random_encoder(
    folder: Path,
    kind: str = "BERT",
    *,
    pooling: Mapping[str, Any] | None = None,
    prompts: Mapping[str, str] | None = None,
    default_prompt: str | None = None,
    later: Sequence[Callable[[], Any]] = (),
    truncate: int | None = None,
    padding_side: str = "right",
    values: Mapping[str, Any] | None = None,
    normalizer: Any = None,
    max_seq_length: int = 48,
) -> Path:
    """Write a sentence-transformers folder.

    Args:
        pooling: configuration of the pooling, in place of the kind's.
        prompts, default_prompt: for ``config_sentence_transformers.json``.
        later: make the modules after the pooling.
        truncate: ``truncate_dim``.
        values: of the model's configuration, besides the kind's.
        normalizer: of the tokenizer, in place of the usual one.
        max_seq_length: what sentence-transformers reads of a text.
    """
    import torch
    import transformers

    torch.manual_seed(0)
    wanted = KINDS[kind]
    tokenizer = make_tokenizer(wanted.tokenizer, normalizer)
    special = {role: tokenizer.token_to_id(token) for role, token in _SPECIAL.items()}
    config = getattr(transformers, wanted.config)(
        vocab_size=tokenizer.get_vocab_size(),
        pad_token_id=special["pad_token"],
        bos_token_id=special["cls_token"],
        eos_token_id=special["sep_token"],
        **{**wanted.values, **(values or {})},
    )
    if wanted.model == "AutoModel":
        model = transformers.AutoModel.from_config(config)
    else:
        model = getattr(transformers, wanted.model)(config)
    model.save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    _write(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": wanted.tokenizer_class,
            "model_max_length": max_seq_length,
            "padding_side": padding_side,
            **_SPECIAL,
        },
    )
    _write(folder / "sentence_bert_config.json", {"do_lower_case": False})
    pooled = pooling or {"pooling_mode": wanted.pooling}
    _write_folder(folder / "1_Pooling", {"word_embedding_dimension": HIDDEN, **pooled})
    modules = [_module("Transformer", ""), _module("Pooling", "1_Pooling")]
    _write_rest(folder, modules, later, prompts, default_prompt, truncate)
    return folder


def make_static_encoder(
    folder: Path,
    *,
    prompts: Mapping[str, str] | None = None,
    later: Sequence[Callable[[], Any]] = (),
    truncate: int | None = None,
) -> Path:
    """Write the folder of a static encoder: one vector for each token."""
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(0)
    tokenizer = make_tokenizer("wordpiece")
    folder.mkdir(parents=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    table = torch.randn(tokenizer.get_vocab_size(), HIDDEN)
    save_file({"embedding.weight": table}, str(folder / "model.safetensors"))
    _write_rest(folder, [_module("StaticEmbedding", "")], later, prompts, None, truncate)
    return folder


_SPECIAL = {
    "pad_token": "<pad>",
    "unk_token": "<unk>",
    "cls_token": "<s>",
    "sep_token": "</s>",
    "mask_token": "<mask>",
    "bos_token": "<s>",
    "eos_token": "</s>",
}


def make_tokenizer(kind: str, normalizer: Any = None) -> Any:
    """Return a small tokenizer: ``wordpiece``, ``bytes`` or ``unigram``."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
    from tokenizers.processors import TemplateProcessing

    special = list(dict.fromkeys(_SPECIAL.values()))
    if kind == "wordpiece":
        tokenizer = Tokenizer(models.WordPiece(unk_token="<unk>"))
        tokenizer.normalizer = normalizer or normalizers.BertNormalizer(lowercase=True)
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        trainer: Any = trainers.WordPieceTrainer(vocab_size=VOCABULARY, special_tokens=special)
    elif kind == "bytes":
        tokenizer = Tokenizer(models.BPE())
        tokenizer.normalizer = normalizer
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(
            vocab_size=VOCABULARY,
            special_tokens=special,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        )
    else:
        tokenizer = Tokenizer(models.Unigram())
        tokenizer.normalizer = normalizer or normalizers.NFKC()
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
        tokenizer.decoder = decoders.Metaspace()
        trainer = trainers.UnigramTrainer(
            vocab_size=VOCABULARY, special_tokens=special, unk_token="<unk>"
        )
    tokenizer.train_from_iterator(SENTENCES * 4, trainer)
    tokenizer.post_processor = TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> $B </s>",
        special_tokens=[(token, tokenizer.token_to_id(token)) for token in ("<s>", "</s>")],
    )
    return tokenizer


def _write_rest(
    folder: Path,
    modules: list[dict[str, str]],
    later: Sequence[Callable[[], Any]],
    prompts: Mapping[str, str] | None,
    default_prompt: str | None,
    truncate: int | None,
) -> None:
    for place, make in enumerate(later, len(modules)):
        module = make()
        name = type(module).__name__
        path = folder / f"{place}_{name}"
        path.mkdir()
        module.save(str(path))
        modules.append(_module(name, path.name))
    numbered = [{"idx": n, "name": str(n), **module} for n, module in enumerate(modules)]
    (folder / "modules.json").write_text(json.dumps(numbered), encoding="utf-8")
    _write(
        folder / "config_sentence_transformers.json",
        {
            "model_type": "SentenceTransformer",
            "prompts": dict(prompts or {}),
            "default_prompt_name": default_prompt,
            "similarity_fn_name": "cosine",
            **({"truncate_dim": truncate} if truncate else {}),
        },
    )


def _module(name: str, path: str) -> dict[str, str]:
    return {"path": path, "type": f"sentence_transformers.models.{name}"}


def _write_folder(folder: Path, content: Mapping[str, Any]) -> None:
    folder.mkdir()
    _write(folder / "config.json", content)


def _write(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content), encoding="utf-8")
