"""Tags JSON records on their way from one place to another, without the cluster."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from lmtx_search.cluster.documents.bulk import to_json
from lmtx_search.cluster.ml.pipeline import CHARACTERS
from lmtx_search.records import document_text
from lmtx_search.tag_fields import DEFAULT_FIELDS, TagFields, as_scores
from lmtx_search.tagging.scoring.tagger import Decision, Tagger
from lmtx_search.tagging.scoring.weights import Answer, answer_of
from lmtx_search.untouched import Untouched

# Lines in one run of the tagger, and lines that are read ahead meanwhile.
_BATCH = 256
_AHEAD = 2 * _BATCH


@dataclass(slots=True)
class StreamReport:
    """What became of the lines, also of the first ``resumed_after``, which an earlier run wrote."""

    resumed_after: int = 0
    tagged: int = 0
    untagged: int = 0
    """Records without text."""
    without_group: int = 0
    """Tagged records for whose groups no label is."""
    untouched: int = 0
    """Records that are never touched, which stay as they are."""
    skipped: int = 0
    """Records with values of their own in the tag fields, which stay as they are."""
    failed: int = 0
    """Lines that are no JSON object."""
    first_failed: str = ""
    """Where the first of these is, and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class TagStream:
    """Tags lines of JSON in order, as the pipeline tags documents.

    Attributes:
        fields: the fields that hold a record's text, in order.
        names: the names of the fields that are written.
        untouched: records that are left as they are (None: none).
    """

    tagger: Tagger
    fields: Sequence[str]
    names: TagFields = DEFAULT_FIELDS
    untouched: Untouched | None = None
    report: StreamReport = field(default_factory=StreamReport)

    def run(self, lines: Iterable[bytes]) -> Iterator[list[bytes]]:
        """Yield for each line of JSON one line, in batches, as soon as the tagger has them.

        A blank line stays blank. A line that is no JSON object becomes an object with the error and
        the line. At most a few hundred lines are in memory, however slow the reader of the result
        is. ``report`` counts the lines that were yielded, and those that :meth:`count` got before.
        """
        number = self.report.resumed_after
        for batch in _batches(lines):
            yield self._tagged(batch, number)
            number += len(batch)

    def count(self, line: bytes) -> None:
        """Count a line that an earlier run wrote.

        Raises:
            ValueError: no run wrote the line, because it is neither blank nor a JSON object.
        """
        report = self.report
        report.resumed_after += 1
        if not line.strip():
            return
        record = json.loads(line)
        if not isinstance(record, dict):
            raise ValueError("it is no JSON object")
        if set(record) == {"line", "error"}:
            report.failed += 1
            report.first_failed = report.first_failed or str(record["error"])
        elif self._is_untouched(record):
            report.untouched += 1
        else:
            tagging = record.get(self.names.tagging)
            tagging = tagging if isinstance(tagging, dict) else {}
            status = tagging.get("status")
            report.tagged += status == "tagged"
            report.without_group += status == "tagged" and "error" in tagging
            report.untagged += status == "untagged"
            report.skipped += status == "skipped"

    def _tagged(self, batch: Sequence[bytes], before: int) -> list[bytes]:
        records = [_parsed(line, before + at) for at, line in enumerate(batch, 1)]
        texts = [self._text(record) for record in records]
        answers = iter(self.tagger.decide([text for text in texts if text]))
        done = []
        for line, record, text in zip(batch, records, texts, strict=True):
            if record is None:
                done.append(b"\n")
            elif isinstance(record, str):
                done.append(self._failed(line, record))
            else:
                done.append(to_json(self._with_tags(record, text, answers)) + b"\n")
        return done

    def _text(self, record: Any) -> str:
        if not isinstance(record, dict) or self._is_untouched(record) or self.names.theirs(record):
            return ""
        text = document_text(record, self.fields)
        # As the pipeline cuts it, and as it breaks up what a connector would fill in.
        most = CHARACTERS * self.tagger.manifest.windows.most
        return text[:most].replace("${parameters.", "$ {parameters.")

    def _is_untouched(self, record: dict[str, Any]) -> bool:
        return self.untouched is not None and self.untouched.matches(record)

    def _with_tags(
        self, record: dict[str, Any], text: str, answers: Iterator[Decision]
    ) -> dict[str, Any]:
        names, report = self.names, self.report
        if self._is_untouched(record):
            report.untouched += 1
            return record
        theirs = names.theirs(record)
        if theirs:
            report.skipped += 1
            reason = f"the record has its own {', '.join(theirs)}"
            return {**record, names.tagging: {"status": "skipped", "error": reason}}
        rest = {name: value for name, value in record.items() if name not in names.written}
        if not text:
            report.untagged += 1
            return {**rest, names.tagging: {"status": "untagged"}}
        report.tagged += 1
        weights = self.tagger.weights(next(answers))
        groups = self.tagger.groups_of(record)
        found = answer_of(weights, *names.people_decided(record), groups)
        tags, suggested = found.tags, found.suggested
        best = next(iter((tags or suggested).values()), None)
        tagging = {
            "status": "tagged",
            "tagger": self.tagger.manifest.version,
            "at": _now(),
            **({} if best is None else {"best_score": best}),
        }
        if note := self.tagger.group_note(record):
            report.without_group += 1
            tagging["error"] = note
        return {
            **rest,
            names.tags: list(tags),
            names.scores: as_scores(tags, found.probabilities),
            **({names.broader: list(found.broader)} if found.broader else {}),
            **self._suggestions(found),
            names.tagging: tagging,
        }

    def _suggestions(self, found: Answer) -> dict[str, Any]:
        if not found.suggested:
            return {}
        return {
            self.names.suggested: list(found.suggested),
            self.names.suggestion_scores: as_scores(found.suggested, found.probabilities),
        }

    def _failed(self, line: bytes, reason: str) -> bytes:
        self.report.failed += 1
        self.report.first_failed = self.report.first_failed or reason
        content = line.decode(errors="replace").rstrip("\r\n")
        return to_json({"line": content, "error": reason}) + b"\n"


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _parsed(line: bytes, number: int) -> dict[str, Any] | str | None:
    """Return a line's record, what is wrong with it, or None if it is blank."""
    if not line.strip():
        return None
    try:
        record = json.loads(line)
        to_json(record)
    except UnicodeDecodeError:
        return f"line {number}: not UTF-8"
    except (ValueError, RecursionError) as error:
        return f"line {number}: not JSON: {error}"
    return record if isinstance(record, dict) else f"line {number}: not a JSON object"


def _batches(lines: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Yield what has arrived, at most a batch; a slow source is not waited for."""
    waiting: queue.Queue[bytes | BaseException | None] = queue.Queue(_AHEAD)

    def read() -> None:
        try:
            for line in lines:
                waiting.put(line)
            waiting.put(None)
        except BaseException as error:
            waiting.put(error)

    threading.Thread(target=read, name="stream", daemon=True).start()
    ended: BaseException | bool = False
    while not ended:
        batch: list[bytes] = []
        item = waiting.get()
        while True:
            if not isinstance(item, bytes):
                ended = item or True
                break
            batch.append(item)
            if len(batch) == _BATCH or waiting.empty():
                break
            item = waiting.get()
        if batch:
            yield batch
    if isinstance(ended, BaseException):
        raise ended
