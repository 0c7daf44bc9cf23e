"""Who may open the page, and who may decide there."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from lmtx_search.errors import UserError
from lmtx_search.settings import load_settings
from lmtx_search.ui import visitors
from lmtx_search.ui.app import create_app

HERE = "http://127.0.0.1:1234"
TOKEN = "anna-has-this-token"
TOKENS = {"ui.tokens": f"anna:{TOKEN},ben:ben-has-another-token", "ui.editors": "anna"}
PROXY = {"ui.user_header": "X-User", "ui.editors": "anna"}
DECISION = {
    "tag": "Chess",
    "decision": "accept",
    "documents": [{"index": "articles", "id": "d1", "digest": ""}],
}


def page_of(
    tmp_path: Path, flags: dict[str, Any], peer: str = "127.0.0.1", loopback: bool = True
) -> TestClient:
    settings = load_settings(
        flags={"opensearch.url": "http://127.0.0.1:1", "data_dir": tmp_path, **flags}
    )
    app = create_app(settings, "articles", loopback)
    return TestClient(app, base_url=HERE, client=(peer, 5000), follow_redirects=False)


def test_on_loopback_nobody_signs_in_and_the_user_may_decide(tmp_path: Path) -> None:
    page = page_of(tmp_path, {})
    assert page.get("/api/session").json()["editor"] is True
    assert page.post("/api/decisions", json=DECISION).status_code == 502  # there is no cluster


@pytest.mark.parametrize(
    ("flags", "loopback"), [({}, False), ({"ui.hosts": "tags.example"}, True)], ids=str
)
def test_on_a_network_without_sign_in_everybody_only_reads(
    tmp_path: Path, flags: dict[str, Any], loopback: bool
) -> None:
    page = page_of(tmp_path, flags, loopback=loopback)
    assert page.get("/decide").status_code == 200
    assert page.get("/api/session").json() == {
        "name": "visitor",
        "editor": False,
        "signs_out": False,
    }
    for path, body in (
        ("/api/decisions", DECISION),
        ("/api/decisions/undo", {}),
        ("/api/decisions/withdraw", DECISION),
        ("/api/queue/claims", DECISION),
    ):
        answer = page.post(path, json=body)
        assert answer.status_code == 403
        assert "may read here, but not decide: see ui.editors" in answer.json()["error"]


def test_a_proxys_header_names_the_visitor_and_the_settings_name_the_editors(
    tmp_path: Path,
) -> None:
    page = page_of(tmp_path, PROXY)
    anna = page.get("/api/session", headers={"X-User": "anna"}).json()
    assert (anna["name"], anna["editor"]) == ("anna", True)
    ben = {"X-User": "ben"}
    assert page.get("/api/session", headers=ben).json()["editor"] is False
    assert page.post("/api/decisions", json=DECISION, headers=ben).status_code == 403


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("Zoë".encode(), "Zoë"),
        ("Zoe\u0308".encode(), "Zoë"),
        ("Zoë".encode("latin-1"), "Zoë"),
        ("Łukasz".encode(), "Łukasz"),
    ],
)
@pytest.mark.parametrize("editor", ["Zoë", "Zoe\u0308"])
def test_names_beyond_ascii_are_read_as_proxies_send_them(
    tmp_path: Path, sent: bytes, name: str, editor: str
) -> None:
    page = page_of(tmp_path, {**PROXY, "ui.editors": editor})
    found = page.get("/api/session", headers={b"X-User": sent}).json()
    assert (found["name"], found["editor"]) == (name, name == "Zoë")


@pytest.mark.parametrize(
    "headers", [[], [("X-User", " ")], [("X-User", "ben"), ("X-User", "anna")]], ids=str
)
def test_a_proxy_that_names_nobody_or_two_lets_nobody_in(
    tmp_path: Path, headers: list[tuple[str, str]]
) -> None:
    page = page_of(tmp_path, PROXY)
    for path in ("/", "/decide", "/api/documents", "/api/session"):
        answer = page.get(path, headers=headers)
        assert answer.status_code == 401
        assert answer.json()["error"].startswith("the proxy named no user in X-User")


def test_the_header_is_believed_from_the_proxy_only(tmp_path: Path) -> None:
    headers = {"X-User": "anna", "X-Forwarded-For": "127.0.0.1"}
    stranger = page_of(tmp_path, PROXY, peer="10.0.0.9")
    assert stranger.get("/api/session", headers=headers).status_code == 403
    known = page_of(tmp_path, {**PROXY, "ui.proxies": "10.0.0.0/24"}, peer="10.0.0.9")
    assert known.get("/api/session", headers=headers).json()["name"] == "anna"


def test_without_the_setting_no_header_names_anybody(tmp_path: Path) -> None:
    page = page_of(tmp_path, TOKENS)
    headers = {"X-User": "anna", "Remote-User": "anna", "X-Forwarded-User": "anna"}
    assert page.get("/api/session", headers=headers).status_code == 401


def test_a_token_signs_in_until_signing_out(tmp_path: Path) -> None:
    page = page_of(tmp_path, TOKENS)
    assert page.get("/decide").headers["location"] == "/sign-in"
    assert page.get("/api/documents").status_code == 401
    assert page.get("/sign-in").status_code == 200
    assert page.get("/static/style.css").status_code == 200
    wrong = page.post("/api/session", json={"token": "anna-has-this-toke"})
    assert wrong.status_code == 401
    answer = page.post("/api/session", json={"token": TOKEN})
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert TOKEN not in cookie
    assert page.get("/decide").status_code == 200
    assert page.get("/api/session").json() == {"name": "anna", "editor": True, "signs_out": True}
    page.request("DELETE", "/api/session", json={})
    assert page.get("/api/session").status_code == 401


def test_behind_https_the_cookie_stays_on_https(tmp_path: Path) -> None:
    page = page_of(tmp_path, {**TOKENS, "ui.hosts": "tags.example"})
    headers = {"host": "tags.example", "origin": "https://tags.example"}
    answer = page.post("/api/session", json={"token": TOKEN}, headers=headers)
    assert "secure" in answer.headers["set-cookie"].lower()


def test_programs_send_the_token_itself(tmp_path: Path) -> None:
    page = page_of(tmp_path, TOKENS)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    assert page.get("/api/session", headers=headers).json()["name"] == "anna"
    assert page.get("/api/session", headers={"Authorization": "Bearer x"}).status_code == 401


def test_a_cookie_cannot_be_made_up_or_outlive_its_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = page_of(tmp_path, TOKENS)
    page.post("/api/session", json={"token": TOKEN})
    session = page.cookies[visitors.COOKIE].strip('"')
    name, until, signature = session.split("|")
    for forged in (
        f"ben|{until}|{signature}",
        f"{name}|{int(until) + 9}|{signature}",
        f"{name}|{until}|{'0' * 64}",
        f"nobody|{until}|{signature}",
        f"{name}|²|{signature}",
        "anna",
        "||",
    ):
        cookie = {"Cookie": f"{visitors.COOKIE}={forged}".encode()}
        fresh = page_of(tmp_path, TOKENS)
        assert fresh.get("/api/session", headers=cookie).status_code == 401, forged
    later = time.time() + visitors.SECONDS_SIGNED_IN + 1
    monkeypatch.setattr(visitors.time, "time", lambda: later)
    assert page.get("/api/session").status_code == 401


def test_another_sites_page_cannot_decide_with_the_visitors_cookie(tmp_path: Path) -> None:
    page = page_of(tmp_path, TOKENS)
    page.post("/api/session", json={"token": TOKEN})
    for headers in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}):
        assert page.post("/api/decisions", json=DECISION, headers=headers).status_code == 403


def test_only_the_hosts_of_the_settings_and_this_machines_are_served(tmp_path: Path) -> None:
    flags = {**TOKENS, "ui.hosts": "tags.example"}
    for loopback in (True, False):
        page = page_of(tmp_path, flags, loopback=loopback)
        assert page.get("/sign-in", headers={"host": "tags.example"}).status_code == 200
        assert page.get("/sign-in", headers={"host": "evil.example"}).status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        {},
        {**DECISION, "decision": "maybe"},
        {**DECISION, "tag": ""},
        {**DECISION, "documents": []},
        {**DECISION, "documents": [{"index": "a", "id": 1}]},
        {**DECISION, "documents": [{"index": "a", "id": "b", "routing": 1}]},
        {**DECISION, "documents": DECISION["documents"] * 41},
    ],
)
def test_an_invalid_decision_is_refused(tmp_path: Path, body: dict[str, Any]) -> None:
    answer = page_of(tmp_path, {}).post("/api/decisions", json=body)
    assert answer.status_code == 400
    assert "the body must be" in answer.json()["error"]


def test_one_token_is_not_for_two_people() -> None:
    with pytest.raises(UserError, match="hold the same token for two names"):
        load_settings(flags={"ui.tokens": f"anna:{TOKEN},ben:{TOKEN}"})
