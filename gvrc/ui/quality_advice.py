"""The parts of the quality page that say what to do: the work that gains most per minute, and what is unusual about the sources."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from gvrc.model.quality import FindingType
from gvrc.quality.recommendations import Act
from gvrc.ui import navigation, show
from gvrc.ui.catalogue import Words
from gvrc.ui.desk import Seat
from gvrc.views import advice as advice_views
from gvrc.views.advice import AdviceView, FindingView
from gvrc.views.quality import QualityQuery

FINDINGS_SHOWN = 6
_PAGE_OF = {Act.ACCEPT_ALIKE: "review", Act.ANSWER: "review", Act.DUPLICATES: "duplicates", Act.ASK_SOURCE: "records"}
_COLUMNS = (12, 2, 3, 3, 3)


def advice(seat: Seat, query: QualityQuery) -> None:
    """The acts worth most, each a link to where it is done, with what it gains and what it takes."""
    say = seat.say
    acts = advice_views.advice(seat.db, seat.actor, query)
    show.section(say.markdown("quality.advice"))
    if not acts:
        st.markdown(say.markdown("quality.advice.none"))
        return
    st.caption(say.markdown("quality.advice.measured" if any(act.is_measured for act in acts) else "quality.advice.lead"))
    with st.container(gap="xxsmall"):
        for column, name in zip(st.columns(_COLUMNS), ("act", "records", "points", "minutes", "rate"), strict=True):
            column.caption(say.markdown(f"quality.advice.column.{name}"), text_alignment="left" if name == "act" else "right")
        for act in acts:
            _act(seat, query, act)
    st.space("small")


def _act(seat: Seat, query: QualityQuery, act: AdviceView) -> None:
    say = seat.say
    what, *figures = st.columns(_COLUMNS, vertical_alignment="center")
    label, page = say.markdown(f"quality.advice.{act.act}", title=act.title or ""), _PAGE_OF[act.act]
    with what:
        if navigation.has_page(seat, page):
            navigation.link(page, label, query=_address(query, act))
        else:
            st.markdown(label)
    shown = (f"{act.records:,}", f"{act.points:,.0f}", minutes_text(say, act.minutes), f"**{act.points_per_minute:,.1f}**")
    for column, figure in zip(figures, shown, strict=True):
        column.markdown(f":small[{figure}]", text_alignment="right")


def _address(query: QualityQuery, act: AdviceView) -> dict[str, str]:
    chosen = {"run": str(query.run_id), "source": query.source, "county": query.county, "kind": query.facility_type, "issue": act.code}
    return {name: value for name, value in chosen.items() if value is not None}


def minutes_text(say: Words, minutes: float) -> str:
    """Minutes of work, in hours where they are many."""
    if minutes < 1:
        return say("quality.advice.under_a_minute")
    return say("quality.advice.minutes", n=round(minutes)) if minutes < 90 else say("quality.advice.hours", n=round(minutes / 60))


def findings(seat: Seat, query: QualityQuery) -> None:
    """What is unusual about the sources against their earlier runs, then what changed in their shape; each opens its rows."""
    say = seat.say
    parts = advice_views.grouped(advice_views.findings(seat.db, seat.actor, query.run_id, query.source))
    show.section(say.markdown("quality.findings"))
    if not any(parts.values()):
        st.markdown(say.markdown("quality.findings.none"))
        return
    for is_drift, found in parts.items():
        if found:
            st.caption(say.markdown("quality.findings.drift" if is_drift else "quality.findings.anomalies"))
            _list(seat, query, found)


def _list(seat: Seat, query: QualityQuery, found: Sequence[FindingView]) -> None:
    with st.container(gap="xxsmall"):
        for view in found[:FINDINGS_SHOWN]:
            _finding(seat, query, view)
        if len(found) > FINDINGS_SHOWN:
            with st.expander(seat.say.markdown("quality.findings.more", n=len(found) - FINDINGS_SHOWN)):
                for view in found[FINDINGS_SHOWN:]:
                    _finding(seat, query, view)


def _finding(seat: Seat, query: QualityQuery, view: FindingView) -> None:
    say = seat.say
    text, opening = st.columns([10, 2], vertical_alignment="center")
    text.markdown(f"{show.state_badge(say, 'info' if view.finding.is_drift else 'warning')} {say.markdown(*_key(view), **finding_values(say, view))}")
    if not view.finding.is_drift and navigation.has_page(seat, "records"):
        with opening:
            navigation.link("records", say.markdown("quality.findings.open"), query={"run": str(query.run_id), **view.opens})


def _key(view: FindingView) -> tuple[str]:
    return (f"quality.finding.{view.finding.finding_type}",)


def finding_text(say: Words, view: FindingView) -> str:
    """A finding as one plain sentence."""
    return say(f"quality.finding.{view.finding.finding_type}", **finding_values(say, view))


def finding_values(say: Words, view: FindingView) -> dict[str, Any]:
    """What the sentence of a finding is filled with."""
    finding = view.finding
    is_share = finding.finding_type in (FindingType.SUDDEN_NULLS, FindingType.FIELD_APPEARED, FindingType.FIELD_VANISHED)
    label = view.label
    if finding.finding_type in (FindingType.SUDDEN_NULLS, FindingType.SHARED_VALUE):
        label = show.field_label(say, finding.subject).lower()
    return {
        "source": finding.source, "subject": label, "value": _figure(finding.value, is_share), "low": _figure(finding.low, is_share),
        "high": _figure(finding.high, is_share), "before": finding.before or "", "after": finding.after or "",
    }  # fmt: skip


def _figure(value: float | None, is_share: bool) -> str:
    if value is None:
        return show.ABSENT
    return f"{100 * value:.0f} %" if is_share else f"{value:,.0f}"


def since(seat: Seat, run_id: int, now: float | None) -> None:
    """How the run stood when it ended, how it stands now, and what this sign-in did."""
    told = advice_views.since_the_run(seat.db, seat.actor, run_id, now)
    if told.before is None or told.now is None or (not told.answers and round(told.before, 1) == round(told.now, 1)):
        return
    say = seat.say
    moved = say.markdown("quality.since", before=f"{told.before:.1f}", now=f"{told.now:.1f}")
    mine = f" {say.markdown('quality.since.mine', n=told.answers)}" if told.answers else ""
    st.caption(f"{moved}{mine}")
