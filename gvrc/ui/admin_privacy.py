"""Privacy: what is kept of people, why and for how long; who looked at it, to be searched; what was erased. One report for the Data Protection Act and the GDPR."""

from __future__ import annotations

import streamlit as st

from gvrc.security.permissions import Permission
from gvrc.store.compliance import LookQuery
from gvrc.ui import address, desk, show
from gvrc.ui.desk import Seat
from gvrc.views.compliance import Holdings, LookPage, holdings, looks

HELD = ("contacts", "raw_rows", "files", "accounts", "looks", "erased")
"""Kinds of data in the order of the report; each has its words: what it is, why it is kept, how long."""
LONGEST_SEARCH = 100
_SEARCH, _REFUSED = "look_words", "look_refused"


def privacy_part(seat: Seat) -> None:
    """The report, top to bottom."""
    report = holdings(seat.db, seat.actor)
    st.caption(seat.say.markdown("admin.privacy.lead"))
    _held(seat, report)
    _looks(seat)
    _requests(seat, report)


def _held(seat: Seat, report: Holdings) -> None:
    say = seat.say
    show.section(say.markdown("admin.privacy.held"))
    show.table(
        {
            say("admin.privacy.what"): [say(f"admin.privacy.what.{kind}") for kind in HELD],
            say("admin.privacy.number"): [f"{report.counts[kind]:,}" for kind in HELD],
            say("admin.privacy.why"): [say(f"admin.privacy.why.{kind}") for kind in HELD],
            say("admin.privacy.long"): [say(f"admin.privacy.long.{kind}", n=report.keeping_days) for kind in HELD],
        },
        alt=say("admin.privacy.held"),
    )


def _looks(seat: Seat) -> None:
    say = seat.say
    show.section(say.markdown("admin.privacy.looks"))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        words = st.text_input(say.markdown("admin.privacy.search"), key=_SEARCH, max_chars=LONGEST_SEARCH, width=420, icon=":material/search:", on_change=_from_the_first)
        refused = st.checkbox(say.markdown("admin.privacy.refused"), key=_REFUSED, on_change=_from_the_first)
    query = LookQuery(words=words, refused_only=refused, offset=show.first_row(), limit=show.ROWS_PER_PAGE)
    page = looks(seat.db, seat.actor, query)
    if not page.total:
        st.markdown(say.markdown("admin.privacy.looks.none"))
        return
    st.caption(say.markdown("admin.privacy.looks.count", n=page.total))
    _look_table(seat, page)
    show.page_choice(page.total)


def _look_table(seat: Seat, page: LookPage) -> None:
    say = seat.say
    show.table(
        {
            say("admin.privacy.when"): [show.moment(look.happened_at) for look in page.rows],
            say("admin.privacy.who"): [look.username for look in page.rows],
            say("admin.privacy.act"): [look.action for look in page.rows],
            say("admin.privacy.resource"): [look.resource for look in page.rows],
            say("admin.privacy.result"): [look.result for look in page.rows],
        },
        alt=say("admin.privacy.looks"),
    )


def _from_the_first() -> None:
    """Callback: another search begins on its first page."""
    desk.take(Permission.MANAGE_ACCOUNTS)
    address.put(page=None)


def _requests(seat: Seat, report: Holdings) -> None:
    say = seat.say
    show.section(say.markdown("admin.privacy.requests"))
    if not report.requests:
        st.markdown(say.markdown("admin.privacy.requests.none"))
        return
    show.table(
        {
            say("admin.privacy.request"): [str(request.request_id) for request in report.requests],
            say("admin.privacy.act"): [say(f"admin.privacy.action.{request.action}") for request in report.requests],
            say("admin.privacy.reason"): [request.reason for request in report.requests],
            say("admin.privacy.found"): [f"{request.total:,}" for request in report.requests],
            say("admin.privacy.by"): [request.handled_by for request in report.requests],
            say("admin.privacy.when"): [show.moment(request.handled_at) for request in report.requests],
        },
        alt=say("admin.privacy.requests"),
    )
