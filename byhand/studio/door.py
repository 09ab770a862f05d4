"""Who may come in: on one's own computer, who has an address of the command; in a department, who has a token.

A door is asked for the user of a request: a name, or the answer that the request gets instead.
"""

from __future__ import annotations

import asyncio
from functools import cache
from hmac import compare_digest
from urllib.parse import parse_qs

from jinja2 import Environment, FileSystemLoader
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from byhand.formats.html.script import source_hash
from byhand.studio.sessions import SECONDS, Sessions
from byhand.studio.settings import Settings, token_hash
from byhand.worksheet.folders import shipped

PAUSE = 0.5  # seconds before a wrong token is told
LARGEST_LOGIN = 4_096  # bytes
COOKIE = "__Host-byhand"  # which browsers take from this very host only, with TLS


class OwnDoor:
    """The door of one's own computer.

    The command opens an address in a browser, and prints another in its window. The first is good for one visit:
    other users of the machine can see it, since it is an argument of the browser that is started. The second stays
    good as long as the command runs, so that who has closed the browser comes in again. A visit leaves a cookie, a
    third secret: no address can be made of it.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._opened = False

    async def user(self, request: Request) -> str | Response:
        """The user, who has no name."""
        cookie = f"byhand-{port(request, self._settings)}"  # of another studio, on another port, browsers send it too
        known = _same(request.cookies.get(cookie, ""), self._settings.key("cookie"))
        token = request.query_params.get("token") if request.scope["path"] == "/" else None
        if token is None:
            return "" if known else page("closed", 403)
        if not self._fits(token) and not known:
            return page("closed", 403)
        inside = RedirectResponse("/", 303)
        inside.set_cookie(cookie, self._settings.key("cookie"), httponly=True, samesite="strict")
        return inside

    def _fits(self, token: str) -> bool:
        """Whether a token is good; that of the opened address is so once."""
        if not self._opened and _same(token, self._settings.key("opened")):
            self._opened = True
            return True
        return _same(token, self._settings.key("printed"))


class DepartmentDoor:
    """The door of a department: a form that takes a user's token, and a cookie for some hours."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._sessions = Sessions(settings.folder)

    async def user(self, request: Request) -> str | Response:
        """The user's name, or the form."""
        path, cookie = request.scope["path"], request.cookies.get(COOKIE, "")
        if path == "/login":
            return await self._log_in(request) if request.method == "POST" else page("login")
        if path == "/logout" and request.method == "POST":
            self._sessions.end(cookie)
            outside = RedirectResponse("/login", 303)
            outside.delete_cookie(COOKIE, secure=True, httponly=True, samesite="strict")
            return outside
        user = self._sessions.user(cookie, self._settings.users) if cookie else None
        if user is not None:
            return user
        if request.method in ("GET", "HEAD") and request.headers.get("sec-fetch-dest", "document") == "document":
            return RedirectResponse("/login", 303)
        return plain(403, "you are not logged in, or no longer; open the studio's first page and log in")

    async def _log_in(self, request: Request) -> Response:
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > LARGEST_LOGIN:
                return plain(413, "that is more than a token; paste the token alone")
        given = token_hash(parse_qs(body.decode("utf-8", "replace")).get("token", [""])[0].strip())
        fits = [user for user, digits in self._settings.users.items() if compare_digest(digits, given)]
        if not fits:
            await asyncio.sleep(PAUSE)
            return page("login", 403, wrong=True)
        inside = RedirectResponse("/", 303)
        cookie = self._sessions.begin(fits[0], given)
        inside.set_cookie(COOKIE, cookie, max_age=SECONDS, secure=True, httponly=True, samesite="strict")
        return inside


def port(request: Request, settings: Settings) -> int:
    """The port at which the studio listens."""
    return settings.port or int(request.scope["server"][1])


def _same(given: str, secret: str) -> bool:
    return compare_digest(given.encode(), secret.encode())


def plain(status: int, line: str) -> Response:
    """An answer of one line."""
    return PlainTextResponse(f"{line}\n", status)


def page(name: str, status: int = 200, *, wrong: bool = False) -> Response:
    """A page of the door: the way in from elsewhere, the form, or that it is closed. It needs no other file."""
    html = _templates().get_template("door.html").render(page=name, wrong=wrong)
    style = source_hash(html.partition("<style>")[2].partition("</style>")[0])
    policy = f"default-src 'none'; style-src {style}; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    return HTMLResponse(html, status, {"Content-Security-Policy": policy})


@cache
def _templates() -> Environment:
    return Environment(loader=FileSystemLoader(shipped() / "studio"), autoescape=True, trim_blocks=True)
