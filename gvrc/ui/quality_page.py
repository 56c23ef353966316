"""The parts of the quality page: the dimensions against their targets, where they are lost, issues, trend, profiles, the worst records.

Every figure opens its rows: on the records page, or, for roles without it, here below, where the same filter then holds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from gvrc.ui import address, navigation, quality_advice, quality_charts, quality_report, show, tables
from gvrc.ui.desk import Seat
from gvrc.ui.map_marks import rgb
from gvrc.ui.tables import Cell, Column, Opens, Row
from gvrc.views import quality as quality_views
from gvrc.views.quality import CUTS, DimensionView, FieldView, IssueCount, QualityQuery, QualityRow, QualityView
from gvrc.views.records import RecordView
from gvrc.views.runs import RunView

STATES = ("ready", "to_review", "held")
FILTER_PX = 220
TILE_PX = 169
"""Five beside each other at 1280, three on a tablet: narrower, and the name of a dimension is cut."""
WORST_RECORDS = 10
MOST_LOST = 25.0
"""Points below a target at which the colour is at its strongest."""
LEAST_SHADE = 0.15
ISSUES_SHOWN = 8
SEVERITY_PX = 96
LEAST_FILLED, MOST_FILLED = 0.5, 0.999
"""Shares of filled values from which a field counts as often empty, and as always filled."""
NUMBERS = ("latitude", "longitude", "contacts", "services")
CODES = ("mfl_code", "registration_number")


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Who looks at which records of which run."""

    seat: Seat
    run: RunView
    query: QualityQuery

    def rows(self, **more: str | None) -> tuple[str, dict[str, str]]:
        """Where the rows behind a figure are opened: the page and what its address says. `more` narrows (or, None, widens) the filter."""
        chosen = {"source": self.query.source, "county": self.query.county, "kind": self.query.facility_type} | more
        page = "records" if navigation.has_page(self.seat, "records") else "quality"
        return page, {"run": str(self.run.run_id), **{name: value for name, value in chosen.items() if value is not None}}


def dashboard(seat: Seat, run: RunView) -> None:
    """The page below its heading."""
    everything = quality_views.quality_view(seat.db, seat.actor, QualityQuery(run_id=run.run_id))
    if not everything.whole.records:
        st.markdown(seat.say.markdown("quality.page.empty"))
        return
    query = _filters(seat, run, everything)
    desk = Desk(seat=seat, run=run, query=query)
    found = everything if query == QualityQuery(run_id=run.run_id) else quality_views.quality_view(seat.db, seat.actor, query)
    if not found.whole.records:
        st.markdown(seat.say.markdown("quality.page.no_match"))
        return
    _dimensions(desk, found.whole)
    quality_advice.advice(seat, query)
    _where_lost(desk, found)
    issues, trend = st.columns([7, 5], gap="large")
    with issues:
        _states(desk, found.states)
        _issues(desk, found.issues)
    with trend:
        _trend(desk)
    quality_advice.findings(seat, query)
    _worst(desk)
    _profile(desk, everything)


def _filters(seat: Seat, run: RunView, everything: QualityView) -> QualityQuery:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = {cut: _filter(seat, cut, everything.cuts[cut]) for cut in CUTS}
        query = QualityQuery(run_id=run.run_id, source=chosen["source"], county=chosen["county"], facility_type=chosen["kind"])
        st.download_button(
            seat.say.markdown("quality.report"), data=lambda: quality_report.printable(seat, run, query), file_name=f"quality-run-{run.run_id}.html", mime="text/html",
            icon=":material/print:", on_click="ignore", key="quality_report",
        )  # fmt: skip
    return query


def _filter(seat: Seat, name: str, rows: Sequence[QualityRow]) -> str | None:
    """A filter whose choice stands in the address, so that a link can set it and a refresh keeps it."""
    words = {row.code: quality_report.row_word(seat.say, name, row) for row in rows if row.code}
    labels = {row.code: f"{words[row.code]} ({row.records:,})" for row in sorted(rows, key=lambda row: words.get(row.code or "", "")) if row.code}
    current = address.one_of(name, list(labels))
    key = f"quality_{name}_{current}"
    options = ["", *labels]
    st.selectbox(
        seat.say.markdown(f"quality.filter.{name}"), options, index=options.index(current or ""), key=key, width=FILTER_PX,
        format_func=lambda code: labels[code] if code else seat.say("records.filter.all"), on_change=_choose, args=(name, key),
    )
    return current


