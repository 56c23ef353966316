"""Sign-in by an organisation against a real OpenID Connect provider in a process of its own, over real HTTP."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from sqlalchemy import text
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from gvrc import accounts
from gvrc.errors import ConfigError
from gvrc.model.access import Actor, Role
from gvrc.settings import Settings
from gvrc.store.session import Database
from gvrc.ui import house, oidc, sign_in
from gvrc.ui.gate import OIDC_CALLBACK_PATH, OIDC_LOGOUT_PATH, OIDC_START_PATH, SESSION_COOKIE, Gate

HERE = "https://gvrc.test"
CLIENT_ID, CLIENT_SECRET = "gvrc", "a-client-secret-of-the-tests"
PASSWORD = "a long sentence nobody guesses"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    process = subprocess.Popen([sys.executable, str(Path(__file__).parent / "identity_provider.py"), "0"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    yield process.stdout.readline().strip()
    process.kill()
    process.wait()
    process.stdout.close()


@pytest.fixture
def chief(database: Database, admin: Actor) -> Actor:
    code = accounts.first_start_code(database)
    assert code is not None
    accounts.create_first_admin(database, code, "chief", "Chief", PASSWORD)
    accounts.add_user(database, admin, username="amina", role=Role.DATA_STEWARD, password=PASSWORD, email="Amina@example.org")
    return admin


@pytest.fixture
def serve(database: Database, settings: Settings, chief: Actor, issuer: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Starlette]]:
    """The pages before Streamlit with this provider configured."""
    monkeypatch.setattr(sign_in, "_rate_limit", sign_in.RateLimit(tries=1000))
    previous = house._house

    async def behind(request: Request) -> PlainTextResponse:
        return PlainTextResponse("behind the gate")

    def start(**more: object) -> Starlette:
        given = {"oidc_issuer": issuer, "oidc_client_id": CLIENT_ID, "oidc_client_secret": CLIENT_SECRET, "oidc_redirect_url": HERE + OIDC_CALLBACK_PATH}
        house.install(settings.model_copy(update={**given, **more}), database)
        gate = Middleware(Gate, is_signed_in=sign_in.is_signed_in, trouble=sign_in.trouble_page, policy="default-src 'self'")
        return Starlette(routes=[*sign_in.ROUTES, Route("/{path:path}", behind)], middleware=[gate])

    yield start
    house._house = previous


class Browser:
    """A browser that keeps cookies, here by ASGI and at the provider by HTTP."""

    def __init__(self, app: Starlette) -> None:
        self.cookies = httpx.Cookies()
        self._app = app

    def get(self, path: str) -> httpx.Response:
        async def go() -> httpx.Response:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app=self._app), base_url=HERE, cookies=self.cookies, headers={"accept": "text/html"}) as client:
                answer = await client.get(path)
                self.cookies = client.cookies
                return answer

        return asyncio.run(go())

    def to_provider(self, next_path: str = "/registry?facility=3") -> str:
        """Begin here, sign in there; the address of the way back."""
        there = self.get(f"{OIDC_START_PATH}?next={next_path}").headers["location"]
        return httpx.get(there).headers["location"]

    def sign_in(self) -> httpx.Response:
        return self.get(self.to_provider().removeprefix(HERE))


def next_person(issuer: str, **said: object) -> None:
    httpx.post(f"{issuer}/next", json=said)


def refused(database: Database, browser: Browser, answer: httpx.Response) -> bool:
    return answer.status_code == 403 and SESSION_COOKIE not in browser.cookies and browser.get("/").status_code == 303


def test_a_person_with_a_verified_address_comes_in_and_lands_where_they_wanted(database: Database, serve: Callable[..., Starlette], issuer: str) -> None:
    next_person(issuer)
    browser = Browser(serve())
    assert "Sign in with" in browser.get("/auth/sign-in").text
    answer = browser.sign_in()
    assert (answer.status_code, answer.headers["location"]) == (303, "/registry?facility=3")
    cookie = next(line for line in answer.headers.get_list("set-cookie") if line.startswith(SESSION_COOKIE))
    assert all(word in cookie.lower() for word in ("httponly", "secure", "samesite=lax"))
    assert browser.get("/").text == "behind the gate"
    actor = accounts.session_actor(database, browser.cookies[SESSION_COOKIE])
    assert actor is not None
    assert (actor.username, actor.role) == ("amina", Role.DATA_STEWARD)


def test_the_way_there_carries_state_nonce_and_a_challenge_and_no_secret(serve: Callable[..., Starlette]) -> None:
    asked = parse_qs(urlsplit(Browser(serve()).get(OIDC_START_PATH).headers["location"]).query)
    assert asked["response_type"] == ["code"]
    assert asked["code_challenge_method"] == ["S256"]
    assert min(len(asked[name][0]) for name in ("state", "nonce", "code_challenge")) >= 32
    assert CLIENT_SECRET not in str(asked)


@pytest.mark.parametrize("twist", ["nonce", "audience", "issuer", "expired", "forged", "secret", "unsigned"])
def test_a_token_that_is_not_for_us_now_opens_nothing(database: Database, serve: Callable[..., Starlette], issuer: str, twist: str) -> None:
    next_person(issuer, twist=twist)
    browser = Browser(serve())
    assert refused(database, browser, browser.sign_in())


def test_a_way_back_without_its_way_there_opens_nothing(database: Database, serve: Callable[..., Starlette], issuer: str) -> None:
    next_person(issuer)
    app = serve()
    victim, attacker = Browser(app), Browser(app)
    back = attacker.to_provider().removeprefix(HERE)
    assert refused(database, victim, victim.get(back))  # no cookie: somebody else's sign-in pressed on a person
    victim.to_provider()
    assert refused(database, victim, victim.get(back))  # a cookie of another way there
    mine = Browser(app)
    way_back = mine.to_provider().removeprefix(HERE)
    assert mine.get(way_back).status_code == 303
    assert Browser(app).get(way_back).status_code == 403  # nor twice
    stale = Browser(app)
    stale.cookies.set(oidc.STATE_COOKIE, "00" * 60, domain="gvrc.test")
    assert refused(database, stale, stale.get(f"{OIDC_CALLBACK_PATH}?code=x&state="))


@pytest.mark.parametrize(
    "person", [{"email_verified": False}, {"email_verified": "true"}, {"email": None}, {"email": "stranger@example.org"}, {"email": "amina@example.org.example.org"}],
)
def test_nobody_comes_in_by_an_address_that_is_not_verified_or_known(database: Database, serve: Callable[..., Starlette], issuer: str, person: dict[str, object]) -> None:
    next_person(issuer, **person)
    browser = Browser(serve())
    assert refused(database, browser, browser.sign_in())


def test_an_account_that_is_bound_to_a_person_is_never_taken_over(database: Database, serve: Callable[..., Starlette], issuer: str) -> None:
    app = serve()
    next_person(issuer)
    assert Browser(app).sign_in().status_code == 303
    next_person(issuer, sub="person-2")  # another person who got hold of the address
    thief = Browser(app)
    assert refused(database, thief, thief.sign_in())
    next_person(issuer, email="married@example.org")  # the same person under a new address
    assert Browser(app).sign_in().status_code == 303


def test_a_closed_account_and_two_accounts_of_one_address_stay_out(database: Database, serve: Callable[..., Starlette], issuer: str, chief: Actor) -> None:
    app = serve()
    next_person(issuer)
    with pytest.raises(ConfigError, match="Another account"):
        accounts.add_user(database, chief, username="twin", role=Role.VIEWER, password=PASSWORD, email="amina@EXAMPLE.org")
    accounts.add_user(database, chief, username="twin", role=Role.VIEWER, password=PASSWORD)
    with database.unit_of_work() as connection:  # as an older version let it stand
        connection.execute(text("update users set email = 'amina@EXAMPLE.org' where username = 'twin'"))
    assert Browser(app).sign_in().status_code == 403
    with database.unit_of_work() as connection:
        connection.execute(text("update users set email = null where username = 'twin'"))
    accounts.set_active(database, chief, "amina", False)
    assert Browser(app).sign_in().status_code == 403


def test_the_role_follows_the_groups_and_who_has_none_stays_out(database: Database, serve: Callable[..., Starlette], issuer: str) -> None:
    app = serve(oidc_roles={"readers": "viewer", "approvers": "approver"})
    next_person(issuer, groups=["staff"])
    assert Browser(app).sign_in().status_code == 403
    next_person(issuer, groups=["readers", "approvers", 7])
    browser = Browser(app)
    assert browser.sign_in().status_code == 303
    actor = accounts.session_actor(database, browser.cookies[SESSION_COOKIE])
    assert actor is not None
    assert actor.role is Role.APPROVER


def test_an_account_is_made_only_where_that_is_allowed_and_a_group_gives_a_role(database: Database, serve: Callable[..., Starlette], issuer: str) -> None:
    next_person(issuer, sub="new", email="new@example.org", groups=["readers"])
    assert Browser(serve(oidc_roles={"readers": "viewer"})).sign_in().status_code == 403
    browser = Browser(serve(oidc_roles={"readers": "viewer"}, oidc_create_accounts=True))
    assert browser.sign_in().status_code == 303
    actor = accounts.session_actor(database, browser.cookies[SESSION_COOKIE])
    assert actor is not None
    assert (actor.username, actor.role) == ("new@example.org", Role.VIEWER)


def test_the_last_administrator_stays_one_whatever_the_groups_say(database: Database, serve: Callable[..., Starlette], issuer: str) -> None:
    with database.unit_of_work() as connection:
        connection.execute(text("update users set email = case username when 'chief' then 'amina@example.org' end"))
    next_person(issuer, groups=["readers"])
    browser = Browser(serve(oidc_roles={"readers": "viewer"}))
    assert browser.sign_in().status_code == 303
    actor = accounts.session_actor(database, browser.cookies[SESSION_COOKIE])
    assert actor is not None
    assert actor.role is Role.ADMIN


def test_the_way_on_never_leads_to_another_host(serve: Callable[..., Starlette], issuer: str) -> None:
    next_person(issuer)
    browser = Browser(serve())
    back = browser.to_provider("https://example.org/steal")
    assert browser.get(back.removeprefix(HERE)).headers["location"] == "/"


def test_signing_out_ends_the_sign_in_at_the_organisation_too(serve: Callable[..., Starlette], issuer: str) -> None:
    next_person(issuer)
    browser = Browser(serve())
    assert browser.get(OIDC_LOGOUT_PATH).headers["location"] == "/auth/sign-in"  # nobody came in that way
    browser.sign_in()
    target = browser.get(OIDC_LOGOUT_PATH).headers["location"]
    assert target.startswith(f"{issuer}/logout?")
    assert httpx.get(target).headers["location"] == f"{HERE}/auth/sign-in"


def test_a_provider_that_is_away_or_not_encrypted_leads_back_to_the_form(serve: Callable[..., Starlette]) -> None:
    for address in ("http://127.0.0.1:9", "http://identity.example.org"):
        answer = Browser(serve(oidc_issuer=address)).get(OIDC_START_PATH)
        assert answer.status_code == 403
        assert 'name="password"' in answer.text
        assert address not in answer.text


def test_without_configuration_there_is_no_button_and_no_way(serve: Callable[..., Starlette]) -> None:
    browser = Browser(serve(oidc_issuer=None))
    assert "Sign in with" not in browser.get("/auth/sign-in").text
    for path in (OIDC_START_PATH, OIDC_CALLBACK_PATH, OIDC_LOGOUT_PATH):
        assert browser.get(path).status_code in (303, 403)
