"""Imports into the server of tests/dashboards_server.py, which see for why it is not a real one."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr

from lmtx_search.cluster.dashboards import importing
from lmtx_search.cluster.dashboards.api import DashboardsApi
from lmtx_search.cluster.dashboards.objects import saved_objects
from lmtx_search.embedded.net import free_port
from lmtx_search.errors import LmtxError, UserError
from lmtx_search.settings import OpenSearchSettings
from tests.support.dashboards_objects import SHOWN
from tests.support.dashboards_server import PASSWORD, USER, dashboards_server

OBJECTS = saved_objects(SHOWN)


def put(url: str, tenant: str | None = None, password: str | None = None, **options: Any) -> Any:
    user = USER if password else None
    secret = SecretStr(password) if password else None
    settings = OpenSearchSettings(user=user, password=secret, timeout=5)
    return importing.put(DashboardsApi(url, settings, tenant), OBJECTS, **options)


def test_all_objects_arrive():
    with dashboards_server(version="3.1.0") as server:
        done = put(server.url)
        assert list(server.objects().values()) == OBJECTS
    assert (done.version, len(done.created), done.replaced) == ("3.1.0", len(OBJECTS), [])


def test_a_second_import_names_what_is_in_the_way_and_changes_nothing():
    with dashboards_server() as server:
        put(server.url)
        del server.objects()["dashboard", "lmtx-judge"]
        with pytest.raises(UserError, match=r"index-pattern library; .* more\): --overwrite"):
            put(server.url)
        assert ("dashboard", "lmtx-judge") not in server.objects()
        done = put(server.url, overwrite=True)
        assert ("dashboard", "lmtx-judge") in server.objects()
    assert done.created == ["dashboard Judge"]
    assert len(done.replaced) == len(OBJECTS) - 1


def test_a_dry_run_says_what_it_would_do_and_sends_nothing():
    with dashboards_server() as server:
        done = put(server.url, dry_run=True)
        assert not server.objects()
    assert "dashboard Tags" in done.created


def test_what_dashboards_refuses_is_shown():
    with (
        dashboards_server(refuse="Tags: cloud") as server,
        pytest.raises(LmtxError, match="visualization Tags: cloud: mapping set to strict") as error,
    ):
        put(server.url)
    assert f"imported {len(OBJECTS) - 1} of {len(OBJECTS)}" in str(error.value)


def test_a_user_signs_in_and_objects_go_to_the_tenant():
    with dashboards_server(secured=True) as server:
        put(server.url, "library", PASSWORD)
        put(server.url, "private", PASSWORD)
        put(server.url, "global", PASSWORD)
        assert {name: len(objects) for name, objects in server.stored.items()} == {
            name: len(OBJECTS) for name in ("library", "private", "global")
        }


@pytest.mark.parametrize(
    ("tenant", "password", "said"),
    [
        (None, "wrong", f"refused the user {USER} or the password"),
        (None, None, "refused a request without a user"),
        ("elsewhere", PASSWORD, f"{USER} has no tenant elsewhere .*global, library, private, read"),
        ("read", PASSWORD, f"{USER} may only read the tenant read"),
    ],
)
def test_a_user_or_a_tenant_that_is_refused(tenant, password, said):
    with dashboards_server(secured=True) as server:
        with pytest.raises(UserError, match=said):
            put(server.url, tenant, password)
        assert not any(server.stored.values())


def test_a_tenant_where_there_are_none():
    with dashboards_server() as server, pytest.raises(UserError, match="has no tenants"):
        put(server.url, "library")


def test_a_version_too_old():
    with (
        dashboards_server(version="2.18.3") as server,
        pytest.raises(UserError, match=r"Dashboards 2\.18\.3 .* too old"),
    ):
        put(server.url)


def test_an_address_without_the_base_path():
    with dashboards_server() as server, pytest.raises(UserError, match="base path"):
        put(server.url.removesuffix("/base"))


def test_an_address_where_nobody_answers():
    with pytest.raises(UserError, match="no OpenSearch Dashboards at http://127"):
        put(f"http://127.0.0.1:{free_port()}")


def test_an_address_that_is_none():
    with pytest.raises(UserError, match="starts with http"):
        put("dashboards.example")
