"""How the page is served: where, to whom, and from which folders."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline.runtime.errors import UserError

# Addresses at which nobody but this machine's users can knock.
LOOPBACK = ("127.0.0.1", "localhost", "::1")
SHORTEST_PASSWORD = 8


@dataclass(frozen=True)
class Settings:
    """Address and password, empty where none is asked for; and where photos are and go to.

    `folder` is where the photos lie now, None where they were recorded; `raw` where corrected ones
    go; `who` the name of whoever sits here, empty where the page asks for it.
    """

    raw: Path = Path("raw")
    folder: Path | None = None
    host: str = "127.0.0.1"
    port: int = 8765
    password: str = ""
    who: str = ""


def check_password(host: str, password: str) -> None:
    """Raise `UserError` where others could reach the page without a password worth the name."""
    if password and len(password) < SHORTEST_PASSWORD:
        raise UserError("the password is shorter than {least} characters", least=SHORTEST_PASSWORD)
    if host not in LOOPBACK and not password:
        raise UserError(
            "at {host}, others can reach the page: give a password with --password-file FILE, or "
            "in the variable DIGITS_PASSWORD",
            host=host,
        )
