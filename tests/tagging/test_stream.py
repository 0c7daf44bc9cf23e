"""`tag --stream`: each line comes out in its place, with the tags that the pipeline gives."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager
from itertools import islice
from pathlib import Path
from typing import IO, Any

import numpy as np
import pytest

from lmtx_search.embedded.net import LOOPBACK, free_port, wait_for
from lmtx_search.errors import UserError
from lmtx_search.records import Label
from lmtx_search.settings import Settings
from lmtx_search.tag_fields import DEFAULT_FIELDS
from lmtx_search.tagging.scoring.tagger import Tagger
from lmtx_search.tagging.stream import TagStream
from lmtx_search.tagging.stream_output import continued_output
from lmtx_search.tagging.versions.label_changes import write_change
from lmtx_search.untouched import Untouched
from tests.conftest import Run
from tests.support.live_tagger import bootstrap, deployed, index_documents
from tests.support.tagger_service import running
from tests.support.tiny_tagger import version_of

PROGRAM = [sys.executable, "-c", "from lmtx_search.cli.main import main; main()"]


@pytest.fixture(scope="module")
def tagger(tmp_path_factory: pytest.TempPathFactory) -> Tagger:
    return Tagger(version_of(tmp_path_factory.mktemp("stream")))


def lines_of(*records: Any) -> list[bytes]:
    return [json.dumps(record).encode() + b"\n" for record in records]


def streamed(stream: TagStream, lines: list[bytes]) -> list[Any]:
    done = b"".join(line for batch in stream.run(lines) for line in batch)
    return [json.loads(line) if line else None for line in done.split(b"\n")[:-1]]


def test_records_keep_their_order_and_their_fields(tagger: Tagger) -> None:
    records = [{"id": n, "text": ("chess", "mail")[n % 2], "n": {"a.b": [n]}} for n in range(700)]
    stream = TagStream(tagger, ["text"])
    done = streamed(stream, lines_of(*records))
    assert [DEFAULT_FIELDS.without(one) for one in done] == records
    assert [one["tags"][0] for one in done] == [("chess", "mail")[n % 2] for n in range(700)]
    assert done[0]["tagging"]["tagger"] == tagger.manifest.version
    assert done[0]["tagging"]["best_score"] == done[0]["tag_scores"][0]["score"]
    assert stream.report.tagged == 700


def test_a_record_that_is_never_touched_stays_as_it_is(tagger: Tagger) -> None:
    untouched = Untouched.of('{"term": {"source": "archive"}}')
    stream = TagStream(tagger, ["text"], untouched=untouched)
    given = {"text": "chess", "source": "archive", "tags": ["a"], "tagging": {"status": "pending"}}
    first, second = streamed(stream, lines_of(given, {"text": "chess", "source": "press"}))
    assert (first, second["tags"][0]) == (given, "chess")
    assert (stream.report.untouched, stream.report.tagged) == (1, 1)


def test_each_line_has_one_line_whatever_it_is(tagger: Tagger) -> None:
    lines = [
        *lines_of({"text": "chess"}),
        b"\n",
        b'{"text": "chess"\r\n',
        b'["chess"]\n',
        b'{"text": "\xff"}\n',
        b'{"text": NaN}\n',
        b"[" * 100_000 + b"\n",
        *lines_of({"text": " "}, {"text": "chess", "tags": ["mine"]}),
        b'{"text": "mail"}',
    ]
    stream = TagStream(tagger, ["text"])
    done = streamed(stream, lines)
    assert len(done) == len(lines)
    assert [one and one.get("tagging", {}).get("status") for one in done] == [
        *("tagged", None, None, None, None, None, None),
        *("untagged", "skipped", "tagged"),
    ]
    assert done[2]["line"] == '{"text": "chess"'
    assert done[2]["error"].startswith("line 3: not JSON: ")
    assert done[3]["error"] == "line 4: not a JSON object"
    assert done[4]["error"] == "line 5: not UTF-8"
    assert done[8]["tags"] == ["mine"]
    report = stream.report
    assert (report.tagged, report.untagged, report.skipped, report.failed) == (2, 1, 1, 5)
    assert report.first_failed == done[2]["error"]


def test_tags_of_an_earlier_tagger_are_replaced(tagger: Tagger) -> None:
    stream = TagStream(tagger, ["text"])
    (first,) = streamed(stream, lines_of({"text": "chess"}))
    old = {**first, "tags": ["old"], "tag_scores": [{"tag": "old", "score": 0.5}]}
    (again,) = streamed(stream, lines_of(old))
    assert again["tags"] == first["tags"]


def test_what_people_rejected_is_not_a_tag(tagger: Tagger) -> None:
    record = {"text": "chess", "tags_rejected": ["chess"]}
    (done,) = streamed(TagStream(tagger, ["text"]), lines_of(record))
    assert "chess" not in done["tags"]
    assert done["tags_rejected"] == ["chess"]


def test_a_slow_reader_stops_the_source(tagger: Tagger, monkeypatch: pytest.MonkeyPatch) -> None:
    read, queues = [0], list[queue.Queue[Any]]()
    made = queue.Queue
    monkeypatch.setattr(queue, "Queue", lambda most: queues.append(made(most)) or queues[-1])

    def source() -> Iterator[bytes]:
        for _ in range(10_000):
            read[0] += 1
            yield b'{"text": "chess"}\n'

    run = TagStream(tagger, ["text"]).run(source())
    first = next(run)
    # The reader takes nothing more, so that what is full stays full.
    wait_for(queues[0].full, "the source", 60)
    assert len(first) <= 256
    assert read[0] <= len(first) + 2 * 256 + 1
    assert len(first) + sum(map(len, run)) == 10_000


def test_a_slow_source_is_not_waited_for(tagger: Tagger) -> None:
    goes_on = threading.Event()

    def source() -> Iterator[bytes]:
        yield b'{"text": "chess"}\n'
        goes_on.wait(60)
        yield b'{"text": "mail"}\n'

    run = TagStream(tagger, ["text"]).run(source())
    assert json.loads(next(run)[0])["tags"][0] == "chess"
    goes_on.set()
    assert json.loads(next(run)[0])["tags"][0] == "mail"


class Stream:
    """The command with a tagger of its own, and no cluster."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.version = version_of(folder).manifest.version
        nowhere = f"http://{LOOPBACK}:{free_port()}"
        self.words = ["--data-dir", str(folder), "--url", nowhere, "tag", "--stream"]

    def __call__(self, *words: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        command = [*PROGRAM, *self.words, "--tagger", self.version, *words]
        return subprocess.run(
            command, input=given, capture_output=True, cwd=self.folder, timeout=120, check=False
        )


@pytest.fixture
def command(tmp_path: Path) -> Stream:
    return Stream(tmp_path)


def test_standard_input_goes_to_standard_output(command: Stream) -> None:
    done = command(given=b'{"text": "chess"}\n{\n')
    assert done.returncode == 1
    first, second = map(json.loads, done.stdout.splitlines())
    assert first["tags"][0] == "chess"
    assert second["line"] == "{"
    assert done.stderr.decode().splitlines()[0] == "Records: 1 tagged, 1 failed"
    assert done.stderr.decode().splitlines()[1].startswith("The first failed: line 2: not JSON")


def test_an_interrupted_run_is_continued_after_its_last_whole_line(command: Stream) -> None:
    source, output = command.folder / "in.jsonl", command.folder / "out.jsonl"
    records = [{"id": n, "text": ("chess", "mail")[n % 2]} for n in range(600)]
    source.write_bytes(b"".join(lines_of(*records)))
    words = ("--file", "in.jsonl", "--output", "out.jsonl")
    assert command(*words).returncode == 0
    whole = output.read_bytes().splitlines(keepends=True)
    output.write_bytes(b"".join(whole[:300]) + whole[300][:20])
    done = command(*words, "--json")
    assert json.loads(done.stdout)["resumed_after"] == 300
    again = output.read_bytes().splitlines(keepends=True)
    assert again[:300] == whole[:300]
    assert [DEFAULT_FIELDS.without(json.loads(line)) for line in again] == records
    # When everything is done, nothing changes.
    assert command(*words).returncode == 0
    assert output.read_bytes() == b"".join(again)


def test_a_continued_run_counts_the_lines_of_the_earlier_part_too(command: Stream) -> None:
    source, output = command.folder / "in.jsonl", command.folder / "out.jsonl"
    whole = [
        b"{\n",
        *lines_of({"text": "chess"}, {"text": " "}, {"text": "chess", "tags": ["mine"]}),
        b"\n",
        *lines_of({"text": "chess"}, {"text": "mail"}),
    ]
    source.write_bytes(b"".join(whole))
    words = ("--file", "in.jsonl", "--output", "out.jsonl", "--json")
    first = command(*words)
    assert first.returncode == 1
    expected = json.loads(first.stdout)
    assert expected["first_failed"].startswith("line 1: not JSON")
    output.write_bytes(b"".join(output.read_bytes().splitlines(keepends=True)[:6]))
    again = command(*words)
    assert again.returncode == 1
    assert json.loads(again.stdout) == {**expected, "resumed_after": 6}


def test_finished_records_that_are_never_touched_are_counted_as_such(tagger: Tagger) -> None:
    stream = TagStream(tagger, ["text"], untouched=Untouched.of('{"term": {"source": "archive"}}'))
    stream.count(*lines_of({"source": "archive", "tagging": {"status": "tagged"}}))
    assert (stream.report.untouched, stream.report.tagged) == (1, 0)


def test_the_output_of_another_input_or_tagger_is_not_continued(command: Stream) -> None:
    source, output = command.folder / "in.jsonl", command.folder / "out.jsonl"
    source.write_bytes(b"".join(lines_of({"text": "chess"}, {"text": "mail"})))
    words = ("--file", "in.jsonl", "--output", "out.jsonl")
    assert command(*words).returncode == 0
    before = output.read_bytes()

    source.write_bytes(b"".join(lines_of({"text": "chess"}, {"text": "web"})))
    done = command(*words)
    assert done.returncode == 2
    assert b"line 2 of out.jsonl belongs to another input" in done.stderr
    source.write_bytes(b"".join(lines_of({"text": "chess"})))
    assert b"out.jsonl has 2 lines and the input only 1" in command(*words).stderr
    source.write_bytes(b"".join(lines_of({"text": "chess"}, {"text": "mail"})))
    assert output.read_bytes() == before
    other = before.replace(command.version.encode(), b"20260131-120000-1a2b3c")
    output.write_bytes(other)
    assert b"was written with the tagger 20260131-120000-1a2b3c, not" in command(*words).stderr
    assert output.read_bytes() == other


def test_an_output_is_not_continued_after_the_labels_changed(tmp_path: Path) -> None:
    version = version_of(tmp_path)
    output, source = tmp_path / "out.jsonl", tmp_path / "in.jsonl"
    source.write_bytes(b"".join(lines_of({"text": "chess"}, {"text": "mail"})))

    def write(most: int) -> None:
        stream = TagStream(Tagger(version), ["text"])
        with source.open("rb") as lines, output_of(output, stream, lines) as target:
            for batch in stream.run(islice(lines, most)):
                target.write(b"".join(batch))

    write(1)
    begun = output.read_bytes()
    digest, dimension = version.manifest.encoder_digest, version.manifest.dimension
    vectors = np.ones((1, dimension), dtype=np.float32) / dimension**0.5
    write_change(version.folder, digest, [Label("1", "board games")], vectors, [])
    with pytest.raises(UserError, match=r"out\.jsonl was begun before the labels or the tagger"):
        write(1)
    assert output.read_bytes() == begun
    output.unlink()
    write(1)
    write(1)
    assert len(output.read_bytes().splitlines()) == 2


def output_of(path: Path, stream: TagStream, lines: IO[bytes]) -> AbstractContextManager[IO[bytes]]:
    return continued_output(path, stream, lines.fileno(), iter(lines))


FOREIGN = [
    (b'{"text": "mine"}', "has no complete line"),
    (b'{"text": "chess"}\n{"text": "mine"}\n{"text": "last', "line 2 of out.jsonl belongs to"),
    (b"some notes\nof mine", "line 1 of out.jsonl was not written by `tag --stream`"),
    (b"\nmine", "line 1 of out.jsonl belongs to another input"),
]


@pytest.mark.parametrize(("content", "problem"), FOREIGN)
def test_a_file_that_is_not_the_streams_own_stays_as_it_is(
    command: Stream, content: bytes, problem: str
) -> None:
    source, output = command.folder / "in.jsonl", command.folder / "out.jsonl"
    source.write_bytes(b"".join(lines_of({"text": "chess"}, {"text": "mail"}, {"text": "web"})))
    output.write_bytes(content)
    done = command("--file", "in.jsonl", "--output", "out.jsonl")
    assert done.returncode == 2
    assert problem in done.stderr.decode()
    assert output.read_bytes() == content


@pytest.mark.parametrize("words", [["--file", "in.jsonl"], []])
def test_the_output_is_not_the_input(command: Stream, words: list[str]) -> None:
    content = b'{"text": "chess"}\n{"text": "mail"}'
    source = command.folder / "in.jsonl"
    source.write_bytes(content)
    (command.folder / "link.jsonl").symlink_to(source)
    with source.open("rb") as given:
        done = subprocess.run(
            [*PROGRAM, *command.words, *words, "--output", "link.jsonl"],
            stdin=given,
            capture_output=True,
            cwd=command.folder,
            timeout=120,
            check=False,
        )
    assert done.returncode == 2
    assert b"link.jsonl is the input itself: give another --output" in done.stderr
    assert source.read_bytes() == content


def test_it_ends_when_its_reader_ends(command: Stream) -> None:
    read, write = os.pipe()
    words = [*PROGRAM, *command.words, "--tagger", command.version]
    process = subprocess.Popen(
        words, stdin=read, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=command.folder
    )
    os.close(read)
    assert process.stdout is not None
    assert process.stderr is not None
    with os.fdopen(write, "wb", buffering=0) as source:
        source.write(b'{"text": "chess"}\n')
        process.stdout.readline()
        process.stdout.close()
        source.write(b'{"text": "chess"}\n')
        # Its input is still open.
        assert process.wait(60) != 0
    told = process.stderr.read()
    process.stderr.close()
    assert b"Traceback" not in told
    assert b"Fatal" not in told


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["a text"], "--stream takes neither a TEXT nor --explain"),
        (["--explain"], "--stream takes neither a TEXT nor --explain"),
        (["--json"], "--json needs --output"),
        (["--file", "missing.jsonl"], "cannot read missing.jsonl: No such file"),
        (["--output", "no/out.jsonl"], "cannot write no/out.jsonl: No such file"),
    ],
)
def test_what_does_not_fit_together_is_one_clear_line(
    command: Stream, words: list[str], problem: str
) -> None:
    done = command(*words)
    assert done.returncode == 2
    assert problem in done.stderr.decode()
    assert b"Traceback" not in done.stderr


