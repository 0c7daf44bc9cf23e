"""Whether encoder and judge were made for the languages of the labels and documents."""

from __future__ import annotations

from lmtx_search.cluster.client import names
from lmtx_search.cluster.client.connect import Client
from lmtx_search.cluster.documents.sample import sample_hits, sample_texts
from lmtx_search.doctor.checks import Finding, ok
from lmtx_search.encoder.chosen import find_chosen_encoder
from lmtx_search.encoder.language_fit import find_tokenizer
from lmtx_search.judges.language_fit import judge_name
from lmtx_search.settings import Settings
from lmtx_search.training.languages import language_problems
from lmtx_search.words.text_sample import MOST_TEXTS


def examine_languages(client: Client, settings: Settings) -> Finding:
    """Look at some of the labels and of the training documents."""
    folder, judge = find_chosen_encoder(settings), judge_name(settings)
    where = settings.documents
    labels = [str(hit["_source"]["text"]) for hit in sample_hits(client, names.LABELS, MOST_TEXTS)]
    texts = sample_texts(client, where.training_index, where.text_fields, MOST_TEXTS)
    found = list(language_problems(settings, folder, judge, labels, texts))
    if found:
        problems, advice = zip(*found, strict=True)
        return Finding("warn", "; ".join(problems), "; ".join(advice))
    if folder is None:
        return ok("the encoder is not on this machine yet, so its languages are not known")
    if find_tokenizer(folder, settings.cache_dir) is None:
        return ok(
            "the encoder has no tokenizer.json and no ONNX form yet, so its languages are not known"
        )
    return ok("encoder and judge fit the labels and the training documents")
