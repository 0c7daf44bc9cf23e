"""A real OpenSearch 2.19 with TLS, users and roles."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import shutil
import ssl
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import bcrypt
from opensearchpy import OpenSearch

from lmtx_search.cli.context import Lines
from lmtx_search.cluster.client.connect import connect
from lmtx_search.embedded.files import remove_folder
from lmtx_search.embedded.net import LOOPBACK
from lmtx_search.embedded.places import find_places
from lmtx_search.embedded.processes import Process, stop
from lmtx_search.settings import OpenSearchSettings, load_settings
from tests.support.certificates import Authority, Pair
from tests.support.commands import run_command
from tests.support.opensearch_2_19 import start_2_19

PASSWORD = "correct horse battery staple"
# Role → who has it: by password, by certificate, by token.
USERS = {"all_access": "admin", "lmtx": "operator", "lmtx-writer": "writer"}
_TOKEN_KEY = b"a key of the tests that signs tokens, at least 32 bytes"
_SYSTEM_INDICES = [
    ".plugins-ml-config",
    ".plugins-ml-connector",
    ".plugins-ml-model-group",
    ".plugins-ml-model",
    ".plugins-ml-task",
]


@dataclass(frozen=True)
class SecuredNode:
    """Where it is, and who it knows."""

    url: str
    conf: Path
    ca: Authority
    admin: Pair

    def environment(self, user: str) -> dict[str, str]:
        """Return how a command signs in as a user."""
        return {
            "LMTX_OPENSEARCH_URL": self.url,
            "LMTX_OPENSEARCH_CA_FILE": str(self.ca.file),
            "LMTX_OPENSEARCH_USER": user,
            "LMTX_OPENSEARCH_PASSWORD": PASSWORD,
            "LMTX_OPENSEARCH_KNN_ENGINE": "lucene",
        }

    def renew_certificate(self) -> None:
        """Give the node another certificate while it runs."""
        _install(self.ca.pair("node", "http"), self.conf, "http")
        context = ssl._create_unverified_context()
        context.load_cert_chain(self.admin.certificate, self.admin.key)
        _ask(f"{self.url}/_plugins/_security/api/ssl/http/reloadcerts", "PUT", None, context)

    def put_role(self, name: str, body: Mapping[str, Any]) -> None:
        """Give a role its rights, as the security plugin's REST API takes them."""
        path = f"/_plugins/_security/api/roles/{name}"
        self.administrator.transport.perform_request("PUT", path, body=body)

    @cached_property
    def administrator(self) -> OpenSearch:
        """A client of the node's own administrator, who signs in with a certificate."""
        return connect(
            OpenSearchSettings(
                url=self.url,
                ca_file=self.ca.file,
                client_cert=self.admin.certificate,
                client_key=self.admin.key,
            )
        )


def bearer(user: str) -> str:
    """Return a token (JWT) by which the node knows a user."""
    claims = {"sub": user, "exp": int(time.time()) + 3600}
    parts = [_base64({"alg": "HS256", "typ": "JWT"}), _base64(claims)]
    signature = hmac.new(_TOKEN_KEY, ".".join(parts).encode(), hashlib.sha256).digest()
    return ".".join([*parts, base64.urlsafe_b64encode(signature).decode().rstrip("=")])


@contextmanager
def secured_node(valid: timedelta = timedelta(days=30)) -> Iterator[SecuredNode]:
    """Start the node; it and all that it wrote are gone after the block.

    ``valid`` is for how long its certificate is: a node does not start with one that has expired.
    """
    base = Path(tempfile.mkdtemp(prefix="lmtx-secured-"))
    base.chmod(0o755)
    places = find_places(load_settings(flags={"data_dir": base}))
    started: list[Process] = []
    conf = places.node_data / "conf"
    try:
        ca = Authority(base / "certificates", "ca")
        admin = ca.pair("admin")
        _write_security(conf / "opensearch-security")
        _install(ca.pair("node", "transport"), conf, "transport")
        shutil.copy(ca.file, conf / "ca.pem")
        _install(ca.pair("node", "http", valid), conf, "http")
        port = start_2_19(places, _settings(), started.append, Lines(), _is_initialized)
        yield SecuredNode(f"https://{LOOPBACK}:{port}", conf, ca, admin)
    finally:
        for process in started:
            stop(process)
        remove_folder(places.node_data)
        remove_folder(base)


