"""The encoder's tokenizer, with the tags' names as additional tokens that no text contains."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lmtx_search.encoder.folder import read_json
from lmtx_search.encoder.read_text import replacements
from lmtx_search.encoder.special_tokens import SpecialTokens
from lmtx_search.errors import UserError

# Texts are split at spaces before words are looked up, so no word starts with a space. With this
# mark, a label "chess" does not replace the word.
_MARK = " "


def tagging_tokenizer(
    file: Path, tags: Sequence[str], max_tokens: int, lower: bool, prompt: str = ""
) -> tuple[dict[str, Any], int]:
    """Return the tokenizer's JSON, and the id of the first tag; the ids of the others follow.

    Texts are tokenised as before and cut to ``max_tokens``. A tag's id decodes to its name.

    Args:
        file: the encoder's ``tokenizer.json``.
        tags: names without duplicates.
        lower: whether texts are lower-cased first.
        prompt: what stands before each text.

    Raises:
        UserError: tokens cannot be added to this type of tokenizer, or it would read the prompt
            several times.
    """
    content = read_json(file)
    vocabulary = content["model"].get("vocab")
    added = [token["id"] for token in content.get("added_tokens", [])]
    names = [_MARK + tag for tag in tags]
    if isinstance(vocabulary, dict):
        first = 1 + max([*vocabulary.values(), *added])
        vocabulary.update((name, first + row) for row, name in enumerate(names))
    elif isinstance(vocabulary, list) and max(added, default=-1) < len(vocabulary):
        first = len(vocabulary)
        vocabulary.extend([name, 0.0] for name in names)
    else:
        raise UserError(
            f"the tokenizer of {file.parent} does not accept labels: deploy with --runtime service"
        )
    special = _without_special_tokens(content)
    if prompt and (special.are_in(prompt) or not all(map(_is_normalized, content["added_tokens"]))):
        raise UserError(
            f"the tokenizer of {file.parent} reads some texts in parts, and the cluster would read "
            "the prompt of documents before each of them: deploy with --runtime service"
        )
    content["padding"] = None
    content["truncation"] = {
        "max_length": max_tokens,
        "strategy": "LongestFirst",
        "stride": 0,
        "direction": "Right",
    }
    if content["post_processor"] is None:
        _end_with(content, names[0], first, max_tokens)
    content["decoder"] = {"type": "Strip", "content": _MARK, "start": 1, "stop": 0}
    steps = [*replacements(), *([{"type": "Lowercase"}] if lower else [])]
    steps += special.replacements()
    if prompt:
        steps.append({"type": "Prepend", "prepend": prompt.lower() if lower else prompt})
    steps += filter(None, [content["normalizer"]])
    content["normalizer"] = {"type": "Sequence", "normalizers": steps}
    return content, first


def _without_special_tokens(content: dict[str, Any]) -> SpecialTokens:
    """Take the special tokens out of the list of those that are looked for in texts.

    They are looked for before the normaliser runs, and what is between them is normalised part by
    part, with the prompt before each part. Nothing else needs the list: the post-processor names
    its tokens by their ids.
    """
    added = content.get("added_tokens", [])
    content["added_tokens"] = [token for token in added if not token["special"]]
    return SpecialTokens(token["content"] for token in added if token["special"])


def _is_normalized(token: dict[str, Any]) -> bool:
    """Tell whether a token is looked for in the whole text, after the normaliser."""
    return bool(token.get("normalized", True))


def _end_with(content: dict[str, Any], token: str, id_: int, max_tokens: int) -> None:
    """Let every text end with a token that the graph ignores, beside its own ``max_tokens``.

    ML Commons fails on a text without any token, and with it on all texts of the request. The
    tokenizer of a static encoder adds no special tokens.
    """
    content["post_processor"] = {
        "type": "TemplateProcessing",
        "single": [
            {"Sequence": {"id": "A", "type_id": 0}},
            {"SpecialToken": {"id": token, "type_id": 0}},
        ],
        "pair": [
            {"Sequence": {"id": "A", "type_id": 0}},
            {"Sequence": {"id": "B", "type_id": 0}},
        ],
        "special_tokens": {token: {"id": token, "ids": [id_], "tokens": [token]}},
    }
    content["truncation"]["max_length"] = max_tokens + 1
