"""Makes a static encoder as a sentence-transformers folder (needs torch)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lmtx_search.encoder.form import TOKENIZER_FILE
from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.errors import UserError
from lmtx_search.progress import SILENT, Progress
from lmtx_search.training.static_encoder.examples import TeacherReader, passages
from lmtx_search.training.static_encoder.fitting import Table, fit_table, start_table
from lmtx_search.training.static_encoder.settings import Distillation


def make_student(
    folder: Path,
    teacher: OnnxEncoder,
    labels: NDArray[np.float32],
    teaching: Sequence[str],
    choosing: Sequence[str],
    settings: Distillation,
    windows: int = 1,
    progress: Progress = SILENT,
) -> None:
    """Distil a teacher into a static encoder, and write that into an empty folder.

    Args:
        teacher: the encoder, with its limit of tokens for documents.
        labels: float32[L, dimension], its embeddings of labels.
        teaching: texts of the documents to learn from.
        choosing: texts of the documents that choose the epoch.
        windows: how many windows of a document are read.

    Raises:
        UserError: the encoder has no token for the words of the documents.
    """
    reader = TeacherReader(teacher)
    whole = reader.windows(teaching, windows)
    more = passages(
        whole,
        settings.texts - len(whole),
        settings.passages_per_window,
        settings.shortest_passage,
        settings.seed,
    )
    parts = [*whole, *more]
    held_out = reader.windows(choosing, windows)
    if not parts or not held_out:
        raise UserError(
            "the encoder knows none of the words of the training documents, so a static encoder "
            "can learn nothing from them: deploy without --static"
        )
    total = len(parts) + len(held_out)
    with progress.stage("Read documents with the trained encoder", total, "texts") as advance:
        examples = reader.examples(parts, advance)
        chosen_on = reader.examples(held_out, advance)
    with progress.stage("Read single tokens with the trained encoder", unit="tokens") as advance:
        start = start_table(reader.single_tokens(advance), whole)
    total = settings.epochs * len(examples)
    with progress.stage("Fit the static encoder", total, "texts") as advance:
        fitted = fit_table(start, examples, chosen_on, labels, settings, advance)
    write_student(folder, teacher, fitted.table)


def write_student(folder: Path, teacher: OnnxEncoder, table: Table) -> None:
    """Write a static encoder with the teacher's tokenizer into an empty folder."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Normalize, StaticEmbedding
    from tokenizers import Tokenizer
    from tokenizers.normalizers import Lowercase
    from tokenizers.normalizers import Sequence as Steps

    tokenizer: Any = Tokenizer.from_file(str(teacher.folder / TOKENIZER_FILE))
    if teacher.form.lower:
        tokenizer.normalizer = Steps([Lowercase(), *filter(None, [tokenizer.normalizer])])
    modules = [StaticEmbedding(tokenizer, embedding_weights=table), Normalize()]
    model = SentenceTransformer(modules=modules, device="cpu")
    model.save_pretrained(str(folder), create_model_card=False, safe_serialization=True)
