"""A lock in the cluster: of two commands that change the tagger, one wins and the other says so."""

from __future__ import annotations

import os
import secrets
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from opensearchpy import ConflictError, NotFoundError, OpenSearch, TransportError

from lmtx_search.cluster.client import names
from lmtx_search.cluster.client.clock import cluster_time
from lmtx_search.errors import LmtxError, UserError
from lmtx_search.system.process_identity import is_gone, this_process, user_name

LOCK = "lock-tagger"
"""Id of the lock's document, in the index of runs."""

KIND = "lock"

_SECONDS_TO_LIVE = 60.0
_SECONDS_BETWEEN_SIGNS = 15.0


class TaggerLock:
    """The lock, from the point of view of the process that holds it."""

    def __init__(self, client: OpenSearch, what: str) -> None:
        self._client = client
        self._what = what
        self._token = secrets.token_hex(8)
        self._version: dict[str, Any] = {}
        self._lost = False
        self._changing = threading.Lock()

    def require(self) -> None:
        """Check that the lock is still held, before a change that cannot be undone.

        Raises:
            LmtxError: it was lost. This process gave no sign of life for a minute, and another one
                took over.
        """
        self._sign()
        if self._lost:
            raise LmtxError(
                f"this {self._what} took too long to answer, and another command has taken its "
                "place in the cluster: nothing was switched; see `lmtx-search taggers`"
            )

    def take(self) -> None:
        """Take the lock, also from a holder that died or has given no sign of life."""
        try:
            answer = self._written({"op_type": "create"})
        except ConflictError:
            answer = self._take_over()
        self._note(answer)

    def release(self) -> None:
        """Release the lock."""
        with self._changing, suppress(TransportError):
            if not self._lost:
                self._client.delete(index=names.RUNS, id=LOCK, params=self._version)

    def keep(self, done: threading.Event) -> None:
        """Renew the lock until the work is done."""
        while not done.wait(_SECONDS_BETWEEN_SIGNS):
            with suppress(TransportError):
                self._sign()

    def _sign(self) -> None:
        with self._changing:
            if self._lost:
                return
            try:
                self._note(self._written(self._version))
            except ConflictError:
                self._lost = True

    def _take_over(self) -> Any:
        try:
            found = self._client.get(index=names.RUNS, id=LOCK)
        except NotFoundError:
            return self._written({"op_type": "create"})
        holder = found["_source"]
        left = float(holder.get("until", 0)) - cluster_time(self._client).timestamp()
        if left > 0 and not is_gone(holder.get("process", {})):
            raise LmtxError(
                f"another command is changing the tagger: {holder.get('what')} by "
                f"{holder.get('owner')}, at work since {holder.get('at')}: wait for it to end "
                f"(if it died, its place is free in {left:.0f} s)"
            )
        version = {"if_seq_no": found["_seq_no"], "if_primary_term": found["_primary_term"]}
        return self._written(version)

    def _written(self, params: dict[str, Any]) -> Any:
        """Write the lock; a repeated write whose first answer was lost is not a conflict."""
        try:
            return self._write(params)
        except ConflictError:
            with suppress(NotFoundError):
                found = self._client.get(index=names.RUNS, id=LOCK)
                if found["_source"].get("token") == self._token:
                    return found
            raise

    def _write(self, params: dict[str, Any]) -> Any:
        now = cluster_time(self._client)
        body = {
            "kind": KIND,
            "what": self._what,
            "owner": f"{user_name()} on {socket.gethostname()}, process {os.getpid()}",
            "at": now.isoformat(timespec="seconds"),
            "until": now.timestamp() + _SECONDS_TO_LIVE,
            "token": self._token,
            "process": this_process(),
        }
        return self._client.index(index=names.RUNS, id=LOCK, body=body, params=params)

    def _note(self, answer: Any) -> None:
        self._version = {
            "if_seq_no": answer["_seq_no"],
            "if_primary_term": answer["_primary_term"],
        }


@contextmanager
def exclusive(client: OpenSearch, what: str) -> Iterator[TaggerLock]:
    """Make sure that no other command changes the tagger while the block runs.

    The lock is renewed every 15 seconds, by the cluster's clock. When its holder dies, commands on
    the same machine can take it at once, and others a minute after it was last renewed.

    Args:
        what: the command, named in the message to a second command.

    Raises:
        UserError: ``bootstrap-index`` has not run.
        LmtxError: another command holds the lock; the message says which, whose and since when.
    """
    if not client.indices.exists(index=names.RUNS):
        raise UserError(f"no index {names.RUNS}: run `lmtx-search bootstrap-index` first")
    lock = TaggerLock(client, what)
    try:
        lock.take()
    except ConflictError as error:  # both started at the same moment
        raise LmtxError(
            "another command is changing the tagger, and came first: wait for it to end"
        ) from error
    done = threading.Event()
    thread = threading.Thread(target=lock.keep, args=(done,), name="lock", daemon=True)
    thread.start()
    try:
        yield lock
    finally:
        done.set()
        thread.join()
        lock.release()
