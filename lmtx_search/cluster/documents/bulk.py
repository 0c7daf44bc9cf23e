"""Bulk writing: bounded requests, several in flight, with retries for a busy cluster."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Literal

from opensearchpy import OpenSearch, TransportError

from lmtx_search.cluster.client.errors import lacking
from lmtx_search.cluster.client.retry import BUSY, Busy, node_left, retrying
from lmtx_search.cluster.documents.in_flight import InFlight
from lmtx_search.errors import LmtxError

# The tagging pipeline asks its model about this many documents at a time.
CHUNK_ITEMS = 256
CHUNK_BYTES = 8 * 1024 * 1024

_ANSWER = "errors,items.*.status,items.*.result,items.*.error"
# Errors of the index or of the user's rights concern every document.
_FOR_ALL = ("security_exception", "index_not_found_exception", "index_closed_exception")


Operation = Literal["index", "create"]


@dataclass(frozen=True, slots=True)
class Action:
    """One document to write under an id.

    ``only`` holds further bulk parameters: the index, and the version that may be replaced.
    """

    id: str
    source: Mapping[str, Any]
    only: Mapping[str, Any] = field(default_factory=dict)
    operation: Operation = "index"
    """``create`` does not replace a document with this id; data streams accept nothing else."""


@dataclass(slots=True)
class Chunk:
    """The actions of one bulk request, encoded as bytes; the caller may use ``end``."""

    ids: list[str] = field(default_factory=list)
    lines: list[bytes] = field(default_factory=list)
    size: int = 0
    end: int = 0

    def add(self, action: Action) -> None:
        """Append an action.

        Raises:
            ValueError: the document holds a number that JSON cannot represent.
        """
        self.append(action.id, encoded(action))

    def append(self, id_: str, line: bytes) -> None:
        """Append an action in the form of :func:`encoded`."""
        self.ids.append(id_)
        self.lines.append(line)
        self.size += len(line)

    def has_room(self, line: bytes) -> bool:
        """Return whether the chunk is empty, or within its bytes also with this action."""
        return not self.ids or self.size + len(line) <= CHUNK_BYTES

    @property
    def full(self) -> bool:
        """Whether the chunk should be sent now."""
        return len(self.ids) >= CHUNK_ITEMS or self.size >= CHUNK_BYTES


@dataclass(frozen=True, slots=True)
class Refused:
    """A document that the cluster refused, with the reason in the cluster's words."""

    id: str
    reason: str
    source: bytes


@dataclass(slots=True)
class ChunkResult:
    """The result of a chunk; ``present`` documents existed and were not replaced."""

    created: int = 0
    updated: int = 0
    present: int = 0
    refused: list[Refused] = field(default_factory=list)


