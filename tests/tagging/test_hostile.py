"""The tagger's server under requests that are malformed, huge, slow or hostile."""

from __future__ import annotations

import json
import logging
import socket
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.testclient import TestClient

from lmtx_search.embedded.net import wait_for
from lmtx_search.records import Label, Tag
from lmtx_search.settings import load_settings
from lmtx_search.tagging.scoring.tagger import Decision
from lmtx_search.tagging.service import app, connection_limits, http
from lmtx_search.tagging.service.app import MAX_TEXTS, create_app
from lmtx_search.tagging.service.batching import Batcher
from lmtx_search.tagging.service.request_limits import RequestLimits
from lmtx_search.tagging.service.server import address_of, listen, server_of
from lmtx_search.tagging.service.version_pool import TaggerPool
from lmtx_search.tagging.versions.store import TaggerVersions
from lmtx_search.ui.app import create_app as create_page
from tests.support.tiny_tagger import version_of

TOKEN = "a-token-of-the-tests-0123456789"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a version."""
    folder = tmp_path_factory.mktemp("hostile")
    version_of(folder)
    return folder


def path_in(folder: Path) -> str:
    return f"/taggers/{TaggerVersions(folder).names()[0]}/tag"


def app_of(folder: Path, **options: Any) -> Starlette:
    return create_app(TaggerPool(TaggerVersions(folder)), **options)


# --- Malformed: whatever is sent, it is answered as the description says, never with a 5xx.

OPERATIONS = [
    (path, method) for path, methods in app._openapi()["paths"].items() for method in methods
]


@pytest.fixture(scope="module")
def described(tiny: Path) -> Any:
    # More texts than a request may have are refused with 413, which is no success either.
    refused = ["400", "401", "404", "405", "411", "413", "415"]
    config = schemathesis.Config.from_dict(
        {"checks": {"negative_data_rejection": {"expected-statuses": refused}}}
    )
    return schemathesis.openapi.from_asgi("/openapi.json", app_of(tiny), config=config)


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
@given(data=st.data())
@examples(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_is_made_of_the_description_is_answered_as_described(
    data: st.DataObject, described: Any, tiny: Path, path: str, method: str
) -> None:
    modes = st.sampled_from(list(schemathesis.GenerationMode))
    operation = described[path][method]
    case = data.draw(modes.flatmap(lambda mode: operation.as_strategy(generation_mode=mode)))
    if "version" in case.path_parameters and data.draw(st.booleans()):
        case.path_parameters["version"] = TaggerVersions(tiny).names()[0]
    case.call_and_validate()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=20,
)
bodies = st.one_of(
    st.binary(max_size=200),
    json_values.map(lambda value: json.dumps(value).encode()),
    json_values.map(lambda value: json.dumps({"input": value}).encode()),
    st.lists(json_values, max_size=5).map(lambda value: json.dumps({"input": value}).encode()),
    st.text(alphabet='{}[]",:\\u0d8input \n', max_size=60).map(str.encode),
)


@given(bodies)
@examples(max_examples=400, deadline=None)
def test_a_body_is_texts_or_refused_in_one_line(body: bytes) -> None:
    refusal, texts = None, []
    try:
        texts = app._texts(body)
    except HTTPException as error:
        refusal = error
    if refusal is None:
        assert all(isinstance(text, str) for text in texts)
        assert texts == json.loads(body)["input"]
    else:
        assert refusal.status_code in (400, 413)


def test_texts_that_are_no_unicode_are_tagged_and_harm_no_other(tiny: Path) -> None:
    with TestClient(app_of(tiny)) as client:
        body = b'{"input": ["chess", "\\ud83d", "\\udc00 chess \\u0000", "\\ufffe"]}'
        answer = client.post(path_in(tiny), content=body)
        alone = client.post(path_in(tiny), json={"input": ["chess"]}).json()["response"]
    assert answer.status_code == 200
    assert answer.json()["response"][0] == alone[0] != {}


def test_an_answer_is_ascii_so_that_it_may_be_decoded_piece_by_piece(tmp_path: Path) -> None:
    names = ["Möbel", "象棋", "😀 too"]
    version_of(tmp_path, threshold=-1.0, labels=[Label(name, name) for name in names])
    with TestClient(app_of(tmp_path)) as client:
        answer = client.post(path_in(tmp_path), json={"input": names})
    assert answer.content.isascii()
    (first, *_) = answer.json()["response"]
    assert set(first) <= set(names)
    assert first


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    flags = {"opensearch.url": "http://127.0.0.1:1", "data_dir": tmp_path_factory.mktemp("page")}
    app = create_page(load_settings(flags=flags), "articles")
    return TestClient(app, base_url="http://127.0.0.1")


@given(bodies)
@examples(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_pages_server_answers_any_body_with_one_line(page: TestClient, body: bytes) -> None:
    headers = {"content-type": "application/json"}
    for path in ("/api/decisions", "/api/decisions/withdraw", "/api/try"):
        answer = page.post(path, content=body, headers=headers)
        assert answer.status_code in (400, 502), answer.text
        assert "\n" not in answer.json()["error"]


# --- Huge: what is too much is refused before it is held.


@pytest.mark.parametrize(
    ("limits", "status"),
    [
        (RequestLimits(requests=0), 503),
        (RequestLimits(size=20), 503),
        (RequestLimits(requests=1, size=100), 200),
    ],
)
def test_beyond_its_limits_it_says_when_to_try_again(
    tiny: Path, limits: RequestLimits, status: int
) -> None:
    with TestClient(app_of(tiny, limits=limits)) as client:
        for _ in range(3):  # what was taken is given back
            answer = client.post(path_in(tiny), json={"input": ["plays chess"]})
            assert answer.status_code == status
        assert client.get("/health").status_code == 200
        assert f'lmtx_requests_total{{status="{status}"}} 3.0' in client.get("/metrics").text
    if status == 503:
        assert int(answer.headers["retry-after"]) > 0
        assert answer.json() == {"error": "too many requests are waiting: try again later"}


def test_a_request_is_as_large_as_what_its_version_reads(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "MAX_BODY_OF_A_WINDOW", 100)
    with TestClient(app_of(tiny)) as client:
        assert client.post(path_in(tiny), json={"input": ["a" * 50]}).status_code == 200
        sent = [json.dumps({"input": ["a" * length]}).encode() for length in (100, 1000)]
        # With its length before it, and in chunks; much too large, and a little.
        for content in (*sent, iter(sent[:1]), iter(sent)):
            answer = client.post(path_in(tiny), content=content)
            assert answer.status_code == 413
            assert answer.json() == {"error": "the request is larger than 100 bytes"}
        monkeypatch.undo()
        for most, status in ((MAX_TEXTS, 200), (MAX_TEXTS + 1, 413)):
            texts = {"input": ["chess"] * most}
            assert client.post(path_in(tiny), json=texts).status_code == status


def test_what_would_take_more_memory_than_texts_is_never_parsed() -> None:
    quotes = b'"' + b'\\"' * 1_000_000  # a text that does not end, of a million pieces
    for body, status in ((b'{"input": [' + b"[]," * 400_000 + b"1]}", 413), (quotes, 400)):
        with pytest.raises(HTTPException) as refused:
            app._texts(body)
        assert refused.value.status_code == status
    spaced = json.dumps({"input": ['[], "[]" \\'] * MAX_TEXTS}, indent=4).encode()
    assert len(app._texts(spaced)) == MAX_TEXTS


class Failing:
    """A tagger that cannot tag one text."""

    def decide(self, texts: Sequence[str]) -> list[Decision]:
        if "bad" in texts:
            raise ValueError("bad")
        return [Decision([Tag(text, text, 1.0)], []) for text in texts]


def test_a_request_that_cannot_be_tagged_takes_no_other_with_it() -> None:
    batcher = Batcher(Failing())  # type: ignore[arg-type]
    futures: list[Future[Any]] = [Future() for _ in range(3)]
    requests = [([text], future) for text, future in zip(["a", "bad", "b"], futures, strict=True)]
    batcher._answer(requests)
    batcher.close()
    assert [futures[at].result()[0].applied[0].name for at in (0, 2)] == ["a", "b"]
    with pytest.raises(ValueError, match="bad"):
        futures[1].result()


# --- Slow: who asks slowly waits alone.


@contextmanager
def serving(app: Starlette) -> Iterator[tuple[str, int]]:
    """Run an app on the product's own server."""
    listener = listen("127.0.0.1", 0)
    server = server_of(app)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield address_of(listener), listener.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(timeout=30)


