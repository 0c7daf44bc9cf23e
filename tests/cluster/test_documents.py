import json
import os
import signal
import subprocess
import sys
import time

import pytest

from lmtx_search.cluster.documents.checkpoint import Checkpoint, FailedFile
from lmtx_search.cluster.documents.load import load_documents, read_documents
from lmtx_search.cluster.facets.over_time import over_time
from lmtx_search.cluster.setup.bootstrap import apply, plan
from lmtx_search.cluster.setup.indices import prepare_tagged_index, tagging_counts
from lmtx_search.errors import UserError
from lmtx_search.records import BadLine, Document

pytestmark = pytest.mark.integration


@pytest.fixture
def ready(client, settings):
    apply(client, plan(client, settings))
    return client


def documents(count):
    for number in range(count):
        source = {"id": f"d{number:05}", "text": f"text {number}"}
        yield Document(source["id"], source["text"], source)


def write(folder, lines, name="docs.jsonl"):
    path = folder / name
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def count(client, index):
    client.indices.refresh(index=index)
    return client.count(index=index)["count"]


def test_documents_come_back_whole_and_in_the_order_of_their_ids(ready):
    prepare_tagged_index(ready, "mine")
    shuffled = sorted(documents(2500), key=lambda document: document.id[::-1])
    report = load_documents(ready, shuffled, "mine")
    assert (report.created, report.failed) == (2500, 0)
    assert list(read_documents(ready, "mine", ("text",))) == list(documents(2500))


def test_a_new_index_goes_through_the_pipeline_and_has_the_fields(ready):
    assert prepare_tagged_index(ready, "mine")
    assert not prepare_tagged_index(ready, "mine")
    load_documents(ready, documents(3), "mine")
    assert tagging_counts(ready, "mine")["untagged"] == 3
    mappings = ready.indices.get_mapping(index="mine")["mine"]["mappings"]["properties"]
    assert mappings["tags"] == {"type": "keyword", "copy_to": ["tags_all"]}
    assert mappings["tag_scores"]["enabled"] is False


def test_a_new_index_is_green_on_one_node_and_has_a_copy_on_more(ready):
    prepare_tagged_index(ready, "mine")
    settings = ready.indices.get_settings(index="mine", params={"flat_settings": "true"})
    assert settings["mine"]["settings"]["index.auto_expand_replicas"] == "0-1"


def test_a_new_index_has_dates_where_a_field_is_named_so_and_takes_what_is_none(ready):
    prepare_tagged_index(ready, "mine")
    dates = ["c. 1820", "2026-11-24", "2026-11-24T10:00:00+01:00", ""]
    sources = [
        {"id": f"d{number}", "publishedAt": date, "title": date or "2026"}
        for number, date in enumerate(dates)
    ]
    report = load_documents(
        ready, [Document(source["id"], "", source) for source in sources], "mine"
    )
    assert (report.created, report.failed) == (4, 0)
    fields = ready.indices.get_mapping(index="mine")["mine"]["mappings"]["properties"]
    assert (fields["publishedAt"]["type"], fields["title"]["type"]) == ("date", "text")
    ready.indices.refresh(index="mine")
    months = over_time(ready, "mine", "month", "publishedAt")
    assert [month.documents for month in months] == [2]


def test_ids_may_be_numbers_first_and_words_later(ready):
    prepare_tagged_index(ready, "mine")
    some = [Document("1", "", {"id": 1}), Document("b", "", {"id": "b"})]
    assert load_documents(ready, some, "mine").created == 2


def test_an_index_that_does_not_tag_is_to_be_attached_first(ready):
    ready.indices.create(index="mine")
    with pytest.raises(UserError, match="lmtx-search attach mine --text-field"):
        prepare_tagged_index(ready, "mine")


def test_without_bootstrap_it_says_what_to_run(client):
    with pytest.raises(UserError, match="bootstrap-index"):
        prepare_tagged_index(client, "mine")


def test_what_failed_is_counted_by_reason_and_kept(ready, tmp_path):
    prepare_tagged_index(ready, "mine")
    load_documents(ready, [Document("0", "", {"n": 1})], "mine")
    bad = [Document(f"bad{n}", "", {"n": f"word{n}"}) for n in range(3)]
    failed = FailedFile(tmp_path / "failed.jsonl")
    some = [*bad, BadLine("f.jsonl", 4, "not JSON", "{"), Document("good", "x", {"n": 2})]
    report = load_documents(ready, some, "mine", failed=failed)
    assert (report.created, report.failed, report.bad_lines) == (1, 4, 1)
    assert [reason.count for reason in report.reasons.values()] == [1, 3]
    kept = [json.loads(line) for line in (tmp_path / "failed.jsonl").read_text().splitlines()]
    assert [entry.get("document") for entry in kept] == [None, *[d.source for d in bad]]
    assert kept[0] == {"reason": "not JSON", "file": "f.jsonl", "line": 4, "raw": "{"}


