"""The pages before Streamlit, on a real database: set-up, sign-in, sign-out, a database that is away."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from types import SimpleNamespace
from typing import TypeVar
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from gvrc import accounts
from gvrc.settings import Settings
from gvrc.store.session import Database
from gvrc.ui import desk, house, sign_in
from gvrc.ui.gate import SESSION_COOKIE, Gate

HERE = "http://gvrc.test"
NAME, PASSWORD = "amina", "a long sentence nobody guesses"
Answer = TypeVar("Answer")


async def behind(request: Request) -> PlainTextResponse:
    return PlainTextResponse("behind the gate")


@pytest.fixture
def app(settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Starlette]:
    monkeypatch.setattr(sign_in, "_rate_limit", sign_in.RateLimit(tries=1000))
    previous = house._house
    house.install(settings, database)
    routes = [*sign_in.ROUTES, Route("/{path:path}", behind)]
    yield Starlette(routes=routes, middleware=[Middleware(Gate, is_signed_in=sign_in.is_signed_in, trouble=sign_in.trouble_page, policy="default-src 'self'")])
    house._house = previous


def browse(app: Starlette, steps: Callable[[httpx.AsyncClient], Awaitable[Answer]]) -> Answer:
    async def go() -> Answer:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=HERE, headers={"accept": "text/html"}) as browser:
            return await steps(browser)

    return asyncio.run(go())


def post(browser: httpx.AsyncClient, path: str, form: dict[str, str], origin: str | None = HERE) -> Awaitable[httpx.Response]:
    return browser.post(path, data=form, headers={"origin": origin} if origin else {})


@pytest.fixture
def administrator(database: Database) -> None:
    code = accounts.first_start_code(database)
    assert code is not None
    accounts.create_first_admin(database, code, NAME, "Amina", PASSWORD)


def credentials(**changes: str) -> dict[str, str]:
    return {"username": NAME, "password": PASSWORD, **changes}


def test_at_the_first_start_everything_leads_to_the_set_up(app: Starlette) -> None:
    async def steps(browser: httpx.AsyncClient) -> httpx.Response:
        return await browser.get("/registry", follow_redirects=True)

    page = browse(app, steps)
    assert page.url.path == "/auth/setup"
    assert "behind the gate" not in page.text


def test_the_code_from_the_terminal_makes_the_first_administrator_and_signs_in(app: Starlette, database: Database) -> None:
    code = accounts.first_start_code(database) or ""

    async def steps(browser: httpx.AsyncClient) -> tuple[httpx.Response, httpx.Response]:
        form = credentials(code=code, password_again=PASSWORD)
        return await post(browser, "/auth/setup", form), await browser.get("/home")

    made, home = browse(app, steps)
    assert made.status_code == 303
    assert home.text == "behind the gate"
    assert not accounts.needs_first_admin(database)


def test_a_wrong_code_or_two_passwords_make_nobody(app: Starlette, database: Database) -> None:
    code = accounts.first_start_code(database) or ""

    async def steps(browser: httpx.AsyncClient) -> list[int]:
        wrong_code = await post(browser, "/auth/setup", credentials(code="AAAA-BBBB-CCCC", password_again=PASSWORD))
        differ = await post(browser, "/auth/setup", credentials(code=code, password_again="something else entirely"))
        weak = await post(browser, "/auth/setup", {"username": NAME, "code": code, "password": "short", "password_again": "short"})
        return [wrong_code.status_code, differ.status_code, weak.status_code]

    assert all(status >= 400 for status in browse(app, steps))
    assert accounts.needs_first_admin(database)


@pytest.mark.usefixtures("administrator")
def test_the_set_up_is_closed_once_there_is_an_administrator(app: Starlette) -> None:
    async def steps(browser: httpx.AsyncClient) -> httpx.Response:
        return await post(browser, "/auth/setup", credentials(username="second", code="X", password_again=PASSWORD))

    answer = browse(app, steps)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/auth/sign-in"


@pytest.mark.usefixtures("administrator")
def test_whose_sign_in_ended_is_told_so_and_led_back(app: Starlette) -> None:
    page = browse(app, lambda client: client.get("/auth/sign-in?ended=1&next=%2Freview%3Frun%3D1"))
    assert "has ended" in page.text
    assert 'value="/review?run=1"' in page.text


def test_a_page_sends_whose_sign_in_ended_back_to_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk.st, "context", SimpleNamespace(url="https://gvrc.example.org/review"))
    monkeypatch.setattr(desk.st, "query_params", SimpleNamespace(to_dict=lambda: {"run": "3", "county": "KE001"}))
    asked = parse_qs(urlsplit(desk._sign_in_again()).query)
    assert asked == {"ended": ["1"], "next": ["/review?run=3&county=KE001"]}


@pytest.mark.usefixtures("administrator")
def test_signing_in_leads_to_the_page_asked_for_with_a_cookie_no_script_can_read(app: Starlette) -> None:
    async def steps(browser: httpx.AsyncClient) -> tuple[httpx.Response, httpx.Response]:
        answer = await post(browser, "/auth/sign-in", credentials(next="/records?run=3"))
        return answer, await browser.get("/records?run=3")

    answer, page = browse(app, steps)
    assert answer.headers["location"] == "/records?run=3"
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert page.text == "behind the gate"


@pytest.mark.usefixtures("administrator")
@pytest.mark.parametrize("form", [{"username": NAME, "password": "wrong"}, {"username": "nobody", "password": PASSWORD}, {}, {"username": NAME}])
def test_a_wrong_sign_in_gets_no_cookie_and_no_hint_which_part_was_wrong(app: Starlette, form: dict[str, str]) -> None:
    async def steps(browser: httpx.AsyncClient) -> httpx.Response:
        return await post(browser, "/auth/sign-in", form)

    answer = browse(app, steps)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
    assert 'role="alert"' in answer.text


@pytest.mark.usefixtures("administrator")
@pytest.mark.parametrize("origin", [None, "null", "http://elsewhere.test", "http://gvrc.test.elsewhere.test", "https://gvrc.test:8443"])
def test_a_form_from_elsewhere_signs_nobody_in(app: Starlette, origin: str | None) -> None:
    async def steps(browser: httpx.AsyncClient) -> httpx.Response:
        return await post(browser, "/auth/sign-in", credentials(), origin)

    answer = browse(app, steps)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


@pytest.mark.usefixtures("administrator")
@pytest.mark.parametrize("target", ["//elsewhere.test", "https://elsewhere.test/", "/\\elsewhere.test", "javascript:alert(1)", "/auth/sign-in", "registry", "/a\nb"])
def test_the_sign_in_never_leads_to_another_host(app: Starlette, target: str) -> None:
    async def steps(browser: httpx.AsyncClient) -> httpx.Response:
        return await post(browser, "/auth/sign-in", credentials(next=target))

    assert browse(app, steps).headers["location"] == "/"


@pytest.mark.usefixtures("administrator")
def test_what_was_typed_comes_back_as_text(app: Starlette) -> None:
    async def steps(browser: httpx.AsyncClient) -> httpx.Response:
        return await post(browser, "/auth/sign-in", {"username": '"><script>alert(1)</script>', "password": "x"})

    page = browse(app, steps)
    assert "<script>" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]


@pytest.mark.usefixtures("administrator")
def test_signing_out_ends_the_session_whatever_the_browser_keeps(app: Starlette, database: Database) -> None:
    async def steps(browser: httpx.AsyncClient) -> tuple[str, int]:
        await post(browser, "/auth/sign-in", credentials())
        before = (await browser.get("/home")).text
        accounts.sign_out(database, browser.cookies[SESSION_COOKIE])
        return before, (await browser.get("/home")).status_code

    assert browse(app, steps) == ("behind the gate", 303)


@pytest.mark.usefixtures("administrator")
def test_too_many_tries_from_one_address_have_to_wait(app: Starlette, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_in, "_rate_limit", sign_in.RateLimit(tries=2))

    async def steps(browser: httpx.AsyncClient) -> list[int]:
        return [(await post(browser, "/auth/sign-in", {"username": "nobody", "password": "x"})).status_code for _ in range(4)]

    assert browse(app, steps) == [403, 403, 429, 429]


def test_the_rate_limit_forgets_after_a_minute() -> None:
    limit = sign_in.RateLimit(tries=1)
    assert [limit.allows("a", 0.0), limit.allows("a", 1.0), limit.allows("b", 1.0), limit.allows("a", 70.0)] == [True, False, True, True]


@pytest.mark.usefixtures("administrator")
def test_a_form_that_is_too_large_is_not_read(app: Starlette) -> None:
    async def steps(browser: httpx.AsyncClient) -> httpx.Response:
        return await post(browser, "/auth/sign-in", credentials(padding="x" * 20_000))

    assert browse(app, steps).status_code == 403


@pytest.mark.parametrize("path", ["/", "/auth/sign-in", "/auth/setup"])
def test_a_database_that_is_away_is_said_in_words(app: Starlette, settings: Settings, path: str) -> None:
    gone = settings.model_copy(update={"database_url": "postgresql://gvrc@127.0.0.1:1/nothing", "database_owner_url": None})
    house.install(gone)

    async def steps(browser: httpx.AsyncClient) -> httpx.Response:
        browser.cookies.set(SESSION_COOKIE, "some-token")
        return await browser.get(path)

    answer = browse(app, steps)
    assert answer.status_code == 503
    assert "Traceback" not in answer.text
    assert "127.0.0.1:1/nothing" not in answer.text


def test_the_type_family_of_the_sign_in_is_the_one_streamlit_brings() -> None:
    assert sign_in.font_file().is_file()


def test_a_language_chosen_at_the_sign_in_is_kept_with_the_account_and_with_the_browser(app: Starlette, administrator: None, database: Database) -> None:
    async def steps(browser: httpx.AsyncClient) -> tuple[str, str, str | None]:
        in_kiswahili = await browser.get("/auth/sign-in?lang=sw")
        again = await browser.get("/auth/sign-in")
        answer = await post(browser, "/auth/sign-in?lang=sw", {"username": NAME, "password": PASSWORD})
        return in_kiswahili.text, again.text, answer.cookies.get(SESSION_COOKIE)

    first, again, token = browse(app, steps)
    assert '<html lang="sw">' in first
    assert "Nenosiri" in first
    assert '<html lang="sw">' in again
    actor = accounts.session_actor(database, token)
    assert actor is not None
    assert actor.language == "sw"
    assert house.current().language == "en"


def test_a_language_that_does_not_exist_changes_nothing(app: Starlette, administrator: None) -> None:
    page = browse(app, lambda browser: browser.get("/auth/sign-in?lang=%3Cb%3E"))
    assert '<html lang="en">' in page.text
    assert "%3Cb" not in page.text
