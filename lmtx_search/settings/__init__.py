"""Settings: what can be set, where the values come from, and a first settings file.

- ``sections`` describes each value: its type, default and checks.
- ``model`` puts the sections together as :class:`Settings`.
- ``sources`` reads values from files, variables and flags, and records their origins.
- ``first_file`` writes the file that ``lmtx-search init`` creates.
"""

from lmtx_search.settings.model import ENV_PREFIX, FILE_NAME, Settings
from lmtx_search.settings.sections import (
    DeploySettings,
    DocumentSettings,
    EncoderSettings,
    EvaluationSettings,
    JudgeSettings,
    LabelSettings,
    OllamaSettings,
    OpenSearchSettings,
    ServiceSettings,
    UiSettings,
)
from lmtx_search.settings.sources import (
    SettingsWithOrigins,
    embedded_state_file,
    flat_settings,
    is_setting,
    load_settings,
    load_settings_with_origins,
)

__all__ = [
    "ENV_PREFIX",
    "FILE_NAME",
    "DeploySettings",
    "DocumentSettings",
    "EncoderSettings",
    "EvaluationSettings",
    "JudgeSettings",
    "LabelSettings",
    "OllamaSettings",
    "OpenSearchSettings",
    "ServiceSettings",
    "Settings",
    "SettingsWithOrigins",
    "UiSettings",
    "embedded_state_file",
    "flat_settings",
    "is_setting",
    "load_settings",
    "load_settings_with_origins",
]
