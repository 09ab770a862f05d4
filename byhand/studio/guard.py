"""Every request to the studio goes through here: who may ask, for how much, and what every answer says to browsers.

A page of another site can send requests to a studio by the browser of its user. So a request is heard only under the
studio's own names, else another name could be pointed at this computer (DNS rebinding); it changes something only
when it comes from a page of the studio; and from elsewhere one gets to the first page only.
"""

from __future__ import annotations

import logging
import re

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from byhand.errors import LONGEST_QUOTE
from byhand.notation.words import escaped
from byhand.studio.door import DepartmentDoor, OwnDoor, page, plain, port
from byhand.studio.settings import Settings

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
HEALTH = "/health"
READING = ("GET", "HEAD")
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; frame-src 'self'; frame-ancestors 'none'; "
    "base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with no-referrer, forms have the origin null, and old browsers say no more
    "Cache-Control": "no-store",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[^:]+)(:(?P<port>\d{1,5}))?")


class _TooLargeError(Exception):
    """More was sent than a request may have."""


class Guard:
    """The middleware of the studio. In Starlette's list of middleware it also answers for what fails in a route."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app, self._settings = app, settings
        self._door = OwnDoor(settings) if settings.local else DepartmentDoor(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, self._counted(receive), send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def with_headers(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            refused = await self._refused(Request(scope, receive))
            await (refused or self._app)(scope, receive, with_headers)
        except ClientDisconnect:
            pass
        except Exception as error:
            if begun:  # the server cuts the connection, so that no half answer is taken for a whole one
                raise
            await self._told(error, scope)(scope, receive, with_headers)

    async def _refused(self, request: Request) -> Response | None:
        """The answer to a request that does not get into the studio; for one that does, its user is set."""
        refused = self._of_host(request) or _of_site(request, self._origin(request)) or self._of_length(request)
        if refused:
            return refused
        if request.scope["path"] == HEALTH:
            return plain(200, "ok")
        user = await self._door.user(request)
        if isinstance(user, Response):
            return user
        request.scope["user"] = user
        return None

    def _of_host(self, request: Request) -> Response | None:
        """The answer to a request under a name that is none of the studio's."""
        given = [value.lower() for value in request.headers.getlist("host")]
        found = _HOST.fullmatch(given[0]) if len(given) == 1 else None
        if self._settings.local:
            at = port(request, self._settings)
            if found and found["name"] in (*LOOPBACK, self._settings.host) and int(found["port"] or 80) == at:
                return None
            names = f"127.0.0.1:{at}"
        else:
            own = (*self._settings.names, *(LOOPBACK if request.scope["path"] == HEALTH else ()))
            if found and found["name"] in own:
                return None
            names = " or ".join(self._settings.names)
        asked = escaped(", ".join(given))[:LONGEST_QUOTE]
        return plain(400, f"this studio is called {names}, and you asked for {asked or 'no name'}; use its own name")

    def _origin(self, request: Request) -> str:
        """The origin of the studio's own pages. In a department they come through a proxy with TLS."""
        return f"{'http' if self._settings.local else 'https'}://{request.headers['host'].lower()}"

    def _of_length(self, request: Request) -> Response | None:
        """The answer to a request that says that it is too large."""
        length = request.headers.get("content-length", "")
        if length.isdecimal() and (len(length) > 15 or int(length) > self._settings.largest_upload):
            return self._too_large()
        return None

    def _counted(self, receive: Receive) -> Receive:
        """What brings a request's parts, and no more of them than a request may have."""
        left = self._settings.largest_upload

        async def part() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise _TooLargeError
            return message

        return part

    def _told(self, error: Exception, scope: Scope) -> Response:
        """What somebody gets to know of an error; the rest is for standard error."""
        if isinstance(error, _TooLargeError):
            return self._too_large()
        logging.getLogger("byhand.studio").error("%s %r", scope["method"], scope["path"], exc_info=error)
        return plain(500, "something failed in byhand, and its log says what; go back and try again")

    def _too_large(self) -> Response:
        return plain(
            413,
            f"that is over {self._settings.largest_upload:,} bytes, the most at once; send fewer or smaller files",
        )


def _of_site(request: Request, origin: str) -> Response | None:
    """The answer to a request from a page of another site, as browsers say by Sec-Fetch-Site, old ones by Origin."""
    site = request.headers.get("sec-fetch-site")
    if site in ("same-origin", "none"):
        return None
    if request.method in READING:
        if site is None:
            return None
        if (request.headers.get("sec-fetch-mode"), request.headers.get("sec-fetch-dest")) != ("navigate", "document"):
            return plain(403, "no page of another site may show what is in a studio; open the studio itself")
        if request.scope["path"] == "/" and "token" in request.query_params:
            return None
        return page("way")  # which asks again, as a page of the studio: browsers send no cookie with a link elsewhere
    if site is None and request.headers.get("origin", origin) == origin:
        return None
    return plain(403, "no page of another site may change what is in a studio; do it on a page of the studio itself")
