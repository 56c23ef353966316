"""A page's one door: `seat = desk.take(Permission.X)` is the first line of every page.

It asks the database on every run who holds this browser's sign-in and what the role may do, so that a page reached by any way whatever
(a cold server, an old tab, a crafted message) shows nothing to who may not see it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar
from urllib.parse import urlencode, urlsplit

import streamlit as st
import structlog
from anyio import to_thread

from gvrc import accounts, pipeline
from gvrc.errors import GvrcError, NotAllowedError, StoreError
from gvrc.model.access import Actor
from gvrc.security.permissions import Permission, may, require
from gvrc.settings import Settings
from gvrc.store.session import Database
from gvrc.ui import address, house, oidc, told
from gvrc.ui.catalogue import Words
from gvrc.ui.gate import OIDC_LOGOUT_PATH, SESSION_COOKIE, SIGN_IN_PATH
from gvrc.views import remembered

LOOK_AGAIN_SECONDS = 5.0
"""How often a page that shows counts from before asks whether they are counted anew. Each time breaks off and begins again what the page is at work on."""

_log = structlog.get_logger("desk")
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """What a page works with: who sits here, the database, the settings, the words."""

    actor: Actor
    db: Database
    settings: Settings
    say: Words

    def may(self, permission: Permission) -> bool:
        """Whether this person's role has the permission: for hiding what would be refused anyway."""
        return may(self.actor, permission)


def take(*permissions: Permission, even_with_given_password: bool = False, by_itself: bool = False) -> Seat:
    """The seat of who runs this page, or a closed door: the script stops after saying why.

    Signed out: the browser is led to the sign-in. The database away: told with a hint, and looked for again every few seconds. A role
    without one of the `permissions`: told so. Who has still to choose a password of their own gets no page but the one for it
    (`even_with_given_password`). What a page asks again and again `by_itself` does not keep the session of somebody who went away.
    """
    here = house.current()
    remembered.may_lag()
    token = session_token()
    try:
        db = here.database()
        actor = accounts.session_actor(db, token, is_activity=not by_itself) if token else None
    except StoreError as error:
        _say_away(error)
    if actor is None:
        lead_to_sign_in()
    house.speak(actor.language)
    structlog.contextvars.bind_contextvars(user=actor.username)
    seat = Seat(actor=actor, db=db, settings=here.settings, say=here.words)
    if actor.must_change_password and not even_with_given_password:
        _stop_with(GvrcError(here.words("desk.given_password"), here.words("desk.given_password.hint")))
    for permission in permissions:
        try:
            require(actor, permission)
        except NotAllowedError as error:
            _stop_with(error)
    return seat


def _stop_with(error: GvrcError) -> NoReturn:
    """Tell what stands in the way, now or, from a callback of a dialog, in the next run, and end the script."""
    (refuse if _must_not_draw() else show_trouble)(error)
    st.stop()


def _must_not_draw() -> bool:
    """Whether this is a callback of a fragment: what it draws would replace the top of the page, and the browser then shows none at all."""
    from streamlit.runtime.scriptrunner import get_script_run_ctx
    from streamlit.runtime.scriptrunner_utils.script_run_context import ThreadState

    return get_script_run_ctx() is not None and ThreadState.get().in_fragment_callback


def session_token() -> str | None:
    """The token this browser's cookie held when its socket was opened."""
    token = st.context.cookies.get(SESSION_COOKIE)
    return token if isinstance(token, str) and token else None


def lead_to_sign_in() -> NoReturn:
    """Send the browser to the sign-in page and end the script."""
    from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    words = house.current().words
    if not _must_not_draw():
        st.markdown(f"{words.markdown('desk.signed_out')} [{words.markdown('gate.sign_in')}]({SIGN_IN_PATH})")
    context = get_script_run_ctx()
    if context is not None:
        message = ForwardMsg()
        at_once = {None: _sign_in_again(), True: OIDC_LOGOUT_PATH, False: SIGN_IN_PATH}
        message.auth_redirect.url = at_once[st.session_state.pop("desk.left", None)]  # the way st.logout() leads the browser on
        context.enqueue(message)
    st.stop()


def _sign_in_again() -> str:
    """The sign-in page for whose sign-in ended by itself: it says so, and leads back to where they were."""
    here = urlsplit(st.context.url or "/").path or "/"
    query = urlencode(st.query_params.to_dict())
    return f"{SIGN_IN_PATH}?{urlencode({'ended': 1, 'next': f'{here}?{query}' if query else here})}"


