"""Which pages there are, in which group, for which permission; and links between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from gvrc.security.permissions import Permission
from gvrc.settings import PROJECT_DIR
from gvrc.ui.desk import Seat

PAGES_DIR = PROJECT_DIR / "pages"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageEntry:
    """One page: the name of its script and of its words (`nav.<name>`), its group, what it needs, its bundled symbol."""

    name: str
    group: str
    permission: Permission
    symbol: str
    is_listed: bool = True


OWN_ACCOUNT = "account"
PAGES: tuple[PageEntry, ...] = (
    PageEntry(name="home", group="work", permission=Permission.READ, symbol="home"),
    PageEntry(name="upload", group="work", permission=Permission.UPLOAD, symbol="upload_file"),
    PageEntry(name="review", group="work", permission=Permission.REVIEW, symbol="flag"),
    PageEntry(name="duplicates", group="work", permission=Permission.REVIEW, symbol="join_inner"),
    PageEntry(name="commit", group="work", permission=Permission.COMMIT, symbol="task_alt"),
    PageEntry(name="records", group="see", permission=Permission.REVIEW, symbol="table_rows"),
    PageEntry(name="map", group="see", permission=Permission.READ, symbol="map"),
    PageEntry(name="quality", group="see", permission=Permission.SEE_QUALITY, symbol="monitoring"),
    PageEntry(name="registry", group="see", permission=Permission.READ, symbol="location_city"),
    PageEntry(name="runs", group="run", permission=Permission.RUN, symbol="history"),
    PageEntry(name="operations", group="run", permission=Permission.SEE_OPERATIONS, symbol="monitor_heart"),
    PageEntry(name="administration", group="run", permission=Permission.MANAGE_THRESHOLDS, symbol="settings"),
    PageEntry(name=OWN_ACCOUNT, group="work", permission=Permission.READ, symbol="account_circle", is_listed=False),
)
GROUPS = ("work", "see", "run")


def script_of(name: str) -> str:
    """The absolute path of a page's script, as Streamlit wants it for links."""
    return str(PAGES_DIR / f"{name}.py")


def pages_for(seat: Seat) -> dict[str, list[StreamlitPage]]:
    """The pages this role may use, by group, in their order; who follows an address to another one is told so, and its script cannot be run. Who has still
    to choose a password of their own has one page only."""
    if seat.actor.must_change_password:
        return {"": [_page(seat, entry, is_first=True) for entry in PAGES if entry.name == OWN_ACCOUNT]}
    sections: dict[str, list[StreamlitPage]] = {}
    for group in GROUPS:
        entries = [entry for entry in PAGES if entry.group == group and seat.may(entry.permission)]
        if entries:
            sections[seat.say(f"nav.group.{group}")] = [_page(seat, entry) for entry in entries]
    closed = [_closed_page(seat, entry) for entry in PAGES if not seat.may(entry.permission)]
    next(iter(sections.values())).extend(closed)
    return sections


def _page(seat: Seat, entry: PageEntry, *, is_first: bool = False) -> StreamlitPage:
    return st.Page(
        script_of(entry.name),
        title=seat.say(f"nav.{entry.name}"),
        icon=f":material/{entry.symbol}:",
        url_path=entry.name,
        default=is_first or entry.name == "home",
        help=seat.say(f"nav.{entry.name}.help"),
        visibility="visible" if entry.is_listed else "hidden",
    )


def _closed_page(seat: Seat, entry: PageEntry) -> StreamlitPage:
    """What stands at the address of a page that this role has not: no menu leads there, but a colleague's link may."""

    def tell() -> None:
        st.title(seat.say(f"nav.{entry.name}"), anchor=False)
        st.info(seat.say.markdown("frame.closed", role=seat.say(f"role.{seat.actor.role}")), icon=":material/lock:")
        link("home", seat.say.markdown("frame.closed.home"), symbol="home")

    return st.Page(tell, title=seat.say(f"nav.{entry.name}"), url_path=entry.name, visibility="hidden")


def link(
    name: str, label: str, *, query: Mapping[str, str] | None = None, symbol: str = "", help_text: str = "", disabled: bool = False, width: int | Literal["content", "stretch"] = "content",
) -> None:
    """A link to a page. `label` is Markdown made by `words.markdown`; `query` ends up in the address, so that a refresh keeps it.

    The theme's yellow is the colour of links: the accent as letters, which in the dark theme must be lighter than the accent under white letters.
    """
    st.page_link(script_of(name), label=f":yellow[{label}]", icon=f":material/{symbol}:" if symbol else "", query_params=dict(query or {}), help=help_text, disabled=disabled, width=width)


def go(name: str, **query: str) -> None:
    """Leave this page for another."""
    st.switch_page(script_of(name), query_params=query)


def has_page(seat: Seat, name: str) -> bool:
    """Whether this role has the page, so that no link leads to a closed door."""
    return any(entry.name == name and seat.may(entry.permission) for entry in PAGES)
