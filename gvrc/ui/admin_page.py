"""The administration page: its parts by what the role may do, and the matrix of roles. Accounts, thresholds and corrections have modules of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from gvrc.security.permissions import MATRIX, Permission
from gvrc.ui import admin_accounts, admin_corrections, admin_matcher, admin_privacy, admin_thresholds, admin_tokens, show
from gvrc.ui.desk import Seat


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of the page: its name, what it needs, what draws it."""

    name: str
    permission: Permission
    draw: Callable[[Seat], None]


def parts(seat: Seat) -> None:
    """The parts this role may use, one tab each; only the open one is drawn, and the address remembers which it is."""
    known = [part for part in PARTS if seat.may(part.permission)]
    tabs = st.tabs([seat.say.markdown(f"admin.part.{part.name}") for part in known], key="part", on_change="rerun", bind="query-params")
    for part, tab in zip(known, tabs, strict=True):
        if tab.open:
            with tab:
                part.draw(seat)


def roles(seat: Seat) -> None:
    """Who may do what: the program's own matrix, which cannot be changed here."""
    say = seat.say
    st.caption(say.markdown("admin.roles.lead"))
    columns: dict[str, list[str]] = {say("admin.roles.deed"): [say(f"admin.may.{permission}") for permission in Permission]}
    for role, granted in MATRIX.items():
        columns[say(f"role.{role}").capitalize()] = [say("admin.roles.yes") if permission in granted else show.ABSENT for permission in Permission]
    show.table(columns, alt=say("admin.roles.alt"))


PARTS: tuple[Part, ...] = (
    Part(name="accounts", permission=Permission.MANAGE_ACCOUNTS, draw=admin_accounts.accounts_part),
    Part(name="tokens", permission=Permission.MANAGE_ACCOUNTS, draw=admin_tokens.tokens_part),
    Part(name="roles", permission=Permission.MANAGE_ACCOUNTS, draw=roles),
    Part(name="privacy", permission=Permission.MANAGE_ACCOUNTS, draw=admin_privacy.privacy_part),
    Part(name="thresholds", permission=Permission.MANAGE_THRESHOLDS, draw=admin_thresholds.thresholds_part),
    Part(name="matcher", permission=Permission.MANAGE_THRESHOLDS, draw=admin_matcher.matcher_part),
    Part(name="corrections", permission=Permission.MANAGE_SOURCES, draw=admin_corrections.corrections_part),
)
