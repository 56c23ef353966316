"""The Streamlit script: navigation by role, then the page. Everything else is in the pages and in gvrc.ui."""

from __future__ import annotations

import streamlit as st

from gvrc.ui import desk, navigation
from gvrc.ui.sign_in import STATIC_DIR

CONTENT_WIDTH = 1120
SIDEBAR_WIDTH = 208


def main() -> None:
    """Run the page this person asked for, in the frame all pages share."""
    st.set_page_config(page_title="GVRC", page_icon=str(STATIC_DIR / "mark.png"), layout="wide", initial_sidebar_state=SIDEBAR_WIDTH)
    seat = desk.take()
    page = st.navigation(navigation.pages_for(seat), expanded=True)
    with st.sidebar:
        _who_is_here(seat)
    with st.container(width=CONTENT_WIDTH):
        desk.tell_refusals()
        page.run()


def _who_is_here(seat: desk.Seat) -> None:
    name = seat.actor.display_name or seat.actor.username
    st.caption(seat.say.markdown("frame.who", name=name, role=seat.say(f"role.{seat.actor.role}")))
    st.button(seat.say.markdown("frame.sign_out"), key="sign_out", on_click=desk.sign_out, type="tertiary", icon=":material/logout:")


if __name__ == "__main__":
    main()
