"""How requests say who asks: with a user, a token, a client certificate, an AWS signature."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.client.errors import clear_errors
from lmtx_search.cluster.dashboards.api import DashboardsApi as Dashboards
from lmtx_search.embedded.net import free_port
from lmtx_search.errors import LmtxError, UserError
from lmtx_search.settings import OpenSearchSettings, load_settings
from tests.support.certificates import Authority
from tests.support.http_server import QuietHandler, serving

KEY, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


class Recorder:
    """A server that notes what it is asked."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, dict[str, str], bytes]] = []
        record = self.requests

        class Handler(QuietHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                record.append((self.command, self.path, headers, body))
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            do_GET = do_POST

        self.handler, self.url = Handler, ""

    def headers(self, **settings: Any) -> dict[str, str]:
        """Return the headers of a search with these settings."""
        client = connect(OpenSearchSettings(url=self.url, **settings), reading=True)
        client.search(index="a b", body={"query": {"match_all": {}}}, params={"q": "x y"})
        return self.requests[-1][2]


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    found = Recorder()
    with serving(found.handler) as found.url:
        yield found


def test_a_token_is_shown_as_bearer(recorder: Recorder) -> None:
    assert recorder.headers(token="secret-token")["authorization"] == "Bearer secret-token"


def test_an_api_key_is_shown_as_such(recorder: Recorder) -> None:
    assert recorder.headers(api_key="os_abc")["authorization"] == "ApiKey os_abc"


def test_dashboards_get_the_same_header(recorder: Recorder) -> None:
    Dashboards(recorder.url, OpenSearchSettings(api_key="os_abc")).send("POST", "/", body=b"{}")
    assert recorder.requests[-1][2]["authorization"] == "ApiKey os_abc"


def test_requests_go_on_with_the_other_nodes_if_one_is_gone(recorder: Recorder) -> None:
    nowhere = [f"http://127.0.0.1:{free_port()}" for _ in range(2)]
    client = connect(OpenSearchSettings(urls=(*nowhere, recorder.url)), reading=True)
    for number in range(6):
        client.search(index="a", body={"size": number})
    assert [path for _, path, _, _ in recorder.requests] == ["/a/_search"] * 6


def test_a_node_that_does_not_answer_is_left_out_for_a_minute_and_no_other_is_asked_for(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, asked = [0.0], list[float]()
    clock = SimpleNamespace(time=lambda: 1000.0 + now[0])
    monkeypatch.setattr("opensearchpy.connection_pool.time", clock)

    class Gone(QuietHandler):
        def do_POST(self) -> None:
            asked.append(now[0])
            self.close_connection = True

    with serving(Gone) as gone:
        client = connect(OpenSearchSettings(urls=(gone, recorder.url)), reading=True)
        for now[0] in (0, 59, 61, 120, 122):
            for _ in range(4):
                client.search(index="a", body={})
    assert asked == [0, 61, 122]
    assert [path for _, path, _, _ in recorder.requests] == ["/a/_search"] * 20


def test_if_all_nodes_are_gone_the_message_names_one() -> None:
    urls = tuple(f"http://127.0.0.1:{free_port()}" for _ in range(3))
    with pytest.raises(LmtxError, match="no OpenSearch at http://"), clear_errors():
        connect(OpenSearchSettings(urls=urls), reading=True).info()


def test_a_signed_request_has_the_signature_that_aws_computes(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_SESSION_TOKEN", "session")
    seen = recorder.headers(aws_region="eu-central-1")
    method, path, headers, body = recorder.requests[-1]
    scope = f"{headers['x-amz-date'][:8]}/eu-central-1/es/aws4_request"
    assert f"Credential={KEY}/{scope}" in seen["authorization"]
    assert headers["x-amz-security-token"] == "session"

    # Signed again, of what arrived: the same signature, or the cluster would refuse it.
    signed = seen["authorization"].split("SignedHeaders=")[1].split(",")[0].split(";")
    request = AWSRequest(method, recorder.url + path, {k: headers[k] for k in signed}, body)
    request.context["timestamp"] = headers["x-amz-date"]
    signer = SigV4Auth(Credentials(KEY, SECRET, "session"), "es", "eu-central-1")
    canonical = signer.canonical_request(request)
    signature = signer.signature(signer.string_to_sign(request, canonical), request)
    assert seen["authorization"].endswith(f"Signature={signature}")


def test_nobody_to_sign_as_is_one_clear_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(UserError, match="no AWS credentials to sign with"):
        connect(OpenSearchSettings(aws_region="eu-central-1"))


def test_a_client_certificate_that_cannot_be_used_is_one_clear_line(tmp_path: Path) -> None:
    authority = Authority(tmp_path, "ca")
    own, other = authority.pair("own"), authority.pair("other")
    https = {"url": "https://localhost:9200", "client_cert": own.certificate}
    for key, message in (
        (tmp_path / "none.key", "cannot read the client certificate"),
        (other.key, "not a PEM certificate with its key"),
    ):
        with pytest.raises(UserError, match=message):
            connect(OpenSearchSettings(client_key=key, **https))
    locked = tmp_path / "locked.key"
    key = serialization.load_pem_private_key(own.key.read_bytes(), None)
    locked.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )
    with pytest.raises(UserError, match="has a password: decrypt it"):
        connect(OpenSearchSettings(client_key=locked, **https))


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"user": "me", "token": "s3cret"}, "opensearch.user is set too: use one way to sign in"),
        ({"token": "s3cret", "aws_region": "x"}, "opensearch.token is set too"),
        ({"token": "s3cret", "api_key": "s3cret"}, "opensearch.token is set too"),
        ({"api_key": "s3cret", "aws_region": "x"}, "opensearch.api_key is set too"),
        ({"client_cert": "a.pem"}, "needs an https:// address"),
        ({"client_key": "a.key"}, "set opensearch.client_cert"),
    ],
)
def test_two_ways_to_sign_in_or_half_a_way_are_refused(
    flags: dict[str, str], message: str, tmp_path: Path
) -> None:
    given = {f"opensearch.{name}": value for name, value in flags.items()}
    with pytest.raises(UserError, match=message) as caught:
        load_settings(flags={"data_dir": tmp_path, **given})
    assert "s3cret" not in str(caught.value)
