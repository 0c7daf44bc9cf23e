"""Which Java the embedded node takes."""

from __future__ import annotations

from pathlib import Path

from lmtx_search.embedded.java import find_java, java_version


def jdk(folder: Path, version: str, *, release: bool = True) -> Path:
    """Make a folder that looks like a JDK; its `java` answers as the real one does."""
    program = folder / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2025-01-01' >&2\n")
    program.chmod(0o755)
    if release:
        (folder / "release").write_text(f'IMPLEMENTOR="x"\nJAVA_VERSION="{version}"\n')
    return folder


def test_the_named_one_comes_before_all_others(tmp_path: Path) -> None:
    named, home = jdk(tmp_path / "a", "21.0.2"), jdk(tmp_path / "b", "25")
    environ = {"OPENSEARCH_JAVA_HOME": str(named), "JAVA_HOME": str(home)}
    assert find_java(21, environ, ()).home == named


def test_one_that_is_too_old_is_passed_over(tmp_path: Path) -> None:
    old, new = jdk(tmp_path / "a", "17.0.15"), jdk(tmp_path / "b", "21.0.2")
    environ = {"JAVA_HOME": str(old), "PATH": str(new / "bin")}
    found = find_java(21, environ, ())
    assert (found.home, found.version, found.bundled) == (new, 21, False)


def test_of_the_systems_folders_the_newest_is_taken(tmp_path: Path) -> None:
    for version in ("21.0.2", "25.0.1", "1.8.0_402"):
        jdk(tmp_path / version, version)
    assert find_java(21, {}, (str(tmp_path),)).version == 25


def test_without_any_the_packaged_one_is_taken(tmp_path: Path) -> None:
    found = find_java(21, {"JAVA_HOME": str(tmp_path), "PATH": ""}, ())
    assert found.bundled
    assert found.version >= 21


def test_a_folder_without_a_release_file_is_asked(tmp_path: Path) -> None:
    assert java_version(jdk(tmp_path / "a", "21.0.2", release=False)) == 21


def test_a_java_that_does_not_run_is_none(tmp_path: Path) -> None:
    home = jdk(tmp_path / "a", "21", release=False)
    (home / "bin" / "java").write_text("#!/nowhere\n")
    assert java_version(home) is None
    assert java_version(tmp_path / "empty") is None
