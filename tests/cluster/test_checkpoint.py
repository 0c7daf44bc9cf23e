import os
from pathlib import Path

import pytest

from lmtx_search.cluster.documents.bulk_report import BulkReport
from lmtx_search.cluster.documents.checkpoint import Checkpoint, FailedFile
from lmtx_search.cluster.documents.load import load_documents
from lmtx_search.errors import UserError


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "docs.jsonl"
    path.write_text("{}\n")
    return path


def test_the_same_load_finds_its_state_again(tmp_path, file):
    Checkpoint(tmp_path / "c", file, index="i").write({"records": 3})
    assert Checkpoint(tmp_path / "c", file, index="i").read() == {"records": 3}


def test_another_index_is_another_load(tmp_path, file):
    Checkpoint(tmp_path / "c", file, index="i").write({"records": 3})
    assert Checkpoint(tmp_path / "c", file, index="j").read() is None


def test_a_file_that_changed_is_another_load(tmp_path, file):
    Checkpoint(tmp_path / "c", file, index="i").write({"records": 3})
    os.utime(file, ns=(1, 1))
    assert Checkpoint(tmp_path / "c", file, index="i").read() is None


def test_a_complete_load_leaves_nothing(tmp_path, file):
    checkpoint = Checkpoint(tmp_path / "c", file, index="i")
    checkpoint.write({"records": 3})
    checkpoint.clear()
    checkpoint.clear()
    assert checkpoint.read() is None
    assert list((tmp_path / "c").iterdir()) == []


def test_a_damaged_checkpoint_is_as_none(tmp_path, file):
    checkpoint = Checkpoint(tmp_path / "c", file, index="i")
    checkpoint.write({"records": 3})
    (written,) = (tmp_path / "c").iterdir()
    written.write_text("{")
    assert checkpoint.read() is None


def test_a_continued_failed_file_loses_what_will_be_written_again(tmp_path):
    path = tmp_path / "failed.jsonl"
    first = FailedFile(path)
    first.open()
    first.add(b"1")
    noted = first.flush()
    first.add(b"2")
    first.close()
    second = FailedFile(path)
    second.open(noted)
    second.add(b"3")
    second.close()
    assert path.read_text() == "1\n3\n"


@pytest.mark.parametrize(
    ("before", "told"),
    [
        ("none", "no file has them: load with --from-start, or continue without --failed"),
        ("other", "lacks them: continue with --failed .*old.jsonl, or load with --from-start"),
        ("shorter", "new.jsonl no longer has them: load with --from-start"),
    ],
)
def test_a_failed_file_that_lacks_what_failed_before_is_refused(tmp_path, file, before, told):
    files = {"none": None, "other": tmp_path / "old.jsonl", "shorter": tmp_path / "new.jsonl"}
    (tmp_path / "new.jsonl").write_text("{}\n")
    checkpoint = Checkpoint(tmp_path / "c", file, index="i")
    report = BulkReport("i", records=7, failed=5).as_dict()
    checkpoint.write({"report": report, "failed_file": str(files[before]), "failed_bytes": 60})
    failed = FailedFile(tmp_path / "new.jsonl")
    with pytest.raises(UserError, match=f"5 failures .*{told}$"):
        load_documents(None, [], "i", checkpoint=checkpoint, failed=failed)
    assert (tmp_path / "new.jsonl").read_text() == "{}\n"
    assert checkpoint.read() is not None


def test_a_failed_file_may_be_named_in_another_way_to_continue(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("failed.jsonl").write_text("{}\n")
    FailedFile(tmp_path / "failed.jsonl").require(1, str(FailedFile(Path("failed.jsonl"))), 3)
    FailedFile(tmp_path / "failed.jsonl").require(1, "failed.jsonl", 3)


def test_a_new_failed_file_replaces_an_old_one(tmp_path):
    path = tmp_path / "failed.jsonl"
    path.write_text("old\n")
    failed = FailedFile(path)
    failed.open()
    failed.close()
    assert path.read_text() == ""


def test_a_failed_file_that_cannot_be_written_is_one_clear_line(tmp_path):
    with pytest.raises(UserError, match="cannot write"):
        FailedFile(tmp_path / "no" / "failed.jsonl").open()
