"""The properties of an ONNX form: the file ``encoder.json`` beside the model."""

from __future__ import annotations

import json
from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path
from typing import Literal

from lmtx_search.encoder.folder import read_json
from lmtx_search.errors import UserError

Precision = Literal["fp32", "int8", "bf16"]
"""How the encoder computes. bf16 has the range of fp32 and about three decimal digits."""

FORM_FILE = "encoder.json"
TOKENIZER_FILE = "tokenizer.json"
MODEL_FILES: dict[Precision, str] = {
    "fp32": "model.onnx",
    "int8": "model_int8.onnx",
    "bf16": "model.onnx",
}

INPUTS = ("input_ids", "attention_mask")
PROMPT_TOKENS = "prompt_tokens"
"""A further input of encoders that do not pool the tokens of a prompt: how many these are."""
EMBEDDING = "embedding"

TOO_INEXACT = (
    "int8 changes the embeddings of this encoder too much (`deploy --precision fp32` does not)"
)


@dataclass(frozen=True, slots=True)
class OnnxForm:
    """The properties of an exported encoder.

    Attributes:
        digest: of the encoder that the form was made from.
        max_tokens: the longest input of the model.
        pad_id: the padding token.
        lower: whether texts are lower-cased before they are tokenised.
        document_prompt, label_prompt: what stands before each text of that kind.
        pools_prompt: whether the tokens of a prompt count in the pooling.
        document_prompt_tokens, label_prompt_tokens: how many tokens do not count if they do not.
        int8: whether the quantised model is close enough to the encoder to be used.
    """

    digest: str
    dimension: int
    max_tokens: int
    pad_id: int
    lower: bool = False
    document_prompt: str = ""
    label_prompt: str = ""
    pools_prompt: bool = True
    document_prompt_tokens: int = 0
    label_prompt_tokens: int = 0
    int8: bool = True

    def write(self, folder: Path) -> None:
        """Write ``encoder.json`` into the folder."""
        (folder / FORM_FILE).write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> OnnxForm:
        """Read ``encoder.json`` of the folder.

        Raises:
            UserError: the folder is not the ONNX form of an encoder.
        """
        values = read_json(folder / FORM_FILE)
        try:
            return cls(
                **{
                    field.name: values[field.name]
                    for field in fields(cls)
                    # Forms of earlier releases lack what has a default.
                    if field.name in values or field.default is MISSING
                }
            )
        except (KeyError, TypeError) as error:
            raise UserError(f"{folder / FORM_FILE} lacks {error}: make it again") from error


def is_onnx_form(folder: Path) -> bool:
    """Return whether the folder is an ONNX form rather than a sentence-transformers folder."""
    return (folder / FORM_FILE).is_file()
