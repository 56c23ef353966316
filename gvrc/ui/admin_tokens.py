"""API tokens: a new one, shown once; the list; revoking."""

from __future__ import annotations

import streamlit as st

from gvrc import tokens
from gvrc.errors import GvrcError
from gvrc.model.access import Role
from gvrc.reference.gazetteer import load_gazetteer
from gvrc.security.permissions import Permission
from gvrc.tokens import TokenView
from gvrc.ui import desk, show
from gvrc.ui.desk import Seat

LONGEST_NAME = 60
_SHOWN = "tokens.made"


def tokens_part(seat: Seat) -> None:
    """What a token is, a new one, those there are."""
    st.caption(seat.say.markdown("admin.tokens.lead"))
    _show_new(seat)
    _new_token(seat)
    listed = tokens.list_tokens(seat.db, seat.actor)
    live = [token for token in listed if token.state == "live"]
    if not listed:
        st.markdown(seat.say.markdown("admin.tokens.none"))
        return
    _list(seat, listed)
    if live:
        _revoking(seat, live)


def _show_new(seat: Seat) -> None:
    """The token just made, for this run of the page only: the next click takes it away for ever."""
    made = st.session_state.pop(_SHOWN, None)
    if made:
        with st.container(border=True):
            st.markdown(f"**{seat.say.markdown('admin.tokens.once')}**")
            st.code(made, language=None)


def _new_token(seat: Seat) -> None:
    say = seat.say
    with st.expander(say.markdown("admin.tokens.new"), icon=":material/key:"), st.form("new_token", border=False):
        left, right = st.columns(2, gap="medium")
        roles, codes = list(Role), [county.county_code for county in sorted(load_gazetteer().counties, key=lambda county: county.county)]
        left.text_input(say.markdown("admin.tokens.name"), key="token_name", max_chars=LONGEST_NAME, help=say.markdown("admin.tokens.name.help"), autocomplete="off")
        left.selectbox(say.markdown("admin.accounts.role"), roles, key="token_role", format_func=lambda each: say(f"role.{each}"))
        right.number_input(say.markdown("admin.tokens.days"), 1, tokens.LONGEST_DAYS, tokens.DAYS, key="token_days")
        right.multiselect(
            say.markdown("admin.accounts.counties"), codes, key="token_counties", format_func=_county, placeholder=say("admin.accounts.all_counties"),
        )
        st.form_submit_button(say.markdown("admin.tokens.do"), key="add_token", on_click=_add, type="primary")


def _county(code: str) -> str:
    return load_gazetteer().county(code).county


def _add() -> None:
    """Callback: make the token and keep it for one run of the page."""
    seat = desk.take(Permission.MANAGE_ACCOUNTS)
    given = st.session_state
    try:
        made = tokens.add_token(
            seat.db, seat.actor, label=str(given["token_name"]), role=Role(given["token_role"]), days=int(given["token_days"]), counties=given["token_counties"],
        )
    except GvrcError as error:
        desk.refuse(error)
        return
    given["token_name"] = ""
    given[_SHOWN] = made.token


def _list(seat: Seat, listed: tuple[TokenView, ...]) -> None:
    say = seat.say
    show.table(
        {
            say("admin.tokens.name"): [token.label for token in listed],
            say("admin.accounts.role"): [say(f"role.{token.role}") for token in listed],
            say("admin.accounts.counties"): [", ".join(_county(code) for code in sorted(token.counties)) or say("admin.accounts.all_counties") for token in listed],
            say("field.state"): [say(f"admin.tokens.state.{token.state}") for token in listed],
            say("admin.tokens.ends"): [show.moment(token.expires_at) for token in listed],
            say("admin.tokens.used"): [show.moment(token.last_used_at) if token.last_used_at else say("admin.accounts.never") for token in listed],
            say("admin.tokens.by"): [token.created_by for token in listed],
        },
        alt=say("admin.tokens.alt"),
    )


def _revoking(seat: Seat, live: list[TokenView]) -> None:
    say, names = seat.say, {token.token_id: token.label for token in live}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(say.markdown("admin.tokens.revoke.which"), list(names), key="token_to_revoke", format_func=names.__getitem__, width=320)
        st.button(say.markdown("admin.tokens.revoke"), key="revoke_token", on_click=_revoke, args=(chosen, names[chosen]), icon=":material/block:")


def _revoke(token_id: int, label: str) -> None:
    """Callback: end a token."""
    seat = desk.take(Permission.MANAGE_ACCOUNTS)
    try:
        tokens.revoke_token(seat.db, seat.actor, token_id)
    except GvrcError as error:
        desk.refuse(error)
        return
    desk.tell(seat.say.markdown("admin.tokens.revoked", name=label))
