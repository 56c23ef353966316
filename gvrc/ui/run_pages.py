"""The parts of the runs page: the list, and one run."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from gvrc.errors import GvrcError
from gvrc.model.run import RunStatus
from gvrc.ui import address, desk, runs, show
from gvrc.ui.desk import Seat
from gvrc.views import runs as run_views


def list_runs(seat: Seat) -> None:
    """Every run, newest first; a selected one opens."""
    say = seat.say
    offset = show.first_row()
    found = run_views.run_list(seat.db, seat.actor, limit=show.ROWS_PER_PAGE, offset=offset)
    if not found:
        runs.nothing_yet(seat)
        return
    frame = pd.DataFrame(
        {
            say("runs.column.run"): [run.run_id for run in found],
            say("runs.column.when"): [show.moment(run.created_at) for run in found],
            say("runs.column.who"): [run.started_by for run in found],
            say("field.state"): [show.state_word(say, run.status) for run in found],
            say("runs.column.rows"): [run.receipt.records_in for run in found],
            say("run.column.seconds"): [show.duration(run.seconds) for run in found],
        }
    )
    st.dataframe(frame, hide_index=True, key="run_rows", on_select=_open_selected, selection_mode="single-row", alt=say("runs.alt"))
    st.session_state["runs.shown"] = [run.run_id for run in found]
    st.caption(say.markdown("runs.open"))


def _open_selected() -> None:
    ids = st.session_state.get("runs.shown", [])
    selected = st.session_state.get("run_rows", {}).get("selection", {}).get("rows", [])
    if selected and selected[0] < len(ids):
        address.put(run=ids[selected[0]])


def one_run(seat: Seat, run_id: int) -> None:
    """One run: its stages and its receipt."""
    say = seat.say
    st.button(say.markdown("runs.back"), key="back", on_click=_back, icon=":material/arrow_back:", type="tertiary")
    try:
        run = run_views.run_view(seat.db, seat.actor, run_id)
    except GvrcError as error:
        desk.show_trouble(error)
        return
    show.section(say.markdown("runs.one", run=run.run_id, when=show.moment(run.created_at), who=run.started_by))
    runs.watch(seat, run)
    if not RunStatus(run.status).is_live:
        runs.receipt(seat, run)


def _back() -> None:
    address.put(run=None, show=None)
