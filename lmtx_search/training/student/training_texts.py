"""The texts that the student is trained on, cut to what the encoder will read of them later."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from datasets import Dataset
from tokenizers import Tokenizer

from lmtx_search.encoder.description import Description
from lmtx_search.encoder.read_text import read_text
from lmtx_search.encoder.special_tokens import SpecialTokens
from lmtx_search.training.settings import FineTuning
from lmtx_search.training.student.training_data import TrainingData

_DOCUMENT, _LABEL = "document", "name"


def make_dataset(
    tokenizer: Tokenizer, described: Description, data: TrainingData, settings: FineTuning
) -> Dataset:
    """Return the steps as the trainer reads them: texts, and in ``label`` their positions."""
    documents = _read_documents(tokenizer, described, data.documents, settings)
    labels = cut_labels(tokenizer, described, data.labels, settings)
    columns: dict[str, list[Any]] = {
        _DOCUMENT: [documents[document] for document, _ in data.steps],
        _LABEL: [labels[label] for _, label in data.steps],
    }
    for place, of_steps in enumerate(zip(*data.extra, strict=True)):
        columns[f"extra_{place}"] = [labels[label] for label in of_steps]
    extra = data.extra or [()] * len(data.steps)
    columns["label"] = [[*step, *more] for step, more in zip(data.steps, extra, strict=True)]
    return Dataset.from_dict(columns)


def make_documents_dataset(
    tokenizer: Tokenizer, described: Description, documents: Sequence[str], settings: FineTuning
) -> Dataset:
    """Return documents as the trainer reads them, with their positions in ``label``."""
    texts = _read_documents(tokenizer, described, documents, settings)
    return Dataset.from_dict({_DOCUMENT: texts, "label": list(range(len(texts)))})


def cut_labels(
    tokenizer: Tokenizer, described: Description, labels: Sequence[str], settings: FineTuning
) -> list[str]:
    """Return the texts of labels, without the prompt, as far as the encoder reads them."""
    return _cut(tokenizer, labels, described.label_prompt, settings.label_tokens)


def prompts_of_columns(dataset: Dataset, described: Description) -> dict[str, str]:
    """Return what the trainer puts before the texts of each column."""
    prompts = {
        column: described.document_prompt if column == _DOCUMENT else described.label_prompt
        for column in dataset.column_names
        if column != "label"
    }
    return {column: prompt for column, prompt in prompts.items() if prompt}


def _read_documents(
    tokenizer: Tokenizer, described: Description, texts: Sequence[str], settings: FineTuning
) -> list[str]:
    if described.static:
        # A static encoder has no limit of its own, and the trainer would read whole documents.
        return _cut(tokenizer, texts, described.document_prompt, settings.document_tokens)
    special = SpecialTokens.of(tokenizer)
    return [special.blanked(read_text(text)) for text in texts]


def _cut(tokenizer: Tokenizer, texts: Sequence[str], prompt: str, tokens: int) -> list[str]:
    """Cut texts to so many tokens, of which those of the prompt are some."""
    cutting = Tokenizer.from_str(tokenizer.to_str())
    cutting.no_padding()
    cutting.enable_truncation(tokens)
    special = SpecialTokens.of(tokenizer)
    found = []
    for text in map(special.blanked, map(read_text, texts)):
        offsets = cutting.encode(prompt + text).offsets
        end = max((stop for _, stop in offsets), default=0) - len(prompt)
        found.append(text[: max(end, 0)] or text)
    return found
