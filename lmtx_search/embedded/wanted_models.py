"""Which of the models that can be downloaded suit the settings."""

from __future__ import annotations

from lmtx_search.embedded.models import downloaded_judges
from lmtx_search.encoder.folder import DOWNLOADED_ENCODERS, downloaded_encoder
from lmtx_search.settings import Settings


def wanted_encoder(settings: Settings) -> str:
    """Return which encoder is downloaded: the one of the settings if it can be."""
    # While the servers run, the settings hold the folder instead of its name.
    for name in DOWNLOADED_ENCODERS:
        if settings.encoder.name in (name, str(downloaded_encoder(name, settings.cache_dir))):
            return name
    return DOWNLOADED_ENCODERS[0]


def wanted_judge(settings: Settings) -> str:
    """Return which judge is downloaded: the model of the settings if it can be."""
    names = downloaded_judges()
    return settings.ollama.model if settings.ollama.model in names else names[0]
