"""What is downloaded, installed and loaded: pinned, bounded, and never a pickle."""

from __future__ import annotations

import ast
import base64
import importlib.util
import json
import re
import sys
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

from tests.support.paths import ROOT

SHA256 = re.compile(r"[0-9a-f]{64}\Z")
PYTHONS = ("3.10", "3.11", "3.12", "3.13")


def downloads() -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every description of a download in the data files of the embedded servers."""
    folder = files("lmtx_search.embedded")
    for file in sorted(Path(str(folder)).glob("*.json")):
        for entry in _entries(json.loads(file.read_text())):
            yield file.name, entry


def _entries(node: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(node, dict):
        if {"artifact", "wheel", "wheels", "module"} & node.keys():
            yield node
        for value in node.values():
            yield from _entries(value)
    elif isinstance(node, list):
        for value in node:
            yield from _entries(value)


def digests(entry: Mapping[str, Any]) -> list[str]:
    """The digests, in hex, that all of a download is checked by."""
    if "sum" in entry:
        kind, _, digest = entry["sum"].partition(":")
        return [base64.b64decode(digest).hex()] if kind == "h1" else []
    if "files" in entry:
        return list(entry["files"].values())
    found = entry.get("sha256", [])
    return [found] if isinstance(found, str) else found


def test_every_download_is_pinned_by_sha_256() -> None:
    found = list(downloads())
    assert len(found) > 100
    for file, entry in found:
        pinned = digests(entry)
        assert pinned, f"{file}: {entry}"
        assert all(SHA256.match(digest) for digest in pinned), f"{file}: {entry}"
        for wheel in [entry["wheel"]] if "wheel" in entry else entry.get("wheels", []):
            assert re.match(r"[a-z0-9-]+==[0-9.]+\Z", wheel)


def test_whoever_downloads_checks_a_digest() -> None:
    fetching = {"download_wheels", "_download", "urlretrieve"}
    for file in (ROOT / "lmtx_search" / "embedded").glob("*.py"):
        called = {name_of(node) for node in ast.walk(ast.parse(file.read_text()))}
        if called & fetching:
            assert "check_digest" in called, file.name


def name_of(node: ast.AST) -> str:
    """The dotted name of what is called; "" for anything else."""
    return ast.unparse(node.func) if isinstance(node, ast.Call) else ""


def requirements() -> list[Requirement]:
    """What pyproject.toml asks for, of all extras, but for the project's own extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = [*project["build-system"]["requires"], *project["project"]["dependencies"]]
    for extra in project["project"]["optional-dependencies"].values():
        wanted += extra
    parsed = [Requirement(text) for text in wanted]
    return [one for one in parsed if one.name != "lmtx-search"]


@pytest.mark.parametrize("requirement", requirements(), ids=str)
def test_a_dependency_has_a_lower_and_an_upper_bound(requirement: Requirement) -> None:
    operators = {one.operator for one in requirement.specifier}
    assert operators & {">=", "=="}, f"{requirement} has no lower bound"
    assert operators & {"<", "<=", "=="}, f"{requirement} has no upper bound"


def locked(file: Path) -> dict[Requirement, list[str]]:
    """Each pinned package of a lock file, with its hashes."""
    text = file.read_text().replace("\\\n", " ")
    found = {}
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            pinned, *hashes = line.split("--hash=")
            found[Requirement(pinned.strip())] = [one.strip() for one in hashes]
    return found


@pytest.mark.parametrize("file", ["requirements/runtime.lock", "requirements/audit.lock"])
def test_a_lock_file_pins_everything_by_sha_256_and_names_no_host(file: str) -> None:
    found = locked(ROOT / file)
    assert found
    for requirement, hashes in found.items():
        assert [one.operator for one in requirement.specifier] == ["=="]
        assert hashes, f"{requirement} has no hash"
        assert all(re.match(r"sha256:[0-9a-f]{64}\Z", one) for one in hashes)
    assert "://" not in (ROOT / file).read_text()