def to_json(value: Any) -> bytes:
    """Return compact UTF-8 JSON; a lone surrogate, which UTF-8 cannot encode, becomes U+FFFD."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def encoded(action: Action) -> bytes:
    """Return an action as the lines of a bulk request.

    Raises:
        ValueError: the document holds a number that JSON cannot represent.
    """
    head = to_json({action.operation: {"_id": action.id, **action.only}})
    return head + b"\n" + to_json(action.source) + b"\n"


def chunked(actions: Iterable[Action]) -> Iterator[Chunk]:
    """Gather actions into chunks of bounded count and bytes; a larger action is sent alone."""
    chunk = Chunk()
    for action in actions:
        line = encoded(action)
        if not chunk.has_room(line):
            yield chunk
            chunk = Chunk()
        chunk.append(action.id, line)
        if chunk.full:
            yield chunk
            chunk = Chunk()
    if chunk.ids:
        yield chunk


def send_chunks(
    client: OpenSearch,
    chunks: Iterable[Chunk],
    index: str,
    *,
    pipeline: str | None = None,
    threads: int | None = None,
) -> Iterator[tuple[Chunk, ChunkResult]]:
    """Send chunks with several requests in flight; yield each with its result, in order.

    Two chunks more than requests can be in flight are in memory at most. Two chunks that write the
    same id are never in flight together, so that the later one of two documents with one id is
    kept.

    Args:
        threads: number of requests in flight (None: as many as :class:`InFlight` allows).

    Raises:
        LmtxError: the index does not exist, is closed, or the user may not write to it.
        TransportError: the cluster stayed busy or unreachable until the last attempt, or refused
            the request as a whole.
    """
    stopped = threading.Event()
    flying: deque[tuple[Chunk, Future[ChunkResult]]] = deque()
    in_flight = InFlight(threads)

    def send(chunk: Chunk) -> ChunkResult:
        with in_flight.request():
            if stopped.is_set():
                return ChunkResult()  # the load ended while this one was waiting
            return _send(client, chunk, index, pipeline, stopped)

    with ThreadPoolExecutor(in_flight.most, thread_name_prefix="bulk") as pool:
        try:
            for chunk in chunks:
                ids = set(chunk.ids)
                while flying and (
                    len(flying) >= in_flight.most + 2
                    or any(not ids.isdisjoint(other.ids) for other, _ in flying)
                ):
                    first, future = flying.popleft()
                    yield first, future.result()
                flying.append((chunk, pool.submit(send, chunk)))
            while flying:
                first, future = flying.popleft()
                yield first, future.result()
        finally:
            stopped.set()
            for _, future in flying:
                future.cancel()


def write_all(
    client: OpenSearch,
    actions: Iterable[Action],
    index: str,
    advance: Callable[[int], None] | None = None,
    threads: int = 2,
) -> int:
    """Write actions and require that none fails; return how many were written.

    Raises:
        LmtxError: the cluster refused a document.
    """
    count = 0
    for chunk, result in send_chunks(client, chunked(actions), index, threads=threads):
        if result.refused:
            first = result.refused[0]
            raise LmtxError(f"{index} refused {first.id}: {first.reason}")
        count += len(chunk.ids)
        if advance is not None:
            advance(len(chunk.ids))
    return count


def _send(
    client: OpenSearch, chunk: Chunk, index: str, pipeline: str | None, stopped: threading.Event
) -> ChunkResult:
    result = ChunkResult()
    if not chunk.ids:
        return result
    parts = [list(range(len(chunk.ids)))]
    waiting: list[int] = []
    params = {"filter_path": _ANSWER} | ({"pipeline": pipeline} if pipeline else {})

    def attempt() -> None:
        nonlocal waiting
        body = b"".join(chunk.lines[number] for number in waiting)
        try:
            answer = client.bulk(body=body, index=index, params=params)
        except TransportError as error:
            if error.status_code != 413:
                raise
            half = len(waiting) // 2
            if half:  # the other documents are not too large because one is
                parts.extend((waiting[half:], waiting[:half]))
            else:
                reason = "larger than the cluster accepts"
                result.refused.append(_refused(chunk, waiting[0], reason))
            return
        later: list[int] = []
        reason = ""
        for number, item in zip(waiting, answer["items"], strict=True):
            ((operation, outcome),) = item.items()
            if "error" not in outcome:
                if outcome.get("result") == "created":
                    result.created += 1
                else:
                    result.updated += 1
                continue
            reason = describe(outcome["error"])
            if operation == "create" and outcome["status"] == 409:
                result.present += 1
            elif outcome["status"] in BUSY or node_left(outcome["error"]):
                later.append(number)
            elif outcome["error"].get("type") in _FOR_ALL or outcome["status"] == 403:
                raise lacking(reason, f"writing to {index}") or LmtxError(
                    f"cannot write to {index}: {reason}"
                )
            else:
                result.refused.append(_refused(chunk, number, reason))
        waiting = later
        if waiting:
            raise Busy(reason)

    try:
        while parts:
            waiting = parts.pop()
            retrying(stopped)(attempt)
    except Busy as busy:
        raise LmtxError(
            f"the cluster stayed too busy to index into {index} ({busy}): try again later, the "
            "same command continues"
        ) from busy
    return result


def _refused(chunk: Chunk, number: int, reason: str) -> Refused:
    source = chunk.lines[number].split(b"\n", 1)[1].rstrip(b"\n")
    return Refused(chunk.ids[number], reason, source)


def describe(error: Mapping[str, Any]) -> str:
    """Return an item's error in one line: its type, its reason, and the deepest cause's."""
    reason = f"{error.get('type', 'error')}: {error.get('reason', '')}"
    cause = error.get("caused_by")
    while isinstance(cause, Mapping) and isinstance(cause.get("caused_by"), Mapping):
        cause = cause["caused_by"]
    if isinstance(cause, Mapping) and cause.get("reason"):
        # Jackson adds a position in its own buffer, which does not help a user.
        reason += f" ({str(cause['reason']).split(' at [Source:')[0]})"
    return " ".join(reason.split())
