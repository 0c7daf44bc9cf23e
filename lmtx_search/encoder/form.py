"""The properties of an ONNX form: the file ``encoder.json`` beside the model."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Literal

from lmtx_search.encoder.folder import read_json
from lmtx_search.errors import UserError

Precision = Literal["fp32", "int8"]

FORM_FILE = "encoder.json"
TOKENIZER_FILE = "tokenizer.json"
MODEL_FILES: dict[Precision, str] = {"fp32": "model.onnx", "int8": "model_int8.onnx"}


@dataclass(frozen=True, slots=True)
class OnnxForm:
    """The properties of an exported encoder.

    Attributes:
        digest: of the encoder that the form was made from.
        max_tokens: the longest input of the model.
        pad_id: the padding token.
        lower: whether texts are lower-cased before they are tokenised.
    """

    digest: str
    dimension: int
    max_tokens: int
    pad_id: int
    lower: bool = False

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
            return cls(**{field.name: values[field.name] for field in fields(cls)})
        except (KeyError, TypeError) as error:
            raise UserError(f"{folder / FORM_FILE} lacks {error}: make it again") from error


def is_onnx_form(folder: Path) -> bool:
    """Return whether the folder is an ONNX form rather than a sentence-transformers folder."""
    return (folder / FORM_FILE).is_file()