@pytest.mark.parametrize("python", PYTHONS)
def test_the_lock_gives_each_dependency_in_its_bounds(python: str) -> None:
    found = list(locked(ROOT / "requirements/runtime.lock"))
    machine = {
        "python_version": python,
        "python_full_version": f"{python}.3",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "sys_platform": "linux",
        "platform_system": "Linux",
        "platform_machine": "x86_64",
        "os_name": "posix",
        "extra": "",
    }
    versions: dict[str, list[str]] = {}
    for one in found:
        if one.marker is None or one.marker.evaluate(machine):
            (pin,) = one.specifier
            versions.setdefault(canonical(one.name), []).append(pin.version)
    for wanted in requirements():
        if wanted.marker is None or wanted.marker.evaluate(machine):
            there = versions.get(canonical(wanted.name), [])
            assert len(there) == 1, f"{wanted}: the lock has {there} (make lock)"
            assert Version(there[0]) in wanted.specifier, f"{wanted}: {there} (make lock)"


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def sources() -> list[Path]:
    """The product's own Python files."""
    return [path for folder in ("lmtx_search", "cli") for path in (ROOT / folder).rglob("*.py")]


def test_nothing_reads_a_pickle_or_runs_a_models_code() -> None:
    modules = {"pickle", "cPickle", "dill", "joblib", "cloudpickle", "shelve", "marshal"}
    assert len(sources()) > 100
    for file in sources():
        for node in ast.walk(ast.parse(file.read_text())):
            imported = {
                alias.name.split(".")[0]
                for alias in getattr(node, "names", [])
                if isinstance(node, ast.Import)
            }
            if isinstance(node, ast.ImportFrom):
                imported.add(str(node.module).split(".")[0])
            assert not imported & modules, f"{file}: {imported & modules}"
            if isinstance(node, ast.Call):
                where = f"{file}:{node.lineno}"
                assert name_of(node) not in ("torch.load", "torch.hub.load", "eval", "exec"), where
                given = {one.arg: one.value for one in node.keywords}
                for risky in ("trust_remote_code", "allow_pickle"):
                    if risky in given:
                        value = given[risky]
                        assert isinstance(value, ast.Constant), where
                        assert value.value is False, where
                if name_of(node) in ("np.load", "numpy.load"):
                    assert "allow_pickle" in given, where


def test_whatever_loads_an_encoder_asks_for_safetensors() -> None:
    loading = [
        (file, node)
        for file in sources()
        for node in ast.walk(ast.parse(file.read_text()))
        if name_of(node).endswith(("SentenceTransformer", "Model.from_pretrained"))
        # An encoder that is put together from modules in memory loads nothing.
        and not ast.unparse(node).startswith("SentenceTransformer(modules=")
    ]
    assert loading
    for file, node in loading:
        assert "use_safetensors" in ast.unparse(node), f"{file}: {ast.unparse(node)}"


def audit() -> Any:
    """The script that tells what `make audit` found."""
    spec = importlib.util.spec_from_file_location("audit", ROOT / "scripts" / "audit.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


CLEAN = {"name": "click", "version": "8.1.8", "vulns": []}
BAD = {"name": "x", "version": "1", "vulns": [{"id": "CVE-1", "fix_versions": ["2"]}]}
UNKNOWN = {"name": "rich", "version": "14", "skip_reason": "not found on PyPI"}


@pytest.mark.parametrize(
    ("answer", "well", "line"),
    [
        ({"dependencies": [CLEAN]}, True, "Vulnerabilities: 1 packages checked, 0 with known"),
        ({"dependencies": [CLEAN, BAD]}, False, "  x 1: CVE-1, mended in 2"),
        ({"dependencies": [CLEAN, UNKNOWN]}, False, "  NOT CHECKED: 1 packages"),
        ({"dependencies": []}, False, "Vulnerabilities: 0 packages checked"),
        (None, False, "Vulnerabilities: NOT CHECKED"),
    ],
)
def test_an_audit_that_could_not_look_does_not_pass(answer: Any, well: bool, line: str) -> None:
    lines, found = audit().vulnerabilities(answer)
    assert found is well
    assert any(one.startswith(line) for one in lines), lines
