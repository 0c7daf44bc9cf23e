"""Who a visitor of the page is: nobody signs in, a proxy names the user, or a token does."""

from __future__ import annotations

import hashlib
import hmac
import time
import unicodedata
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection

from lmtx_search.settings import UiSettings

COOKIE = "lmtx_search_session"
SECONDS_SIGNED_IN = 12 * 3600
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who may read. ``editor``: who may also decide on tags."""

    name: str
    editor: bool


class Visitors:
    """Recognises visitors by the settings.

    Args:
        local: the name of the visitor where nobody has to sign in; None: such visitors are not
            known, and may only read.
    """

    def __init__(self, settings: UiSettings, local: str | None) -> None:
        self._settings = settings
        self._local = local
        self._proxies = [ip_network(one) for one in settings.proxies]
        self._tokens: dict[str, str] = {}
        for one in settings.tokens:
            name, _, token = one.get_secret_value().partition(":")
            self._tokens[name] = token

    @property
    def have_tokens(self) -> bool:
        """Whether a visitor can sign in with a token."""
        return bool(self._tokens)

    def recognise(self, request: HTTPConnection) -> Visitor:
        """Return who sent a request.

        Raises:
            HTTPException: 401, the visitor has to sign in; 403, the request did not come through
                the proxy that signs users in.
        """
        if not self._settings.signs_in:
            return Visitor(self._local or "visitor", editor=self._local is not None)
        if self._settings.user_header and self._through_proxy(request):
            return self._visitor(self._named_by_proxy(request.headers, self._settings.user_header))
        if self._tokens:
            name = self._named_by_token(request)
            if name is None:
                raise HTTPException(401, "sign in first, with your token")
            return self._visitor(name)
        raise HTTPException(
            403, "this page is open through its proxy only: its address must be in ui.proxies"
        )

    def session_of(self, token: str) -> str | None:
        """Return the cookie's value for the user with a token; None: nobody has it."""
        name = self._owner(token)
        if name is None:
            return None
        return self._signed(name, int(time.time()) + SECONDS_SIGNED_IN)

    def _visitor(self, name: str) -> Visitor:
        name, editors = _composed(name), {_composed(one) for one in self._settings.editors}
        return Visitor(name, editor="*" in editors or name in editors)

    def _through_proxy(self, request: HTTPConnection) -> bool:
        try:
            peer = ip_address(request.client.host if request.client else "")
        except ValueError:
            return False
        return any(peer in network for network in self._proxies)

    def _named_by_proxy(self, headers: Headers, header: str) -> str:
        # A second header of this name would be the visitor's own.
        given = headers.getlist(header)
        name = _as_utf8(given[0]).strip() if len(given) == 1 else ""
        if not name or len(name) > _LONGEST_NAME or not name.isprintable():
            raise HTTPException(401, f"the proxy named no user in {header}: sign in there first")
        return name

    def _named_by_token(self, request: HTTPConnection) -> str | None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return self._owner(token.strip())
        return self._named_by_session(request.cookies.get(COOKIE, ""))

    def _named_by_session(self, session: str) -> str | None:
        name, _, rest = session.rpartition("|")[0].rpartition("|")
        if name not in self._tokens or not (rest.isascii() and rest.isdigit()):
            return None
        if int(rest) < time.time() or not _same(session, self._signed(name, int(rest))):
            return None
        return name

    def _owner(self, token: str) -> str | None:
        # All tokens are compared, so that the time does not tell which one is nearly right.
        owners = [name for name, own in self._tokens.items() if _same(own, token)]
        return owners[0] if owners else None

    def _signed(self, name: str, until: int) -> str:
        """Return a session that needs no store: only the token's owner can have it signed."""
        claim = f"{name}|{until}"
        key = self._tokens[name].encode()
        return f"{claim}|{hmac.new(key, claim.encode(), hashlib.sha256).hexdigest()}"


def _as_utf8(value: str) -> str:
    """Return a header as the proxy meant it: headers are read as Latin-1, most send UTF-8."""
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return value


def _composed(name: str) -> str:
    """Return a name in the form in which names are compared: "ë" is one letter, not e and dots."""
    return unicodedata.normalize("NFC", name)


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
