"""Documents come in by one way: the functions of the library continue as the commands do."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from lmtx_search import (
    BadLine,
    Document,
    DocumentFile,
    LmtxError,
    LoadOptions,
    Settings,
    UserError,
    bootstrap_index,
    copy_training_documents,
    ingest,
    load_settings,
    load_training_documents,
)
from lmtx_search.cluster.retag.selection import targets
from lmtx_search.cluster.setup.indices import prepare_tagged_index

COUNT = 30_000
PROGRAM = """
import sys
from pathlib import Path
from lmtx_search import DocumentFile, LoadOptions, ingest, load_settings
options = LoadOptions(failed=Path(sys.argv[2]), threads=1)
ingest(load_settings(), DocumentFile(Path(sys.argv[1])), "mine", options=options)
"""


class Stopping:
    """Interrupts the load when this many documents are done, and keeps the notes."""

    def __init__(self, after: int | None = None) -> None:
        self.notes: list[str] = []
        self._left = after

    @contextmanager
    def stage(
        self, name: str, total: int | None = None, unit: str = "items"
    ) -> Iterator[Callable[[int], None]]:
        def advance(count: int) -> None:
            if self._left is not None and count:
                self._left -= count
                if self._left <= 0:
                    raise KeyboardInterrupt

        yield advance

    def note(self, text: str) -> None:
        self.notes.append(text)


def write(path: Path, rows: list[Any]) -> Path:
    lines = (row if isinstance(row, str) else json.dumps(row) for row in rows)
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def number_of(client: Any, index: str) -> int:
    client.indices.refresh(index=index)
    return int(client.count(index=index)["count"])


@pytest.fixture
def nowhere(tmp_path: Path) -> Settings:
    """Settings with a cluster that does not exist."""
    return load_settings(flags={"opensearch.url": "http://127.0.0.1:1", "data_dir": tmp_path})


def test_a_file_that_cannot_be_loaded_is_refused_before_the_cluster_is_asked(
    nowhere: Settings, tmp_path: Path
) -> None:
    file = write(tmp_path / "a.jsonl", ["{"])
    with pytest.raises(UserError, match=r"a\.jsonl, line 1: not JSON.*nothing was indexed"):
        ingest(nowhere, DocumentFile(file), "mine", options=LoadOptions(strict=True))
    with pytest.raises(UserError, match="it is the file that is loaded"):
        ingest(nowhere, DocumentFile(file), "mine", options=LoadOptions(failed=file))
    with pytest.raises(UserError, match="no such file"):
        load_training_documents(nowhere, DocumentFile(tmp_path / "missing.jsonl"))


def test_documents_that_are_read_once_cannot_be_strict(nowhere: Settings) -> None:
    with pytest.raises(UserError, match="strict is for a DocumentFile"):
        ingest(nowhere, [], "mine", options=LoadOptions(strict=True))


def test_a_cluster_that_is_away_is_an_error_of_the_product(nowhere: Settings) -> None:
    with pytest.raises(LmtxError, match=r"no OpenSearch at http://127\.0\.0\.1:1"):
        ingest(nowhere, [Document("a", "x")], "mine")


@pytest.mark.integration
def test_an_ingest_that_was_killed_continues_with_its_file_of_failures(
    client: Any, settings: Settings, environment: dict[str, str], tmp_path: Path
) -> None:
    bootstrap_index(settings)
    rows: list[Any] = [{"id": f"d{n}", "text": "word " * 200} for n in range(COUNT)]
    # One bad line among the first documents, and one among the last.
    rows[10] = rows[-10] = "{"
    file, failed = write(tmp_path / "docs.jsonl", rows), tmp_path / "failed.jsonl"
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, file, failed], env=environment)
    loads, deadline = settings.data_dir / "loads", time.monotonic() + 120
    while not list(loads.glob("*.json")) and time.monotonic() < deadline:
        assert process.poll() is None
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()

    report = ingest(settings, DocumentFile(file), "mine", options=LoadOptions(failed=failed))
    assert 0 < report.resumed_after < COUNT
    assert (report.records, report.indexed, report.bad_lines) == (COUNT, COUNT - 2, 2)
    assert number_of(client, "mine") == COUNT - 2
    kept = [json.loads(line) for line in failed.read_text().splitlines()]
    assert [entry["line"] for entry in kept] == [11, COUNT - 9]
    assert list(loads.glob("*.json")) == []


@pytest.mark.integration
def test_an_interrupted_load_of_training_documents_continues(
    client: Any, settings: Settings, tmp_path: Path
) -> None:
    bootstrap_index(settings)
    file = write(tmp_path / "docs.jsonl", [{"id": f"d{n}", "text": "x"} for n in range(5000)])
    with pytest.raises(KeyboardInterrupt):
        load_training_documents(settings, DocumentFile(file), progress=Stopping(after=1500))
    report = load_training_documents(settings, DocumentFile(file))
    assert 0 < report.resumed_after < 5000
    assert (report.indexed, number_of(client, "lmtx-documents")) == (5000, 5000)


@pytest.mark.integration
@pytest.mark.parametrize(
    ("other", "options"),
    [
        ({"text_fields": ("body",)}, LoadOptions()),
        ({"id_field": "key"}, LoadOptions()),
        ({}, LoadOptions(from_start=True)),
        ({}, LoadOptions(keep_own_tags=True)),
    ],
    ids=["other text fields", "another id field", "from the start", "with people's own tags"],
)
def test_a_load_of_another_kind_starts_at_the_beginning(
    client: Any, settings: Settings, tmp_path: Path, other: dict[str, Any], options: LoadOptions
) -> None:
    bootstrap_index(settings)
    rows = [{"id": f"d{n}", "key": f"k{n}", "text": "x"} for n in range(3000)]
    file = write(tmp_path / "docs.jsonl", rows)
    with pytest.raises(KeyboardInterrupt):
        ingest(settings, DocumentFile(file), "mine", progress=Stopping(after=1000))
    report = ingest(settings, DocumentFile(file, **other), "mine", options=options)
    assert (report.resumed_after, report.records) == (0, 3000)


@contextmanager
def snapshot_of(client: Any, index: str) -> Iterator[Callable[[], None]]:
    """Take a snapshot of an index; give what restores it over the index, which is closed first."""
    wait, what = {"wait_for_completion": "true"}, {"indices": index}
    one = {"repository": "loads", "snapshot": "before"}
    body = {"type": "fs", "settings": {"location": "loads"}}
    client.snapshot.create_repository(repository="loads", body=body)
    client.snapshot.create(**one, body=what, params=wait)

    def restore() -> None:
        client.indices.close(index=index)
        client.snapshot.restore(**one, body=what, params=wait)

    try:
        yield restore
    finally:
        client.snapshot.delete(**one)
        client.snapshot.delete_repository(repository="loads")


@pytest.mark.integration
def test_a_load_starts_at_the_beginning_after_a_restore_over_its_index(
    client: Any, settings: Settings, tmp_path: Path
) -> None:
    bootstrap_index(settings)
    prepare_tagged_index(client, "mine")
    file = write(tmp_path / "docs.jsonl", [{"id": f"d{n}", "text": "x"} for n in range(3000)])
    with snapshot_of(client, "mine") as restore:
        with pytest.raises(KeyboardInterrupt):
            ingest(settings, DocumentFile(file), "mine", progress=Stopping(after=1000))
        restore()
    report = ingest(settings, DocumentFile(file), "mine")
    assert (report.resumed_after, number_of(client, "mine")) == (0, 3000)


@pytest.mark.integration
def test_a_retag_starts_anew_after_a_restore_over_its_index(
    client: Any, settings: Settings
) -> None:
    bootstrap_index(settings)
    prepare_tagged_index(client, "mine")
    before = targets(client, "mine")[0].identity
    assert targets(client, "mine")[0].identity == before
    with snapshot_of(client, "mine") as restore:
        restore()
    assert targets(client, "mine")[0].identity != before


@pytest.mark.integration
def test_the_report_says_what_failed_what_was_noticed_and_what_is_tagged(
    client: Any, settings: Settings, tmp_path: Path
) -> None:
    bootstrap_index(settings)
    file, failed = tmp_path / "docs.csv", tmp_path / "failed.jsonl"
    file.write_text("title,text\nA,first\nB,second\nC\n")
    progress = Stopping()
    report = ingest(
        settings,
        DocumentFile(file),
        "mine",
        options=LoadOptions(failed=failed),
        progress=progress,
    )
    assert (report.indexed, report.failed) == (2, 1)
    assert report.tagging["untagged"] == 2
    assert json.loads(failed.read_text())["line"] == 4
    assert [note.split(" (")[0] for note in report.notes] == [
        f"{file} has no column id",
        "Created the index mine",
    ]
    assert progress.notes == report.notes


@pytest.mark.integration
def test_documents_of_any_kind_are_indexed_and_copied_without_their_tags(
    client: Any, settings: Settings
) -> None:
    bootstrap_index(settings)
    rows = [{"id": str(n), "text": f"text {n}", "year": n} for n in range(5)]
    some = [*(Document(row["id"], row["text"], row) for row in rows), BadLine("f", 1, "not JSON")]
    for _ in range(2):
        report = ingest(settings, iter(some), "mine")
        assert (report.records, report.resumed_after, report.failed) == (6, 0, 1)
    copied = copy_training_documents(settings, "mine", "year:>2")
    assert (copied.created, copied.failed) == (2, 0)
    assert client.get(index="lmtx-documents", id="4")["_source"] == rows[4]
