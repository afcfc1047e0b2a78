"""Who knows the password: a cookie for each, and a pause after wrong ones."""

from __future__ import annotations

import hmac
import secrets
import time
from collections import OrderedDict
from http.cookies import CookieError, SimpleCookie
from typing import Any, NamedTuple

from starlette.responses import Response

# A shift, and how many may be logged in.
_LASTS = 12 * 3600
_MOST_SESSIONS, _MOST_ADDRESSES = 1000, 10_000
# Wrong passwords of an address before it has to wait, 2 seconds, then twice as long each time.
_FREE, _LONGEST_PAUSE = 3, 300.0


class _Failures(NamedTuple):
    wrong: int
    until: float


class Login:
    """The sessions of those who know the password; without a password, everybody is known."""

    def __init__(self, password: str, port: int) -> None:
        self._password = password.encode("utf-8")
        # Cookies know no ports: another page on this machine has another name.
        self._cookie = f"digits_review_{port}"
        self._sessions: OrderedDict[str, float] = OrderedDict()
        self._failures: OrderedDict[str, _Failures] = OrderedDict()

    @property
    def is_asked(self) -> bool:
        """Whether there is a password."""
        return bool(self._password)

    def is_known(self, cookies: str) -> bool:
        """Whether a Cookie header is that of somebody who has logged in."""
        if not self.is_asked:
            return True
        return self._sessions.get(self._token(cookies), 0.0) > time.monotonic()

    def pause(self, address: str) -> float:
        """Seconds that an address has to wait before it may try again."""
        return max(0.0, self._failures.get(address, _Failures(0, 0.0)).until - time.monotonic())

    def try_password(self, password: str, address: str) -> bool:
        """Whether a password is right; after wrong ones, the address has to wait."""
        if hmac.compare_digest(password.encode("utf-8", "replace"), self._password):
            self._failures.pop(address, None)
            return True
        count = self._failures.get(address, _Failures(0, 0.0)).wrong + 1
        pause = 0.0 if count < _FREE else min(_LONGEST_PAUSE, 2.0 ** min(count - _FREE + 1, 20))
        self._failures[address] = _Failures(count, time.monotonic() + pause)
        _forget(self._failures, _MOST_ADDRESSES)
        return False

    def let_in(self, response: Response) -> None:
        """Give a response the cookie of a new session."""
        token = secrets.token_urlsafe(32)
        self._sessions[token] = time.monotonic() + _LASTS
        _forget(self._sessions, _MOST_SESSIONS)
        response.set_cookie(
            self._cookie, token, max_age=_LASTS, httponly=True, samesite="strict", path="/"
        )

    def let_out(self, cookies: str, response: Response) -> None:
        """End a session."""
        self._sessions.pop(self._token(cookies), None)
        response.delete_cookie(self._cookie, path="/", httponly=True, samesite="strict")

    def _token(self, cookies: str) -> str:
        try:
            its = SimpleCookie(cookies).get(self._cookie)
        except CookieError:
            return ""
        return its.value if its else ""


def _forget(known: OrderedDict[str, Any], most: int) -> None:
    while len(known) > most:
        known.popitem(last=False)
