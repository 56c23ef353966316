"""The pages before Streamlit: sign-in, first set-up, the database that is away.

Server-rendered, without script. A form is taken only from our own pages (the Origin must be this host), at a bounded rate, and small.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from string import Template
from urllib.parse import parse_qs, urlencode, urlsplit

import structlog
from anyio import move_on_after, to_thread
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from gvrc import accounts
from gvrc.errors import GvrcError, NotAllowedError, SchemaOutdatedError, StoreError
from gvrc.ui import house, oidc, told
from gvrc.ui.catalogue import LANGUAGES, languages
from gvrc.ui.gate import FONT_PATH, SESSION_COOKIE, SET_UP_PATH, SIGN_IN_PATH, STYLE_PATH, streamlit_page

STATIC_DIR = Path(__file__).parent / "static"
FORM_POLICY = "default-src 'none'; style-src 'self'; font-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
LARGEST_FORM_BYTES = 8_192
TRIES_PER_MINUTE = 10
COME_BACK_SECONDS = 5
LANGUAGE_COOKIE = "gvrc_language"
"""Which language this browser showed the sign-in in; a person's own choice is kept with their account."""
LANGUAGE_DAYS = 365

_log = structlog.get_logger("sign_in")



@dataclass(slots=True)
class RateLimit:
    """At most `tries` in a minute per address; forgets addresses that fell silent. The account's own lock-out stands behind it."""

    tries: int = TRIES_PER_MINUTE
    seconds: float = 60.0
    _seen: dict[str, deque[float]] = field(default_factory=dict)

    def allows(self, address: str, now: float) -> bool:
        """Count one try of `address` at `now` (seconds of any steady clock) and tell whether it may go on."""
        self._seen = {known: times for known, times in self._seen.items() if times[-1] > now - self.seconds}
        times = self._seen.setdefault(address, deque(maxlen=self.tries + 1))
        times.append(now)
        return sum(1 for moment in times if moment > now - self.seconds) <= self.tries


_rate_limit = RateLimit()


@dataclass(frozen=True, slots=True, kw_only=True)
class FormPage:
    """What a page before Streamlit shows. `problem` (with `hint`) and `notice` are plain text."""

    title: str
    lead: str
    form: str = ""
    problem: str = ""
    hint: str = ""
    notice: str = ""
    status: int = 200
    comes_back: bool = False
    next_path: str = "/"

    def response(self) -> HTMLResponse:
        """The page as an answer that no cache keeps."""
        template = Template((STATIC_DIR / "sign_in.html").read_text(encoding="utf-8"))
        body = template.substitute(
            language=house.current().language,
            languages=_language_links(self.next_path),
            title=escape(self.title),
            lead=escape(self.lead),
            message=_message("wrong", self.problem, self.hint) + _message("good", self.notice, ""),
            form=self.form,
            refresh=f'<meta http-equiv="refresh" content="{COME_BACK_SECONDS}">' if self.comes_back else "",
        )
        return HTMLResponse(body, status_code=self.status, headers={"content-security-policy": FORM_POLICY, "cache-control": "no-store"})


def _language_links(next_path: str) -> str:
    """The same page in every language there is, each by its own name."""
    spoken = house.current().language
    links = [
        f'<strong lang="{code}">{LANGUAGES[code]}</strong>' if code == spoken else f'<a lang="{code}" hreflang="{code}" href="?{escape(urlencode({"lang": code, "next": next_path}), quote=True)}">{LANGUAGES[code]}</a>'
        for code in languages()
    ]
    return f'<nav aria-label="{escape(house.current().words("frame.language"), quote=True)}">{" · ".join(links)}</nav>' if len(links) > 1 else ""


def _message(kind: str, text: str, hint: str) -> str:
    if not text:
        return ""
    role = "alert" if kind == "wrong" else "status"
    return f'<div class="{kind}" role="{role}"><strong>{escape(text)}</strong>{escape(hint)}</div>'


def _told(what: str | None) -> str:
    """What was refused and why, in the words of the page."""
    return told.told(house.current().words, what)


def is_signed_in(token: str) -> bool:
    """Whether the token is that of a live sign-in. Raises StoreError when the database is away."""
    return accounts.session_actor(house.current().database(), token) is not None


def trouble_page(error: GvrcError) -> Response:
    """The page for a database that is away or waits for an upgrade: what happened, what to do; it looks again by itself. The error's own
    words may name the server, which is nothing for a visitor who has not signed in; they are in the log."""
    house.current().look_again_quietly()
    _log.warning("database_away", why=error.detail)
    words = house.current().words
    kind = "outdated" if isinstance(error, SchemaOutdatedError) else "away"
    return FormPage(
        title=words("gate.away.title"), lead=words("gate.away.lead"), problem=words(f"gate.{kind}.problem"), hint=words(f"gate.{kind}.hint"), status=503,
        comes_back=True,
    ).response()


# ------------------------------------------------------------------------------------------------------------------------ sign-in


