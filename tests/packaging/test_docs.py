"""What README and docs name is there: commands, files, settings."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lmtx_search.cli.main import COMMANDS
from lmtx_search.settings import Settings
from lmtx_search.settings_sources import flat_settings
from tests.support.paths import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
TEXTS = [(page, page.read_text(encoding="utf-8")) for page in PAGES]
pages = pytest.mark.parametrize(("page", "text"), TEXTS, ids=[page.name for page in PAGES])


@pages
def test_every_command_that_is_named_exists(page: Path, text: str) -> None:
    flags = r"(?:--(?:url|user|ca-file|ollama|model|encoder|data-dir|config) \S+ )*"
    named = re.findall(rf"(?:^|`|\$ |exec tagger )lmtx-search {flags}([a-z-]+)", text, re.M)
    assert {name for name in named if not name.startswith("-")} <= set(COMMANDS)


@pages
def test_every_file_that_is_linked_exists(page: Path, text: str) -> None:
    # These are made when the site is.
    made = {"index.md", "commands.md", "python.md"}
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", text)
    missing = [
        link
        for link in links
        if "://" not in link and link not in made and not (page.parent / link).exists()
    ]
    assert missing == []


@pages
def test_every_variable_that_is_named_is_a_setting(page: Path, text: str) -> None:
    known = {f"LMTX_{key.replace('.', '_').upper()}" for key in flat_settings(Settings())}
    known |= {"LMTX_TEST_BACKEND", "LMTX_DEBUG", "LMTX_FOLDER"}
    assert set(re.findall(r"LMTX_[A-Z_]+", text)) <= known


def test_every_module_that_the_architecture_names_exists() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    named = re.findall(r"`([\w./]+\.(?:py|js))`", text)
    missing = [
        path
        for path in named
        if not (ROOT / "lmtx_search" / path).exists() and not (ROOT / path).exists()
    ]
    assert missing == []


def test_the_layout_names_every_package_and_module_and_no_other() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    layout = text[text.index("## Layout") : text.index("Outside the package")]
    package = ROOT / "lmtx_search"
    modules = {path.name for path in package.glob("*.py")}
    packages = {f"{path.parent.name}/" for path in package.glob("**/__init__.py")}
    packages |= {"cli/", "index_templates/"}
    named = set(re.findall(r"\w+(?:\.py|/(?=`))", layout))
    assert (modules | packages) - named == set()
    assert {name for name in named if name.endswith("/")} - packages == {"static/"}


@pages
def test_every_test_that_is_named_exists(page: Path, text: str) -> None:
    named = re.findall(r"`(?:tests/)?((?:\w+/)?test_\w+\.py)`", text)
    assert [name for name in named if not (ROOT / "tests" / name).exists()] == []
