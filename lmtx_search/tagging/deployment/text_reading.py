"""How the encoder of a training run reads texts, which decides its scores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from lmtx_search.encoder.windows import WindowPooling
from lmtx_search.settings import EncoderSettings, Settings


@dataclass(frozen=True, slots=True)
class TextReading:
    """The settings of an encoder that decide how it reads texts, as the settings name them.

    Attributes:
        document_tokens: tokens of a document in each window.
        label_tokens: tokens of a label.
        windows, window_pooling: how a long document is read.
    """

    document_tokens: int
    label_tokens: int
    windows: int
    window_pooling: WindowPooling

    @classmethod
    def of_run(cls, record: Mapping[str, Any], settings: EncoderSettings) -> TextReading | None:
        """Return how a training run read texts, from its record (None: it does not say).

        Args:
            settings: where the record of an earlier release lacks a value.
        """
        said = record.get("settings", {}).get("fine_tuning")
        if said is None:
            return None
        names = [one.name for one in fields(cls)]
        return cls(**{name: said.get(name, getattr(settings, name)) for name in names})

    def applied_to(self, settings: Settings) -> Settings:
        """Return the settings with texts read in this way."""
        encoder = settings.encoder.model_copy(update=asdict(self))
        return settings.model_copy(update={"encoder": encoder})

    def note(self, source: str, settings: EncoderSettings) -> str | None:
        """Say that texts are not read as the settings say (None: they are).

        Args:
            source: the run, for people.
        """
        differing = [
            f"encoder.{name} is {value}, not {set_}"
            for name, value in asdict(self).items()
            if value != (set_ := getattr(settings, name))
        ]
        if not differing:
            return None
        return (
            f"Texts are read as in the {source}, whose threshold was chosen for that, and not as "
            f"the settings say: {', '.join(differing)}"
        )
