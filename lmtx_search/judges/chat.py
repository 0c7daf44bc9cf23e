"""Chat formats for models that are asked with a raw prompt."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class ChatFormat:
    """The marks around a system message, a user message and the start of the answer.

    Attributes:
        system_within: the system message stands at the beginning of the user's.
        is_guess: the model's template has none of the marks of a known format.
    """

    name: str
    system: str
    user_start: str
    user_end: str
    system_within: bool = False
    is_guess: bool = False

    def start(self, system: str) -> str:
        """Return everything before the user's message."""
        shown = self.system.replace("{system}", system) if system else ""
        return self.user_start + shown if self.system_within else shown + self.user_start


CHATML = ChatFormat(
    "chatml",
    "<|im_start|>system\n{system}<|im_end|>\n",
    "<|im_start|>user\n",
    "<|im_end|>\n<|im_start|>assistant\n",
)
LLAMA3 = ChatFormat(
    "llama3",
    "<|start_header_id|>system<|end_header_id|>\n\n{system}<|eot_id|>",
    "<|start_header_id|>user<|end_header_id|>\n\n",
    "<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
)
GEMMA = ChatFormat(
    "gemma",
    "<start_of_turn>user\n{system}<end_of_turn>\n",
    "<start_of_turn>user\n",
    "<end_of_turn>\n<start_of_turn>model\n",
)
MISTRAL = ChatFormat("mistral", "{system}\n\n", "[INST] ", "[/INST]", system_within=True)
PHI3 = ChatFormat(
    "phi3",
    "<|system|>\n{system}<|end|>\n",
    "<|user|>\n",
    "<|end|>\n<|assistant|>\n",
)
DEEPSEEK = ChatFormat("deepseek", "{system}", "<｜User｜>", "<｜Assistant｜>")

# The marks in a template by which a format is known.
_KNOWN = (
    (("<|start_header_id|>",), LLAMA3),
    (("<start_of_turn>",), GEMMA),
    (("<|im_start|>",), CHATML),
    (("<｜User｜>", "<｜Assistant｜>"), DEEPSEEK),
    (("<|user|>", "<|end|>"), PHI3),
    (("[INST]",), MISTRAL),
)
# Llama 2 has the marks of Mistral, and others around the system message.
_OTHER = "<<SYS>>"
UNKNOWN = replace(CHATML, is_guess=True)
# For some models Ollama has a renderer in place of a template, which is then this.
_NO_TEMPLATE = re.compile(r"\s*(\{\{-?\s*\.Prompt\s*-?\}\}\s*)?")

# What templates write at the start of an answer when thinking is off (Qwen3, DeepSeek-R1, SmolLM3).
_NO_THOUGHTS = "<think>\n\n</think>\n\n"


def chat_problem(judge: str, found: ChatFormat) -> str:
    """Return in words that the format of a judge's chat is only a guess ("": it is known)."""
    if not found.is_guess:
        return ""
    return (
        f"the chat format of the judge {judge} is unknown, and it is asked in ChatML, so that its "
        "answers may be worse"
    )


def chat_format(template: str, *, thinks: bool = False) -> ChatFormat:
    """Return the format of a model's chat template, or ChatML (Qwen and others) without one.

    A template without the marks of a known format gives :data:`UNKNOWN`, which is asked in ChatML.

    Args:
        thinks: the model can think before it answers. A raw prompt bypasses the template, which
            would switch thinking off. The answer therefore starts with an empty block of thoughts,
            if the model marks its thoughts with ``<think>``. The format then has another name, so
            that judgments with and without the block are kept apart.
    """
    known = (
        []
        if _OTHER in template
        else [format for marks, format in _KNOWN if all(mark in template for mark in marks)]
    )
    is_missing = _NO_TEMPLATE.fullmatch(template) is not None
    found = CHATML if is_missing else known[0] if known else UNKNOWN
    if thinks and (is_missing or "<think>" in template):
        return replace(
            found, name=f"{found.name}-no-thinking", user_end=found.user_end + _NO_THOUGHTS
        )
    return found
