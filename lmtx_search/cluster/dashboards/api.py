"""Sends requests to OpenSearch Dashboards; errors are one line."""

from __future__ import annotations

import json
from typing import Any

import urllib3

from lmtx_search.cluster.client.auth import authorization
from lmtx_search.cluster.client.connect import ssl_context
from lmtx_search.errors import LmtxError, UserError
from lmtx_search.settings import OpenSearchSettings


class DashboardsApi:
    """An OpenSearch Dashboards; its users are the cluster's.

    Args:
        url: its address, including the base path if it has one.
        settings: the credentials, and the trusted certificates.
        tenant: ``global``, ``private`` or a name; None: Dashboards chooses.

    Raises:
        UserError: ``url`` is not an address.
    """

    def __init__(self, url: str, settings: OpenSearchSettings, tenant: str | None = None) -> None:
        if not url.startswith(("http://", "https://")):
            raise UserError(f"{url} is not an address: an address starts with http:// or https://")
        self.url = url.rstrip("/")
        self.tenant = tenant
        self._user = settings.user
        headers = {"osd-xsrf": "true"}
        if settings.aws_region is not None:
            raise UserError(
                "requests to Dashboards are not signed for AWS: import the file of `lmtx-search "
                "dashboards export` by hand, or sign in with a user (--user)"
            )
        if settings.user is not None:
            password = settings.password.get_secret_value() if settings.password else ""
            headers |= urllib3.make_headers(basic_auth=f"{settings.user}:{password}")
        elif (header := authorization(settings)) is not None:
            headers["authorization"] = header
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

    def ask(self, method: str, path: str, **options: Any) -> Any:
        """Send a request and return its answer, decoded from JSON.

        Raises:
            UserError: the server is not Dashboards, or the user lacks the right.
            LmtxError: Dashboards does not answer, is not ready, or refuses the request.
        """
        return self.read(*self.send(method, path, **options), path)

    def send(self, method: str, path: str, **options: Any) -> tuple[int, bytes]:
        """Send a request and return the answer's status and body, without checking them."""
        try:
            answer = self._pool.request(method, self.url + path, redirect=False, **options)
        except urllib3.exceptions.SSLError as error:
            raise UserError(
                f"no TLS connection with {self.url} ({error}): give its CA with --ca-file, or "
                "--no-verify to trust it unseen"
            ) from error
        except urllib3.exceptions.NewConnectionError as error:
            raise UserError(
                f"no OpenSearch Dashboards at {self.url}: start it, or give its address with "
                "--dashboards-url"
            ) from error
        except urllib3.exceptions.TimeoutError as error:
            raise LmtxError(f"no answer from {self.url} in time ({path})") from error
        except urllib3.exceptions.HTTPError as error:
            hint = " (it may want https://)" if self.url.startswith("http://") else ""
            raise LmtxError(f"{self.url} dropped the connection{hint}: {error}") from error
        return answer.status, answer.data

    def read(self, status: int, body: bytes, path: str) -> Any:
        """Return the decoded answer; raises as :meth:`ask` does."""
        if status == 401:
            who = (
                f"the user {self._user} or the password"
                if self._user
                else "a request without a user"
            )
            raise UserError(
                f"{self.url} refused {who}: check opensearch.user (--user) and "
                "LMTX_OPENSEARCH_PASSWORD"
            )
        if 300 <= status < 400:
            raise UserError(
                f"{self.url} redirects {path}: give its full address with --dashboards-url; if it "
                "signs users in with SAML or OpenID, import the file of `dashboards export` by hand"
            )
        if status == 503:
            raise LmtxError(f"OpenSearch Dashboards at {self.url} is not ready: try again later")
        try:
            answer = json.loads(body)
        except ValueError as error:
            raise self.no_dashboards() from error
        # OpenSearch answers a path that it does not know with 400.
        if status == 404 or (status == 400 and "no handler found" in str(answer)):
            raise self.no_dashboards()
        if status == 403:
            raise UserError(f"the user may not do that at {self.where}: {_message(answer)}")
        if status >= 400:
            raise LmtxError(f"{self.url} answered {status} ({path}): {_message(answer)}")
        return answer

    def no_dashboards(self) -> UserError:
        """Return the error for an address where another program answers."""
        if (version := self._cluster_version()) is not None:
            return UserError(
                f"{self.url} is the cluster itself (OpenSearch {version}), not OpenSearch "
                "Dashboards: give the address that you open Dashboards with in a browser, usually "
                "on port 5601 (--dashboards-url)"
            )
        return UserError(
            f"the program at {self.url} is not OpenSearch Dashboards: give its address, with its "
            "base path if it has one (--dashboards-url)"
        )

    def _cluster_version(self) -> str | None:
        """Return the version of the OpenSearch that answers; None where another program does."""
        try:
            answer = json.loads(self.send("GET", "/")[1])
            return str(answer["version"]["number"]) if "cluster_name" in answer else None
        except (LmtxError, ValueError, KeyError, TypeError):
            return None

    @property
    def where(self) -> str:
        """The address and the tenant, for messages."""
        return f"{self.url} (tenant {self.tenant})" if self.tenant is not None else self.url


def _message(answer: Any) -> str:
    return str(answer.get("message", answer) if isinstance(answer, dict) else answer)[:300]