async def sign_in_page(request: Request) -> Response:
    """GET: the form. POST: the sign-in; a cookie on success."""
    _speak(request)
    try:
        if await to_thread.run_sync(_needs_first_admin):
            return RedirectResponse(SET_UP_PATH, status_code=303, headers={"cache-control": "no-store"})
        if request.method == "POST":
            return await _sign_in(request)
    except StoreError as error:
        return await to_thread.run_sync(trouble_page, error)
    notice = house.current().words("gate.ended") if "ended" in request.query_params else ""
    form = _sign_in_form(next_path=safe_next(request.query_params.get("next", "/")), notice=notice)
    if _chosen_language(request):
        form.set_cookie(LANGUAGE_COOKIE, house.current().language, max_age=LANGUAGE_DAYS * 86_400, path="/auth/", httponly=True, samesite="lax")
    return form


def _speak(request: Request) -> None:
    """In the language that was just chosen, else in the one this browser chose before."""
    house.speak(_chosen_language(request) or request.cookies.get(LANGUAGE_COOKIE))


def _chosen_language(request: Request) -> str | None:
    """The language a link of the sign-in page has just asked for."""
    wanted = request.query_params.get("lang", "")
    return wanted if wanted in languages() else None


async def _sign_in(request: Request) -> Response:
    form = await _form_of(request)
    next_path = safe_next(form.get("next", "/"))
    refusal = _refusal(request)
    if refusal is not None:
        return _sign_in_form(next_path=next_path, problem=refusal, status=429 if _is_own_page(request) else 403)
    try:
        token = await to_thread.run_sync(_begin_session, form.get("username", ""), form.get("password", ""), request)
        await to_thread.run_sync(_keep_language, token, _chosen_language(request))
    except NotAllowedError as error:
        return _sign_in_form(next_path=next_path, username=form.get("username", ""), problem=_told(error.detail), hint=_told(error.hint), status=403)
    return signed_in(request, token, next_path)


def _sign_in_form(*, next_path: str, username: str = "", problem: str = "", hint: str = "", notice: str = "", status: int = 200) -> Response:
    words = house.current().words
    form = (
        f'<form method="post"><input type="hidden" name="next" value="{escape(next_path, quote=True)}">'
        + _field("username", words("gate.name"), kind="text", value=username, autocomplete="username", focus=not username)
        + _field("password", words("gate.password"), kind="password", autocomplete="current-password", focus=bool(username))
        + f"<button>{escape(words('gate.sign_in'))}</button></form>"
        + _organisation_link(next_path)
    )
    return FormPage(
        title=words("gate.sign_in"), lead=words("gate.lead"), form=form, problem=problem, hint=hint, notice=notice, status=status, next_path=next_path
    ).response()


def _organisation_link(next_path: str) -> str:
    """The way to the organisation's sign-in, where it is configured."""
    here = house.current()
    if not oidc.is_configured(here.settings):
        return ""
    label = here.words("gate.organisation", name=here.settings.oidc_name)
    return f'<a class="other" href="{escape(oidc.start_link(next_path), quote=True)}">{escape(label)}</a>'


def refused_page(problem: str | None, hint: str | None) -> Response:
    """The sign-in page after the organisation's sign-in failed; without words of its own it says only that it failed."""
    words = house.current().words
    return _sign_in_form(next_path="/", problem=_told(problem) or words("gate.organisation.failed"), hint=_told(hint) or words("gate.organisation.failed.hint"), status=403)


# ------------------------------------------------------------------------------------------------------------------------ set-up


async def set_up_page(request: Request) -> Response:
    """GET: the form for the first administrator, only while there is none. POST: create, then sign in."""
    _speak(request)
    try:
        if not await to_thread.run_sync(_needs_first_admin):
            return RedirectResponse(SIGN_IN_PATH, status_code=303, headers={"cache-control": "no-store"})
        if request.method == "POST":
            return await _set_up(request)
    except StoreError as error:
        return await to_thread.run_sync(trouble_page, error)
    return _set_up_form()


async def _set_up(request: Request) -> Response:
    form = await _form_of(request)
    words = house.current().words
    refusal = _refusal(request)
    if refusal is not None:
        return _set_up_form(form, problem=refusal, status=429 if _is_own_page(request) else 403)
    if form.get("password") != form.get("password_again"):
        return _set_up_form(form, problem=words("gate.setup.differ"), hint=words("gate.setup.differ.hint"), status=422)
    try:
        await to_thread.run_sync(_create_first_admin, form)
        token = await to_thread.run_sync(_begin_session, form.get("username", ""), form.get("password", ""), request)
        await to_thread.run_sync(_keep_language, token, _chosen_language(request))
    except StoreError:
        raise
    except GvrcError as error:
        return _set_up_form(form, problem=_told(error.detail), hint=_told(error.hint), status=error.http_status)
    return signed_in(request, token, "/")


