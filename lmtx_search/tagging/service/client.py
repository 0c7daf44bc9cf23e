"""Checks that an HTTP tagger is running, and that it serves a version."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any

from lmtx_search.errors import LmtxError, UserError
from lmtx_search.settings import ServiceSettings
from lmtx_search.tagging.service.auth import bearer
from lmtx_search.tagging.versions.label_changes import changes_digest
from lmtx_search.tagging.versions.version import TaggerVersion

# Loading a version with a large label set from a slow disk takes a while.
_SECONDS = 60.0
# For a version that is loaded already.
_SECONDS_TO_LOOK = 10.0
# A service that closes the connection in the middle of an answer raises an HTTPException.
_NO_ANSWER = (OSError, ValueError, HTTPException)
# Behind a load balancer, each connection may reach another service.
_LOOKS = 4

COPY_CHANGES = (
    "copy the folder `changes` of the version to each service with a copy of its own (.npy first); "
    "in a shared folder, a service finds them by itself, on some file systems after a minute"
)
"""What to do if :func:`lacks_changes`."""


def service_url(settings: ServiceSettings) -> str:
    """Return the address at which the cluster reaches the tagger, without a trailing slash."""
    if settings.url:
        return settings.url.rstrip("/")
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)
    return f"http://{host}:{settings.port}"


def tag_url(service: str, version: str) -> str:
    """Return the address to which texts for a version are posted."""
    return f"{service}/taggers/{version}/tag"


def require_service(url: str) -> None:
    """Check that a tagger answers.

    Raises:
        UserError: no tagger answers.
    """
    try:
        answer = _get(f"{url}/ready")
    except urllib.error.HTTPError:
        answer = None
    except _NO_ANSWER as error:
        raise UserError(
            f"no tagger at {url} ({_why(error)}): start it with `lmtx-search serve`, or set "
            "service.url"
        ) from error
    if not isinstance(answer, dict) or answer.get("status") != "ready":
        raise _no_tagger(url)


def require_version(settings: ServiceSettings, version: TaggerVersion) -> None:
    """Check that the tagger serves a version; this loads the version.

    Raises:
        UserError: the tagger serves another folder, which does not hold the version, or it requires
            another token.
        LmtxError: the tagger cannot load the version.
    """
    url, name = service_url(settings), version.manifest.version
    try:
        manifest = _get(f"{url}/taggers/{name}", bearer(settings.token))
    except urllib.error.HTTPError as error:
        if error.code == 404:
            raise UserError(
                f"the tagger at {url} does not see {version.folder}: run `lmtx-search serve` "
                "with the same data_dir, or copy the folder to it"
            ) from error
        if error.code == 401:
            raise UserError(
                f"the tagger at {url} requires another token: set LMTX_SERVICE_TOKEN to the token "
                "that it was started with"
            ) from error
        raise LmtxError(f"the tagger at {url} cannot load {name}: {_why(error)}") from error
    except _NO_ANSWER as error:
        raise LmtxError(
            f"the tagger at {url} did not answer ({_why(error)}): see its log"
        ) from error
    if not isinstance(manifest, dict):
        raise _no_tagger(url)
    if manifest.get("encoder_digest") != version.manifest.encoder_digest:
        raise UserError(
            f"the tagger at {url} has another version {name}: run it with the same data_dir"
        )


def lacks_changes(settings: ServiceSettings, version: TaggerVersion) -> str | None:
    """Return a sentence if a service lacks label changes of a version (None: none is known to).

    Services behind a load balancer may have copies of the version's folder, and a change of labels
    is written into one of them. Nothing is said of a service that does not answer or is of an
    earlier release.
    """
    url, name = service_url(settings), version.manifest.version
    wanted = changes_digest(version.folder)
    for _ in range(_LOOKS):
        try:
            answer = _get(f"{url}/taggers/{name}", bearer(settings.token), _SECONDS_TO_LOOK)
        except _NO_ANSWER:
            return None
        if isinstance(answer, dict) and answer.get("label_changes") not in (None, wanted):
            return f"a tagger at {url} has other label changes than {version.folder}"
    return None


def _no_tagger(url: str) -> UserError:
    return UserError(f"the program at {url} is not an lmtx-search tagger: set service.url")


def _get(url: str, headers: Mapping[str, str] | None = None, seconds: float = _SECONDS) -> Any:
    # The cluster reaches the tagger directly, so this machine's proxy settings must not apply.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(url, headers=dict(headers or {}))
    with opener.open(request, timeout=seconds) as answer:
        return json.load(answer)


def _why(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        try:
            message = json.load(error)["error"]
        except (ValueError, KeyError, TypeError):
            message = None
        return message if isinstance(message, str) else f"HTTP {error.code}"
    reason = getattr(error, "reason", error)
    return str(getattr(reason, "strerror", None) or reason)