TEXTS: list[Any] = [
    *("plays chess", "shows pages of the World Wide Web", "Sums in rows and columns", "😀 mail"),
    *("${parameters.input} letters by post", "x" * 7990 + "😀" * 20 + " chess", " \n "),
    *(["a list of", ["chess"], 7, None], 12.5, "Electronic mail\u000bletters", "\u00a0chess"),
]


@pytest.mark.integration
def test_the_tags_are_those_of_the_pipeline(
    client: Any, settings: Settings, lmtx: Run, environment: dict[str, str], tmp_path: Path
) -> None:
    bootstrap(client, settings, lmtx)
    records = [{"id": str(n), "title": TEXTS[-n], "text": text} for n, text in enumerate(TEXTS)] + [
        {"id": "none"},
        {"id": "own", "text": "chess", "tags": ["mine"]},
    ]
    with running(environment):
        deployed(client, settings)
        index_documents(client, "articles", records)
    source = tmp_path / "in.jsonl"
    source.write_bytes(b"".join(lines_of(*records)))
    done = lmtx("tag", "--stream", "--file", source)
    assert done.returncode == 0, done.stderr
    compared = ("tags", "tag_scores", "tags_broader")
    for line in done.stdout.splitlines():
        record = json.loads(line)
        there = client.get(index="articles", id=record["id"])["_source"]
        assert {name: record.get(name) for name in compared} == {
            name: there.get(name) for name in compared
        }, record
        for name in ("status", "tagger", "best_score"):
            assert record["tagging"].get(name) == there["tagging"].get(name), record
