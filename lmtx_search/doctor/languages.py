"""Whether the encoder was made for the language of the labels and documents."""

from __future__ import annotations

from itertools import islice

from lmtx_search.cluster.client.connect import Client
from lmtx_search.cluster.documents.load import read_documents
from lmtx_search.cluster.labels.index import LabelIndex
from lmtx_search.doctor.checks import Finding, ok
from lmtx_search.encoder.chosen import find_chosen_encoder
from lmtx_search.encoder.form import TOKENIZER_FILE
from lmtx_search.encoder.language_fit import ADVICE, MOST_TEXTS, language_problem
from lmtx_search.settings import Settings


def examine_languages(client: Client, settings: Settings) -> Finding:
    """Look at some of the labels and of the training documents."""
    folder = find_chosen_encoder(settings)
    if folder is None:
        return ok("the encoder is not on this machine yet, so its languages are not known")
    index, where = LabelIndex(client), settings.documents
    texts: dict[str, list[str]] = {}
    if index.current() is not None:
        texts["labels"] = [label.text for label in islice(index.labels(), MOST_TEXTS)]
    if client.indices.exists(index=where.training_index):
        documents = read_documents(client, where.training_index, where.text_fields)
        texts["documents"] = [document.text for document in islice(documents, MOST_TEXTS)]
    for what, some in texts.items():
        if problem := language_problem(folder / TOKENIZER_FILE, some, what):
            return Finding("warn", problem, ADVICE)
    return ok("the encoder's tokenizer fits the labels and the training documents")
