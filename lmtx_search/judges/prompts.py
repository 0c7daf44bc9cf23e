"""Prompts are files. The version of a prompt is the digest of its content."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from lmtx_search.errors import UserError
from lmtx_search.judges.chat import ChatFormat
from lmtx_search.judges.untrusted import harmless
from lmtx_search.records import Label, content_digest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

DEFAULT_PROMPT = "label-last"
_TEXTS = ("system", "document", "question")
_PLACES = re.compile(r"\{label\}|\{description\}")


@dataclass(frozen=True, slots=True)
class Prompt:
    """The question to a judge: the document first and the label last.

    Everything before the label is the same for all labels of a document, so a server that keeps the
    prefix of its last prompt reads a document only once. A document is shown on one line with its
    first ``document_characters`` characters (:func:`shorten`): the title and the first sentences.
    Marks that could end the turn are removed from documents and labels (``untrusted.py``).
    """

    name: str
    system: str
    document: str
    question: str
    document_characters: int

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of all parts of the prompt."""
        return content_digest(
            self.system, self.document, self.question, str(self.document_characters)
        )

    def show_document(self, text: str) -> str:
        """Return the part about the document, which is the same for all its labels."""
        # Slicing first keeps documents of many megabytes cheap.
        shown = shorten(harmless(text[: 8 * self.document_characters]), self.document_characters)
        return self.document.replace("{document}", shown)

    def ask_label(self, label: Label) -> str:
        """Return the part about the label."""
        # In one pass, because the text of a label may be {description}.
        texts = {"{label}": label.text, "{description}": label.description}
        return _PLACES.sub(lambda found: harmless(texts[found.group()]), self.question)

    def render(self, text: str, label: Label, chat: ChatFormat) -> str:
        """Return the raw prompt; the answer is its next token."""
        content = self.show_document(text) + self.ask_label(label)
        return chat.start(self.system) + content + chat.user_end


def shorten(text: str, characters: int) -> str:
    """Return the first characters of a text, with normalised white space.

    The cut is at a space if one is in the last fifth. Chinese and Japanese have none, so that the
    last space of an article may be the one behind its title.
    """
    # Slicing first keeps documents of many megabytes cheap.
    words = " ".join(text[: 8 * characters].split())
    if len(words) <= characters:
        return words
    space = words.rfind(" ", 0, characters + 1)
    return words[: space if 5 * space >= 4 * characters else characters]


def prompt_names() -> list[str]:
    """Return the names of the prompts that come with the product."""
    folder = resources.files("lmtx_search.judges") / "prompts"
    return sorted(
        entry.name.removesuffix(".toml")
        for entry in folder.iterdir()
        if entry.name.endswith(".toml")
    )


def load_prompt(name: str) -> Prompt:
    """Read a prompt by its name or from a TOML file.

    Raises:
        UserError: there is no such prompt, or the file is not a prompt.
    """
    if name in prompt_names():
        content = (resources.files("lmtx_search.judges") / "prompts" / f"{name}.toml").read_text(
            "utf-8"
        )
    elif name.endswith(".toml"):
        try:
            content = Path(name).read_text("utf-8")
        except OSError as error:
            raise UserError(f"cannot read the prompt {name}: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise UserError(f"the prompt {name} is not UTF-8") from error
    else:
        raise UserError(
            f"no prompt {name!r}: use {', '.join(prompt_names())}, or a file that ends in .toml"
        )
    return _parse(name, content)


def _parse(name: str, content: str) -> Prompt:
    try:
        fields = tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"the prompt {name} is not valid TOML: {error}") from error
    unknown = set(fields) - {*_TEXTS, "document_characters", "description"}
    if unknown:
        raise UserError(f"the prompt {name} has an unknown key: {min(unknown)}")
    for key in _TEXTS:
        if not isinstance(fields.get(key), str):
            raise UserError(f"the prompt {name} needs a text `{key}`")
    characters = fields.get("document_characters", 500)
    if not isinstance(characters, int) or isinstance(characters, bool) or characters < 1:
        raise UserError(f"the prompt {name}: document_characters must be a number above 0")
    if "{document}" not in fields["document"] or "{label}" not in fields["question"]:
        raise UserError(
            f"the prompt {name} must hold {{document}} in `document` and {{label}} in `question`"
        )
    return Prompt(name, fields["system"], fields["document"], fields["question"], characters)
