"""REST sources, against a real server that misbehaves."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gvrc.errors import SourceError
from gvrc.sources.rest import RestLimits, RestPages, breaker_for, next_page, origin_of

QUICK = RestLimits(retries=3, timeout_seconds=1.0, requests_per_second=1000, first_wait_seconds=0.01, longest_wait_seconds=0.05)

Answer = tuple[int, dict[str, str], bytes]


class Server(ThreadingHTTPServer):
    """Answers with what `answers(path, query, n)` says, n counting the requests for that address."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, answers: Callable[[str, dict[str, list[str]], int], Answer | None]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers = answers
        self.asked: list[str] = []
        self.headers_seen: list[str | None] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.server.headers_seen.append(self.headers.get("authorization"))
        parts = urlsplit(self.path)
        answer = self.server.answers(parts.path, parse_qs(parts.query), self.server.asked.count(self.path))
        if answer is None:  # cut: more is promised than is sent
            self.send_response(200)
            self.send_header("content-length", "1000")
            self.end_headers()
            self.wfile.write(b'{"results": [')
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        status, headers, body = answer
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """The test's output stays its own."""


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def start(answers: Callable[[str, dict[str, list[str]], int], Answer | None]) -> Server:
        server = Server(answers)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def good(content: object, **headers: str) -> Answer:
    return 200, headers, json.dumps(content).encode()


def place(number: int) -> dict[str, object]:
    return {"id": number, "name": f"Majengo {number} Dispensary", "county": "Kwale"}


def numbered(_path: str, query: dict[str, list[str]], _n: int) -> Answer:
    """Three pages, each naming the next, as Django REST framework writes them."""
    page = int(query.get("page", ["1"])[0])
    return good({"count": 6, "next": f"/list?page={page + 1}" if page < 3 else None, "previous": None, "results": [place(page * 2), place(page * 2 + 1)]})


def read(server: Server, path: str = "/list", limits: RestLimits = QUICK, **more: object) -> list[object]:
    return [page.content for page in RestPages(server.url + path, limits=limits, **more)]  # type: ignore[arg-type]


def test_pages_that_name_the_next_are_read_to_the_end(serve: Callable[..., Server]) -> None:
    server = serve(numbered)
    assert len(read(server)) == 3
    assert server.asked == ["/list", "/list?page=2", "/list?page=3"]


def test_pages_are_followed_by_link_header_cursor_and_number(serve: Callable[..., Server]) -> None:
    def answers(path: str, query: dict[str, list[str]], _n: int) -> Answer:
        second = bool(query)
        if path == "/link":
            return 200, {} if second else {"link": '</link?after=1>; rel="next"'}, json.dumps([place(second)]).encode()
        if path == "/cursor":
            return good({"items": [place(second)], "meta": {"next_cursor": "" if second else "abc"}})
        return good({"data": [place(second)], "pager": {"page": 2 if second else 1, "pageCount": 2}})

    server = serve(answers)
    assert [len(read(server, path)) for path in ("/link", "/cursor", "/number")] == [2, 2, 2]
    assert server.asked[1::2] == ["/link?after=1", "/cursor?cursor=abc", "/number?page=2"]


@pytest.mark.parametrize("failure", [(500, {}, b""), (429, {"retry-after": "0"}, b""), None, (200, {}, b'{"results": [')], ids=["500", "429", "cut", "half a JSON"])
def test_a_failure_that_passes_is_tried_again(failure: Answer | None, serve: Callable[..., Server]) -> None:
    server = serve(lambda path, query, n: failure if n == 1 else numbered(path, query, n))
    assert len(read(server)) == 3
    assert len(server.asked) == 6


def test_the_server_says_how_long_to_wait(serve: Callable[..., Server]) -> None:
    server = serve(lambda path, query, n: (429, {"retry-after": "1"}, b"") if len(server.asked) == 1 else numbered(path, query, n))
    begin = time.monotonic()
    read(server)
    assert time.monotonic() - begin >= 1


