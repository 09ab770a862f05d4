"""Who gets into a studio and who does not, with a small app in place of its pages."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from byhand.errors import ConfigError
from byhand.studio import door, sessions
from byhand.studio.app import app as whole_studio
from byhand.studio.guard import HEADERS, Guard
from byhand.studio.sessions import Sessions
from byhand.studio.settings import Settings, token_hash

PORT = 8765
OWN = f"http://127.0.0.1:{PORT}"
NAME = "byhand.uni.example"
TOKENS = {"ada": "a-token", "noor": "another-token"}
LARGEST = 1_000
FROM_ELSEWHERE = {"sec-fetch-site": "cross-site", "origin": "https://evil.example"}
LINK = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}


def app(settings: Settings) -> Starlette:
    """Pages that say who asks, take a body, come in parts, and fail."""
    folder = settings.folder

    async def front(request: Request) -> PlainTextResponse:
        return PlainTextResponse(f"papers of {request.user or 'this computer'} in {(folder / request.user).name}")

    async def taken(request: Request) -> PlainTextResponse:
        form = await request.form()
        return PlainTextResponse(f"{len(form)} taken")

    async def parts(request: Request) -> StreamingResponse:
        return StreamingResponse(iter(["one ", "two"]), headers={"Content-Security-Policy": "sandbox"})

    async def failing(request: Request) -> PlainTextResponse:
        raise OSError(f"{folder} is full")

    async def talking(socket: WebSocket) -> None:
        await socket.accept()

    return Starlette(
        routes=[Route("/", front), Route("/taken", taken, methods=["POST"]), Route("/parts", parts),
                Route("/failing", failing), WebSocketRoute("/", talking)],
        middleware=[Middleware(Guard, settings=settings)],
    )  # fmt: skip


@pytest.fixture
def settings(tmp_path):
    return Settings(tmp_path / "mine", port=PORT, largest_upload=LARGEST)


@pytest.fixture
def stranger(settings):
    """Somebody who has no address of the command."""
    return TestClient(app(settings), OWN)


@pytest.fixture
def owner(settings, stranger):
    """Somebody who has opened the printed address."""
    assert stranger.get(settings.printed_address).status_code == 200
    return stranger


@pytest.fixture
def department(tmp_path):
    users = {user: token_hash(token) for user, token in TOKENS.items()}
    return Settings(tmp_path / "papers", "0.0.0.0", 8080, (NAME,), users, largest_upload=LARGEST)


@pytest.fixture
def log_in(department, monkeypatch):
    """What logs somebody in with a token, at a studio that is started anew."""
    monkeypatch.setattr(door, "PAUSE", 0)

    def logged_in(token: str = "") -> TestClient:
        client = TestClient(app(department), f"https://{NAME}")
        if token:
            client.post("/login", data={"token": token}, follow_redirects=False)
        return client

    return logged_in


def test_a_studio_is_heard_under_its_own_names_only(owner):
    for host in (f"127.0.0.1:{PORT}", f"localhost:{PORT}", f"[::1]:{PORT}", f"LOCALHOST:{PORT}"):
        cookie = {"cookie": f"byhand-{PORT}={owner.cookies[f'byhand-{PORT}']}"}
        assert owner.get("/", headers={"host": host} | cookie).status_code == 200, host
    for host in ("evil.example", f"evil.example:{PORT}", "127.0.0.1", "127.0.0.1:1", f"localhost.:{PORT}",
                 f"127.0.0.1.evil.example:{PORT}", f"127.0.0.1:{PORT}@evil.example", f"x/health?:{PORT}", ""):  # fmt: skip
        refused = owner.get("/", headers={"host": host})
        assert refused.status_code == 400, host
        assert refused.text.startswith(f"this studio is called 127.0.0.1:{PORT}, and you asked for "), host
        assert refused.text.count("\n") == 1
    assert owner.get("/", headers=[("host", f"127.0.0.1:{PORT}"), ("host", "evil.example")]).status_code == 400


def test_a_rebound_name_is_refused_though_its_origin_is_its_host(owner):
    host = f"evil.example:{PORT}"
    rebound = {"host": host, "origin": f"http://{host}", "sec-fetch-site": "same-origin"}
    assert owner.post("/taken", headers=rebound).status_code == 400


def test_a_department_is_heard_under_its_name_and_asked_for_its_health_from_its_own_machine(log_in):
    client = log_in()
    assert client.get("/login", headers={"host": f"{NAME}:443"}).status_code == 200
    assert client.get("/login", headers={"host": "127.0.0.1:8080"}).status_code == 400
    healthy = client.get("/health", headers={"host": "127.0.0.1:8080"})
    assert (healthy.status_code, healthy.text) == (200, "ok\n")
    assert client.get("/health", headers={"host": "evil.example"}).status_code == 400


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),  # a program, which sends no cookie that it was not given
        ({"sec-fetch-site": "same-origin", "origin": OWN}, 200),
        ({"sec-fetch-site": "none"}, 200),
        ({"origin": OWN}, 200),  # an old browser
        (FROM_ELSEWHERE, 403),
        ({"sec-fetch-site": "same-site", "origin": "http://127.0.0.1:9"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "something new"}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "http://127.0.0.1:9"}, 403),
        ({"origin": "null"}, 403),
    ],
)
def test_only_a_page_of_the_studio_changes_something(owner, headers, status):
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        answer = owner.request(method, "/taken", headers=headers)
        assert (answer.status_code == 403) == (status == 403), method
    assert owner.post("/taken", headers=headers).status_code == status


def test_the_origin_of_a_department_has_tls_though_its_proxy_speaks_without(log_in):
    client = log_in(TOKENS["ada"])
    assert client.post("/taken", headers={"origin": f"https://{NAME}"}).status_code == 200
    assert client.post("/taken", headers={"origin": f"http://{NAME}"}).status_code == 403


def test_a_link_elsewhere_leads_to_the_first_page_and_to_nothing_else(owner):
    for path in ("/", "/parts", "/parts?token=x"):
        way = owner.get(path, headers=LINK)
        assert way.status_code == 200
        assert '<meta http-equiv="refresh" content="0; url=/">' in way.text
    for fetched in ("image", "script", "iframe", "empty"):
        mode = "navigate" if fetched == "iframe" else "no-cors"
        headers = {"sec-fetch-site": "cross-site", "sec-fetch-mode": mode, "sec-fetch-dest": fetched}
        assert owner.get("/", headers=headers).status_code == 403


def test_without_an_address_of_the_command_nobody_comes_in(stranger, settings):
    wrong = ("", "?token=", "?token=wrong", "?token=%FF", f"?token={settings.key('cookie')}", "parts")
    for path in wrong:
        refused = stranger.get(f"/{path}")
        assert refused.status_code == 403, path
        assert "Open the address that <code>byhand studio</code> printed in its window" in refused.text
        assert "set-cookie" not in refused.headers
    assert stranger.get(f"/parts?token={settings.key('printed')}").status_code == 403
    assert stranger.get("/", headers={"cookie": f"byhand-{PORT}=wrong"}).status_code == 403
    assert stranger.get("/health").text == "ok\n"


def test_the_address_that_was_opened_lets_in_once_and_the_printed_one_again(settings):
    studio = app(settings)
    first = TestClient(studio, OWN).get(settings.opened_address, follow_redirects=False)
    assert (first.status_code, first.headers["location"]) == (303, "/")
    (cookie,) = first.headers.get_list("set-cookie")
    assert cookie.startswith(f"byhand-{PORT}=")
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))
    assert TestClient(studio, OWN).get(settings.opened_address).status_code == 403
    for _ in range(2):
        again = TestClient(studio, OWN, headers=LINK)  # also from a link in a chat
        assert again.get(settings.printed_address, follow_redirects=False).status_code == 303
        assert "papers of this computer in mine" in again.get("/", headers={"sec-fetch-site": "none"}).text
        assert again.get(settings.opened_address).status_code == 200  # of whom is in already, no address is asked


def test_a_cookie_of_a_studio_opens_no_other(owner, settings, tmp_path):
    other = TestClient(app(Settings(tmp_path, port=PORT)), OWN, cookies=dict(owner.cookies))
    assert other.get("/").status_code == 403


def test_a_studio_at_any_free_port_knows_its_own(tmp_path):
    settings = Settings(tmp_path)
    client = TestClient(app(settings), OWN)
    assert client.get("/", params={"token": settings.key("printed")}).status_code == 200
    assert list(client.cookies) == [f"byhand-{PORT}"]


def test_a_user_of_a_department_logs_in_with_a_token(log_in):
    client = log_in()
    first = client.get("/", follow_redirects=False)
    assert (first.status_code, first.headers["location"]) == (303, "/login")
    form = client.get("/login").text
    assert re.search(r'<label for="token">.*<input id="token" name="token" type="password"', form, re.DOTALL)
    inside = client.post("/login", data={"token": f" {TOKENS['ada']}\n"}, follow_redirects=False)
    assert (inside.status_code, inside.headers["location"]) == (303, "/")
    (cookie,) = inside.headers.get_list("set-cookie")
    assert cookie.startswith("__Host-byhand=")
    assert {"HttpOnly", "Secure", "SameSite=strict", "Path=/", "Max-Age=43200"} <= set(cookie.split("; "))
    assert TOKENS["ada"] not in cookie
    assert client.get("/").text == "papers of ada in ada"


def test_a_wrong_token_waits_and_is_told(log_in, monkeypatch):
    waited = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    client = log_in()
    monkeypatch.setattr(door.asyncio, "sleep", sleep)
    monkeypatch.setattr(door, "PAUSE", 0.5)
    for form in ({"token": "wrong"}, {"token": token_hash(TOKENS["ada"])}, {"token": ""}, {}, {"token": "ä" * 99}):
        refused = client.post("/login", data=form)
        assert refused.status_code == 403
        assert "This token is nobody’s" in refused.text
    assert waited == [0.5] * 5
    assert client.post("/login", data={"token": "x" * 900}).status_code == 403
    monkeypatch.setattr(door, "LARGEST_LOGIN", 100)
    assert client.post("/login", data={"token": TOKENS["ada"] + "x" * 900}).status_code == 413
    assert not client.cookies


def test_each_user_gets_their_own_folder(log_in):
    ada, noor = map(log_in, TOKENS.values())
    assert ada.get("/").text == "papers of ada in ada"
    assert noor.get("/").text == "papers of noor in noor"
    assert ada.get("/").text == "papers of ada in ada"


def test_what_a_page_asks_for_gets_a_line_and_no_form_without_a_login(log_in):
    client = log_in()
    for refused in (client.post("/taken"), client.get("/parts", headers={"sec-fetch-dest": "empty"})):
        assert (refused.status_code, refused.text.count("\n")) == (403, 1)
        assert "log in" in refused.text


def test_who_logs_out_is_out_everywhere(log_in):
    ada = log_in(TOKENS["ada"])
    copied = dict(ada.cookies)
    outside = ada.post("/logout", follow_redirects=False)
    assert (outside.status_code, outside.headers["location"]) == (303, "/login")
    assert not ada.cookies
    again = log_in()
    again.cookies.update(copied)
    assert again.get("/", follow_redirects=False).status_code == 303


def test_a_restart_logs_nobody_out_but_hours_and_a_new_token_do(log_in, department, monkeypatch):
    held = dict(log_in(TOKENS["ada"]).cookies)

    def status(client: TestClient) -> int:
        client.cookies.update(held)
        return client.get("/", follow_redirects=False).status_code

    assert status(log_in()) == 200
    kept = (department.folder / sessions.NAME).read_bytes()
    assert not [secret for secret in (*held.values(), TOKENS["ada"]) if secret.encode() in kept]
    renewed = Settings(department.folder, names=(NAME,), users={"ada": token_hash("new")})
    assert status(TestClient(app(renewed), f"https://{NAME}")) == 303
    now = time.time()
    monkeypatch.setattr(sessions.time, "time", lambda: now + sessions.SECONDS + 1)
    assert status(log_in()) == 303


def test_a_file_of_sessions_that_is_none_is_told_when_the_studio_starts(department):
    department.folder.mkdir()
    (department.folder / sessions.NAME).write_text("no database" * 100)
    with pytest.raises(ConfigError, match=r"not a database; remove it, and everybody logs in again$"):
        whole_studio(department)


def test_sessions_are_for_the_owners_eyes(log_in, department):
    log_in(TOKENS["ada"])
    assert (department.folder / sessions.NAME).stat().st_mode & 0o077 == 0


def chunks(total: int) -> Iterator[bytes]:
    yield from (b"x" * 100 for _ in range(total // 100))


def test_what_is_too_large_is_refused_however_it_comes(owner):
    refused = []
    for body in (b"x" * (LARGEST + 1), chunks(LARGEST + 100)):  # the second is sent without a length
        refused.append(
            owner.post("/taken", content=body, headers={"content-type": "application/x-www-form-urlencoded"})
        )
    refused.append(owner.post("/taken", files={"file": b"x" * LARGEST}))
    assert [answer.status_code for answer in refused] == [413] * 3
    assert {answer.text for answer in refused} == {
        "that is over 1,000 bytes, the most at once; send fewer or smaller files\n"
    }
    assert "content-length" not in refused[1].request.headers
    assert owner.post("/taken", headers={"content-length": "9" * 5_000}).status_code == 413
    for body in (b"x=" + b"x" * (LARGEST - 2), chunks(LARGEST)):
        answer = owner.post("/taken", content=body, headers={"content-type": "application/x-www-form-urlencoded"})
        assert answer.text == "1 taken"


def test_of_what_is_too_large_nothing_more_is_read_than_it_takes_to_know(department):
    async def reading(scope: Scope, receive: Receive, send: Send) -> None:
        while True:
            await receive()

    async def receive() -> Message:
        read.append(1)
        return {"type": "http.request", "body": b"x" * 100, "more_body": True}

    async def send(message: Message) -> None:
        sent.append(message)

    read, sent = [], []
    cookie = Sessions(department.folder).begin("ada", token_hash(TOKENS["ada"]))
    headers = [(b"host", NAME.encode()), (b"cookie", f"__Host-byhand={cookie}".encode())]
    scope = {"type": "http", "method": "POST", "path": "/taken", "query_string": b"", "headers": headers}
    asyncio.run(Guard(reading, department)(scope, receive, send))
    assert len(read) == LARGEST / 100 + 1
    assert sent[0]["status"] == 413


def test_every_answer_has_the_headers_that_it_does_not_set_itself(owner):
    own_policy = owner.get("/parts")
    assert own_policy.text == "one two"
    assert own_policy.headers["content-security-policy"] == "sandbox"
    answers = [owner.get("/"), owner.get("/nothing"), owner.get("/failing"), owner.get("/", headers={"host": "evil"}),
               owner.post("/taken", headers=FROM_ELSEWHERE)]  # fmt: skip
    for answer in answers:
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert HEADERS["Referrer-Policy"] == "same-origin"
    closed = TestClient(owner.app, OWN).get("/")
    assert "frame-ancestors 'none'" in closed.headers["content-security-policy"]
    assert closed.headers["cross-origin-opener-policy"] == "same-origin"
    assert "'unsafe" not in f"{HEADERS}{closed.headers}"


def test_what_fails_is_told_in_one_line_without_where(owner, settings, caplog):
    answer = owner.get("/failing")
    assert answer.status_code == 500
    assert answer.text == "something failed in byhand, and its log says what; go back and try again\n"
    assert f"{settings.folder} is full" in caplog.text
    assert "Traceback" in caplog.text


def test_an_answer_that_breaks_off_is_not_taken_for_a_whole_one(settings, stranger):
    async def broken(request: Request) -> StreamingResponse:
        def parts() -> Iterator[str]:
            yield "half"
            raise OSError("gone")

        return StreamingResponse(parts())

    studio = Starlette(routes=[Route("/", broken)], middleware=[Middleware(Guard, settings=settings)])
    with pytest.raises(OSError, match="gone"):
        TestClient(studio, OWN).get(settings.printed_address)


def test_a_studio_has_no_web_sockets(stranger):
    with pytest.raises(WebSocketDisconnect), stranger.websocket_connect("/"):
        pass
