"""Study: which LLM teaches."""

from __future__ import annotations

from pathlib import Path

from lmtx_search.errors import UserError
from lmtx_search.evaluation.studies.base import Point, Study
from lmtx_search.settings import Settings
from lmtx_search.settings.paths import expanded
from lmtx_search.training.settings import TrainingSettings


def _vary(settings: Settings, training: TrainingSettings, value: str) -> Point:
    """Vary the model of Ollama, or the GGUF file if llama.cpp runs the judge."""
    if settings.judge.runtime == "llamacpp":
        try:
            judge = settings.judge.model_copy(update={"gguf": expanded(Path(value))})
        except ValueError as error:
            raise UserError(str(error)) from error
        return Point(Path(value).stem, settings.model_copy(update={"judge": judge}), training)
    ollama = settings.ollama.model_copy(update={"model": value})
    return Point(value, settings.model_copy(update={"ollama": ollama}), training)


TEACHER = Study("the judge's model", (), _vary)
