"""Imports saved objects into OpenSearch Dashboards, unless that would replace existing ones."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lmtx_search.cluster.dashboards.api import DashboardsApi
from lmtx_search.cluster.dashboards.objects import Object, as_ndjson
from lmtx_search.errors import LmtxError, UserError

OLDEST = (2, 19)

_GLOBAL, _PRIVATE = "global", "private"
_SHOWN = 5
_FILE = "lmtx-search.ndjson"


@dataclass(frozen=True, slots=True)
class Imported:
    """The result of an import or a dry run: titles of new objects and of replaced ones."""

    version: str
    created: list[str]
    replaced: list[str]


def put(
    api: DashboardsApi, objects: Sequence[Object], overwrite: bool = False, dry_run: bool = False
) -> Imported:
    """Import all objects, or none if one of them exists and may not be replaced.

    Raises:
        UserError: the server is not Dashboards or too old, the user or tenant was refused, or
            objects exist and may not be replaced.
        LmtxError: Dashboards refused objects.
    """
    version = _version(api)
    _require_tenant(api)
    there = _existing(api, objects)
    if there and not overwrite:
        raise UserError(
            f"{len(there)} of these {len(objects)} objects already exist in {api.where} "
            f"({_listed([_name(one) for one in there])}): --overwrite replaces them"
        )
    done = Imported(
        version,
        [_name(one) for one in objects if one not in there],
        [_name(one) for one in there],
    )
    if not dry_run:
        _import(api, objects, overwrite)
    return done


def _version(api: DashboardsApi) -> str:
    answer = api.ask("GET", "/api/status")
    version = answer.get("version") if isinstance(answer, dict) else None
    number = str(version.get("number", "")) if isinstance(version, dict) else ""
    match = re.match(r"(\d+)\.(\d+)", number)
    if not match:
        raise api.no_dashboards()
    if (int(match[1]), int(match[2])) < OLDEST:
        raise UserError(
            f"OpenSearch Dashboards {number} at {api.url} is too old: it takes "
            f"{OLDEST[0]}.{OLDEST[1]} or a newer one"
        )
    return number


def _require_tenant(api: DashboardsApi) -> None:
    """Check that the tenant exists, because Dashboards ignores unknown tenants."""
    if api.tenant is None:
        return
    status, body = api.send("GET", "/api/v1/configuration/account")
    if status == 404:
        raise UserError(f"{api.url} has no tenants (no security plugin): leave --tenant out")
    account = api.read(status, body, "/api/v1/configuration/account").get("data", {})
    tenants, user = account.get("tenants", {}), account.get("user_name", "")
    named = {_GLOBAL: "global_tenant", _PRIVATE: user}.get(api.tenant, api.tenant)
    if named not in tenants:
        others = {"global_tenant": _GLOBAL, user: _PRIVATE}
        have = ", ".join(sorted(others.get(one, one) for one in tenants)) or "none"
        raise UserError(f"{user} has no tenant {api.tenant} at {api.url}: there is {have}")
    if tenants[named] is False:
        raise UserError(f"{user} may only read the tenant {api.tenant} at {api.url}")


def _existing(api: DashboardsApi, objects: Sequence[Object]) -> list[Object]:
    wanted = [{"type": one["type"], "id": one["id"], "fields": ["title"]} for one in objects]
    answer = api.ask("POST", "/api/saved_objects/_bulk_get", json=wanted)
    there = set()
    for found in answer["saved_objects"]:
        error = found.get("error")
        if error is None:
            there.add((found["type"], found["id"]))
        elif error.get("statusCode") != 404:
            raise LmtxError(f"{api.where} cannot be read: {error.get('message')}")
    return [one for one in objects if (one["type"], one["id"]) in there]


def _import(api: DashboardsApi, objects: Sequence[Object], overwrite: bool) -> None:
    file = (_FILE, as_ndjson(objects).encode(), "application/ndjson")
    path = f"/api/saved_objects/_import?overwrite={str(overwrite).lower()}"
    answer = api.ask("POST", path, fields={"file": file})
    errors = [_error(one) for one in answer.get("errors") or []]
    if errors or answer.get("successCount") != len(objects):
        raise LmtxError(
            f"{api.where} imported {answer.get('successCount')} of {len(objects)} objects: "
            f"{_listed(errors) or 'it does not say why'} (again with --overwrite)"
        )


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