def test_a_slow_server_is_given_up_after_its_time(serve: Callable[..., Server]) -> None:
    def slow(path: str, query: dict[str, list[str]], n: int) -> Answer:
        time.sleep(1.0)
        return numbered(path, query, n)

    with pytest.raises(SourceError, match="does not answer in time"):
        read(serve(slow), limits=RestLimits(retries=0, timeout_seconds=0.2, requests_per_second=1000))


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (good({"results": [place(1)], "next": "http://localhost:1/list"}), "another server"),
        ((302, {"location": "http://localhost:1/list"}, b""), "another server"),
        ((302, {"location": "/list"}, b""), "without end"),
        (good({"results": [place(1)], "next": "/list"}), "never ends"),
        ((403, {}, b""), "refuses access"),
        ((404, {}, b""), "404"),
        (good(7), "single value"),
    ],
    ids=["next elsewhere", "sent elsewhere", "sent in circles", "endless", "refused", "missing", "no list"],
)  # fmt: skip
def test_what_will_not_pass_is_told_at_once(answer: Answer, told: str, serve: Callable[..., Server]) -> None:
    server = serve(lambda _path, _query, _n: answer)
    with pytest.raises(SourceError, match=told) as error:
        read(server)
    assert error.value.hint
    assert len(server.asked) <= 5


def test_pages_without_end_that_always_say_the_same_are_stopped(serve: Callable[..., Server]) -> None:
    def endless(_path: str, query: dict[str, list[str]], _n: int) -> Answer:
        number = int(query.get("cursor", ["0"])[0])
        return good({"results": [place(number // 2)], "next_cursor": 8 if number == 8 else number + 1})

    with pytest.raises(SourceError, match="never ends"):
        read(serve(endless))


def test_a_server_that_keeps_failing_is_left_alone_for_a_minute(serve: Callable[..., Server]) -> None:
    server = serve(lambda _path, _query, _n: (503, {}, b""))
    for _ in range(3):
        with pytest.raises(SourceError):
            read(server)
    assert len(server.asked) == 5
    assert breaker_for(origin_of(server.url)).current_state == "open"


def test_a_secret_goes_to_the_source_alone_and_into_no_message(serve: Callable[..., Server]) -> None:
    server = serve(lambda _path, _query, _n: (401, {}, b"secret-word"))
    with pytest.raises(SourceError) as error:
        read(server, headers={"Authorization": "Token secret-word"})
    assert server.headers_seen == ["Token secret-word"]
    assert "secret-word" not in str(error.value)


def test_requests_keep_their_pace(serve: Callable[..., Server]) -> None:
    pauses: list[float] = []
    read(serve(numbered), limits=RestLimits(requests_per_second=0.5, timeout_seconds=5), pause=pauses.append)
    assert len(pauses) == 2
    assert all(1 < pause <= 2 for pause in pauses)


def test_more_than_is_taken_from_one_source_is_refused(serve: Callable[..., Server]) -> None:
    with pytest.raises(SourceError, match="more than"):
        read(serve(numbered), limits=RestLimits(retries=0, total_bytes=100, requests_per_second=1000))


def test_an_address_with_a_password_or_without_a_server_is_refused() -> None:
    for url in ("http://[x", "https://example.org:99999999/list", "https://name:word@example.org/list", "file:///etc/passwd", "ftp://example.org", "example.org/list"):
        with pytest.raises(SourceError):
            next(iter(RestPages(url)))


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["next", "links", "page", "pages", "next_cursor", "link", "href"]), inner))


@pytest.mark.parametrize("content", [
    {"next": "http://[x"}, {"next": "https://example.org:99999999/list"}, {"next": "//[?page=2"}, {"links": {"next": "https://\u2100.org/"}}, {"next_cursor": "a" * 100_000},
])  # fmt: skip
def test_a_page_whose_next_address_is_none_is_refused_in_words(content: object) -> None:
    with pytest.raises(SourceError, match="cannot be understood"):
        next_page("https://example.org/list", content)


@given(JSON)
def test_any_page_says_where_the_next_is_or_that_there_is_none(content: object) -> None:
    found = next_page("https://example.org/list?a=1", content)
    assert found is None or isinstance(found, str)
