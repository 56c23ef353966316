"""Which run a page is about, its live progress, and its receipt."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial

import streamlit as st

from gvrc import pipeline, worker
from gvrc.errors import GvrcError
from gvrc.model.run import STAGES, RunStatus, Stage
from gvrc.security.permissions import Permission
from gvrc.ui import address, desk, navigation, show, tables, told
from gvrc.ui.catalogue import Words
from gvrc.ui.desk import Seat
from gvrc.ui.tables import Cell, Column, Opens, Row
from gvrc.views import feedback_file
from gvrc.views import questions as question_views
from gvrc.views import runs as run_views
from gvrc.views.questions import QuestionCounts
from gvrc.views.runs import Receipt, RunView, StageView

RUNS_TO_CHOOSE_FROM = 50


# ------------------------------------------------------------------------------------------------------------------------ which run


def heading(seat: Seat, page: str, *, above: Callable[[], None] | None = None) -> RunView | None:
    """The heading of a page about a run, with the run beside it: the one in the address, else the newest. None, said in words, when there
    is no run yet. The run comes without its stages and issues, which most pages do not need. `above` draws what stands under the heading in any case."""
    title, choice = st.columns([7, 5], vertical_alignment="bottom")
    with title:
        show.heading(seat, page)
    if above is not None:
        above()
    known = {run.run_id: run for run in run_views.run_list(seat.db, seat.actor, limit=RUNS_TO_CHOOSE_FROM)}
    if not known:
        nothing_yet(seat)
        return None
    wanted = address.number("run") or next(iter(known))
    try:
        run = known[wanted] if wanted in known else run_views.run_view(seat.db, seat.actor, wanted)
    except GvrcError as error:
        desk.show_trouble(error)
        return None
    address.put(run=wanted)
    with choice:
        _run_choice(seat, {wanted: run} | known, wanted)
    return run


def _run_choice(seat: Seat, known: dict[int, RunView], run_id: int) -> None:
    labels = {each.run_id: seat.say("run.choice", run=each.run_id, when=show.moment(each.created_at, is_short=True), who=each.started_by) for each in known.values()}
    key = f"run_of_{run_id}"
    st.selectbox(
        seat.say.markdown("run.choose"), list(labels), index=list(labels).index(run_id), format_func=labels.__getitem__, key=key,
        on_change=_choose_run, args=(key,), label_visibility="collapsed",
    )


def _choose_run(key: str) -> None:
    st.query_params.clear()
    address.put(run=int(st.session_state[key]))


def nothing_yet(seat: Seat) -> None:
    """The empty state of every page that needs a run."""
    st.markdown(seat.say.markdown("run.none"))
    if navigation.has_page(seat, "upload"):
        navigation.link("upload", seat.say.markdown("run.none.link"), symbol="upload_file")


# ------------------------------------------------------------------------------------------------------------------------ acts


def start(seat: Seat, file_ids: list[int], *, stop_after: Stage | None = None) -> int | None:
    """Queue a run and start its worker; its id, or None when it was refused (which the next run of the page tells)."""
    run_id = desk.attempt(pipeline.start, seat.db, seat.settings, seat.actor, file_ids, stop_after=stop_after)
    if run_id is not None:
        worker.launch(seat.settings, run_id)
    return run_id


def go_on(run_id: int, stop_after: Stage | None = None, again_from: Stage | None = None) -> None:
    """Callback: take a run up again, to its end or only to `stop_after`; everything from `again_from` on is made anew."""
    seat = desk.take(Permission.RUN)
    try:
        pipeline.resume(seat.db, seat.settings, seat.actor, run_id, stop_after=stop_after, again_from=again_from)
    except GvrcError as error:
        desk.refuse(error)
        return
    worker.launch(seat.settings, run_id)


def offer_again(seat: Seat, run: RunView) -> None:
    """Where records were corrected after the run had looked for duplicates: that their new names and places were compared with nothing yet, and the way
    to have that done. While it is done, its progress."""
    if RunStatus(run.status).is_live:
        watch(seat, run)
        return
    count = run_views.corrected_since_duplicates(seat.db, seat.actor, run.run_id)
    if not count:
        return
    with st.container(border=True):
        st.markdown(seat.say.markdown("run.corrected", n=count))
        if seat.may(Permission.RUN):
            st.button(seat.say.markdown("run.corrected.again"), key="seek_again", on_click=go_on, args=(run.run_id, None, Stage.DEDUPE), icon=":material/difference:")


def stop(run_id: int) -> None:
    """Callback: ask a live run to stop after the chunk it is at."""
    seat = desk.take(Permission.RUN)
    desk.attempt(pipeline.request_stop, seat.db, seat.actor, run_id)


# ------------------------------------------------------------------------------------------------------------------------ progress


def watch(seat: Seat, run: RunView) -> None:
    """The stages of a run. While it lives, this part alone looks again every second; when it ends, the page is run once more."""
    is_live = RunStatus(run.status).is_live
    drawn = st.fragment(_watch, run_every=1.0 if is_live else None)
    drawn(run.run_id, is_live)


def _watch(run_id: int, was_live: bool) -> None:
    seat = desk.take(Permission.READ)
    pipeline.mark_interrupted(seat.db, seat.settings)
    run = run_views.run_view(seat.db, seat.actor, run_id)
    is_live = RunStatus(run.status).is_live
    if was_live != is_live:  # also when "Go on" was pressed in this part alone: only the whole page can begin to look again every second
        st.rerun()
    _status_line(seat, run)
    _stage_table(seat, run)
    _acts(seat, run, is_live)


def _status_line(seat: Seat, run: RunView) -> None:
    done = sum(1 for stage in run.stages if stage.status == "done")
    progress = seat.say.markdown("run.progress" if run.seconds is not None else "run.progress.begun", done=done, all=len(STAGES), seconds=show.duration(run.seconds))
    text = f"{show.state_badge(seat.say, run.status)} {progress}"
    st.progress(done / len(STAGES), text=text)
    if run.error:
        st.error(seat.say.markdown("desk.trouble", detail=told.told(seat.say, run.error)), icon=":material/error:")
        if run.hint:
            show.plain(told.told(seat.say, run.hint))


def _stage_table(seat: Seat, run: RunView) -> None:
    say = seat.say
    figures = [Column(title=say(f"run.column.{name}"), align="right") for name in ("rows_in", "rows_out", "issues", "seconds")]
    columns = (Column(title=say("run.column.stage")), Column(title=say("run.column.status")), *figures)
    tables.table(columns, [_stage_row(say, run, stage) for stage in run.stages], key="run_stages", label=say("run.stages.alt", run=run.run_id))


def _stage_row(say: Words, run: RunView, stage: StageView) -> Row:
    """A stage with its figures; one that was not begun has none."""
    status = _stage_status(run, stage.status)
    figures = [show.ABSENT] * 4 if status == "waiting" else [f"{stage.rows_in:,}", f"{stage.rows_out:,}", f"{sum(stage.issues.values()):,}", show.duration(stage.seconds)]
    return (say(f"stage.{stage.stage}"), tables.state(say, status), *figures)


def _stage_status(run: RunView, status: str) -> str:
    """What a stage of a live run failed at before is being tried again."""
    return "waiting" if status in ("failed", "interrupted") and RunStatus(run.status).is_live else status


def _acts(seat: Seat, run: RunView, is_live: bool) -> None:
    if not seat.may(Permission.RUN):
        return
    say = seat.say
    with st.container(horizontal=True):
        if is_live:
            st.button(say.markdown("run.stop"), key=f"stop_{run.run_id}", on_click=stop, args=(run.run_id,), icon=":material/pause:", disabled=run.status == "stopping")
            return
        following = next((stage for stage in run.stages if stage.status != "done"), None)
        if following is None:
            return
        st.button(say.markdown("run.go_on"), key=f"go_on_{run.run_id}", type="primary", on_click=go_on, args=(run.run_id,), icon=":material/play_arrow:")
        if following.stage != STAGES[-1]:
            st.button(
                say.markdown("run.next_stage", stage=say(f"stage.{following.stage}")), key=f"next_{run.run_id}", on_click=go_on,
                args=(run.run_id, Stage(following.stage)), icon=":material/skip_next:",
            )


# ------------------------------------------------------------------------------------------------------------------------ receipt


def receipt(seat: Seat, run: RunView) -> None:
    """What came in and where it stands now: it adds up, and every number opens exactly its rows."""
    say, sums = seat.say, run.receipt
    show.section(say.markdown("receipt.title"))
    lines = [_ledger_line(seat, run, "records_in", sums.records_in, {})]
    lines += [_ledger_line(seat, run, state, getattr(sums, state), {"state": state}) for state in ("ready", "to_review", "held")]
    lines.append(_ledger_line(seat, run, "dead_letters", sums.dead_letters, {"aside": "unread"}, page="runs"))
    tables.table((Column(title="", width=190), Column(title="", align="right", width=90), Column(title="")), lines, key="receipt", label=say("receipt.title"), has_head=False)
    if sums.records_in == sums.ready + sums.to_review + sums.held + sums.dead_letters:
        st.caption(say.markdown("receipt.adds_up", all=sums.records_in, ready=sums.ready, review=sums.to_review, held=sums.held, dead=sums.dead_letters))
    _next_steps(seat, run)
    _issue_kinds(seat, run, sums)
    if sums.issues and seat.may(Permission.REVIEW):
        _feedback(seat, run)


def _feedback(seat: Seat, run: RunView) -> None:
    """What is to be mended in each file, in its own shape, for who sent it; made when it is asked for."""
    with st.popover(seat.say.markdown("receipt.feedback"), icon=":material/download:"):
        st.caption(seat.say.markdown("receipt.feedback.note"))
        for file in run.files:
            st.download_button(
                seat.say.markdown("receipt.feedback.file", name=file.name), data=partial(_feedback_bytes, seat, run.run_id, file.file_id),
                file_name=feedback_file.feedback_name(file.name), key=f"feedback_{file.file_id}", on_click="ignore", width="stretch",
            )


def _feedback_bytes(seat: Seat, run_id: int, file_id: int) -> bytes:
    stream = io.BytesIO()
    feedback_file.feedback_file(seat.db, seat.actor, stream, run_id, file_id)
    return stream.getvalue()


def _ledger_line(seat: Seat, run: RunView, name: str, count: int, query: dict[str, str], *, page: str = "records") -> Row:
    return (seat.say(f"receipt.{name}"), _rows_cell(seat, run, count, query, page=page), seat.say(f"receipt.{name}.note"))


def _rows_cell(seat: Seat, run: RunView, count: int, query: dict[str, str], *, page: str = "records") -> Cell:
    """The number; where there are any rows, a link to exactly these (`query` names them) on the page that shows them."""
    is_open = count > 0 and navigation.has_page(seat, page)
    opens = Opens(page=page, query={"run": str(run.run_id), **query}) if is_open else None
    return Cell(text=f"{count:,}", opens=opens, is_strong=True, help=seat.say("receipt.open_rows", n=count) if is_open else None)


def _next_steps(seat: Seat, run: RunView) -> None:
    """What waits for a person now, and the way there."""
    show.section(seat.say.markdown("receipt.next"))
    if seat.may(Permission.REVIEW):
        question_links(seat, run, question_views.question_counts(seat.db, seat.actor, run.run_id))


def question_links(seat: Seat, run: RunView, questions: QuestionCounts) -> None:
    """The questions of a run that wait, each kind with the way to it, and the way to the commit."""
    say, query = seat.say, {"run": str(run.run_id)}
    with st.container(gap="xxsmall"):
        if questions.duplicates and navigation.has_page(seat, "duplicates"):
            navigation.link("duplicates", say.markdown("receipt.to_duplicates", n=questions.duplicates), query=query, symbol="join_inner")
        if questions.issues and navigation.has_page(seat, "review"):
            navigation.link("review", say.markdown("receipt.to_issues", n=questions.issues), query=query, symbol="flag")
        if not questions.duplicates and not questions.issues:
            st.markdown(say.markdown("receipt.no_questions"))
            if run.receipt.to_review and navigation.has_page(seat, "records"):
                label = say.markdown("receipt.to_complete", n=run.receipt.to_review)
                navigation.link("records", label, query={**query, "state": "to_review"}, symbol="edit")
        if navigation.has_page(seat, "commit"):
            navigation.link("commit", say.markdown("receipt.to_commit"), query=query, symbol="task_alt")


def _issue_kinds(seat: Seat, run: RunView, sums: Receipt) -> None:
    say = seat.say
    if not sums.issues:
        return
    show.section(say.markdown("receipt.issues"))
    ordered = sorted(sums.issues.items(), key=lambda item: -item[1])
    half = -(-len(ordered) // 2)
    for number, (side, some) in enumerate(zip(st.columns(2, gap="large"), (ordered[:half], ordered[half:]), strict=True)):
        rows = [(show.issue_title(say, code), _rows_cell(seat, run, count, {"issue": code})) for code, count in some]
        with side:
            tables.table((Column(title=""), Column(title="", align="right", width=80)), rows, key=f"receipt_issues_{number}", label=say("receipt.issues"), has_head=False)
