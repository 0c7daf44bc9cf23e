"""compose.yaml fits the product: settings exist, addresses agree, the cluster may call the tagger.

No engine runs it here; what it says is compared with what the settings and `bootstrap-index` need.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import tomli
import yaml

from lmtx_search.cluster.setup.connector_settings import needed_settings
from lmtx_search.cluster.setup.requirements import check_version
from lmtx_search.settings import OllamaSettings, load_settings
from tests.support.paths import ROOT

PROJECT = tomli.loads((ROOT / "pyproject.toml").read_text())


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    found = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    assert isinstance(found, dict)
    return found


def environment(service: dict[str, Any]) -> dict[str, str]:
    # Compose reads $$ as $.
    return {name: str(value).replace("$$", "$") for name, value in service["environment"].items()}


def test_the_taggers_variables_are_settings(
    services: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in environment(services["tagger"]).items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    assert settings.opensearch.url == "http://opensearch:9200"
    assert settings.service.url == f"http://tagger:{settings.service.port}"
    assert settings.service.host == "0.0.0.0"
    published = [str(port) for port in services["tagger"]["ports"]]
    assert published == [f"127.0.0.1:{settings.service.port}:{settings.service.port}"]


def test_the_cluster_may_call_the_tagger_without_another_setting(services: dict[str, Any]) -> None:
    url = environment(services["tagger"])["LMTX_SERVICE_URL"]
    values = dict(environment(services["opensearch"]))
    assert needed_settings(values, url, has_ml_nodes=False) == {}


def test_everything_listens_on_this_machine_alone(services: dict[str, Any]) -> None:
    ports = [port for service in services.values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_images_are_pinned_and_of_a_version_that_can_be_used(services: dict[str, Any]) -> None:
    images = {name: s["image"].split(":") for name, s in services.items() if "image" in s}
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for _, version in images.values())
    check_version({"distribution": "opensearch", "number": images["opensearch"][1]})
    assert images["opensearch"][1] == images["dashboards"][1]


def test_what_runs_on_is_looked_after(services: dict[str, Any]) -> None:
    assert {name for name, s in services.items() if "healthcheck" not in s} == {"model"}


def test_the_judges_model_is_fetched_under_the_name_that_is_asked(services: dict[str, Any]) -> None:
    model = environment(services["tagger"])["LMTX_OLLAMA_MODEL"]
    assert services["model"]["entrypoint"][-1] == model == OllamaSettings().model


def test_the_image_holds_what_the_package_is_made_of() -> None:
    text = (ROOT / "Dockerfile").read_text()
    folders = set(PROJECT["tool"]["setuptools"]["package-dir"].values())
    copied = set(re.findall(r"^COPY (\S+) \S+$", text, re.M))
    assert folders <= copied
    extras = re.search(r"EXTRAS=([\w,-]+)$", text, re.M)
    assert extras
    assert set(extras[1].split(",")) <= PROJECT["project"]["optional-dependencies"].keys()
