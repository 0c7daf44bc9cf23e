"""The object that holds every setting."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from lmtx_search.settings.paths import expanded
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

FILE_NAME = "lmtx-search.toml"
ENV_PREFIX = "LMTX_"
# Variables that are not settings: those of the test suite, the switch for tracebacks, and the
# folder of compose.yaml.
ENV_RESERVED = ("LMTX_TEST_", "LMTX_DEBUG", "LMTX_FOLDER")


class Settings(BaseSettings):
    """Every setting of the product; read it with ``load_settings``."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX,
        env_nested_delimiter="_",
        env_nested_max_split=1,
        extra="forbid",
        frozen=True,
        # A wrong value may be a secret, which must not appear in a traceback.
        hide_input_in_errors=True,
    )

    opensearch: OpenSearchSettings = OpenSearchSettings()
    ollama: OllamaSettings = OllamaSettings()
    judge: JudgeSettings = JudgeSettings()
    encoder: EncoderSettings = EncoderSettings()
    documents: DocumentSettings = DocumentSettings()
    label: LabelSettings = LabelSettings()
    service: ServiceSettings = ServiceSettings()
    ui: UiSettings = UiSettings()
    deploy: DeploySettings = DeploySettings()
    evaluation: EvaluationSettings = EvaluationSettings()
    data_dir: Path = Field(
        Path("~/.local/share/lmtx-search"),
        description="folder of taggers, training runs and embedded servers",
    )
    cache_dir: Path = Field(
        Path("~/.cache/lmtx-search"), description="folder of downloads, which are checked by digest"
    )

    _home = field_validator("data_dir", "cache_dir")(lambda path: expanded(path).absolute())

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take only given values: ``settings.sources`` merges all sources and records origins."""
        return (init_settings,)
