"""The judge that the settings ask for."""

from __future__ import annotations

from lmtx_search.judges.order.base import OrderedJudge
from lmtx_search.judges.prompts import Prompt
from lmtx_search.settings import Settings


def open_judge(settings: Settings, prompt: Prompt) -> OrderedJudge:
    """Return a judge that is ready to be asked.

    Raises:
        UserError: it cannot be had: no server, no model, no such file.
        MissingExtra: its package is not installed.
    """
    if settings.judge.runtime == "llamacpp":
        from lmtx_search.judges.llamacpp import LlamaCppJudge

        return LlamaCppJudge(settings.judge, prompt)
    from lmtx_search.judges.ollama import OllamaJudge

    return OllamaJudge(settings.ollama, prompt)