def _choose(name: str, key: str) -> None:
    address.put(**{name: st.session_state[key] or None})


def _figure(desk: Desk, count: int, **more: str | None) -> Cell:
    """A count, and the way to its rows where there are any."""
    if not count:
        return Cell(text="0", is_strong=True)
    page, query = desk.rows(**more)
    return Cell(text=f"{count:,}", opens=Opens(page=page, query=query), is_strong=True, help=desk.seat.say("receipt.open_rows", n=count))


# ------------------------------------------------------------------------------------------------------------------------ dimensions


def _dimensions(desk: Desk, whole: QualityRow) -> None:
    """The five dimensions beside their targets, each with the records below it."""
    with st.container(horizontal=True):
        for each in whole.dimensions:
            with st.container(border=True, gap="xsmall", width=TILE_PX, height="stretch"):
                _dimension(desk, each)
    if whole.total is not None:
        st.caption(desk.seat.say.markdown("quality.page.total", n=whole.records, total=f"{whole.total:.1f}"))
        if desk.query == QualityQuery(run_id=desk.run.run_id):
            quality_advice.since(desk.seat, desk.run.run_id, whole.total)


def _dimension(desk: Desk, each: DimensionView) -> None:
    say = desk.seat.say
    st.metric(say.markdown(f"quality.{each.dimension}"), show.ABSENT if each.value is None else f"{each.value:.1f}", help=say.markdown(f"quality.{each.dimension}.help"))
    if each.is_met:
        st.markdown(f":green-badge[:material/check_circle: {say.markdown('quality.target.met', target=f'{each.target:.0f}')}]")
    elif each.value is not None:
        st.markdown(f":orange-badge[:material/flag: {say.markdown('quality.target.missed', target=f'{each.target:.0f}', gap=f'{each.target - each.value:.1f}')}]")
    if each.below:
        page, query = desk.rows(weak=each.dimension)
        navigation.link(page, say.markdown("quality.below", n=each.below), query=query)


# ------------------------------------------------------------------------------------------------------------------------ where it is lost


def _where_lost(desk: Desk, found: QualityView) -> None:
    say = desk.seat.say
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        show.section(say.markdown("quality.where"))
        cut = _cut_choice(desk.seat)
    rows = found.cuts[cut]
    st.caption(say.markdown("quality.where.lead"))
    dimensions = [say(f"quality.{each.dimension}") for each in found.whole.dimensions]
    columns = [
        Column(title=say(f"quality.filter.{cut}")), Column(title=say("quality.records"), align="right"), Column(title=say("quality.total"), align="right"),
        *(Column(title=name, align="right") for name in dimensions),
    ]  # fmt: skip
    tables.table(columns, [_lost_row(desk, cut, row) for row in rows], key="quality_where", label=_where_label(desk.seat, cut, rows), height=tables.LIST_PX)


def _lost_row(desk: Desk, cut: str, row: QualityRow) -> Row:
    """A source, county or kind: how many records, the mean of each dimension, the darker the farther below its target; each opens its rows."""
    name = _opening(desk, {cut: row.code}, text=quality_report.row_word(desk.seat.say, cut, row), is_open=row.code is not None)
    values = [_opening(desk, {cut: row.code, "weak": each.dimension}, text=_told(each), is_open=row.code is not None and each.below > 0, fill=_shade(each)) for each in row.dimensions]
    return (name, f"{row.records:,}", _number(row.total), *values)


def _opening(desk: Desk, more: dict[str, str | None], *, text: str, is_open: bool, fill: list[int] | None = None) -> Cell:
    page, query = desk.rows(**more)
    return Cell(text=text, opens=Opens(page=page, query=query) if is_open else None, fill=fill)


def _told(each: DimensionView) -> str:
    return show.ABSENT if each.value is None else f"{each.value:.1f}{'' if each.is_met else ' ▾'}"


def _shade(each: DimensionView) -> list[int] | None:
    """The warm colour, stronger for more points below the target; none where it is met."""
    if each.value is None or each.is_met:
        return None
    return [*rgb("warm"), round(255 * (LEAST_SHADE + (1 - LEAST_SHADE) * min(1.0, (each.target - each.value) / MOST_LOST)))]


