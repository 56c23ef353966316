"""REST sources on the upload page: those there are, a new or changed one, pulling one."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from gvrc import pipeline, worker
from gvrc.errors import GvrcError
from gvrc.pipeline import SourceState
from gvrc.security.permissions import Permission
from gvrc.settings import has_source_secret, source_secret_variable
from gvrc.ui import address, desk, show
from gvrc.ui.desk import Seat

LONGEST_NAME = 60
LONGEST_ADDRESS = 2000
LONGEST_HEADER = 60
NEW = ""
FIELDS = {"name": "", "url": "", "header": "Authorization", "per_second": 5.0}
"""The fields of the form, as they begin for a new source."""
_PULLING = "rest.pulling"


def rest_part(seat: Seat) -> None:
    """What a REST source is, those in use, and the form."""
    say = seat.say
    st.caption(say.markdown("rest.lead"))
    _pull_if_asked(seat)
    states = pipeline.rest_source_states(seat.db, seat.actor)
    if states:
        _list(seat, states)
        _acts(seat, states)
    else:
        st.markdown(say.markdown("rest.none"))
    _form(seat, states)


def _list(seat: Seat, states: Sequence[SourceState]) -> None:
    say = seat.say
    show.table(
        {
            say("rest.name"): [state.source.name for state in states],
            say("rest.url"): [state.source.url for state in states],
            say("rest.secret"): [say("rest.secret.set" if has_source_secret(state.source.name) else "rest.secret.none") for state in states],
            say("rest.last"): [_last(seat, state) for state in states],
        },
        alt=say("rest.alt"),
    )


def _last(seat: Seat, state: SourceState) -> str:
    """When a source was pulled last, by which run; or where a pull broke off."""
    say = seat.say
    if state.pages_waiting:
        return say("rest.broke_off", n=state.pages_waiting)
    if state.run_id is None or state.pulled_at is None:
        return say("rest.never")
    return say("rest.pulled", when=show.moment(state.pulled_at), run=state.run_id, state=show.state_word(say, state.run_status or ""))


def _acts(seat: Seat, states: Sequence[SourceState]) -> None:
    say, runs = seat.say, {state.source.name: state.run_id for state in states}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(say.markdown("rest.which"), list(runs), key="rest_chosen", width=320)
        st.button(say.markdown("rest.pull"), key="rest_pull", on_click=_ask_to_pull, args=(chosen,), type="primary", icon=":material/cloud_download:")
        if runs[chosen] is not None:
            st.button(say.markdown("rest.open_run"), key="rest_run", on_click=_open_run, args=(runs[chosen],), icon=":material/receipt_long:")
        st.button(say.markdown("rest.remove"), key="rest_remove", on_click=_remove, args=(chosen,), type="tertiary")


def _open_run(run_id: int) -> None:
    address.put(run=run_id)


# ------------------------------------------------------------------------------------------------------------------ pulling


def _ask_to_pull(name: str) -> None:
    """Callback: the run of the page that follows pulls, with a sign that it does."""
    st.session_state[_PULLING] = name


def _pull_if_asked(seat: Seat) -> None:
    """Read every page, then show the run. Pages that were read stay when the source breaks off: the next pull goes on behind them."""
    name = st.session_state.pop(_PULLING, None)
    if name is None:
        return
    try:
        with st.spinner(seat.say.markdown("rest.pulling", name=name), show_time=True):
            pulled = pipeline.pull(seat.db, seat.settings, seat.actor, name)
            worker.launch(seat.settings, pulled.run_id)
    except GvrcError as error:
        desk.show_trouble(error)
        return
    address.put(run=pulled.run_id)
    st.rerun()


# ------------------------------------------------------------------------------------------------------------------ the form


def _form(seat: Seat, states: Sequence[SourceState]) -> None:
    """A new source, or one of those in use to be changed. No secret is typed here: the variable to set is named."""
    say = seat.say
    with st.expander(say.markdown("rest.form"), icon=":material/add:", expanded=not states):
        known = [NEW, *(state.source.name for state in states)]
        st.session_state.setdefault("rest_edited", NEW)
        if states:
            st.selectbox(
                say.markdown("rest.form.which"), known, key="rest_edited", format_func=lambda name: name or say("rest.form.new"), on_change=_fill, width=320,
            )
        left, right = st.columns(2, gap="medium")
        for field, start in FIELDS.items():
            st.session_state.setdefault(f"rest_{field}", start)
        is_known = st.session_state["rest_edited"] != NEW
        left.text_input(say.markdown("rest.name"), key="rest_name", max_chars=LONGEST_NAME, help=say.markdown("mapping.name.help"), disabled=is_known, autocomplete="off")
        right.text_input(say.markdown("rest.url"), key="rest_url", max_chars=LONGEST_ADDRESS, autocomplete="off", placeholder="https://")
        left.text_input(say.markdown("rest.header"), key="rest_header", max_chars=LONGEST_HEADER, help=say.markdown("rest.header.help"), autocomplete="off")
        right.number_input(say.markdown("rest.per_second"), 0.1, 100.0, key="rest_per_second")
        _say_at_once(seat)
        st.button(say.markdown("rest.save"), key="rest_save", on_click=_save)


def _say_at_once(seat: Seat) -> None:
    """What is wrong with what was typed so far, or which variable holds the secret."""
    given = st.session_state
    name, url = str(given["rest_name"]).strip(), str(given["rest_url"]).strip()
    try:
        if name and url:
            pipeline.check_source(name, url, str(given["rest_header"]).strip(), float(given["rest_per_second"]))
    except GvrcError as error:
        desk.show_trouble(error)
        return
    if name:
        st.caption(seat.say.markdown("rest.secret.how", variable=source_secret_variable(name)))


def _fill() -> None:
    """Callback: the form holds what the chosen source says."""
    seat = desk.take(Permission.MANAGE_SOURCES)
    given = st.session_state
    found = next((source for source in pipeline.rest_source_list(seat.db, seat.actor) if source.name == given["rest_edited"]), None)
    told = FIELDS if found is None else {"name": found.name, "url": found.url, "header": found.auth_header, "per_second": found.requests_per_second}
    given.update({f"rest_{field}": value for field, value in told.items()})


def _save() -> None:
    """Callback: set the source up; what was typed stays when it is refused."""
    seat = desk.take(Permission.MANAGE_SOURCES)
    given = st.session_state
    name = str(given["rest_name"]).strip()
    try:
        pipeline.set_up_source(
            seat.db, seat.actor, name, str(given["rest_url"]).strip(), auth_header=str(given["rest_header"]).strip(),
            requests_per_second=float(given["rest_per_second"]),
        )
    except GvrcError as error:
        desk.refuse(error)
        return
    given["rest_edited"] = NEW
    given.update({f"rest_{field}": value for field, value in FIELDS.items()})
    given["rest_chosen"] = name
    desk.tell(seat.say.markdown("rest.saved", name=name))


def _remove(name: str) -> None:
    """Callback: take a source out of use; what it brought stays."""
    seat = desk.take(Permission.MANAGE_SOURCES)
    desk.attempt(pipeline.remove_source, seat.db, seat.actor, name)
    st.session_state.pop("rest_chosen", None)
    st.session_state["rest_edited"] = NEW
    _fill()