def connect(port: int, sent: bytes = b"") -> socket.socket:
    made = socket.create_connection(("127.0.0.1", port), timeout=20)
    made.sendall(sent)
    return made


def is_closed(made: socket.socket) -> bool:
    """Wait until the other side has closed it."""
    try:
        while made.recv(65536):
            pass
    except ConnectionError:
        return True
    except TimeoutError:
        return False
    return True


def test_many_slow_connections_do_not_keep_a_good_client_out(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection_limits, "MOST", 20)
    path = path_in(tiny).encode()
    slow = [
        b"",
        b"GET /health HTTP/1.1\r\nHost: x\r\nX-A: ",
        b"POST " + path + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{",
        b"POST " + path + b" HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",
    ]
    with serving(app_of(tiny)) as (url, port), ExitStack() as held:
        made = [held.enter_context(connect(port, slow[at % len(slow)])) for at in range(60)]
        with httpx.Client(base_url=url, timeout=20) as client:
            for _ in range(5):
                answer = client.post(path_in(tiny), json={"input": ["chess"]})
                assert answer.status_code == 200
        # The first that came had to go; what came last may still end its request.
        assert is_closed(made[0])
        made[-1].sendall(b"\r\n0\r\n\r\n")
        assert made[-1].recv(100).startswith(b"HTTP/1.1 400")


def test_who_sends_nothing_whole_or_reads_nothing_is_left_in_the_end(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection_limits, "SECONDS", 0.5)
    monkeypatch.setattr(http, "SECONDS_TO_SEND", 0.5)
    path = path_in(tiny).encode()
    post = b"POST " + path + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{"
    with serving(app_of(tiny)) as (_, port), ExitStack() as held:
        for sent in (b"", b"GET /health HTT", b"GET /health HTTP/1.1\r\nHost: x\r\n\r\nGET /"):
            assert is_closed(held.enter_context(connect(port, sent))), sent
        late = held.enter_context(connect(port, post))
        assert late.recv(100).startswith(b"HTTP/1.1 408")
        assert is_closed(late)
    with serving(app_of(tiny, token=SecretStr(TOKEN))) as (_, port), ExitStack() as held:
        refused = held.enter_context(connect(port, post))
        assert refused.recv(100).startswith(b"HTTP/1.1 401")
        assert is_closed(refused)


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 200,
        b"GET\r\n\r\n",
        b"GET /health HTTP/1.1\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 200_000 + b"\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
    ids=["tls", "no path", "no host", "long header", "negative", "two", "chunk"],
)
def test_what_is_no_http_is_a_400_and_the_end_of_the_connection(
    plain: tuple[str, int], sent: bytes
) -> None:
    url, port = plain
    with connect(port) as made:
        try:
            made.sendall(sent)
            answer = made.recv(100)
        except ConnectionError:
            answer = b""
        assert answer == b"" or answer.startswith(b"HTTP/1.1 400")
        assert is_closed(made)
    assert httpx.get(f"{url}/health").status_code == 200


def test_who_goes_away_in_the_middle_leaves_no_line_in_the_log(
    tiny: Path, caplog: pytest.LogCaptureFixture
) -> None:
    head = f"POST {path_in(tiny)} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n"
    log = logging.getLogger("uvicorn.error")
    with serving(app_of(tiny)) as (url, port), httpx.Client(base_url=url) as client:
        # Its lines do not reach the root logger, where caplog listens.
        log.addHandler(caplog.handler)
        try:
            connect(port, head.encode() + b'{"input"').close()
            answered = 'lmtx_requests_total{status="400"} 1.0'
            wait_for(lambda: answered in client.get("/metrics").text, "the server", 60)
        finally:
            log.removeHandler(caplog.handler)
    assert caplog.text == ""


@pytest.fixture(scope="module")
def plain(tiny: Path) -> Iterator[tuple[str, int]]:
    with serving(app_of(tiny)) as found:
        yield found