def _cut_choice(seat: Seat) -> str:
    current = address.one_of("by", CUTS) or CUTS[0]
    key = f"quality_by_{current}"
    st.segmented_control(
        seat.say.markdown("quality.by"), CUTS, default=current, key=key, format_func=lambda cut: show.chosen_label(seat.say.markdown(f"quality.by.{cut}"), cut == current),
        on_change=_choose, args=("by", key), required=True, label_visibility="collapsed",
    )
    return current


def _where_label(seat: Seat, cut: str, rows: Sequence[QualityRow]) -> str:
    lowest = min((row for row in rows if row.total is not None), key=lambda row: row.total or 0.0, default=None)
    if lowest is None:
        return seat.say(f"quality.by.{cut}")
    return seat.say("quality.where.alt", by=seat.say(f"quality.by.{cut}"), n=len(rows), lowest=quality_report.row_word(seat.say, cut, lowest), total=f"{lowest.total:.1f}")


def _number(value: float | None) -> str:
    return show.ABSENT if value is None else f"{value:.1f}"


# ------------------------------------------------------------------------------------------------------------------------ states and issues


def _states(desk: Desk, states: Mapping[str, int]) -> None:
    say = desk.seat.say
    show.section(say.markdown("quality.states"))
    rows = [(tables.state(say, state), _figure(desk, states.get(state, 0), state=state)) for state in STATES]
    tables.table((Column(title=""), Column(title="", align="right")), rows, key="quality_states", label=say("quality.states"), has_head=False)


def _issues(desk: Desk, issues: Sequence[IssueCount]) -> None:
    """Open issues by kind, the most frequent first, each with its severity, the points to gain and the way to its rows."""
    say = desk.seat.say
    show.section(say.markdown("quality.issues", n=len(issues)))
    if not issues:
        st.markdown(say.markdown("quality.issues.none"))
        return
    _issue_table(desk, issues[:ISSUES_SHOWN], "quality_issues")
    if len(issues) > ISSUES_SHOWN:
        with show.folded(say.markdown("quality.issues.more", n=len(issues) - ISSUES_SHOWN), key="quality_more") as is_open:
            if is_open:
                _issue_table(desk, issues[ISSUES_SHOWN:], "quality_more_issues")


def _issue_table(desk: Desk, issues: Sequence[IssueCount], key: str) -> None:
    columns = (Column(title="", width=SEVERITY_PX), Column(title=""), Column(title="", align="right"))
    tables.table(columns, [_issue(desk, issue) for issue in issues], key=key, label=desk.seat.say("quality.issues", n=len(issues)), has_head=False)


def _issue(desk: Desk, issue: IssueCount) -> Row:
    points = desk.seat.say("quality.issue.points", n=int(issue.points), dimension=desk.seat.say(f"quality.{issue.dimension}"))
    return (tables.state(desk.seat.say, issue.severity), Cell(text=show.issue_title(desk.seat.say, issue.code), help=points), _figure(desk, issue.records, issue=issue.code))


# ------------------------------------------------------------------------------------------------------------------------ trend, worst records


def _trend(desk: Desk) -> None:
    say = desk.seat.say
    show.section(say.markdown("quality.trend"))
    points = quality_views.trend(desk.seat.db, desk.seat.actor, desk.query)
    if len(points) < 2:
        st.markdown(say.markdown("quality.trend.none"))
        if navigation.has_page(desk.seat, "upload"):
            navigation.link("upload", say.markdown("home.more"), symbol="upload_file")
        return
    st.altair_chart(quality_charts.trend(say, points), alt=say("quality.trend.alt", n=len(points), first=_number(points[0].values.get("total")), last=_number(points[-1].values.get("total"))))
    st.caption(say.markdown("quality.trend.note"))


def _worst(desk: Desk) -> None:
    """The records with most to gain; a selected one opens."""
    say = desk.seat.say
    records = quality_views.worst_records(desk.seat.db, desk.seat.actor, desk.query, limit=WORST_RECORDS)
    if not records:
        return
    show.section(say.markdown("quality.worst"))
    names = ("name", "facility_type", "county", "quality", "issues")
    columns = [Column(title=say(f"field.{name}"), align="right" if name == "quality" else "left") for name in names]
    may_open = navigation.has_page(desk.seat, "records")
    tables.table(columns, [_worst_row(desk, record, may_open=may_open) for record in records], key="quality_worst", label=say("quality.worst.alt"))


