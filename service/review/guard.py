"""Who may ask what: the page is for the people at this machine, or who know the password."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipeline.messages import mark, say_in
from service.review.login import Login
from service.review.settings import LOOPBACK, Settings
from service.review.texts import language_of

_LARGEST_BODY = 64 * 1024
# What is served to whoever has not logged in.
_OPEN = ("/login", "/static/")
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; img-src 'self'; script-src 'self'; "
    "style-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

_FOREIGN_HOST = mark("this page has another address: open the one that `digits review` printed")
_CROSS_SITE = mark("another site's page has sent this: it is not done")
_TOO_LARGE = mark("that is more than an answer can be")
_NO_METHOD = mark("that cannot be asked for here")
_LOG_IN = mark("log in first: reload the page")


class Guard:
    """An application behind its guard: foreign hosts, sites and strangers do not get through."""

    def __init__(self, app: ASGIApp, settings: Settings, login: Login) -> None:
        self._app, self._login = app, login
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with why not, or let the application answer, with headers that protect it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        body = await _read_body(receive) if scope["method"] == "POST" else b""
        refusal = self._refuse(scope, body)

        async def send_protected(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(_HEADERS)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        given = [body]

        async def receive_again() -> Message:
            if given:
                return {"type": "http.request", "body": given.pop() or b"", "more_body": False}
            return await receive()

        await (refusal or self._app)(scope, receive_again, send_protected)

    def _refuse(self, scope: Scope, body: bytes | None) -> Response | None:
        """Why a request is not answered; None where it is."""
        headers, method, path = Headers(scope=scope), scope["method"], scope["path"]
        is_open = path.startswith(_OPEN) or self._login.is_known(headers.get("cookie", ""))
        if not is_ours(headers.get("host", ""), self._settings):
            status, text = 421, _FOREIGN_HOST
        elif method not in ("GET", "HEAD", "POST"):
            status, text = 405, _NO_METHOD
        elif method == "POST" and not is_same_origin(headers):
            status, text = 403, _CROSS_SITE
        elif body is None:
            status, text = 413, _TOO_LARGE
        elif not is_open:
            status, text = 401, _LOG_IN
        else:
            return None
        if status == 401 and method == "GET" and path in ("/", "/numbers"):
            return RedirectResponse("/login", 303)
        code = language_of(None, headers.get("accept-language", ""))
        return PlainTextResponse(say_in(code, text), status)


def is_ours(host: str, settings: Settings) -> bool:
    """Whether a Host header has the page's own address: no name that was bound to it elsewhere.

    Where the page is open to others, any address in numbers is its own: no name can be bound anew
    that is none.
    """
    name, port = _split(host.lower())
    if port != settings.port:
        return False
    if settings.host in LOOPBACK:
        return name in LOOPBACK
    return name in _names(settings.host) or _is_address(name)


def is_same_origin(headers: Headers) -> bool:
    """Whether a request comes from the page itself, as the browser says."""
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    host = headers.get("host", "")
    if site is None and origin is None:
        return False
    is_site = site in (None, "same-origin")
    return is_site and origin in (None, f"http://{host}", f"https://{host}")


def _names(host: str) -> Iterable[str]:
    here = socket.gethostname().lower()
    return {*LOOPBACK, host.lower(), here, f"{here}.local", socket.getfqdn().lower()}


def _split(host: str) -> tuple[str, int]:
    """Name and port of a Host header; port 80 where it has none, -1 where it is no port."""
    name, colon, port = host.rpartition(":")
    if not colon or host.endswith("]"):
        name, port = host, "80"
    is_port = port.isascii() and port.isdigit() and len(port) <= 5
    return name.removeprefix("[").removesuffix("]"), int(port) if is_port else -1


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


async def _read_body(receive: Receive) -> bytes | None:
    """A request's body; None where it is too large."""
    body = bytearray()
    is_whole = False
    while not is_whole and len(body) <= _LARGEST_BODY:
        message = await receive()
        body += message.get("body", b"")
        is_whole = not message.get("more_body")
    return bytes(body) if len(body) <= _LARGEST_BODY else None
