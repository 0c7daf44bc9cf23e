"""Which models `up` downloads: those of the settings, or else those of the last `up`."""

from __future__ import annotations

from lmtx_search.embedded.models import (
    JudgeModel,
    downloaded_judge,
    downloaded_judges,
    prepare_encoder,
    prepare_judge,
)
from lmtx_search.embedded.places import Places
from lmtx_search.embedded.state import State
from lmtx_search.encoder.folder import DOWNLOADED_ENCODERS, downloaded_encoder
from lmtx_search.progress import Progress
from lmtx_search.settings import EncoderSettings, Settings


def wanted_encoder(settings: Settings, before: str | None = None) -> str | None:
    """Return which encoder is downloaded: that of the settings, or else of the last `up`.

    Args:
        before: the encoder of the last `up` (None: there was none, and the default is chosen).

    Returns:
        None if the settings name an encoder that cannot be downloaded.
    """
    named = settings.encoder.name
    # While the servers run, the settings hold the folder instead of its name.
    for name in DOWNLOADED_ENCODERS:
        if named in (name, str(downloaded_encoder(name, settings.cache_dir))):
            return name
    if "name" not in settings.encoder.model_fields_set:
        return before if before in DOWNLOADED_ENCODERS else DOWNLOADED_ENCODERS[0]
    return DOWNLOADED_ENCODERS[0] if named == EncoderSettings().name else None


def wanted_judge(settings: Settings, before: str | None = None) -> str | None:
    """Return which judge's model is downloaded, chosen in the same way."""
    names = downloaded_judges()
    if "model" not in settings.ollama.model_fields_set:
        return before if before in names else names[0]
    return settings.ollama.model if settings.ollama.model in names else None


def own_gguf(settings: Settings) -> bool:
    """Tell whether ``judge.gguf`` is a file of the user's, and not one that `up` downloaded."""
    downloaded = [downloaded_judge(settings.cache_dir, name) for name in downloaded_judges()]
    return settings.judge.gguf is not None and settings.judge.gguf not in downloaded


def in_process(settings: Settings) -> bool:
    """Tell whether the judge runs in the commands themselves, without a server."""
    return settings.judge.runtime == "llamacpp"


def download_encoder(settings: Settings, places: Places, state: State, progress: Progress) -> None:
    """Download the encoder and note it, unless the settings name one that cannot be downloaded."""
    name = wanted_encoder(settings, state.chosen.get("encoder"))
    if name is None:
        named = settings.encoder.name
        progress.note(
            f"encoder.name is {named}, which `up` does not download: commands read or fetch it "
            "themselves"
        )
        return
    state.settings["encoder.name"] = str(prepare_encoder(places.cache, progress, name))
    state.chosen["encoder"] = name


def download_judge(
    settings: Settings, places: Places, state: State, progress: Progress
) -> JudgeModel | None:
    """Download the judge's model and note it.

    Returns:
        None if the settings name a model that cannot be downloaded, and Ollama has to have it. A
        judge inside the commands is then the default one.
    """
    name = wanted_judge(settings, state.chosen.get("judge"))
    if name is None and not in_process(settings):
        named = settings.ollama.model
        progress.note(
            f"ollama.model is {named}, which `up` does not download: run `ollama pull {named}`, "
            "unless Ollama has it"
        )
        return None
    model = prepare_judge(places.cache, progress, name)
    state.chosen["judge"] = model.name
    return model