def test_an_empty_document_and_one_of_five_megabytes_go_in(ready):
    prepare_tagged_index(ready, "mine")
    big = {"text": "word " * 1_000_000}
    some = [Document("empty", "", {}), Document("big", big["text"], big)]
    report = load_documents(ready, some, "mine")
    assert (report.created, report.failed, report.without_text) == (2, 0, 1)


def test_an_interrupted_load_continues_where_it_was(ready, tmp_path):
    prepare_tagged_index(ready, "mine")
    path = write(tmp_path, ["{}"])

    def checkpoint():
        return Checkpoint(tmp_path / "loads", path, index="mine")

    def interrupted():
        for number, document in enumerate(documents(5000)):
            if number == 3000:
                raise KeyboardInterrupt
            yield document

    with pytest.raises(KeyboardInterrupt):
        load_documents(ready, interrupted(), "mine", checkpoint=checkpoint())
    done = checkpoint().read()["report"]["records"]
    assert 0 < done <= 3000
    report = load_documents(ready, documents(5000), "mine", checkpoint=checkpoint())
    assert report.resumed_after == done
    assert report.indexed == 5000
    assert count(ready, "mine") == 5000
    assert checkpoint().read() is None


def test_a_killed_command_continues_when_it_is_run_again(ready, lmtx, environment, tmp_path):
    lines = [json.dumps({"id": f"d{n}", "text": "word " * 200}) for n in range(30_000)]
    path = write(tmp_path, lines)
    words = ["ingest", str(path), "--index", "mine", "--threads", "1"]
    program = [sys.executable, "-c", "from lmtx_search.cli.main import main; main()"]
    process = subprocess.Popen([*program, *words], env=environment, stderr=subprocess.DEVNULL)
    loads = tmp_path / "data" / "loads"
    deadline = time.monotonic() + 120
    while not list(loads.glob("*.json")) and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    report = json.loads(lmtx(*words, "--json").stdout)
    assert 0 < report["resumed_after"] < 30_000
    assert report["indexed"] == 30_000
    assert count(ready, "mine") == 30_000


def test_ingest_reports_good_and_bad_lines(ready, lmtx, tmp_path):
    path = write(tmp_path, ['{"id": "a", "text": "x", "extra": [1]}', "{", '{"text": "y"}'])
    ran = lmtx("ingest", path, "--index", "mine")
    assert ran.returncode == 1
    assert f"1 × {path}, line 2: not JSON" in ran.stdout
    assert "The index now holds 2 untagged" in ran.stdout
    assert ready.get(index="mine", id="a")["_source"]["extra"] == [1]
    again = json.loads(lmtx("ingest", path, "--index", "mine", "--json").stdout)
    assert (again["created"], again["updated"]) == (0, 2)


def test_strict_lets_nothing_in(ready, lmtx, tmp_path):
    path = write(tmp_path, ['{"id": "a"}', "{"])
    ran = lmtx("ingest", path, "--index", "mine", "--strict")
    assert ran.returncode == 2
    assert f"Error: {path}, line 2: not JSON" in ran.stderr
    assert not ready.indices.exists(index="mine")


def test_docs_load_fills_the_index_of_training_documents(ready, lmtx, tmp_path):
    path = write(tmp_path, ["id,title,text", "a,T,body"], "docs.csv")
    ran = lmtx("docs", "load", path)
    assert ran.returncode == 0
    (found,) = read_documents(ready, "lmtx-documents", ("title", "text"))
    assert (found.id, found.text) == ("a", "T\nbody")


def test_documents_come_from_standard_input(ready, lmtx):
    ran = lmtx("ingest", "-", "--index", "mine", input='{"id": "a", "text": "x"}\n')
    assert ran.returncode == 0
    assert count(ready, "mine") == 1


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("ingest", "no.jsonl", "--index", "mine"), "no such file: no.jsonl"),
        (("facets", "--index", "nowhere"), "no index nowhere at "),
    ],
)
def test_a_mistake_is_one_clear_line(ready, lmtx, words, line):
    ran = lmtx(*words)
    assert ran.returncode == 2
    assert ran.stderr.startswith(f"Error: {line}")
    assert len(ran.stderr.splitlines()) == 1


def test_an_index_name_that_cannot_be_is_one_clear_line(ready, lmtx, tmp_path):
    ran = lmtx("ingest", write(tmp_path, ['{"id": "a"}']), "--index", "Mine")
    assert ran.returncode == 2
    assert "Error: not a valid index name" in ran.stderr


