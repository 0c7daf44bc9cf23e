"""The student reads texts as the encoder will read them."""

from __future__ import annotations

import pytest
from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers

from lmtx_search.encoder.description import Description
from lmtx_search.training.settings import FineTuning
from lmtx_search.training.student.training_texts import cut_labels, make_documents_dataset

TEXT = "ends\x0bwith </s> here"


def tokenizer() -> Tokenizer:
    words = {word: place for place, word in enumerate(("[UNK]", "ends", "with", "here"))}
    found = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
    found.pre_tokenizer = pre_tokenizers.Whitespace()
    found.add_special_tokens([AddedToken("</s>", special=True)])
    return found


@pytest.mark.parametrize("static", [False, True])
def test_special_tokens_in_texts_are_blanks(static: bool) -> None:
    described = Description("mean", True, static, 8, 8, "", "", [], False)
    data = make_documents_dataset(tokenizer(), described, [TEXT], FineTuning())
    assert data["document"][0] == "ends with   here"
    assert cut_labels(tokenizer(), described, [TEXT], FineTuning()) == ["ends with   here"]
