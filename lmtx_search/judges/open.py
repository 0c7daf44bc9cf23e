"""The judge that the settings ask for."""

from __future__ import annotations

from lmtx_search.judges.order.base import OrderedJudge
from lmtx_search.judges.prompts import DEFAULT_PROMPT, Prompt, load_prompt
from lmtx_search.settings import Settings


def open_judge(settings: Settings, prompt: Prompt | str = DEFAULT_PROMPT) -> OrderedJudge:
    """Return a judge that is ready to be asked.

    Args:
        prompt: what it is asked: a prompt, or the name or file of one.

    Raises:
        UserError: it cannot be had: no server, no model, no such file.
        MissingExtra: its package is not installed.

    Examples:
        >>> from lmtx_search import Document, Label, Pair, load_settings, open_judge
        >>> judge = open_judge(load_settings())
        >>> document = Document("d", "How to castle, and when not to")
        >>> pair = Pair(document, Label("1", "chess"), rank=0)
        >>> (answer,) = judge.ask([pair])
        >>> answer.p_yes > 0.5
        True
    """
    if isinstance(prompt, str):
        prompt = load_prompt(prompt)
    if settings.judge.runtime == "llamacpp":
        from lmtx_search.judges.llamacpp import LlamaCppJudge

        return LlamaCppJudge(settings.judge, prompt)
    from lmtx_search.judges.ollama import OllamaJudge

    return OllamaJudge(settings.ollama, prompt)