def _worst_row(desk: Desk, record: RecordView, *, may_open: bool) -> Row:
    opens = Opens(page="records", query={"run": str(desk.run.run_id), "record": str(record.record_id)}) if may_open else None
    return (
        Cell(text=show.value_text(record.name), opens=opens, is_row=may_open), show.kind_word(desk.seat.say, record.facility_type), show.value_text(record.county),
        show.points(record.quality_score), show.issue_titles(desk.seat.say, record.issues),
    )  # fmt: skip


# ------------------------------------------------------------------------------------------------------------------------ profile


def _profile(desk: Desk, everything: QualityView) -> None:
    """How a source fills its fields, in sentences first, then field by field."""
    say = desk.seat.say
    sources = [row.code for row in everything.cuts["source"] if row.code]
    if not sources:
        return
    show.section(say.markdown("quality.profile"))
    source = desk.query.source or _profiled_source(desk.seat, sources)
    fields = quality_views.source_profile(desk.seat.db, desk.seat.actor, desk.run.run_id, source)
    if not fields:
        st.markdown(say.markdown("quality.profile.none", source=source))
        return
    for sentence in _sentences(desk.seat, source, fields):
        st.markdown(sentence)
    with show.folded(say.markdown("quality.profile.fields", n=len(fields)), key="quality_fields") as is_open:
        if is_open:
            _field_table(desk.seat, source, fields)


def _profiled_source(seat: Seat, sources: Sequence[str]) -> str:
    current = address.one_of("profile", sources) or sources[0]
    key = f"quality_profile_{current}"
    st.selectbox(
        seat.say.markdown("quality.filter.source"), sources, index=sources.index(current), key=key, width=240, on_change=_choose, args=("profile", key),
        label_visibility="collapsed",
    )
    return current


def _sentences(seat: Seat, source: str, fields: Sequence[FieldView]) -> list[str]:
    """What stands out, as Markdown: always there, often missing, never there."""
    say = seat.say
    shares = {field: field.filled / field.records if field.records else 0.0 for field in fields}

    def names(least: float, most: float) -> str:
        return ", ".join(_within_sentence(show.field_label(say, field.field_name)) for field, share in shares.items() if least <= share < most)

    told = {"always": names(MOST_FILLED, 2.0), "often_empty": names(0.000_001, LEAST_FILLED), "never": names(-1.0, 0.000_001)}
    first = say.markdown("quality.profile.records", n=fields[0].records, source=source)
    return [first, *(say.markdown(f"quality.profile.{name}", fields=text) for name, text in told.items() if text)]


def _within_sentence(label: str) -> str:
    """A label without its capital, unless it is an abbreviation."""
    return label if label[:2].isupper() else label[:1].lower() + label[1:]


def _field_table(seat: Seat, source: str, fields: Sequence[FieldView]) -> None:
    say = seat.say
    show.table(
        {
            say("quality.profile.field"): [show.field_label(say, field.field_name) for field in fields],
            say("quality.profile.filled"): [say("quality.profile.share", n=field.filled, share=f"{100 * field.filled / max(1, field.records):.0f}") for field in fields],
            say("quality.profile.distinct"): [_distinct(field) for field in fields],
            say("quality.profile.tells"): [_tells(seat, field) for field in fields],
        },
        alt=say("quality.profile.alt", source=source),
    )


def _distinct(field: FieldView) -> int | str:
    return show.ABSENT if field.distinct is None or not field.filled else field.distinct


def _tells(seat: Seat, field: FieldView) -> str:
    """What a field holds, in words: its range, its form, or what stands in it most often."""
    say = seat.say
    if field.field_name in NUMBERS and field.least is not None and field.median is not None and field.greatest is not None:
        return say("quality.profile.range", least=show.value_text(field.least), median=show.value_text(field.median), greatest=show.value_text(field.greatest))
    if field.field_name in CODES and field.patterns:
        return say("quality.profile.form", forms=", ".join(field.patterns))
    repeated = [(text, count) for text, count in field.most_common if count > 1]
    if repeated:
        return say("quality.profile.most", values=", ".join(f"{text} ({count:,})" for text, count in repeated[:3]))
    if field.distinct is None and field.filled:
        return say("quality.profile.personal")
    return say("quality.profile.different") if field.filled else show.ABSENT