def test_an_index_that_is_read_only_is_one_clear_line(ready, lmtx, tmp_path):
    prepare_tagged_index(ready, "mine")
    ready.indices.put_settings(index="mine", body={"index.blocks.read_only": True})
    ran = lmtx("ingest", write(tmp_path, ['{"id": "a"}']), "--index", "mine")
    ready.indices.put_settings(index="mine", body={"index.blocks.read_only": None})
    assert ran.returncode == 1
    assert "read-only" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_an_index_is_copied_without_what_tagging_added(ready, lmtx):
    tagging = {"status": "tagged", "tagger": "v1"}
    added = {"tags": ["x"], "tags_broader": ["y"], "tagging": tagging}
    rows = [{"text": f"text {n}", "year": n, **added} for n in range(4)]
    rows.append({"text": "text 4", "year": 4, "tags": ["mine"]})
    load_documents(ready, [Document(str(n), "", row) for n, row in enumerate(rows)], "theirs")
    words = ("docs", "load", "--from-index", "theirs", "--query", "year:>2", "--json")
    assert json.loads(lmtx(*words).stdout)["created"] == 2
    found = [document.source for document in read_documents(ready, "lmtx-documents", ("text",))]
    assert found == [
        {"text": "text 3", "year": 3},
        {"text": "text 4", "year": 4, "tags_manual": ["mine"]},
    ]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--from-index", "nothing"], "no index nothing: check its name"),
        (["--from-index", "lmtx-documents"], "is the index of training documents itself"),
        (["--from-index", "theirs", "--query", "year:["], "the query 'year:[' cannot be read"),
    ],
)
def test_an_index_that_cannot_be_copied_leaves_no_index_behind(ready, lmtx, words, message):
    ready.indices.create(index="theirs")
    refused = lmtx("docs", "load", *words)
    assert refused.returncode == 2
    assert message in refused.stderr
    assert not ready.indices.exists(index="lmtx-documents")


def test_a_folder_is_loaded_and_what_cannot_be_read_is_named(ready, lmtx, tmp_path):
    folder = tmp_path / "texts"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.txt").write_text("plays chess")
    (folder / "deep/b.txt").write_bytes(b"caf\xe9")
    (folder / "c.zip").write_text("x")
    done = lmtx("docs", "load", folder)
    assert done.returncode == 1
    assert "Files of other kinds are skipped: 1 .zip" in done.stderr
    assert "deep/b.txt: not UTF-8 (byte 4)" in done.stdout
    assert [document.id for document in read_documents(ready, "lmtx-documents", ())] == ["a.txt"]


def test_an_id_that_comes_twice_with_other_content_is_counted_apart(ready, lmtx, tmp_path):
    path = write(
        tmp_path,
        ['{"id": "a", "title": "one"}', '{"id": "b", "title": "two"}', '{"id": "a", "title": "x"}'],
    )
    report = json.loads(lmtx("docs", "load", path, "--json").stdout)
    assert (report["created"], report["updated"], report["repeated"]) == (2, 0, 1)
    again = lmtx("docs", "load", path)
    assert "2 documents indexed (0 new, 2 replaced)" in again.stdout
    assert "1 documents replaced an earlier one of the same file" in again.stdout
    assert f"{path}, line 3: the id 'a' is also on line 1, with other content" in again.stdout
    strict = lmtx("docs", "load", path, "--strict")
    assert strict.returncode == 2
    assert "the id 'a' is also on line 1" in strict.stderr


def test_what_a_wordpress_export_does_not_publish_is_left_out_and_counted(ready, lmtx, tmp_path):
    items = "".join(
        f"<item><title>Post {number}</title><wp:post_id>{number}</wp:post_id>"
        f"<wp:status>{status}</wp:status><wp:post_type>post</wp:post_type></item>"
        for number, status in enumerate(("publish", "draft", "private", "draft"))
    )
    head = '<rss version="2.0" xmlns:wp="http://wordpress.org/export/1.2/"><channel>'
    path = write(tmp_path, [f"{head}<title>Paper</title>{items}</channel></rss>"], "export.xml")
    report = json.loads(lmtx("docs", "load", path, "--json").stdout)
    assert (report["created"], report["left_out"]) == (1, {"drafts": 2, "private posts": 1})
    assert "Left out: 2 drafts (the first: 1: Post 1)" in lmtx("docs", "load", path).stderr
    assert json.loads(lmtx("docs", "load", path, "--all", "--json").stdout)["created"] == 3


def test_the_row_of_an_open_quote_is_kept_as_it_is_and_the_others_are_loaded(ready, lmtx, tmp_path):
    rows = ["id,title,text", "1,Book 1,a", '2,"Book 2,b', "3,Book 3,c", "4,Book 4,d"]
    path, failed = write(tmp_path, rows, "books.csv"), tmp_path / "failed.jsonl"
    ran = lmtx("docs", "load", path, "--failed", failed, "--json")
    assert ran.returncode == 1
    assert json.loads(ran.stdout)["created"] == 3
    (entry,) = map(json.loads, failed.read_text().splitlines())
    assert (entry["line"], entry["raw"]) == (3, '2,"Book 2,b')
