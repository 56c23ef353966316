"""The operations page: its tabs, the health of the machine, and what costs its database most. Alerts, schedule and logs have modules of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from gvrc.operations import health
from gvrc.operations.health import Check, CheckStatus
from gvrc.operations.slow_queries import slow_queries
from gvrc.ui import house, operations_alerts, operations_logs, operations_schedule, show, told
from gvrc.ui.desk import Seat

STATUS_SIGNS: Mapping[str, tuple[str, str]] = {"healthy": ("green", "check_circle"), "degraded": ("orange", "warning"), "unhealthy": ("red", "error")}
_WORST_FIRST = (CheckStatus.FAILED, CheckStatus.WARNING, CheckStatus.OK)


def parts(seat: Seat) -> None:
    """One tab each; only the open one is drawn, and the address remembers which it is."""
    tabs = st.tabs([seat.say.markdown(f"operations.part.{name}") for name in PARTS], key="watch", on_change="rerun", bind="query-params")
    for draw, tab in zip(PARTS.values(), tabs, strict=True):
        if tab.open:
            with tab:
                draw(seat)


def health_part(seat: Seat) -> None:
    """How the machine is doing, in one sentence; then each check, what needs a person first."""
    say, found = seat.say, health.health_of(seat.settings, house.current().keeper, seat.actor)
    colour, sign = STATUS_SIGNS[found.status]
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(f":{colour}-badge[:material/{sign}: {say.markdown(f'operations.health.{found.status}')}] {say.markdown(f'operations.health.{found.status}.what')}")
        st.button(say.markdown("operations.health.again"), key="look_again", icon=":material/refresh:", type="tertiary")
    st.caption(say.markdown("operations.health.seen", when=found.timestamp.astimezone().strftime("%H:%M:%S")))
    _checks(seat, sorted(found.checks, key=lambda check: _WORST_FIRST.index(check.status)))
    _last_seen(seat)


def _checks(seat: Seat, checks: list[Check]) -> None:
    say = seat.say
    show.table(
        {
            say("operations.check"): [say.or_plain(f"operations.check.{check.name.replace(' ', '_')}", check.name.capitalize()) for check in checks],
            say("field.state"): [show.Badge(show.state_badge(say, check.status)) for check in checks],
            say("operations.check.detail"): [told.told(say, check.detail) for check in checks],
            say("operations.check.mend"): [told.told(say, check.hint).replace("`", "") or show.ABSENT for check in checks],
        },
        alt=say("operations.health.alt"),
    )


def _last_seen(seat: Seat) -> None:
    """What is looked at only now and then: the whole audit chain, and the scheduler's last sign of life."""
    say, seen = seat.say, health.last_seen(seat.db, seat.actor)
    audit = seen.get("audit chain")
    show.section(say.markdown("operations.audit"))
    if audit is None:
        st.markdown(say.markdown("operations.audit.never"))
    else:
        st.markdown(f"{show.state_badge(say, audit.status)} {say.markdown('operations.audit.seen', when=show.moment(audit.observed_at), detail=told.told(say, audit.detail))}")
        if audit.hint:
            show.plain(told.told(say, audit.hint).replace("`", ""))
    st.caption(say.markdown("operations.audit.note"))


def slow_part(seat: Seat) -> None:
    """The statements that cost the database most, without their values."""
    say, found = seat.say, slow_queries(seat.db, seat.actor)
    st.caption(say.markdown("operations.slow.lead"))
    if not found:
        st.markdown(say.markdown("operations.slow.missing" if found is None else "operations.slow.none"))
        return
    show.table(
        {
            say("operations.slow.query"): [query.query for query in found],
            say("operations.slow.calls"): [query.calls for query in found],
            say("operations.slow.mean"): [_milliseconds(query.mean_ms) for query in found],
            say("operations.slow.most"): [_milliseconds(query.max_ms) for query in found],
            say("operations.slow.total"): [f"{query.total_seconds:,.2f} s" for query in found],
        },
        alt=say("operations.slow.alt"),
    )


def _milliseconds(number: float) -> str:
    return f"{number:,.1f} ms"


PARTS: Mapping[str, Callable[[Seat], None]] = {
    "health": health_part, "alerts": operations_alerts.alerts_part, "schedule": operations_schedule.schedule_part, "logs": operations_logs.logs_part, "slow": slow_part,
}
