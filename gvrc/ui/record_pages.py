"""The parts of the records page: the rows behind a count, and one record whole."""

from __future__ import annotations

from typing import Any

import streamlit as st

from gvrc.model.issue import Dimension
from gvrc.ui import address, record_edit, show, tables, told
from gvrc.ui.catalogue import Words, escape_markdown
from gvrc.ui.desk import Seat
from gvrc.ui.tables import Cell, Column, Opens, Row
from gvrc.views import map as map_views
from gvrc.views import records as record_views
from gvrc.views import runs as run_views
from gvrc.views.records import RecordView
from gvrc.views.runs import RunView

STATES = ("ready", "to_review", "held")
FIELDS = (
    "name", "aliases", "facility_type_label", "county", "constituency", "ward", "point", "contacts", "services", "owner", "operational_status",
    "keph_level", "mfl_code", "registration_number", "address", "officer", "description", "visibility",
)


# ------------------------------------------------------------------------------------------------------------------------ rows


def rows_behind_a_count(seat: Seat, listed: RunView) -> None:
    """Exactly the rows that a number of a receipt counts: by state, kind of issue, source, or named one by one."""
    say = seat.say
    run = run_views.run_view(seat.db, seat.actor, listed.run_id)
    sources = sorted({file.source for file in run.files})
    with st.container(horizontal=True, vertical_alignment="bottom"):
        state = _filter(seat, "state", {code: show.state_word(say, code) for code in STATES})
        code = _filter(seat, "issue", {code: show.issue_title(say, code) for code in sorted(run.receipt.issues)})
        source = _filter(seat, "source", {name: name for name in sources})
    ids = address.numbers("ids")
    _list(seat, run, {"state": state, "issue_code": code, "source": source, "record_ids": ids or None} | _narrower(seat))


def _narrower(seat: Seat) -> dict[str, Any]:
    """What else a link from another page asked for, told in words, with the way back."""
    say = seat.say
    dimensions = [dimension.value for dimension in Dimension]
    county, kind, weak = address.word("county"), address.word("kind"), address.one_of("weak", dimensions)
    field_name, value = address.word("field"), address.free_text("written")
    written = (field_name, value) if field_name and value else None
    told = [
        written and say("records.only.written", field=show.field_label(say, written[0]), value=written[1]),
        county and say("records.only.county", county=map_views.county_name(county)),
        kind and say("records.only.kind", kind=show.kind_word(say, kind)),
        weak and say("records.only.weak", dimension=say(f"quality.{weak}")),
    ]
    if any(told):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(say.markdown("records.only", what=", ".join(filter(None, told))))
            st.button(say.markdown("records.only.clear"), key="records_all", on_click=address.put, kwargs={"county": None, "kind": None, "weak": None, "field": None, "written": None, "page": None}, type="tertiary")
    return {"county": county, "facility_type": kind, "weak": weak, "written": written}


def _filter(seat: Seat, name: str, labels: dict[str, str]) -> str | None:
    """A filter whose choice stands in the address, so that a link can set it and a refresh keeps it."""
    current = address.one_of(name, list(labels))
    key = f"filter_{name}_{current}"
    options = ["", *labels]
    st.selectbox(
        seat.say.markdown(f"records.filter.{name}"), options, index=options.index(current or ""), key=key, width=220,
        format_func=lambda code: labels[code] if code else seat.say("records.filter.all"), on_change=_choose, args=(name, key),
    )
    return current


def _choose(name: str, key: str) -> None:
    address.put(**{name: st.session_state[key] or None, "ids": None, "page": None})


def _list(seat: Seat, run: RunView, chosen: dict[str, Any]) -> None:
    say = seat.say
    offset = show.first_row()
    found = record_views.record_list(seat.db, seat.actor, run.run_id, **chosen, limit=show.ROWS_PER_PAGE, offset=offset)
    if not found.total:
        st.markdown(say.markdown("records.none"))
        return
    st.caption(say.markdown("records.count", n=found.total))
    tables.table(_columns(say), [_row(seat, row) for row in found.rows], key="record_rows", label=say("records.alt"), height=tables.LIST_PX)
    show.page_choice(found.total)


