"""The Streamlit script: navigation by role, then the page. Everything else is in the pages and in gvrc.ui."""

from __future__ import annotations

import streamlit as st

from gvrc import accounts
from gvrc.ui import desk, house, navigation
from gvrc.ui.catalogue import LANGUAGES, languages
from gvrc.ui.sign_in import STATIC_DIR

CONTENT_WIDTH = 1120
SIDEBAR_WIDTH = 208


def main() -> None:
    """Run the page this person asked for, in the frame all pages share."""
    st.set_page_config(page_title="GVRC", page_icon=str(STATIC_DIR / "mark.png"), layout="wide", initial_sidebar_state=SIDEBAR_WIDTH)
    desk.begin_counting()
    seat = desk.take(even_with_given_password=True)
    page = st.navigation(navigation.pages_for(seat), expanded=True)
    with st.sidebar, st.container(gap="xxsmall"):
        _who_is_here(seat)
    with st.container(width=CONTENT_WIDTH):
        desk.tell_kept()
        above = st.empty()
        page.run()
        desk.tell_lag(above)


def _who_is_here(seat: desk.Seat) -> None:
    name = seat.actor.display_name or seat.actor.username
    who = seat.say.markdown("frame.who", name=name, role=seat.say(f"role.{seat.actor.role}"))
    if seat.actor.must_change_password:
        st.caption(who)
    else:
        navigation.link("account", seat.say.markdown("frame.name", name=name), symbol="account_circle", help_text=f"{who}. {seat.say.markdown('nav.account.help')}")
    _language(seat)
    st.button(seat.say.markdown("frame.sign_out"), key="sign_out", on_click=desk.sign_out, type="tertiary", icon=":material/logout:")


def _language(seat: desk.Seat) -> None:
    """Every language there is, by its own name; the choice is kept with the account."""
    if len(languages()) > 1:
        spoken = house.current().language
        key = f"language_{spoken}"
        st.selectbox(
            seat.say.markdown("frame.language"), languages(), index=languages().index(spoken), format_func=LANGUAGES.__getitem__, key=key,
            label_visibility="collapsed", on_change=_speak, args=(key,),
        )


def _speak(key: str) -> None:
    seat = desk.take(even_with_given_password=True)
    desk.attempt(accounts.choose_language, seat.db, seat.actor, st.session_state[key])


if __name__ == "__main__":
    main()
