"""A small server that answers as the API of OpenSearch Dashboards does.

Dashboards itself is no Python package, and its faults (a wrong tenant, a version too old, objects
in the way) could hardly be made with a real one. What is here follows its sources:
``src/core/server/saved_objects/routes`` and ``import``, ``src/core/server/status/routes`` and, of
the security plugin, ``server/multitenancy/tenant_resolver.ts``, which takes another tenant where a
user lacks the one that is asked for.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.support.dashboards_objects import MIGRATIONS
from tests.support.http_server import QuietHandler, serving

USER, PASSWORD = "editor", "secret"
TENANTS = {"global_tenant": True, "editor": True, "library": True, "read": False}
BASE = "/base"


@dataclass
class State:
    """What the server is told to be, and what it was sent."""

    version: str = "2.19.0"
    secured: bool = False
    refuse: str | None = None
    stored: dict[str, dict[tuple[str, str], Any]] = field(default_factory=dict)
    url: str = ""

    def objects(self, tenant: str = "global") -> dict[tuple[str, str], Any]:
        """Return a tenant's objects by type and id."""
        return self.stored.setdefault(tenant, {})


@contextmanager
def dashboards_server(**told: Any) -> Iterator[State]:
    """Run the server on a free port of this machine."""
    state = State(**told)

    class Handler(_Handler):
        pass

    Handler.state = state
    with serving(Handler) as url:
        state.url = f"{url}{BASE}"
        yield state


class _Handler(QuietHandler):
    state: State
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if not self._signed_in():
            return
        if self._path == "/api/status":
            self._answer(200, {"name": "x", "version": {"number": self.state.version}})
        elif self._path == "/api/v1/configuration/account" and self.state.secured:
            self._answer(200, {"data": {"user_name": USER, "tenants": TENANTS}})
        else:
            self._answer(404, {"statusCode": 404, "error": "Not Found", "message": "Not Found"})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not self._signed_in():
            return
        if "osd-xsrf" not in self.headers:
            self._answer(400, {"message": "Request must contain a osd-xsrf header."})
        elif self._path == "/api/saved_objects/_bulk_get":
            self._answer(200, {"saved_objects": [self._get(one) for one in json.loads(body)]})
        elif self._path == "/api/saved_objects/_import":
            self._import(body)
        else:
            self._answer(404, {"statusCode": 404, "error": "Not Found", "message": "Not Found"})

    def _get(self, wanted: dict[str, Any]) -> dict[str, Any]:
        key = (wanted["type"], wanted["id"])
        if key in self._objects:
            return {**self._objects[key], "type": key[0], "id": key[1]}
        return {"type": key[0], "id": key[1], "error": {"statusCode": 404, "message": "Not found"}}

    def _import(self, body: bytes) -> None:
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        (part,) = message_from_bytes(head + body).get_payload()
        if not str(part.get_filename()).endswith(".ndjson"):
            self._answer(400, {"message": "Invalid file extension"})
            return
        rows = [json.loads(line) for line in part.get_payload(decode=True).splitlines()]
        overwrite = parse_qs(urlsplit(self.path).query)["overwrite"] == ["true"]
        errors = [error for row in rows if (error := self._wrong(row, rows, overwrite))]
        wrong = {(one["type"], one["id"]): one["error"]["type"] for one in errors}
        # What could be resolved is asked about first; what else is wrong stops only itself.
        if not {"conflict", "missing_references"} & set(wrong.values()):
            fine = {(row["type"], row["id"]): row for row in rows}
            self._objects.update({key: row for key, row in fine.items() if key not in wrong})
        counted = {"success": not errors, "successCount": len(rows) - len(errors)}
        self._answer(200, {**counted, **({"errors": errors} if errors else {})})

    def _wrong(self, row: Any, rows: list[Any], overwrite: bool) -> dict[str, Any] | None:
        key, there = (row["type"], row["id"]), {(one["type"], one["id"]) for one in rows}
        missing = [one for one in row["references"] if (one["type"], one["id"]) not in there]
        if key in self._objects and not overwrite:
            error: dict[str, Any] = {"type": "conflict"}
        elif missing:
            error = {"type": "missing_references", "references": missing}
        elif row["migrationVersion"] != {row["type"]: MIGRATIONS[row["type"]]}:
            error = {"type": "unknown", "message": "a more recent version", "statusCode": 422}
        elif row["attributes"]["title"] == self.state.refuse:
            error = {"type": "unknown", "message": "mapping set to strict", "statusCode": 400}
        else:
            return None
        title = row["attributes"]["title"]
        return {"type": key[0], "id": key[1], "meta": {"title": title}, "error": error}

    def _signed_in(self) -> bool:
        expected = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if not self.state.secured or self.headers.get("Authorization") == expected:
            return True
        self._answer(401, {"statusCode": 401, "error": "Unauthorized", "message": "Unauthorized"})
        return False

    @property
    def _path(self) -> str:
        path = urlsplit(self.path).path
        return path.removeprefix(BASE) if path.startswith(BASE + "/") else f"not below {BASE}"

    @property
    def _objects(self) -> dict[tuple[str, str], Any]:
        asked = self.headers.get("securitytenant", "global") if self.state.secured else "global"
        known = {"global", "private", *TENANTS} - {"global_tenant", USER}
        return self.state.objects(asked if asked in known else "global")

    def _answer(self, status: int, body: Any) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