def _columns(say: Words) -> list[Column]:
    names = ("name", "facility_type", "county", "ward", "state", "quality", "issues", "source")
    return [Column(title=say(f"field.{name}"), align="right" if name == "quality" else "left") for name in names]


def _row(seat: Seat, row: RecordView) -> Row:
    return (
        Cell(text=show.value_text(row.name), opens=Opens(query={"record": str(row.record_id)}), is_row=True), show.kind_word(seat.say, row.facility_type),
        show.value_text(row.county), show.value_text(row.ward), tables.state(seat.say, row.state) if row.state else show.ABSENT, show.points(row.quality_score),
        show.issue_titles(seat.say, row.issues), show.value_text(row.file_name),
    )  # fmt: skip


# ------------------------------------------------------------------------------------------------------------------------ one record


def one_record(seat: Seat, run: RunView, record_id: int) -> None:
    """One record: its values, where it comes from, what was changed and why, what is wrong with it."""
    say = seat.say
    st.button(say.markdown("records.back"), key="back", on_click=_back, icon=":material/arrow_back:", type="tertiary")
    found = record_views.record_list(seat.db, seat.actor, run.run_id, record_ids=[record_id], limit=1)
    if not found.rows:
        st.markdown(say.markdown("records.gone"))
        return
    record = found.rows[0]
    show.section(escape_markdown(show.value_text(record.name)))
    st.markdown(f"{show.state_badge(say, record.state or 'new')} {escape_markdown(told.told(say, record.state_reason))}")
    if record.file_name:
        st.caption(say.markdown("records.origin", file=record.file_name, pointer=record.pointer or ""))
    values, quality = st.columns([7, 5], gap="medium")
    with values:
        _values(seat, record)
    with quality:
        show.quality(say, record.quality_score, told.parts(say, record.quality_parts))
    record_edit.take_back(seat, record)
    record_edit.approval(seat, run, record)
    record_edit.form(seat, run, record)
    _issues(seat, record)
    _changes(seat, record)


def _back() -> None:
    address.put(record=None)


def _values(seat: Seat, record: RecordView) -> None:
    pairs = [(show.field_label(seat.say, name), show.record_value(seat.say, record, name)) for name in FIELDS]
    tables.pairs([(label, value) for label, value in pairs if value != show.ABSENT], key="record_values", label=seat.say("records.values.alt"))


def _issues(seat: Seat, record: RecordView) -> None:
    say = seat.say
    if not record.issues:
        return
    show.section(say.markdown("records.issues"))
    show.table(
        {
            say("records.issues.kind"): [show.issue_title(say, issue.code) for issue in record.issues],
            say("field.state"): [show.Badge(show.state_badge(say, issue.state if issue.state != "open" else issue.severity)) for issue in record.issues],
            say("records.issues.what"): [told.issue_message(say, issue) for issue in record.issues],
            say("review.suggestion"): [told.suggested(say, issue.field_name, issue.suggestion.shown) if issue.suggestion else None for issue in record.issues],
        },
        alt=say("records.issues.alt"),
    )


def _changes(seat: Seat, record: RecordView) -> None:
    say = seat.say
    if not record.changes:
        return
    with st.expander(say.markdown("records.changes", n=len(record.changes))):
        show.table(
            {
                say("records.changes.field"): [change.label for change in record.changes],
                say("records.changes.before"): [change.before for change in record.changes],
                say("records.changes.after"): [change.after for change in record.changes],
                say("records.changes.stage"): [say.or_plain(f"stage.{change.stage}", change.stage) for change in record.changes],
                say("records.changes.rule"): [change.rule.replace("_", " ").replace("-", " ") for change in record.changes],
            },
            alt=say("records.changes.alt"),
        )
