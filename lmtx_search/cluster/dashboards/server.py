"""Puts saved objects into an OpenSearch Dashboards, over its HTTP API."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import urllib3

from lmtx_search.cluster.connect import ssl_context
from lmtx_search.cluster.dashboards.objects import Object, as_ndjson
from lmtx_search.errors import LmtxError, UserError
from lmtx_search.settings import OpenSearchSettings

OLDEST = (2, 19)

_GLOBAL, _PRIVATE = "global", "private"
_SHOWN = 5
_FILE = "lmtx-search.ndjson"


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did, or would do: titles of objects that are new, and of those replaced."""

    version: str
    created: list[str]
    replaced: list[str]


class DashboardsServer:
    """An OpenSearch Dashboards; its users are the cluster's.

    Args:
        url: its address, with its base path if it has one.
        settings: who signs in, and whose certificates are trusted.
        tenant: ``global``, ``private`` or a name; None leaves it to Dashboards.

    Raises:
        UserError: no address.
    """

    def __init__(self, url: str, settings: OpenSearchSettings, tenant: str | None = None) -> None:
        if not url.startswith(("http://", "https://")):
            raise UserError(f"{url} is no address: it starts with http:// or https://")
        self._url = url.rstrip("/")
        self._tenant = tenant
        self._user = settings.user
        headers = {"osd-xsrf": "true"}
        if settings.user is not None:
            password = settings.password.get_secret_value() if settings.password else ""
            headers |= urllib3.make_headers(basic_auth=f"{settings.user}:{password}")
        if tenant is not None:
            headers["securitytenant"] = tenant
        options: dict[str, Any] = {}
        if url.startswith("https://"):
            options["ssl_context"] = ssl_context(settings)
            if not settings.verify:
                options["assert_hostname"] = False
        self._pool = urllib3.PoolManager(
            headers=headers, timeout=settings.timeout, retries=False, **options
        )

    def put(
        self, objects: Sequence[Object], overwrite: bool = False, dry_run: bool = False
    ) -> Imported:
        """Import the objects, all of them or none.

        Raises:
            UserError: no Dashboards there, too old, user or tenant refused; or objects are there
                already and may not be replaced.
            LmtxError: Dashboards refused objects.
        """
        version = self._version()
        self._require_tenant()
        there = self._existing(objects)
        if there and not overwrite:
            raise UserError(
                f"{len(there)} of these {len(objects)} objects are in {self._where()} already "
                f"({_listed([_name(one) for one in there])}): --overwrite replaces them"
            )
        done = Imported(
            version,
            [_name(one) for one in objects if one not in there],
            [_name(one) for one in there],
        )
        if not dry_run:
            self._import(objects, overwrite)
        return done

    def _version(self) -> str:
        answer = self._json("GET", "/api/status")
        version = answer.get("version") if isinstance(answer, dict) else None
        number = str(version.get("number", "")) if isinstance(version, dict) else ""
        match = re.match(r"(\d+)\.(\d+)", number)
        if not match:
            raise self._no_dashboards()
        if (int(match[1]), int(match[2])) < OLDEST:
            raise UserError(
                f"OpenSearch Dashboards {number} at {self._url} is too old: it takes "
                f"{OLDEST[0]}.{OLDEST[1]} or a newer one"
            )
        return number

    def _require_tenant(self) -> None:
        """See that Dashboards would take the tenant: one that it does not know, it passes over."""
        if self._tenant is None:
            return
        status, body = self._send("GET", "/api/v1/configuration/account")
        if status == 404:
            raise UserError(f"{self._url} has no tenants (no security plugin): leave --tenant out")
        account = self._read(status, body, "/api/v1/configuration/account").get("data", {})
        tenants, user = account.get("tenants", {}), account.get("user_name", "")
        named = {_GLOBAL: "global_tenant", _PRIVATE: user}.get(self._tenant, self._tenant)
        if named not in tenants:
            others = {"global_tenant": _GLOBAL, user: _PRIVATE}
            have = ", ".join(sorted(others.get(one, one) for one in tenants)) or "none"
            raise UserError(f"{user} has no tenant {self._tenant} at {self._url}: there is {have}")
        if tenants[named] is False:
            raise UserError(f"{user} may only read the tenant {self._tenant} at {self._url}")

    def _existing(self, objects: Sequence[Object]) -> list[Object]:
        wanted = [{"type": one["type"], "id": one["id"], "fields": ["title"]} for one in objects]
        answer = self._json("POST", "/api/saved_objects/_bulk_get", json=wanted)
        there = set()
        for found in answer["saved_objects"]:
            error = found.get("error")
            if error is None:
                there.add((found["type"], found["id"]))
            elif error.get("statusCode") != 404:
                raise LmtxError(f"{self._where()} cannot be read: {error.get('message')}")
        return [one for one in objects if (one["type"], one["id"]) in there]

    def _import(self, objects: Sequence[Object], overwrite: bool) -> None:
        file = (_FILE, as_ndjson(objects).encode(), "application/ndjson")
        path = f"/api/saved_objects/_import?overwrite={str(overwrite).lower()}"
        answer = self._json("POST", path, fields={"file": file})
        errors = answer.get("errors") or []
        if errors:
            told = _listed([_error(one) for one in errors])
            raise LmtxError(f"{self._where()} refused {len(errors)} objects: {told}")
        if not answer.get("success") or answer.get("successCount") != len(objects):
            raise LmtxError(
                f"{self._where()} imported {answer.get('successCount')} of {len(objects)} objects "
                "and does not say why"
            )

    def _json(self, method: str, path: str, **options: Any) -> Any:
        return self._read(*self._send(method, path, **options), path)

    def _send(self, method: str, path: str, **options: Any) -> tuple[int, bytes]:
        try:
            answer = self._pool.request(method, self._url + path, redirect=False, **options)
        except urllib3.exceptions.SSLError as error:
            raise UserError(
                f"no TLS connection with {self._url} ({error}): give its CA with --ca-file, or "
                "--no-verify to trust it unseen"
            ) from error
        except urllib3.exceptions.NewConnectionError as error:
            raise UserError(
                f"no OpenSearch Dashboards at {self._url}: start it, or give its address with --url"
            ) from error
        except urllib3.exceptions.TimeoutError as error:
            raise LmtxError(f"no answer from {self._url} in time ({path})") from error
        except urllib3.exceptions.HTTPError as error:
            raise LmtxError(f"{self._url} dropped the connection ({path}): {error}") from error
        return answer.status, answer.data

    def _read(self, status: int, body: bytes, path: str) -> Any:
        if status == 401:
            who = f"the user {self._user} or the password" if self._user else "a request of nobody"
            raise UserError(
                f"{self._url} refused {who}: check opensearch.user (--user) and "
                "LMTX_OPENSEARCH_PASSWORD"
            )
        if 300 <= status < 400:
            raise UserError(
                f"{self._url} sends {path} elsewhere: give its full address with --url; where one "
                "signs in with SAML or OpenID, import the file of `dashboards export` by hand"
            )
        if status == 503:
            raise LmtxError(f"OpenSearch Dashboards at {self._url} is not ready: try again later")
        try:
            answer = json.loads(body)
        except ValueError as error:
            raise self._no_dashboards() from error
        if status == 404:
            raise self._no_dashboards()
        if status == 403:
            raise UserError(f"the user may not do that at {self._where()}: {_message(answer)}")
        if status >= 400:
            raise LmtxError(f"{self._url} answered {status} ({path}): {_message(answer)}")
        return answer

    def _no_dashboards(self) -> UserError:
        return UserError(
            f"what answers at {self._url} is no OpenSearch Dashboards: give its address, with its "
            "base path if it has one (--url)"
        )

    def _where(self) -> str:
        return f"{self._url} (tenant {self._tenant})" if self._tenant is not None else self._url


def _name(one: Object) -> str:
    return f"{one['type']} {one['attributes']['title']}"


def _error(error: Object) -> str:
    why = error.get("error", {})
    title = error.get("meta", {}).get("title") or error.get("title") or error.get("id")
    reason = why.get("message") or str(why.get("type", "")).replace("_", " ")
    if why.get("references"):
        reason += " " + ", ".join(f"{one['type']} {one['id']}" for one in why["references"])
    return f"{error.get('type')} {title}: {reason}"


def _listed(parts: Sequence[str]) -> str:
    more = len(parts) - _SHOWN
    return "; ".join(parts[:_SHOWN]) + (f"; and {more} more" if more > 0 else "")


def _message(answer: Any) -> str:
    return str(answer.get("message", answer) if isinstance(answer, dict) else answer)[:300]
