"""Go through the doubtful readings on a page in the browser, by keyboard; the answers are kept.

It is at an address of this machine alone. At another one, given with --host, it asks for a
password. What is corrected becomes training data in raw/corrected/. Ctrl-C ends it.
"""

from __future__ import annotations

import argparse
import errno
import logging
import os
import socket
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import uvicorn

from pipeline.messages import say
from pipeline.runtime.command import make_parser, run
from pipeline.runtime.errors import UserError
from service.commands.options import add_database, find_params
from service.database.opening import open_database
from service.review.app import make_app
from service.review.settings import Settings, check_password
from service.training_data import export_corrections

log = logging.getLogger(__name__)

_PASSWORD = "DIGITS_PASSWORD"
# More requests at once than so many people make.
_MOST_AT_ONCE = 200


def main(argv: Sequence[str] | None = None) -> None:
    """Bring raw/corrected/ up to date with the database, then serve the page until Ctrl-C."""
    options = parse_arguments(argv)
    settings = find_settings(options)
    params = find_params()
    engine = open_database(options.database)
    export_corrections(engine, settings.raw, settings.folder)
    with bind(settings) as listener:
        settings = replace(settings, port=listener.getsockname()[1])
        sys.stdout.write(say("Open {address} in a browser; Ctrl-C ends it.",
                             address=address_of(settings)) + "\n")  # fmt: skip
        sys.stdout.flush()
        server = uvicorn.Server(
            uvicorn.Config(
                make_app(engine, params, settings), log_level="warning", server_header=False,
                proxy_headers=False, limit_concurrency=_MOST_AT_ONCE, ws="none",
                timeout_graceful_shutdown=3,
            )
        )  # fmt: skip
        try:
            server.run(sockets=[listener])
        except KeyboardInterrupt:
            log.info(say("The page is closed."))


def parse_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command's arguments."""
    parser = make_parser("digits review", __doc__)
    parser.add_argument(
        "folder", type=Path, nargs="?", metavar="FOLDER",
        help=say("where the photos lie now; default: where they were recorded"),
    )  # fmt: skip
    add_database(parser)
    parser.add_argument(
        "--host", default="127.0.0.1", metavar="ADDRESS",
        help=say("the address to serve at; default: {default}", default="127.0.0.1"),
    )  # fmt: skip
    parser.add_argument(
        "--port", type=int, default=8765, help=say("the port; 0: any that is free; default: 8765")
    )
    parser.add_argument(
        "--password-file", type=Path, metavar="FILE",
        help=say("a file with the password in its first line; default: what DIGITS_PASSWORD says"),
    )  # fmt: skip
    parser.add_argument(
        "--raw", type=Path, default=Path("raw"), metavar="FOLDER",
        help=say("where corrected photos go, below corrected/; default: raw"),
    )  # fmt: skip
    parser.add_argument(
        "--who", default="", metavar="NAME", help=say("your name; default: the page asks for it")
    )
    options = parser.parse_args(argv)
    _check(parser, options)
    return options


def _check(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    if options.folder and not options.folder.is_dir():
        parser.error(say("{folder} is not a folder", folder=options.folder))
    if not 0 <= options.port <= 65535:
        parser.error(say("{port} is no port: 0 to 65535", port=options.port))


def find_settings(options: argparse.Namespace) -> Settings:
    """How the page is served; raises `UserError` where others could reach it without a password."""
    password = os.environ.get(_PASSWORD, "")
    if options.password_file:
        password = read_password(options.password_file)
    check_password(options.host, password)
    return Settings(
        options.raw, options.folder, options.host, options.port, password, options.who.strip()[:60]
    )


def read_password(path: Path) -> str:
    """The first line of a file; raises `UserError` where it cannot be read, or is empty."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError("{file} cannot be read: {why}", file=path, why=error) from None
    if not lines or not lines[0].strip():
        raise UserError("{file} has no password in its first line", file=path)
    return lines[0].strip()


def bind(settings: Settings) -> socket.socket:
    """A socket that listens at the page's address; raises `UserError` where that cannot be."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    if os.name != "nt":
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise UserError(
                "port {port} is in use: perhaps by another `digits review`; or give another "
                "with --port",
                port=settings.port,
            ) from None
        raise UserError(
            "{host}:{port} cannot be served at: {why}",
            host=settings.host, port=settings.port, why=error.strerror,
        ) from None  # fmt: skip
    return listener


def address_of(settings: Settings) -> str:
    """The page's address, as a browser on this machine takes it."""
    host = {"0.0.0.0": socket.gethostname(), "::": socket.gethostname()}.get(
        settings.host, settings.host
    )
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}/"


if __name__ == "__main__":
    run(main)
