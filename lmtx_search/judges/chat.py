"""Chat formats for models that are asked with a raw prompt."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ChatFormat:
    """The marks around a system message, a user message and the start of the answer."""

    name: str
    system: str
    user_start: str
    user_end: str

    def start(self, system: str) -> str:
        """Return everything before the user's message."""
        return (self.system.replace("{system}", system) if system else "") + self.user_start


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


def chat_format(template: str) -> ChatFormat:
    """Return the format of a model's chat template, or ChatML (Qwen and others) without one."""
    if "<|start_header_id|>" in template:
        return LLAMA3
    return GEMMA if "<start_of_turn>" in template else CHATML
