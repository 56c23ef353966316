"""The parts of the runs page: the list, and one run."""

from __future__ import annotations

import streamlit as st

from gvrc import pipeline, worker
from gvrc.errors import GvrcError
from gvrc.model.run import RunStatus, Stage
from gvrc.security.permissions import Permission
from gvrc.ui import address, desk, navigation, run_details, runs, show, tables, told
from gvrc.ui.desk import Seat
from gvrc.ui.tables import Cell, Column, Opens
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
    columns = [
        Column(title=say("runs.column.run"), align="right", width=70), Column(title=say("runs.column.when")), Column(title=say("runs.column.who")),
        Column(title=say("field.state")), Column(title=say("runs.column.rows"), align="right"), Column(title=say("run.column.seconds"), align="right"),
    ]  # fmt: skip
    rows = [
        (
            Cell(text=str(run.run_id), opens=Opens(query={"run": str(run.run_id)}), is_row=True), show.moment(run.created_at), run.started_by,
            tables.state(say, run.status), f"{run.receipt.records_in:,}", show.duration(run.seconds),
        )
        for run in found
    ]  # fmt: skip
    tables.table(columns, rows, key="run_rows", label=say("runs.alt"), height=tables.LIST_PX)
    show.page_choice(run_views.run_count(seat.db, seat.actor))
    st.caption(say.markdown("runs.open"))


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
            say("aside.why"): [told.told(say, letter.error) or say("aside.hidden") for letter in page.rows],
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
    if letter.kind == "unread" and letter.stage == Stage.EXTRACT:
        return seat.say("aside.kind.unreadable")
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