def _set_up_form(form: dict[str, str] | None = None, *, problem: str = "", hint: str = "", status: int = 200) -> Response:
    words = house.current().words
    given = form or {}
    fields = (
        _field("code", words("gate.setup.code"), kind="text", value=given.get("code", ""), autocomplete="one-time-code", focus=True, note=words("gate.setup.code.note"))
        + _field("username", words("gate.name"), kind="text", value=given.get("username", ""), autocomplete="username", note=words("gate.setup.name.note"))
        + _field("password", words("gate.password"), kind="password", autocomplete="new-password", note=words("gate.setup.password.note"))
        + _field("password_again", words("gate.setup.again"), kind="password", autocomplete="new-password")
    )
    body = f'<form method="post">{fields}<button>{escape(words("gate.setup.create"))}</button></form>'
    return FormPage(title=words("gate.setup.title"), lead=words("gate.setup.lead"), form=body, problem=problem, hint=hint, status=status).response()


def _field(name: str, label: str, *, kind: str, autocomplete: str, value: str = "", focus: bool = False, note: str = "") -> str:
    described = f' aria-describedby="{name}-note"' if note else ""
    return (
        f'<label for="{name}">{escape(label)}</label><input id="{name}" name="{name}" type="{kind}" value="{escape(value, quote=True)}" maxlength="200" '
        f'autocomplete="{autocomplete}" required{described}{" autofocus" if focus else ""}>' + (f'<small id="{name}-note">{escape(note)}</small>' if note else "")
    )


# ------------------------------------------------------------------------------------------------------------------------ what a form needs


async def _form_of(request: Request) -> dict[str, str]:
    """The fields of a small urlencoded form; empty when it is anything else, or takes too long to arrive."""
    body = b""
    with move_on_after(house.current().settings.api_head_seconds) as patience:
        async for chunk in request.stream():
            body += chunk
            if len(body) > LARGEST_FORM_BYTES:
                return {}
    if patience.cancelled_caught:
        return {}
    fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=20)
    return {name: values[0] for name, values in fields.items()}


def _refusal(request: Request) -> str | None:
    """Why this form is not taken, in words, or None."""
    words = house.current().words
    if not _is_own_page(request):
        return words("gate.foreign")
    return words("gate.slow_down") if is_too_often(request) else None


def is_too_often(request: Request) -> bool:
    """Count one try of this address and tell whether there were too many in the last minute."""
    address = request.client.host if request.client else "unknown"
    return not _rate_limit.allows(address, time.monotonic())


def _is_own_page(request: Request) -> bool:
    """Whether the form was sent by a page of this host: browsers name the Origin of every form they post."""
    origin = request.headers.get("origin", "")
    return bool(origin) and urlsplit(origin).netloc == request.headers.get("host", "")


def safe_next(path: str) -> str:
    """A path of our own to go on to; anything that could lead to another host becomes the home page."""
    parts = urlsplit(path)
    is_own = path.startswith("/") and not path.startswith(("//", "/\\")) and not parts.scheme and not parts.netloc and path.isprintable()
    return path if is_own and not path.startswith("/auth/") else "/"


def signed_in(request: Request, token: str, next_path: str, *, is_secure: bool = False) -> Response:
    """Send the browser on with the cookie of its new session."""
    response = RedirectResponse(next_path, status_code=303, headers={"cache-control": "no-store"})
    hours = house.current().settings.session_hours
    response.set_cookie(SESSION_COOKIE, token, max_age=hours * 3600, path="/", httponly=True, samesite="lax", secure=is_secure or request.url.scheme == "https")
    return response


def _keep_language(token: str, language: str | None) -> None:
    """Who chose a language at the sign-in finds it on every screen, now and later."""
    here = house.current()
    actor = accounts.session_actor(here.database(), token)
    if language is not None and actor is not None and actor.language != language:
        accounts.choose_language(here.database(), actor, language)


def _needs_first_admin() -> bool:
    return accounts.needs_first_admin(house.current().database())


def _create_first_admin(form: dict[str, str]) -> None:
    here = house.current()
    name = form.get("username", "").strip()
    accounts.create_first_admin(here.database(), form.get("code", ""), name, name, form.get("password", ""))


def _begin_session(username: str, password: str, request: Request) -> str:
    here = house.current()
    address = request.client.host if request.client else None
    return accounts.sign_in(here.database(), username.strip(), password, address, request.headers.get("user-agent"))


# ------------------------------------------------------------------------------------------------------------------------ the rest


async def style_sheet(request: Request) -> Response:
    """The style of the pages before Streamlit."""
    return FileResponse(STATIC_DIR / "sign_in.css", media_type="text/css", headers={"cache-control": "no-cache"})


async def font(request: Request) -> Response:
    """The type family that Streamlit brings, for the pages before it."""
    return FileResponse(font_file(), media_type="font/woff2", headers={"cache-control": "public, max-age=604800"})


def font_file() -> Path:
    """The upright Source Sans of the installed Streamlit, as its own page names it."""
    import streamlit

    name = streamlit_page().decode("utf-8").partition('href="./static/media/')[2].partition('"')[0]
    return Path(streamlit.__file__).parent / "static" / "static" / "media" / name


ROUTES = [
    *oidc.ROUTES,
    Route(SIGN_IN_PATH, sign_in_page, methods=["GET", "POST"]),
    Route(SET_UP_PATH, set_up_page, methods=["GET", "POST"]),
    Route(STYLE_PATH, style_sheet),
    Route(FONT_PATH, font),
]
