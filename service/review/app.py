"""The page as an application: what is answered at which address."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from jinja2 import Environment, PackageLoader, StrictUndefined
from sqlalchemy import Engine
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from pipeline.messages import LANGUAGES, mark, say_in
from pipeline.params import Params
from pipeline.reporting.sentence import Sentence
from pipeline.runtime.errors import UserError
from service.database.opening import reading_from
from service.review.answers import store
from service.review.guard import Guard
from service.review.items import describe, digit_boxes, find_row
from service.review.login import Login
from service.review.photos import Album, Kind, PhotoGone
from service.review.queue import take_next
from service.review.requests import Refused, is_id, read_answer, read_wish
from service.review.settings import Settings
from service.review.spot_checks import measure
from service.review.texts import language_of, page_texts, sentence_in
from service.training_data import export_photo

log = logging.getLogger(__name__)

_NOT_JSON = mark("the page has sent what cannot be understood: reload it")
_NOT_LEARNED = mark("saved, but nothing is learned from this photo: {why}")
_WAIT = mark("too many wrong passwords: wait {seconds} seconds")
_WRONG_PASSWORD = mark("that is not the password")
_STATIC = Path(__file__).parent / "static"


def make_app(engine: Engine, params: Params, settings: Settings) -> Starlette:
    """The page for the readings of a database, behind its guard."""
    login = Login(settings.password, settings.port)
    desk = Desk(engine, params, settings, login)
    routes = [
        Route("/", desk.review),
        Route("/numbers", desk.numbers),
        Route("/login", desk.log_in, methods=["GET", "POST"]),
        Route("/logout", desk.log_out, methods=["POST"]),
        Route("/next", desk.next, methods=["POST"]),
        Route("/answer", desk.answer, methods=["POST"]),
        Route("/boxes/{reading_id:int}", desk.boxes),
        Route("/photo/{reading_id:int}/display", partial(desk.photo, kind="display")),
        Route("/photo/{reading_id:int}/whole", partial(desk.photo, kind="whole")),
        Mount("/static", StaticFiles(directory=_STATIC)),
    ]
    return Starlette(
        routes=routes,
        middleware=[Middleware(Guard, settings=settings, login=login)],
        exception_handlers={Refused: _refused, PhotoGone: _gone, UserError: _failed},
    )


class Desk:
    """What answers: each method one address."""

    def __init__(self, engine: Engine, params: Params, settings: Settings, login: Login) -> None:
        self._engine, self._params, self._settings, self._login = engine, params, settings, login
        self._album = Album(engine, settings.folder)
        loader = PackageLoader("service.review", "template")
        self._pages = Environment(loader=loader, autoescape=True, undefined=StrictUndefined)

    async def review(self, request: Request) -> Response:
        """The page on which readings are looked at."""
        return self._page(request, "review.html", who=self._settings.who)

    async def numbers(self, request: Request) -> Response:
        """How the spot checks came out."""
        checks = await run_in_threadpool(self._measure)
        code = _code(request)
        alarms = [sentence_in(code, its.sentence) for its in checks if its.alarm]
        return self._page(request, "numbers.html", checks=checks, alarms=alarms)

    async def next(self, request: Request) -> Response:
        """The reading that comes next for whoever asks, and how many wait."""
        wish = read_wish(await _body(request))
        return await run_in_threadpool(self._next, wish.holder, wish.have, wish.later, request)

    async def answer(self, request: Request) -> Response:
        """Enter what a person said, and write what is learned from it."""
        answer = read_answer(await _body(request))
        photo_id = await run_in_threadpool(store, self._engine, answer, self._params)
        note = await run_in_threadpool(self._learn, photo_id, _code(request))
        return JSONResponse({"saved": True, "note": note})

    async def boxes(self, request: Request) -> Response:
        """The boxes that the reader gave a reading's digits, for a person to correct."""
        row = await run_in_threadpool(self._find, _reading_id(request))
        if row is None:
            return Response(status_code=404)
        return JSONResponse({"boxes": digit_boxes(row.digits)})

    async def photo(self, request: Request, kind: Kind) -> Response:
        """A reading's display, or its whole photo."""
        found = await run_in_threadpool(self._album.find, _reading_id(request))
        if found is None:
            return Response(status_code=404)
        keep = {"Cache-Control": "private, max-age=600"}
        return Response(getattr(found, kind), media_type="image/jpeg", headers=keep)

    async def log_in(self, request: Request) -> Response:
        """Ask for the password, and let in who knows it."""
        if request.method != "POST" or not self._login.is_asked:
            return self._page(request, "login.html", complaint="")
        code, address = _code(request), request.client.host if request.client else ""
        if pause := self._login.pause(address):
            return self._page(
                request, "login.html", 429, complaint=say_in(code, _WAIT, seconds=int(pause) + 1)
            )
        form = parse_qs((await request.body()).decode("utf-8", "replace"), max_num_fields=4)
        if not self._login.try_password(form.get("password", [""])[0], address):
            return self._page(request, "login.html", 403, complaint=say_in(code, _WRONG_PASSWORD))
        response = RedirectResponse("/", 303)
        self._login.let_in(response)
        return response

    async def log_out(self, request: Request) -> Response:
        """End the session."""
        response = RedirectResponse("/login", 303)
        self._login.let_out(request.headers.get("cookie", ""), response)
        return response

    def _next(self, holder: str, have: list[int], later: list[int], request: Request) -> Response:
        found = take_next(self._engine, holder, have, later)
        item = None
        if found.reading_id is not None:
            with reading_from(self._engine) as connection:
                item = describe(connection, found.reading_id, _code(request))
        return JSONResponse({"item": item, "waiting": found.waiting})

    def _measure(self) -> list[Any]:
        with reading_from(self._engine) as connection:
            return list(measure(connection, self._params.read.wrong))

    def _find(self, reading_id: int) -> Any:  # noqa: ANN401 - a row of two tables
        with reading_from(self._engine) as connection:
            return find_row(connection, reading_id)

    def _learn(self, photo_id: int, code: str) -> str:
        """Write the photo's training data; returns why that was not possible, if it was not."""
        raw, folder = self._settings.raw, self._settings.folder
        try:
            export_photo(self._engine, photo_id, raw, folder)
        except PhotoGone as error:
            return say_in(code, _NOT_LEARNED, why=sentence_in(code, error.sentence))
        except OSError as error:
            log.warning("%s: %s", raw, error)
            return say_in(code, _NOT_LEARNED, why=error.strerror or str(error))
        return ""

    def _page(self, request: Request, name: str, status: int = 200, **values: object) -> Response:
        code = _code(request)
        words = page_texts(code)
        can_leave = self._login.is_asked and name != "login.html"
        return HTMLResponse(
            self._pages.get_template(name).render(
                code=code, languages=LANGUAGES, words=words, path=request.url.path,
                can_leave=can_leave, **values,
            ),
            status,
        )  # fmt: skip


async def _body(request: Request) -> Mapping[str, Any]:
    """The object that a request has as JSON; raises `Refused` where there is none."""
    is_json = request.headers.get("content-type", "").startswith("application/json")
    try:
        body = json.loads(await request.body()) if is_json else None
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise Refused(400, Sentence(_NOT_JSON))
    return body


def _reading_id(request: Request) -> int:
    """Which reading an address names; 0 where there can be none."""
    number = request.path_params["reading_id"]
    return number if is_id(number) else 0


def _code(request: Request) -> str:
    header = request.headers.get("accept-language", "")
    return language_of(request.query_params.get("lang"), header)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    said = sentence_in(_code(request), error.sentence)
    return JSONResponse({"error": said}, error.status)


async def _gone(request: Request, error: Exception) -> Response:
    assert isinstance(error, PhotoGone)
    return JSONResponse({"error": sentence_in(_code(request), error.sentence)}, 410)


async def _failed(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, 503)
