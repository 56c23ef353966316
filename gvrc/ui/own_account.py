"""One's own account: what it is, a new password, the end of every sign-in. With a password that somebody else chose, the first of all pages."""

from __future__ import annotations

import streamlit as st

from gvrc import accounts
from gvrc.reference.gazetteer import load_gazetteer
from gvrc.ui import admin_accounts, desk, show
from gvrc.ui.desk import Seat

FIELDS = ("own_current", "own_password", "own_again")


def account(seat: Seat) -> None:
    """Who one is here on the left, the password on the right."""
    if seat.actor.must_change_password:
        st.info(seat.say.markdown("account.given"), icon=":material/key:")
        _password_form(seat)
        return
    left, right = st.columns(2, gap="large")
    with left:
        _facts(seat)
        st.button(seat.say.markdown("account.sign_out"), key="own_sign_out", on_click=_sign_out_everywhere, icon=":material/logout:")
    with right:
        _password_form(seat)


def _facts(seat: Seat) -> None:
    say, actor = seat.say, seat.actor
    counties = ", ".join(load_gazetteer().county(code).county for code in sorted(actor.counties)) or say("admin.accounts.all_counties")
    facts = [
        (say("admin.accounts.username"), actor.username), (say("admin.accounts.display_name"), actor.display_name),
        (say("admin.accounts.role"), say(f"role.{actor.role}")), (say("admin.accounts.counties"), counties),
    ]
    show.key_values(facts, alt=say("account.facts"))


def _password_form(seat: Seat) -> None:
    say = seat.say
    with st.form("own_password_form", width=480):
        st.markdown(f"**{say.markdown('admin.one.password')}**")
        st.text_input(
            say.markdown("admin.password.current"), key=FIELDS[0], type="password", max_chars=admin_accounts.LONGEST_PASSWORD, autocomplete="current-password",
        )
        admin_accounts.password_fields(seat, FIELDS[1], FIELDS[2])
        st.caption(say.markdown("account.password.ends"))
        st.form_submit_button(say.markdown("account.password.do"), key="save_own_password", on_click=_save, type="primary")


def _save() -> None:
    """Callback: the new password. It ends every sign-in, so the run that follows leads to the sign-in page."""
    seat = desk.take(even_with_given_password=True)
    current, password, again = (str(st.session_state.get(key, "")) for key in FIELDS)
    if admin_accounts.passwords_agree(seat, password, again):
        desk.attempt_to_leave(accounts.set_password, seat.db, seat.actor, seat.actor.username, password, current)
    for key in FIELDS:
        st.session_state[key] = ""


def _sign_out_everywhere() -> None:
    """Callback: every browser, this one too."""
    seat = desk.take(even_with_given_password=True)
    desk.attempt_to_leave(accounts.sign_out_everywhere, seat.db, seat.actor)
