"""Alerts: those nobody has seen yet, with how they were delivered; those that were; the rules behind them."""

from __future__ import annotations

import re
from typing import Any

import streamlit as st

from gvrc.errors import GvrcError
from gvrc.operations import alerts
from gvrc.operations.alerts import Channels
from gvrc.security.permissions import Permission
from gvrc.store.alerts import StoredAlert
from gvrc.ui import desk, navigation, show, told
from gvrc.ui.desk import Seat

_RUN = re.compile(r"run ([1-9][0-9]{0,17})")


def alerts_part(seat: Seat) -> None:
    """What waits to be seen first."""
    say, listed = seat.say, alerts.alert_list(seat.db, seat.actor)
    channels = Channels(seat.settings).names
    st.caption(say.markdown("operations.alerts.channels", n=len(channels), names=", ".join(channels)) if channels else say.markdown("operations.alerts.no_channel"))
    waiting = [alert for alert in listed if alert.acknowledged_at is None]
    if not waiting:
        st.markdown(say.markdown("operations.alerts.none"))
    for alert in waiting:
        _waiting(seat, alert)
    _seen(seat, [alert for alert in listed if alert.acknowledged_at is not None])
    _rules(seat)


def _waiting(seat: Seat, alert: StoredAlert) -> None:
    say = seat.say
    with st.container(border=True):
        message, act = st.columns([9, 2], vertical_alignment="center")
        with message:
            st.markdown(f"{show.state_badge(say, alert.severity)} **{_rule(seat, alert.rule)}** · {show.moment(alert.created_at)}")
            show.plain(told.told(say, alert.message))
            st.caption(_delivery(seat, alert))
        with act:
            st.button(say.markdown("operations.alerts.acknowledge"), key=f"acknowledge_{alert.alert_id}", on_click=_acknowledge, args=(alert.alert_id,), width="stretch")
            run = _RUN.fullmatch(alert.subject)
            if run and navigation.has_page(seat, "runs"):
                navigation.link("runs", say.markdown("operations.alerts.run"), query={"run": run[1]}, symbol="history")


def _rule(seat: Seat, rule: str) -> str:
    return seat.say.or_plain(f"operations.rule.{rule}", rule.replace("_", " "))


def _delivery(seat: Seat, alert: StoredAlert) -> str:
    """Per channel how it went, as Markdown."""
    if not alert.delivery:
        return seat.say.markdown("operations.delivery.waiting" if alert.delivered_at is None else "operations.delivery.shown")
    return " · ".join(_channel(seat, name, outcome, alert.tries) for name, outcome in sorted(alert.delivery.items()))


def _channel(seat: Seat, name: str, outcome: dict[str, Any], tries: int) -> str:
    if outcome.get("ok") is True:
        return seat.say.markdown("operations.delivery.reached", channel=name)
    return seat.say.markdown("operations.delivery.failed", channel=name, n=tries)


def _acknowledge(alert_id: int) -> None:
    """Callback: it has been seen."""
    seat = desk.take(Permission.SEE_OPERATIONS)
    try:
        alerts.acknowledge(seat.db, seat.actor, alert_id)
    except GvrcError as error:
        desk.refuse(error)
        return
    desk.tell(seat.say.markdown("operations.alerts.acknowledged"))


def _seen(seat: Seat, seen: list[StoredAlert]) -> None:
    if not seen:
        return
    say = seat.say
    with st.expander(say.markdown("operations.alerts.seen", n=len(seen)), icon=":material/history:"):
        show.table(
            {
                say("operations.alerts.when"): [show.moment(alert.created_at) for alert in seen],
                say("operations.alerts.rule"): [_rule(seat, alert.rule) for alert in seen],
                say("operations.alerts.message"): [told.told(say, alert.message) for alert in seen],
                say("operations.alerts.by"): [alert.acknowledged_by for alert in seen],
            },
            alt=say("operations.alerts.seen.alt"),
        )


def _rules(seat: Seat) -> None:
    """What is watched. The rules stand in the configuration; here they are read."""
    say, rules = seat.say, seat.settings.alert_rules
    with st.expander(say.markdown("operations.rules")):
        show.table(
            {
                say("operations.alerts.rule"): [_rule(seat, name) for name in rules],
                say("operations.rules.threshold"): [f"{rule.threshold:g}" for rule in rules.values()],
                say("operations.rules.window"): [_minutes(rule.window_minutes) for rule in rules.values()],
                say("operations.rules.cooldown"): [_minutes(rule.cooldown_minutes) for rule in rules.values()],
                say("field.state"): [say("operations.rules.on" if rule.is_enabled else "operations.rules.off") for rule in rules.values()],
            },
            alt=say("operations.rules.alt"),
        )
        st.caption(say.markdown("operations.rules.note"))


def _minutes(number: int) -> str:
    return f"{number // 60} h" if number % 60 == 0 else f"{number} min"