def run_lmtx(environment: Mapping[str, str], *words: str | Path, **options: Any) -> Any:
    """Run `lmtx-search` with these words."""
    options = {"cwd": Path.cwd(), "timeout": 300, **options}
    return run_command([str(word) for word in words], environment, **options)


def _install(pair: Pair, conf: Path, kind: str) -> None:
    conf.mkdir(parents=True, exist_ok=True)
    shutil.copy(pair.certificate, conf / f"{kind}.pem")
    shutil.copy(pair.key, conf / f"{kind}.key")


def _settings() -> dict[str, object]:
    settings: dict[str, object] = {
        "plugins.security.ssl.http.enabled": True,
        "plugins.security.ssl.transport.enforce_hostname_verification": False,
        "plugins.security.ssl_cert_reload_enabled": True,
        "plugins.security.nodes_dn": ["CN=node"],
        "plugins.security.authcz.admin_dn": ["CN=admin"],
        "plugins.security.restapi.roles_enabled": ["all_access"],
        "plugins.security.system_indices.enabled": True,
        "plugins.security.system_indices.indices": _SYSTEM_INDICES,
        "plugins.security.allow_default_init_securityindex": True,
    }
    for kind in ("transport", "http"):
        prefix = f"plugins.security.ssl.{kind}"
        settings[f"{prefix}.pemcert_filepath"] = f"{kind}.pem"
        settings[f"{prefix}.pemkey_filepath"] = f"{kind}.key"
        settings[f"{prefix}.pemtrustedcas_filepath"] = "ca.pem"
    return settings


def _write_security(folder: Path) -> None:
    """Write whom the node knows; JSON is YAML."""
    hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    known = {user: {"hash": hashed} for user in USERS.values()}
    mapping = {role: {"users": [user]} for role, user in USERS.items()}
    files: dict[str, dict[str, Any]] = {
        "config": {"config": {"dynamic": {"authc": _sign_ins()}}},
        "internalusers": known,
        "roles": {},
        "rolesmapping": mapping,
        "actiongroups": {},
        "tenants": {},
    }
    names = {"internalusers": "internal_users", "rolesmapping": "roles_mapping"}
    names["actiongroups"] = "action_groups"
    folder.mkdir(parents=True)
    for kind, body in files.items():
        text = json.dumps({"_meta": {"type": kind, "config_version": 2}, **body})
        (folder / f"{names.get(kind, kind)}.yml").write_text(text)


def _sign_ins() -> dict[str, Any]:
    """The ways to sign in: a client certificate, a token, a password."""
    key = base64.b64encode(_TOKEN_KEY).decode()
    config = {"signing_key": key, "jwt_header": "Authorization", "subject_key": "sub"}
    ways: dict[str, dict[str, Any]] = {
        "certificate": {"type": "clientcert", "config": {"username_attribute": "cn"}},
        "token": {"type": "jwt", "config": config},
        "password": {"type": "basic"},
    }
    return {
        name: {
            "http_enabled": True,
            "order": order,
            "http_authenticator": {**way, "challenge": name == "password"},
            "authentication_backend": {"type": "intern" if name == "password" else "noop"},
        }
        for order, (name, way) in enumerate(ways.items())
    }


def _is_initialized(port: int) -> bool:
    secret = base64.b64encode(f"admin:{PASSWORD}".encode()).decode()
    context = ssl._create_unverified_context()
    url = f"https://{LOOPBACK}:{port}/_cluster/health?wait_for_status=yellow&timeout=1s"
    with contextlib.suppress(OSError):
        return not _ask(url, "GET", None, context, Authorization=f"Basic {secret}")["timed_out"]
    return False


def _ask(url: str, method: str, body: Any, context: ssl.SSLContext, **headers: str) -> Any:
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", **headers}
    request = urllib.request.Request(url, data, headers, method=method)
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
    )
    try:
        with opener.open(request, timeout=60) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise OSError(f"{method} {url}: {error.code} {error.read().decode()}") from error


def _base64(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
