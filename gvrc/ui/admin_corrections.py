"""Known corrections: those that hold, a new one with the rows it would touch, retiring one."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from gvrc import known_corrections
from gvrc.errors import GvrcError
from gvrc.known_corrections import CORRECTABLE_FIELDS, LONGEST_VALUE, CorrectionIn, CorrectionPreview
from gvrc.security.permissions import Permission
from gvrc.store.decisions import StoredCorrection
from gvrc.ui import desk, show
from gvrc.ui.desk import Seat

SPELLINGS_SHOWN = 8
COLUMNS = [2, 2, 3, 3, 2, 1]
HEADS = ("field", "source", "bad", "right", "by")


def corrections_part(seat: Seat) -> None:
    """What holds, and a way to add to it."""
    st.caption(seat.say.markdown("admin.corrections.lead"))
    _new_correction(seat)
    known = known_corrections.list_corrections(seat.db, seat.actor)
    if not known:
        st.markdown(seat.say.markdown("admin.corrections.none"))
        return
    show.section(seat.say.markdown("admin.corrections.count", n=len(known)))
    first = show.first_row()
    _list(seat, known[first : first + show.ROWS_PER_PAGE])
    show.page_choice(len(known))


# ------------------------------------------------------------------------------------------------------------------ a new one


def _new_correction(seat: Seat) -> None:
    say = seat.say
    with st.container(border=True):
        st.markdown(f"**{say.markdown('admin.correction.new')}**")
        field, source = st.columns(2)
        with field:
            st.selectbox(say.markdown("admin.correction.field"), CORRECTABLE_FIELDS, index=CORRECTABLE_FIELDS.index("county"), key="correction_field", format_func=lambda name: show.field_label(say, name))
        with source:
            sources = ["", *known_corrections.sources(seat.db, seat.actor)]
            st.selectbox(say.markdown("admin.correction.source"), sources, key="correction_source", format_func=lambda name: name or say("admin.correction.every_source"))
        bad, right = st.columns(2)
        bad.text_input(say.markdown("admin.correction.bad"), key="correction_bad", max_chars=LONGEST_VALUE, help=say.markdown("admin.correction.bad.help"), autocomplete="off")
        right.text_input(say.markdown("admin.correction.right"), key="correction_right", max_chars=LONGEST_VALUE, autocomplete="off")
        said = _said()
        if said.bad_value:
            _tell(seat, known_corrections.preview(seat.db, seat.actor, said.field_name, said.bad_value, said.source))
        st.button(say.markdown("admin.correction.add"), key="add_correction", on_click=_add, type="primary", disabled=not (said.bad_value and said.right_value))


def _said() -> CorrectionIn:
    kept = st.session_state
    return CorrectionIn(
        field_name=kept["correction_field"], source=kept["correction_source"] or None, bad_value=kept["correction_bad"].strip(), right_value=kept["correction_right"].strip()
    )


def _tell(seat: Seat, found: CorrectionPreview) -> None:
    """The rows received so far that say the bad value."""
    say = seat.say
    st.markdown(say.markdown("admin.correction.touches", n=found.rows))
    shown = found.spellings[:SPELLINGS_SHOWN]
    if not shown:
        return
    show.table(
        {
            say("admin.correction.spelling"): [spelling.value for spelling in shown],
            say("upload.files.source"): [spelling.source for spelling in shown],
            say("runs.column.rows"): [spelling.rows for spelling in shown],
        },
        alt=say("admin.correction.touches.alt"),
    )
    if len(found.spellings) > len(shown):
        st.caption(say.markdown("show.and_more", n=len(found.spellings) - len(shown)))


def _add() -> None:
    """Callback: remember the correction; what was typed stays when it is refused."""
    seat = desk.take(Permission.MANAGE_SOURCES)
    said = _said()
    try:
        known_corrections.add(seat.db, seat.actor, said)
    except GvrcError as error:
        desk.refuse(error)
        return
    st.session_state["correction_bad"] = st.session_state["correction_right"] = ""
    desk.tell(seat.say.markdown("admin.correction.added", bad=said.bad_value, right=said.right_value))


# ------------------------------------------------------------------------------------------------------------------ those that hold


def _list(seat: Seat, known: Sequence[StoredCorrection]) -> None:
    say = seat.say
    with st.container(gap="xxsmall"):
        for column, head in zip(st.columns(COLUMNS), HEADS, strict=False):
            column.caption(say.markdown(f"admin.correction.{head}"))
        for correction in known:
            _line(seat, correction)


def _line(seat: Seat, correction: StoredCorrection) -> None:
    say = seat.say
    field, source, bad, right, by, act = st.columns(COLUMNS, vertical_alignment="center")
    field.text(show.field_label(say, correction.field_name))
    source.text(correction.source or say("admin.correction.every_source"))
    bad.text(correction.bad_value)
    right.text(correction.right_value)
    by.caption(say.markdown("admin.correction.who", who=correction.created_by, when=show.moment(correction.created_at)))
    act.button(
        say.markdown("admin.correction.retire"), key=f"retire_{correction.correction_id}", on_click=_retire, args=(correction.correction_id,), type="tertiary",
        help=say.markdown("admin.correction.retire.help", bad=correction.bad_value),
    )


def _retire(correction_id: int) -> None:
    """Callback: let a correction hold no longer."""
    seat = desk.take(Permission.MANAGE_SOURCES)
    try:
        known_corrections.retire(seat.db, seat.actor, correction_id)
    except GvrcError as error:
        desk.refuse(error)
        return
    desk.tell(seat.say.markdown("admin.correction.retired"))
