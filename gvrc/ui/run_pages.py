"""The parts of the runs page: the list, and one run."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from gvrc import pipeline, worker
from gvrc.errors import GvrcError
from gvrc.model.run import RunStatus
from gvrc.security.permissions import Permission
from gvrc.ui import address, desk, navigation, run_details, runs, show
from gvrc.ui.desk import Seat
from gvrc.views import runs as run_views
from gvrc.views.dead_letters import KINDS, DeadLetterPage, DeadLetterView, dead_letters


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
    right = st.column_config.TextColumn(alignment="right")
    st.dataframe(
        frame, hide_index=True, key="run_rows", on_select=_open_selected, selection_mode="single-row", alt=say("runs.alt"),
        column_config={say("runs.column.run"): st.column_config.NumberColumn(width="small", format="%d"), say("run.column.seconds"): right},
    )
    show.page_choice(run_views.run_count(seat.db, seat.actor))
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
        run_details.what_was_kept(seat, run)
        run_details.again(seat, run)
        runs.receipt(seat, run)
        _set_aside(seat, run_id)
        run_details.details(seat, run)


def _back() -> None:
    address.put(run=None, show=None, aside=None, page=None, **{"with": None})


# ------------------------------------------------------------------------------------------------------------------------ set aside


def _set_aside(seat: Seat, run_id: int) -> None:
    """What the run set aside, with the reason and the way back in; nothing when there is nothing."""
    kind = address.one_of("aside", KINDS)
    page = dead_letters(seat.db, seat.actor, run_id, limit=show.ROWS_PER_PAGE, offset=show.first_row(), kind=kind)
    if not page.by_kind:
        return
    say = seat.say
    show.section(say.markdown("aside.title"))
    st.caption(say.markdown("aside.lead"))
    _which_aside(seat, page, kind)
    show.table(
        {
            say("aside.why"): [letter.error or say("aside.hidden") for letter in page.rows],
            say("upload.files.name"): [show.value_text(letter.file_name) for letter in page.rows],
            say("aside.where"): [show.value_text(letter.pointer) for letter in page.rows],
            say("aside.tries"): [letter.tries for letter in page.rows],
            say("field.state"): [_aside_state(seat, letter) for letter in page.rows],
            say("aside.last"): [show.moment(letter.last_tried_at) for letter in page.rows],
        },
        alt=say("aside.alt"),
    )
    show.page_choice(page.total)
    _replay_rows(seat, run_id)
    _replay_refused(seat, run_id, page.by_kind.get("refused", 0))


def _which_aside(seat: Seat, page: DeadLetterPage, kind: str | None) -> None:
    """All of them, or one kind; the choice is in the address."""
    if len(page.by_kind) < 2 and kind is None:
        return
    say = seat.say
    labels = {"": say("aside.every", n=sum(page.by_kind.values()))} | {name: say(f"aside.{name}", n=page.by_kind.get(name, 0)) for name in KINDS}
    labels[kind or ""] = show.chosen_label(labels[kind or ""], is_chosen=True)
    key = f"aside_{kind}"
    st.segmented_control(
        say.markdown("aside.which"), list(labels), default=kind or "", format_func=labels.__getitem__, key=key, on_change=_choose_aside, args=(key,),
        label_visibility="collapsed", required=True,
    )


def _choose_aside(key: str) -> None:
    address.put(aside=st.session_state[key] or None, page=None)


def _aside_state(seat: Seat, letter: DeadLetterView) -> str:
    state = seat.say(f"aside.kind.{letter.kind}")
    return f"{state} ({seat.say.or_plain(f'stage.{letter.stage}', letter.stage)})" if letter.kind == "unread" else state


def _replay_rows(seat: Seat, run_id: int) -> None:
    """Rows that a stage could not take are taken through the stages again, in a process of their own; what could not be read stays so."""
    say, waiting = seat.say, pipeline.waiting(seat.db, seat.actor, run_id)
    if waiting.unread:
        st.caption(say.markdown("aside.unread.note", n=waiting.unread))
    if waiting.rows:
        st.markdown(say.markdown("aside.replay.note", n=waiting.rows))
        st.button(say.markdown("aside.replay"), key="replay", on_click=_replay, args=(run_id,), icon=":material/replay:")


def _replay(run_id: int) -> None:
    seat = desk.take(Permission.RUN)
    try:
        pipeline.replay(seat.db, seat.settings, seat.actor, run_id)
    except GvrcError as error:
        desk.refuse(error)
        return
    worker.launch(seat.settings, run_id)


def _replay_refused(seat: Seat, run_id: int, refused: int) -> None:
    """A commit tries what it refused again; so the way back in is the next commit."""
    if refused:
        st.markdown(seat.say.markdown("aside.again", n=refused))
        if navigation.has_page(seat, "commit"):
            navigation.link("commit", seat.say.markdown("aside.to_commit"), query={"run": str(run_id)}, symbol="task_alt")
