"""The parts of the commit page: the preview, the confirmation, the commit with its progress, the result."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Mapping
from functools import partial
from typing import Any

import streamlit as st

from gvrc import commit, worker
from gvrc.commit import CommitPreview, HeldBack, Hold, Invariant, jobs
from gvrc.errors import GvrcError
from gvrc.model.run import RunStatus
from gvrc.security.permissions import Permission
from gvrc.store.history import Job
from gvrc.ui import address, beside, commit_history, desk, navigation, runs, show, tables, told
from gvrc.ui.catalogue import Words
from gvrc.ui.desk import Seat
from gvrc.ui.tables import Cell, Column, Opens
from gvrc.views import remembered
from gvrc.views.runs import RunView

TYPED_CONFIRMATION = "COMMIT"
ACTS = ("added", "changed")
HELD_PX = 60
AT_ONCE_RECORDS = 20_000
"""Of more, the preview takes longer than a page should: it is worked out beside it."""


def preview_and_commit(seat: Seat, run: RunView) -> None:
    """The page below its heading."""
    if RunStatus(run.status).is_live:
        st.markdown(seat.say.markdown("commit.live"))
        runs.watch(seat, run)
        return
    job = jobs.watch(seat.db, seat.actor, run_id=run.run_id)
    if job is not None and job.state in ("queued", "running"):
        st.fragment(_watch, run_every=1.0)(run.run_id)
        return
    if job is not None and job.state in ("failed", "interrupted"):
        _went_wrong(seat, job)
    if job is not None and job.outcome is not None and st.session_state.get("commit.asked") == job.job_id:
        _result(seat, run, job.outcome)
        return
    preview = _preview(seat, run)
    if preview is None:
        return
    runs.offer_again(seat, run)
    _numbers(seat, {"added": preview.added, "changed": preview.changed, "merged": preview.merged, "unchanged": preview.unchanged, "held_back": preview.held_back_records})
    _confirm(seat, run, preview)
    _held_back(seat, run, preview.held_back)
    _public(seat, preview)
    _places(seat, preview)
    _counties(seat, preview)
    _invariants(seat, preview)


def _preview(seat: Seat, run: RunView) -> CommitPreview | None:
    """The preview with the page of places that the address names; worked out anew only when something moved or a page is turned. None, said in words,
    while that of a large run is being worked out beside the page."""
    offsets = {act: show.first_row(f"{act}_page") for act in ACTS}
    key = (run.run_id, commit.preview_stamp(seat.db, run.run_id), tuple(offsets.items()), seat.actor)
    kept = st.session_state.get("commit.preview")
    if kept is not None and kept[0] == key:
        return kept[1]  # type: ignore[no-any-return]
    if run.receipt.records_in > AT_ONCE_RECORDS:
        errand = ("preview", *key)
        found = beside.outcome(errand, partial(_preview_apart, seat, run.run_id, offsets, errand), about=("preview", run.run_id, tuple(offsets.items()), seat.actor))
        if found is None:
            st.fragment(_await_preview, run_every=beside.ASKING_SECONDS)(errand, run.receipt.records_in)
            return None
        preview = found
    else:
        with st.spinner(seat.say.markdown("commit.computing")):
            preview = commit.preview(seat.db, seat.settings, seat.actor, run.run_id, limit=show.ROWS_PER_PAGE, offsets=offsets)
    st.session_state["commit.preview"] = (key, preview)
    return preview


def _preview_apart(seat: Seat, run_id: int, offsets: Mapping[str, int], errand: Hashable, is_moot: threading.Event) -> CommitPreview | None:
    """By a process of its own, begun when nobody goes on and somebody still waits for it: who only passes by must neither be slowed nor slow others. None
    when it is moot or the page was left."""
    remembered.wait_for(remembered.AT_REST)
    if is_moot.is_set() or not beside.is_wanted(errand):
        return None
    return worker.preview_apart(seat.settings, seat.actor, run_id, limit=show.ROWS_PER_PAGE, offsets=offsets, is_moot=is_moot)


def _await_preview(key: Hashable, records: int) -> None:
    """How long it has been worked on; when it is there, the page is run once more."""
    seat = desk.take(Permission.COMMIT)
    if beside.is_done(key):
        st.rerun()
    st.markdown(seat.say.markdown("commit.computing.many", n=records))
    st.caption(seat.say.markdown("commit.computing.since", n=round(beside.seconds(key))))


def _numbers(seat: Seat, numbers: dict[str, int]) -> None:
    for column, (name, count) in zip(st.columns(len(numbers)), numbers.items(), strict=True):
        column.metric(seat.say.markdown(f"commit.{name}"), f"{count:,}", help=seat.say.markdown(f"commit.{name}.help"))


# ------------------------------------------------------------------------------------------------------------------------ the act


def _confirm(seat: Seat, run: RunView, preview: CommitPreview) -> None:
    say = seat.say
    if not preview.added + preview.changed + preview.merged:
        st.markdown(say.markdown("commit.nothing"))
        return
    broken = [each for each in preview.invariants if not each.holds]
    if broken:
        st.error(say.markdown("commit.broken", detail=_checked(say, broken[0])), icon=":material/error:")
        return
    may_sign = bool(preview.risky) and seat.may(Permission.APPROVE)
    with st.form("commit", border=False):
        typed = _signature_field(seat, preview) if may_sign else ""
        if preview.risky and not may_sign:
            st.caption(say.markdown("commit.risky.wait", n=len(preview.risky)))
        pressed = st.form_submit_button(say.markdown("commit.do", n=preview.added + preview.changed + preview.merged), type="primary", icon=":material/task_alt:")
    if pressed:
        _commit(seat, run, is_signed=typed.strip() == TYPED_CONFIRMATION)


def _signature_field(seat: Seat, preview: CommitPreview) -> str:
    say = seat.say
    st.warning(say.markdown("commit.risky", n=len(preview.risky)), icon=":material/warning:")
    for risk in preview.risky:
        show.plain(told.told(say, risk.detail))
    return st.text_input(say.markdown("commit.risky.sign", word=TYPED_CONFIRMATION), key="commit_signature", max_chars=20, width=360)


def _commit(seat: Seat, run: RunView, *, is_signed: bool) -> None:
    """Hand the commit to a process of its own; this page only watches it."""
    try:
        job_id = jobs.queue(seat.db, seat.actor, run_id=run.run_id, is_signed=is_signed)
    except GvrcError as error:
        desk.show_trouble(error)
        return
    worker.launch_commit(seat.settings, job_id)
    st.session_state["commit.asked"] = job_id
    st.rerun()


def _watch(run_id: int) -> None:
    """How far the commit has come; when it ends, the page is run once more."""
    seat = desk.take(Permission.COMMIT)
    job = jobs.watch(seat.db, seat.actor, run_id=run_id)
    if job is None or job.state not in ("queued", "running"):
        st.rerun()
    commit_history.progress(seat, job)


def _went_wrong(seat: Seat, job: Job) -> None:
    """A commit that broke off: what was written is kept, the next one goes on."""
    st.error(seat.say.markdown("commit.failed", detail=told.told(seat.say, job.error) or seat.say("commit.interrupted")), icon=":material/error:")
    if job.hint:
        show.plain(told.told(seat.say, job.hint))


def _result(seat: Seat, run: RunView, outcome: Mapping[str, Any]) -> None:
    say = seat.say
    held = tuple(HeldBack(hold=Hold(item["hold"]), reason=item["reason"], count=item["count"], record_ids=tuple(item["record_ids"])) for item in outcome["held_back"])
    st.success(say.markdown("commit.done", commit=outcome["commit_id"], seconds=show.duration(outcome["seconds"])), icon=":material/task_alt:")
    _numbers(seat, {name: outcome[name] for name in ("added", "changed", "merged", "unchanged")} | {"held_back": sum(item.count for item in held)})
    if outcome["dead_letters"]:
        st.warning(say.markdown("commit.dead_letters", n=outcome["dead_letters"]), icon=":material/warning:")
        if navigation.has_page(seat, "runs"):
            navigation.link("runs", say.markdown("commit.set_aside"), query={"run": str(run.run_id), "aside": "refused"}, symbol="history")
    _held_back(seat, run, held)
    with st.container(horizontal=True, vertical_alignment="center"):
        navigation.link("registry", say.markdown("commit.to_registry"), symbol="location_city")
        st.button(say.markdown("commit.again"), key="commit_again", on_click=_forget_outcome, type="tertiary")


def _forget_outcome() -> None:
    st.session_state.pop("commit.asked", None)


# ------------------------------------------------------------------------------------------------------------------------ what it would do


def _held_back(seat: Seat, run: RunView, held: tuple[HeldBack, ...]) -> None:
    if not held:
        return
    show.section(seat.say.markdown("commit.held"))
    columns = (Column(title="", align="right", width=HELD_PX), Column(title=""))
    tables.table(columns, [(_held(seat, run, item), told.told(seat.say, item.reason)) for item in held], key="commit_held", label=seat.say("commit.held"), has_head=False)


def _held(seat: Seat, run: RunView, item: HeldBack) -> Cell:
    opens = Opens(page="records", query={"run": str(run.run_id), "ids": ",".join(map(str, item.record_ids))})
    return Cell(text=f"{item.count:,}", opens=opens, is_strong=True, help=seat.say("receipt.open_rows", n=item.count))


def _public(seat: Seat, preview: CommitPreview) -> None:
    if preview.becomes_public:
        show.section(seat.say.markdown("commit.public", n=preview.becomes_public))
        st.caption(seat.say.markdown("commit.public.lead"))
        show.names(seat.say, [place.name for place in preview.public_places], preview.becomes_public)


def _places(seat: Seat, preview: CommitPreview) -> None:
    """Cell by cell, what would change; of added places what they would say."""
    say = seat.say
    for act in ACTS:
        places = [place for place in preview.places if place.act == act]
        if not places:
            continue
        count = {"added": preview.added, "changed": preview.changed}[act]
        with show.folded(say.markdown(f"commit.places.{act}", n=count), key=f"commit_{act}", is_open=address.number(f"{act}_page") is not None) as is_open:
            if is_open:
                for place in places:
                    _place(seat, place)
                show.page_choice(count, f"{act}_page")


def _place(seat: Seat, place: commit.PlannedFacility) -> None:
    say = seat.say
    st.markdown(say.markdown("commit.place", name=place.name, code=place.facility_code or say("commit.place.new")))
    if place.merged_into_it:
        st.caption(say.markdown("commit.place.merges", codes=", ".join(place.merged_into_it)))
    if place.cells:
        show.table(
            {
                say("commit.cell.field"): [cell.label for cell in place.cells],
                say("commit.cell.before"): [cell.before for cell in place.cells],
                say("commit.cell.after"): [cell.after for cell in place.cells],
            },
            alt=say("commit.cell.alt", name=place.name),
        )


def _counties(seat: Seat, preview: CommitPreview) -> None:
    say = seat.say
    moved = [county for county in preview.counties if county.before != county.after]
    if not moved:
        return
    with show.folded(say.markdown("commit.counties", n=len(moved)), key="commit_counties") as is_open:
        if not is_open:
            return
        show.table(
            {
                say("field.county"): [county.county for county in moved],
                say("commit.counties.before"): [county.before for county in moved],
                say("commit.counties.after"): [county.after for county in moved],
                say("commit.counties.more"): [f"{county.after - county.before:+,}" for county in moved],
            },
            alt=say("commit.counties.alt"),
        )


def _invariants(seat: Seat, preview: CommitPreview) -> None:
    say = seat.say
    with show.folded(say.markdown("commit.invariants", n=len(preview.invariants)), key="commit_invariants") as is_open:
        for invariant in preview.invariants if is_open else ():
            show.plain(f"{say('commit.holds' if invariant.holds else 'commit.holds_not')} {_checked(say, invariant)}")


def _checked(say: Words, invariant: Invariant) -> str:
    """What was checked, and what the check says beyond that it holds."""
    name = told.told(say, invariant.name)
    return name if invariant.detail == "holds" else f"{name}: {told.told(say, invariant.detail)}"
