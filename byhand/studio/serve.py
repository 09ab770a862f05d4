"""Run the studio until it is stopped: the socket is open before anybody is told the address."""

from __future__ import annotations

import socket
from collections.abc import Callable

from msgspec.structs import replace

from byhand.errors import ConfigError, ExtraError
from byhand.extras import install_command
from byhand.studio.settings import Settings

PATIENCE = 3  # seconds that an answer which is being made has when the studio ends


def serve(settings: Settings, ready: Callable[[Settings], object]) -> None:
    """Answer at an address until Ctrl-C. ready: is told once it can be asked, with the port that is used.

    Raises: ConfigError where the address cannot be used; ExtraError where the extra is not installed.
    """
    try:
        import uvicorn

        from byhand.studio.app import app
    except ImportError as error:
        raise ExtraError(f"the studio needs {error.name}: {install_command('studio')}") from None
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:  # or each answer waits 40 ms
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((settings.host, settings.port))
        except OSError as error:
            raise ConfigError(
                f"cannot listen at {settings.host}:{settings.port}: {error.strerror or error}; choose another --port"
            ) from None
        settings = replace(settings, port=listening.getsockname()[1])

        class Server(uvicorn.Server):
            async def startup(self, sockets: list[socket.socket] | None = None) -> None:
                await super().startup(sockets)
                ready(settings)

        config = uvicorn.Config(
            app(settings), log_level="warning", server_header=False, proxy_headers=False,
            timeout_graceful_shutdown=PATIENCE,
        )  # fmt: skip
        Server(config).run([listening])
