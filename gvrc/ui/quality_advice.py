"""The parts of the quality page that say what to do: the work that gains most per minute, and what is unusual about the sources."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from gvrc.model.quality import FindingType
from gvrc.quality.recommendations import Act
from gvrc.ui import navigation, show, tables
from gvrc.ui.catalogue import Words
from gvrc.ui.desk import Seat
from gvrc.ui.tables import Cell, Column, Opens, Row
from gvrc.views import advice as advice_views
from gvrc.views.advice import AdviceView, FindingView
from gvrc.views.quality import QualityQuery

FINDINGS_SHOWN, ACTS_SHOWN = 6, 6
_PAGE_OF = {Act.ACCEPT_ALIKE: "review", Act.ANSWER: "review", Act.DUPLICATES: "duplicates", Act.ASK_SOURCE: "records"}
_FIGURE_PX = 92


def advice(seat: Seat, query: QualityQuery) -> None:
    """The acts worth most, each a link to where it is done, with what it gains and what it takes."""
    say = seat.say
    acts = advice_views.advice(seat.db, seat.actor, query)
    show.section(say.markdown("quality.advice"))
    if not acts:
        st.markdown(say.markdown("quality.advice.none"))
        return
    st.caption(say.markdown("quality.advice.measured" if any(act.is_measured for act in acts) else "quality.advice.lead"))
    _acts(seat, query, acts[:ACTS_SHOWN], "advice")
    if len(acts) > ACTS_SHOWN:
        with show.folded(say.markdown("quality.advice.more", n=len(acts) - ACTS_SHOWN), key="advice_more") as is_open:
            if is_open:
                _acts(seat, query, acts[ACTS_SHOWN:], "advice_others")
    st.space("small")


def _acts(seat: Seat, query: QualityQuery, acts: Sequence[AdviceView], key: str) -> None:
    say = seat.say
    figures = [Column(title=say(f"quality.advice.column.{name}"), align="right", width=_FIGURE_PX) for name in ("records", "points", "minutes", "rate")]
    tables.table([Column(title=say("quality.advice.column.act")), *figures], [_act(seat, query, act) for act in acts], key=key, label=say("quality.advice"))


def _act(seat: Seat, query: QualityQuery, act: AdviceView) -> Row:
    page = _PAGE_OF[act.act]
    opens = Opens(page=page, query=_address(query, act)) if navigation.has_page(seat, page) else None
    label = Cell(text=seat.say(f"quality.advice.{act.act}", title=show.issue_title(seat.say, act.code) if act.code else ""), opens=opens, is_row=opens is not None)
    return (label, f"{act.records:,}", f"{act.points:,.0f}", minutes_text(seat.say, act.minutes), Cell(text=_rate(act.points_per_minute), is_strong=True))


def _rate(points: float) -> str:
    """Points a minute; of many, a tenth tells nothing."""
    return f"{points:,.0f}" if points >= 100 else f"{points:,.1f}"


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
    kind = "drift" if found[0].finding.is_drift else "anomalies"
    _finding_table(seat, query, found[:FINDINGS_SHOWN], f"findings_{kind}")
    if len(found) > FINDINGS_SHOWN:
        with show.folded(seat.say.markdown("quality.findings.more", n=len(found) - FINDINGS_SHOWN), key=f"findings_more_{kind}") as is_open:
            if is_open:
                _finding_table(seat, query, found[FINDINGS_SHOWN:], f"findings_others_{kind}")


def _finding_table(seat: Seat, query: QualityQuery, found: Sequence[FindingView], key: str) -> None:
    columns = (Column(title="", width=_FIGURE_PX), Column(title=""), Column(title="", align="right", width=_FIGURE_PX))
    tables.table(columns, [_finding(seat, query, view) for view in found], key=key, label=seat.say("quality.findings"), has_head=False)


def _finding(seat: Seat, query: QualityQuery, view: FindingView) -> Row:
    say, is_drift = seat.say, view.finding.is_drift
    opens = Opens(page="records", query={"run": str(query.run_id), **view.opens}) if not is_drift and navigation.has_page(seat, "records") else None
    return (tables.state(say, "info" if is_drift else "warning"), finding_text(say, view), Cell(text=say("quality.findings.open") if opens else "", opens=opens))


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
    if finding.finding_type in (FindingType.KIND_COUNT, FindingType.NEW_KIND):
        label = show.kind_word(say, finding.subject)
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
