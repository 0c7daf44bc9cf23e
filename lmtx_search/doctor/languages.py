"""Whether encoder and judge were made for the languages of the labels and documents."""

from __future__ import annotations

from itertools import islice

from lmtx_search.cluster.client.connect import Client
from lmtx_search.cluster.documents.load import read_documents
from lmtx_search.cluster.labels.index import LabelIndex
from lmtx_search.doctor.checks import Finding, ok
from lmtx_search.encoder.chosen import find_chosen_encoder
from lmtx_search.encoder.language_fit import MOST_TEXTS
from lmtx_search.judges.language_fit import judge_name
from lmtx_search.settings import Settings
from lmtx_search.training.languages import language_problems


def examine_languages(client: Client, settings: Settings) -> Finding:
    """Look at some of the labels and of the training documents."""
    folder = find_chosen_encoder(settings)
    index, where = LabelIndex(client), settings.documents
    labels: list[str] = []
    texts: list[str] = []
    if index.current() is not None:
        labels = [label.text for label in islice(index.labels(), MOST_TEXTS)]
    if client.indices.exists(index=where.training_index):
        documents = read_documents(client, where.training_index, where.text_fields)
        texts = [document.text for document in islice(documents, MOST_TEXTS)]
    found = list(language_problems(folder, judge_name(settings), labels, texts))
    if found:
        problems, advice = zip(*found, strict=True)
        return Finding("warn", "; ".join(problems), "; ".join(advice))
    if folder is None:
        return ok("the encoder is not on this machine yet, so its languages are not known")
    return ok("encoder and judge fit the labels and the training documents")
