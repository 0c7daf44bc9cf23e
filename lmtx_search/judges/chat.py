"""Chat formats for models that are asked with a raw prompt."""

from __future__ import annotations

from dataclasses import dataclass, replace


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


# What templates write at the start of an answer when thinking is off (Qwen3, DeepSeek-R1, SmolLM3).
_NO_THOUGHTS = "<think>\n\n</think>\n\n"


def chat_format(template: str, *, thinks: bool = False) -> ChatFormat:
    """Return the format of a model's chat template, or ChatML (Qwen and others) without one.

    Args:
        thinks: the model can think before it answers. A raw prompt bypasses the template, which
            would switch thinking off. The answer therefore starts with an empty block of thoughts,
            if the model marks its thoughts with ``<think>``. The format then has another name, so
            that judgments with and without the block are kept apart.
    """
    if "<|start_header_id|>" in template:
        found = LLAMA3
    else:
        found = GEMMA if "<start_of_turn>" in template else CHATML
    # For some models Ollama has a renderer in place of a template, which is then {{ .Prompt }}.
    if thinks and ("<think>" in template or "<" not in template):
        return replace(
            found, name=f"{found.name}-no-thinking", user_end=found.user_end + _NO_THOUGHTS
        )
    return found
