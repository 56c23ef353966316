"""The other two views of the commit page: requests that wait for a second person, and the commits so far, with the way back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

import streamlit as st

from gvrc import views, worker
from gvrc.commit import ActOutcome, acts, jobs
from gvrc.errors import GvrcError
from gvrc.security.permissions import Permission
from gvrc.store.history import Job
from gvrc.ui import address, desk, navigation, registry_acts, show, tables, told
from gvrc.ui.desk import Seat
from gvrc.ui.tables import Cell, Column, Opens, Row
from gvrc.views.commits import CommitView, RequestView

VIEWS = ("run", "requests", "commits")
SHOWN_CONFLICTS = 20
COUNTS = ("added", "changed", "merged", "restored", "conflicts", "dead_letters")


def current_view() -> str:
    """Which view of the commit page the address names."""
    return address.one_of("view", VIEWS) or "run"


def choice(seat: Seat, current: str) -> None:
    """The way to the other views of the commit page."""
    waiting = len(views.request_list(seat.db, seat.actor))
    labels = {name: show.chosen_label(seat.say.markdown(f"commit.view.{name}", n=waiting), name == current) for name in VIEWS}
    key = f"view_{current}"
    st.segmented_control(
        seat.say.markdown("commit.view"), VIEWS, default=current, format_func=labels.__getitem__, key=key, on_change=_choose, args=(key, current), label_visibility="collapsed",
    )


def _choose(key: str, current: str) -> None:
    chosen = st.session_state[key] or current
    st.query_params.clear()
    address.put(view=None if chosen == "run" else chosen)


# ------------------------------------------------------------------------------------------------------------------------ requests


def requests(seat: Seat) -> None:
    """Acts that wait, each with what is risky about it, and the two answers."""
    _tell(seat)
    found = views.request_list(seat.db, seat.actor)
    if not found:
        st.markdown(seat.say.markdown("commit.requests.none"))
        return
    for request in found:
        with st.container(border=True):
            _request(seat, request)


def _request(seat: Seat, request: RequestView) -> None:
    say = seat.say
    act = say.or_plain(f"registry.act.{request.act}", request.act)
    st.markdown(say.markdown("commit.request", act=act, who=request.asked_by, when=show.moment(request.asked_at)))
    for risk in request.risks:
        show.plain(told.told(say, risk))
    if request.fields:
        st.caption(say.markdown("registry.edit.changed", fields=", ".join(show.field_label(say, name) for name in request.fields)))
    show.plain(say("commit.request.why", reason=request.reason or show.ABSENT))
    with st.container(horizontal=True):
        for facility in request.facilities[:3]:
            navigation.link("registry", say.markdown("commit.request.see", code=facility.facility_code), query={"facility": str(facility.facility_id)})
    _answers(seat, request)


def _answers(seat: Seat, request: RequestView) -> None:
    say = seat.say
    is_own = request.asked_by == seat.actor.username
    if is_own:
        st.caption(say.markdown("commit.request.own"))
    with st.form(f"request_{request.request_id}", border=False):
        note = st.text_input(say.markdown("commit.request.note"), key=f"note_{request.request_id}", max_chars=500)
        with st.container(horizontal=True):
            approved = not is_own and seat.may(Permission.APPROVE) and st.form_submit_button(say.markdown("registry.do.approve"), type="primary")
            declined = (is_own or seat.may(Permission.APPROVE)) and st.form_submit_button(say.markdown("commit.request.withdraw" if is_own else "registry.do.decline"))
    try:
        if approved:
            if request.act == "rollback" and request.reverts is not None:
                _start(seat, request.request_id, request.reverts, is_signed=False)
            registry_acts.settle(f"request_{request.request_id}", acts.approve(seat.db, seat.settings, seat.actor, request.request_id))
        if declined:
            acts.decline(seat.db, seat.actor, request.request_id, note)
            st.rerun()
    except GvrcError as error:
        desk.show_trouble(error)


# ------------------------------------------------------------------------------------------------------------------------ commits


def commits(seat: Seat) -> None:
    """Every commit and act, newest first; one of them whole when the address names it."""
    _tell(seat)
    number = address.number("commit")
    if number is not None:
        _one(seat, number)
        return
    found = views.commit_list(seat.db, seat.actor, limit=show.ROWS_PER_PAGE, offset=show.first_row())
    if not found.total:
        st.markdown(seat.say.markdown("commit.commits.none"))
        return
    _rows(seat, found.rows)
    show.page_choice(found.total)


def _rows(seat: Seat, rows: tuple[CommitView, ...]) -> None:
    say = seat.say
    st.caption(say.markdown("commit.commits.lead"))
    columns = [
        Column(title=say("commit.column.commit"), align="right", width=70), Column(title=say("commit.column.act")), Column(title=say("commit.column.when")),
        Column(title=say("commit.column.who")), Column(title=say("commit.column.what")), Column(title=say("commit.column.why")),
    ]  # fmt: skip
    tables.table(columns, [_row(seat, row) for row in rows], key="commit_rows", label=say("commit.commits.alt"), height=tables.LIST_PX)


def _row(seat: Seat, row: CommitView) -> Row:
    return (
        Cell(text=str(row.commit_id), opens=Opens(query={"commit": str(row.commit_id)}), is_row=True), _act(seat, row), show.moment(row.started_at),
        row.committed_by, _what(seat, row), show.value_text(row.reason),
    )  # fmt: skip


def _act(seat: Seat, row: CommitView) -> str:
    act = seat.say.or_plain(f"registry.act.{row.kind}", row.kind)
    return act if row.run_id is None else seat.say("commit.of_run", act=act, run=row.run_id)


def _what(seat: Seat, row: CommitView) -> str:
    said = [seat.say(f"commit.count.{name}", n=row.counts[name]) for name in COUNTS if row.counts.get(name)]
    if row.reverted_by is not None:
        said.append(seat.say("commit.reverted", commit=row.reverted_by))
    if row.reverts is not None:
        said.append(seat.say("commit.reverts", commit=row.reverts))
    if row.status not in ("done", "running"):
        said.append(show.state_word(seat.say, row.status))
    return ", ".join(said) or show.ABSENT


def _one(seat: Seat, number: int) -> None:
    say = seat.say
    st.button(say.markdown("commit.commits.back"), key="back", on_click=_back, icon=":material/arrow_back:", type="tertiary")
    row = views.commit_view(seat.db, seat.actor, number)
    if row is None:
        st.markdown(say.markdown("commit.commits.gone"))
        return
    show.section(say.markdown("commit.commits.one", commit=row.commit_id))
    show.key_values(
        [
            (say("commit.column.act"), _act(seat, row)), (say("commit.column.when"), show.moment(row.started_at)), (say("commit.column.who"), row.committed_by),
            (say("commit.column.what"), _what(seat, row)), (say("commit.column.why"), show.value_text(row.reason)),
        ],
        alt=say("commit.commits.alt"),
    )
    _facilities(seat, row)
    target = row.reverts if row.kind == "rollback" and row.reverts is not None else row.commit_id
    if _at_work(seat, row, target):
        return
    with st.expander(say.markdown("registry.do.rollback")):
        st.markdown(say.markdown("commit.rollback.lead"))
        keep_later = st.toggle(say.markdown("commit.rollback.keep_later"), key="keep_later", help=say.markdown("commit.rollback.keep_later.help"))

        def act(reason: str, confirmed: bool) -> ActOutcome:
            outcome = acts.rollback(seat.db, seat.settings, seat.actor, row.commit_id, reason, keep_later=keep_later, confirmed=confirmed, later=True)
            if confirmed and outcome.request_id is not None:
                _start(seat, outcome.request_id, row.commit_id, is_signed=True)
            return outcome

        registry_acts.ask(seat, "rollback", f"rollback_{row.commit_id}", act, word=f"ROLLBACK {row.commit_id}")


# ------------------------------------------------------------------------------------------------------------------------ a rollback at work


def _start(seat: Seat, request_id: int, target: int, *, is_signed: bool) -> NoReturn:
    """Hand a signed rollback to a process of its own; the page of the commit watches it."""
    job_id = jobs.queue(seat.db, seat.actor, request_id=request_id, is_signed=is_signed)
    worker.launch_commit(seat.settings, job_id)
    st.session_state["commit.asked"] = job_id
    registry_acts.leave()
    address.put(view="commits", commit=target)
    st.rerun()


def _at_work(seat: Seat, row: CommitView, target: int) -> bool:
    """Show the rollback that takes this commit back: how far it is, what came of it, or that it broke off. Whether it has not ended."""
    job = jobs.watch_rollback(seat.db, seat.actor, target)
    if job is not None and job.state in ("queued", "running"):
        st.fragment(_watch, run_every=1.0)(target)
        return True
    if job is not None and job.state in ("failed", "interrupted"):
        st.error(seat.say.markdown("commit.failed", detail=job.error or seat.say("commit.interrupted")), icon=":material/error:")
    if job is not None and job.outcome is not None and st.session_state.get("commit.asked") == job.job_id:
        _came_to(seat, job.outcome)
    is_open = (job is not None and job.state == "interrupted") or (row.status == "running" and row.reverts is not None)
    if is_open:
        _go_on(seat, row, job, target)
    return is_open


def _watch(target: int) -> None:
    seat = desk.take(Permission.COMMIT)
    job = jobs.watch_rollback(seat.db, seat.actor, target)
    if job is None or job.state not in ("queued", "running"):
        st.rerun()
    progress(seat, job)


def progress(seat: Seat, job: Job) -> None:
    """How far a commit, or one that takes another back, has come, and who asked for it."""
    done, everything = int(job.counts.get("done", 0)), int(job.counts.get("units", 0))
    text = seat.say.markdown("commit.running", done=done, all=everything) if everything else seat.say.markdown("commit.preparing")
    st.progress(min(1.0, done / everything) if everything else 0.0, text=text)
    st.caption(seat.say.markdown("commit.running.lead", who=job.asked_by))


def _came_to(seat: Seat, outcome: Mapping[str, Any]) -> None:
    st.success(seat.say.markdown("registry.told.done", commit=outcome["commit_id"]), icon=":material/task_alt:")
    for conflict in outcome["conflicts"][:SHOWN_CONFLICTS]:
        st.warning(seat.say.markdown("commit.conflict", why=conflict["sentence"]), icon=":material/warning:")
    if len(outcome["conflicts"]) > SHOWN_CONFLICTS:
        st.caption(seat.say.markdown("commit.conflicts.more", n=len(outcome["conflicts"]) - SHOWN_CONFLICTS))


def _go_on(seat: Seat, row: CommitView, job: Job | None, target: int) -> None:
    """A rollback that was broken off can be ended by whoever may sign."""
    if not seat.may(Permission.APPROVE):
        return
    st.markdown(seat.say.markdown("commit.rollback.broken"))
    if not st.button(seat.say.markdown("commit.rollback.go_on"), key=f"go_on_{row.commit_id}", type="primary"):
        return
    try:
        if job is not None and job.request_id is not None:
            _start(seat, job.request_id, target, is_signed=job.is_signed)
        registry_acts.settle(f"rollback_{target}", acts.resume(seat.db, seat.actor, row.commit_id))
    except GvrcError as error:
        desk.show_trouble(error)


def _facilities(seat: Seat, row: CommitView) -> None:
    found = views.facilities_of_commit(seat.db, seat.actor, row.commit_id)
    if not found.total:
        return
    with st.expander(seat.say.markdown("commit.commits.places", n=found.total)):
        for facility in found.rows:
            navigation.link("registry", seat.say.markdown("commit.place", name=show.value_text(facility.name), code=facility.facility_code), query={"facility": str(facility.facility_id)})
        if found.total > len(found.rows):
            st.caption(seat.say.markdown("commit.places.first", n=len(found.rows)))


def _back() -> None:
    registry_acts.leave()
    address.put(commit=None)


def _tell(seat: Seat) -> None:
    registry_acts.tell(seat)
    for conflict in st.session_state.pop("act.conflicts", ()):
        st.warning(seat.say.markdown("commit.conflict", why=told.told(seat.say, conflict.sentence)), icon=":material/warning:")
