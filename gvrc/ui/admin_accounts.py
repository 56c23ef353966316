"""Accounts: the list, a new one, and one account with everything that can be done to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from gvrc import accounts
from gvrc.accounts import UserView
from gvrc.errors import GvrcError
from gvrc.model.access import Role
from gvrc.reference.gazetteer import load_gazetteer
from gvrc.security.passwords import MINIMUM_LENGTH
from gvrc.security.permissions import Permission
from gvrc.ui import address, desk, show, tables
from gvrc.ui.catalogue import escape_markdown
from gvrc.ui.desk import Seat
from gvrc.ui.tables import Cell, Column, Opens, Row

LONGEST_NAME = 100
LONGEST_PASSWORD = 200
LONGEST_EMAIL = 254
NEW_FIELDS = ("new_username", "new_display_name", "new_email", "new_password", "new_again")


def accounts_part(seat: Seat) -> None:
    """The list with a way to add to it, or the one account that the address names."""
    users = accounts.list_users(seat.db, seat.actor)
    user_id = address.number("user")
    if user_id is None:
        _list(seat, users)
        _new_account(seat)
        return
    st.button(seat.say.markdown("admin.accounts.back"), key="back", on_click=_close, icon=":material/arrow_back:", type="tertiary")
    user = next((user for user in users if user.user_id == user_id), None)
    if user is None:
        st.markdown(seat.say.markdown("admin.accounts.gone"))
        return
    _one_account(seat, user)


def _close() -> None:
    address.put(user=None)


# ------------------------------------------------------------------------------------------------------------------ the list


def _list(seat: Seat, users: Iterable[UserView]) -> None:
    say, listed = seat.say, list(users)
    st.caption(say.markdown("admin.accounts.count", n=len(listed)))
    columns = [
        Column(title=say("admin.accounts.username")), Column(title=say("admin.accounts.display_name")), Column(title=say("admin.accounts.role")),
        Column(title=say("admin.accounts.counties")), Column(title=say("field.state")), Column(title=say("admin.accounts.last")),
    ]  # fmt: skip
    tables.table(columns, [_row(seat, user) for user in listed], key="account_rows", label=say("admin.accounts.alt"), height=tables.LIST_PX)


def _row(seat: Seat, user: UserView) -> Row:
    say = seat.say
    return (
        Cell(text=user.username, opens=Opens(query={"user": str(user.user_id)}), is_row=True), show.value_text(user.display_name), say(f"role.{user.role}"),
        _counties_text(seat, user), say(f"admin.accounts.state.{_state(user)}"),
        show.moment(user.last_sign_in_at) if user.last_sign_in_at else say("admin.accounts.never"),
    )  # fmt: skip


def _state(user: UserView) -> str:
    if not user.is_active:
        return "closed"
    if user.is_locked:
        return "locked"
    return "local" if user.is_local and user.last_sign_in_at is None else "open"


def _counties_text(seat: Seat, user: UserView) -> str:
    return ", ".join(_county(code) for code in sorted(user.counties)) or seat.say("admin.accounts.all_counties")


def _county(code: str) -> str:
    return load_gazetteer().county(code).county


# ------------------------------------------------------------------------------------------------------------------ a new account


def _new_account(seat: Seat) -> None:
    say = seat.say
    with st.expander(say.markdown("admin.new.title"), icon=":material/person_add:"), st.form("new_account", border=False):
        left, right = st.columns(2, gap="medium")
        with left:
            st.text_input(say.markdown("admin.accounts.username"), key="new_username", max_chars=LONGEST_NAME, help=say.markdown("admin.new.username.help"), autocomplete="off")
            _email_field(seat, "new_email")
            _role_choice(seat, "new_role", Role.DATA_STEWARD)
        with right:
            st.text_input(say.markdown("admin.accounts.display_name"), key="new_display_name", max_chars=LONGEST_NAME, autocomplete="off")
            _county_choice(seat, "new_counties", ())
        password_fields(seat, "new_password", "new_again", st.columns(2, gap="medium"))
        st.form_submit_button(say.markdown("admin.new.do"), key="add_account", on_click=_add, type="primary")


def _email_field(seat: Seat, key: str, email: str | None = None) -> None:
    say = seat.say
    st.text_input(
        say.markdown("admin.accounts.email"), value=email or "", key=key, max_chars=LONGEST_EMAIL, help=say.markdown("admin.accounts.email.help"), autocomplete="off",
    )


def _role_choice(seat: Seat, key: str, role: Role) -> None:
    options = list(Role)
    st.selectbox(seat.say.markdown("admin.accounts.role"), options, index=options.index(role), key=key, format_func=lambda each: seat.say(f"role.{each}"))


def _county_choice(seat: Seat, key: str, chosen: Iterable[str]) -> None:
    codes = [county.county_code for county in sorted(load_gazetteer().counties, key=lambda county: county.county)]
    st.multiselect(
        seat.say.markdown("admin.accounts.counties"), codes, default=sorted(chosen), key=key, format_func=_county,
        placeholder=seat.say("admin.accounts.all_counties"), help=seat.say.markdown("admin.accounts.counties.help"),
    )


def password_fields(seat: Seat, key: str, key_again: str, columns: Sequence[DeltaGenerator] = ()) -> None:
    """The password, twice, with its rules; side by side when two columns are given."""
    say = seat.say
    first, second = columns or (st, st)
    first.text_input(say.markdown("admin.password.new"), key=key, type="password", max_chars=LONGEST_PASSWORD, autocomplete="new-password")
    second.text_input(say.markdown("admin.password.again"), key=key_again, type="password", max_chars=LONGEST_PASSWORD, autocomplete="new-password")
    st.caption(say.markdown("admin.password.rules", n=MINIMUM_LENGTH))


def _add() -> None:
    """Callback: make the account; what was typed stays when it is refused."""
    seat = desk.take(Permission.MANAGE_ACCOUNTS)
    said = {name: str(st.session_state.get(name, "")) for name in NEW_FIELDS}
    if not passwords_agree(seat, said["new_password"], said["new_again"]):
        return
    try:
        accounts.add_user(
            seat.db, seat.actor, username=said["new_username"], display_name=said["new_display_name"], password=said["new_password"],
            role=Role(st.session_state["new_role"]), counties=st.session_state["new_counties"], email=said["new_email"], must_change_password=True,
        )
    except GvrcError as error:
        desk.refuse(error)
        return
    _forget(*NEW_FIELDS)
    desk.tell(seat.say.markdown("admin.new.done", name=said["new_username"]))


def passwords_agree(seat: Seat, password: str, again: str) -> bool:
    """Whether both are the same; else the next run of the page says that they differ."""
    if password != again:
        desk.refuse(GvrcError(seat.say("admin.password.differ"), seat.say("admin.password.differ.hint")))
    return password == again


def _forget(*keys: str) -> None:
    """Empty fields, passwords above all."""
    for key in keys:
        st.session_state[key] = ""


# ------------------------------------------------------------------------------------------------------------------ one account


def _one_account(seat: Seat, user: UserView) -> None:
    say, is_own = seat.say, user.username == seat.actor.username
    show.section(escape_markdown(user.display_name))
    last = show.moment(user.last_sign_in_at) if user.last_sign_in_at else say("admin.accounts.never")
    st.caption(say.markdown("admin.one.facts", name=user.username, state=say(f"admin.accounts.state.{_state(user)}"), last=last, created=show.moment(user.created_at)))
    left, right = st.columns(2, gap="large")
    with left:
        _role_form(seat, user)
        _email_form(seat, user)
        _doors(seat, user, is_own=is_own)
    with right:
        _password_form(seat, user, is_own=is_own)


def _role_form(seat: Seat, user: UserView) -> None:
    say = seat.say
    with st.form(f"role_{user.user_id}"):
        st.markdown(f"**{say.markdown('admin.one.role')}**")
        _role_choice(seat, f"role_of_{user.user_id}", user.role)
        _county_choice(seat, f"counties_of_{user.user_id}", user.counties)
        st.form_submit_button(say.markdown("admin.one.role.do"), key="save_role", on_click=_save_role, args=(user.user_id, user.username), type="primary")


def _save_role(user_id: int, username: str) -> None:
    """Callback: a new role, new counties."""
    role, counties = Role(st.session_state[f"role_of_{user_id}"]), list(st.session_state[f"counties_of_{user_id}"])
    _act("role", username, accounts.set_role, role, counties)


def _email_form(seat: Seat, user: UserView) -> None:
    key = f"email_of_{user.user_id}"
    with st.form(f"email_{user.user_id}"):
        _email_field(seat, key, user.email)
        st.form_submit_button(seat.say.markdown("admin.one.email.do"), key="save_email", on_click=_save_email, args=(key, user.username))


def _save_email(key: str, username: str) -> None:
    """Callback: another e-mail address, or none."""
    _act("email", username, accounts.set_email, str(st.session_state[key]))


def _password_form(seat: Seat, user: UserView, *, is_own: bool) -> None:
    say, keys = seat.say, (f"password_{user.user_id}", f"again_{user.user_id}", f"current_{user.user_id}")
    with st.form(f"password_form_{user.user_id}"):
        st.markdown(f"**{say.markdown('admin.one.password')}**")
        if is_own:
            st.text_input(say.markdown("admin.password.current"), key=keys[2], type="password", max_chars=LONGEST_PASSWORD, autocomplete="current-password")
        password_fields(seat, keys[0], keys[1])
        st.caption(say.markdown("admin.password.ends" if is_own else "admin.password.given"))
        st.form_submit_button(say.markdown("admin.one.password.do"), key="save_password", on_click=_save_password, args=(user.username, keys, is_own))


def _save_password(username: str, keys: tuple[str, str, str], is_own: bool) -> None:
    """Callback: a new password; every sign-in of the account ends."""
    seat = desk.take(Permission.MANAGE_ACCOUNTS)
    password, again, current = (str(st.session_state.get(key, "")) for key in keys)
    if passwords_agree(seat, password, again):
        _act("password", username, accounts.set_password, password, current if is_own else None)
    _forget(*(keys if is_own else keys[:2]))


def _doors(seat: Seat, user: UserView, *, is_own: bool) -> None:
    """Closing and opening the account, ending its sign-ins. Nobody closes their own."""
    say = seat.say
    with st.container(border=True):
        st.markdown(f"**{say.markdown('admin.one.doors')}**")
        st.caption(say.markdown("admin.one.own" if is_own else "admin.one.doors.lead"))
        with st.container(horizontal=True):
            if user.is_active:
                st.button(say.markdown("admin.one.close"), key="close_account", on_click=_set_active, args=(user.username, False), icon=":material/block:", disabled=is_own)
            if not user.is_active or user.is_locked:
                st.button(say.markdown("admin.one.open"), key="open_account", on_click=_set_active, args=(user.username, True), icon=":material/lock_open:")
            st.button(say.markdown("admin.one.sign_out"), key="sign_out_everywhere", on_click=_act, args=("signed_out", user.username, accounts.sign_out_everywhere), icon=":material/logout:")


def _set_active(username: str, is_active: bool) -> None:
    """Callback: close an account, or open it again."""
    _act("opened" if is_active else "closed", username, accounts.set_active, is_active)


def _act(done: str, username: str, act: Any, *arguments: Any) -> None:
    """Callback: do something to an account and say so; a refusal is told by the next run of the page."""
    seat = desk.take(Permission.MANAGE_ACCOUNTS)
    try:
        act(seat.db, seat.actor, username, *arguments)
    except GvrcError as error:
        desk.refuse(error)
        return
    desk.tell(seat.say.markdown(f"admin.done.{done}", name=username))