def attempt_to_leave(act: Callable[..., object], *arguments: Any) -> None:
    """`attempt` an act of one's own that ends this sign-in too; nothing needs to be said of that afterwards."""

    def leave() -> None:
        act(*arguments)
        st.session_state["desk.left"] = False

    attempt(leave)


def sign_out() -> None:
    """Callback: end the session in the database. The run that follows finds nobody at the desk and leads to the sign-in."""
    token = session_token()
    if token:
        accounts.sign_out(house.current().database(), token)
        st.session_state["desk.left"] = oidc.is_configured(house.current().settings)


def show_trouble(error: GvrcError) -> None:
    """What happened, and under it what to do; both as plain text, in the words of the screen."""
    words = house.current().words
    st.error(words.markdown("desk.trouble", detail=told.told(words, error.detail)), icon=":material/error:")
    if error.hint:
        st.text(told.told(words, error.hint))


def show_error(error: Exception) -> bool:
    """Translate what a page raised. True: Streamlit shows nothing of its own, so no stack trace reaches a screen."""
    if isinstance(error, GvrcError):
        show_trouble(error)
    else:
        _log.exception("page_failed", exc_info=error)
        words = house.current().words
        st.error(words.markdown("desk.unexpected"), icon=":material/error:")
        st.text(words("desk.unexpected.hint"))
    return True


def attempt(act: Callable[..., T], *arguments: Any, **named: Any) -> T | None:
    """Do something that may be refused; a refusal is kept for the next run to show (`told`) instead of breaking the page. For callbacks."""
    try:
        return act(*arguments, **named)
    except GvrcError as error:
        refuse(error)
        return None


def refuse(error: GvrcError) -> None:
    """Keep a refusal for the next run of the page to tell."""
    st.session_state["desk.refusal"] = (error.detail, error.hint)


def tell(what: str) -> None:
    """Keep a sentence (Markdown) for the next run of the page to tell in passing. A callback must draw nothing itself: drawn from within a dialog, it takes the
    whole page away."""
    st.session_state.setdefault("desk.told", []).append(what)


def tell_kept() -> None:
    """Show, once, what `attempt`, `refuse` and `tell` kept."""
    for what in st.session_state.pop("desk.told", ()):
        st.toast(what)
    if st.session_state.pop("desk.was_away", False):
        st.toast(house.current().words.markdown("desk.back"), icon=":material/info:", duration="long")
    refusal = st.session_state.pop("desk.refusal", None)
    if refusal is not None:
        error = GvrcError(*refusal)
        show_trouble(error)
        # The act may have been far down the page, where its top cannot be seen.
        words = house.current().words
        st.toast(words.markdown("desk.trouble", detail=told.told(words, error.detail)), icon=":material/error:", duration="long")


def begin_counting() -> None:
    """At the start of a page's run: nothing of it lags yet."""
    remembered.may_lag(anew=True)


def tell_lag(place: Any) -> None:
    """Where a page showed counts that had moved since: say of when they are, and run it again when they are counted anew."""
    lag = remembered.lag()
    if lag is not None:
        with place.container():
            st.fragment(_tell_lag, run_every=LOOK_AGAIN_SECONDS)(lag)


def _tell_lag(lag: remembered.Lag) -> None:
    if lag.is_over and "question.dialog" not in st.session_state and address.is_settled():
        st.rerun()
    at = lag.counted_at.astimezone()
    st.caption(house.current().words.markdown("desk.lag", at=f"{at:%H:%M:%S}"))


async def wake_up() -> None:
    """At server start: runs whose process died with an earlier server are marked as interrupted, so that they can be resumed."""

    def mark() -> None:
        here = house.current()
        try:
            pipeline.mark_interrupted(here.database(), here.settings)
        except GvrcError as error:
            _log.warning("database_away_at_start", why=error.detail)

    await to_thread.run_sync(mark)


def _say_away(error: StoreError) -> NoReturn:
    show_trouble(error)
    _look_again()
    st.stop()


@st.fragment(run_every=5.0)
def _look_again() -> None:
    """Try the database again; when it answers, run the page as if nothing had been."""
    here = house.current()
    st.caption(here.words.markdown("desk.look_again"))
    try:
        here.look_again()
        accounts.needs_first_admin(here.database())
    except StoreError:
        return
    st.session_state["desk.was_away"] = True
    st.rerun()


__all__ = [
    "Permission", "Seat", "attempt", "attempt_to_leave", "begin_counting", "lead_to_sign_in", "refuse", "session_token", "show_error", "show_trouble", "sign_out", "take", "tell", "tell_kept", "tell_lag", "wake_up",
]
