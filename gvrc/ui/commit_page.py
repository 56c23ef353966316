"""The parts of the commit page: the preview, the confirmation, the commit with its progress, the result."""

from __future__ import annotations

import streamlit as st

from gvrc import commit
from gvrc.commit import CommitOutcome, CommitPreview, HeldBack
from gvrc.commit.units import Tally
from gvrc.errors import GvrcError
from gvrc.model.run import RunStatus
from gvrc.security.permissions import Permission
from gvrc.ui import desk, navigation, show
from gvrc.ui.desk import Seat
from gvrc.views.runs import RunView

SHOWN_PLACES = 100
TYPED_CONFIRMATION = "COMMIT"
ACTS = ("added", "changed", "merged")


def preview_and_commit(seat: Seat, run: RunView) -> None:
    """The page below its heading."""
    if RunStatus(run.status).is_live:
        st.markdown(seat.say.markdown("commit.live"))
        navigation.link("upload", seat.say.markdown("commit.live.link"), query={"run": str(run.run_id)}, symbol="sync")
        return
    outcome = _outcome_of(run.run_id)
    if outcome is not None:
        _result(seat, run, outcome)
        return
    with st.spinner(seat.say.markdown("commit.computing")):
        preview = commit.preview(seat.db, seat.settings, seat.actor, run.run_id, limit=SHOWN_PLACES)
    _numbers(seat, {"added": preview.added, "changed": preview.changed, "merged": preview.merged, "unchanged": preview.unchanged, "held_back": preview.held_back_records})
    _confirm(seat, run, preview)
    _held_back(seat, run, preview.held_back)
    _public(seat, preview)
    _places(seat, preview)
    _counties(seat, preview)
    _invariants(seat, preview)


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
        st.error(say.markdown("commit.broken", detail=broken[0].detail), icon=":material/error:")
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
        show.plain(risk.detail)
    return st.text_input(say.markdown("commit.risky.sign", word=TYPED_CONFIRMATION), key="commit_signature", max_chars=20, width=360)


def _commit(seat: Seat, run: RunView, *, is_signed: bool) -> None:
    """Every batch is a transaction of its own; a tab that is closed meanwhile loses nothing, the next commit goes on."""
    bar = st.progress(0.0, text=seat.say.markdown("commit.running", done=0, all=0))

    def moved(tally: Tally) -> None:
        done, everything = tally.done, tally.units
        bar.progress(min(1.0, done / everything) if everything else 1.0, text=seat.say.markdown("commit.running", done=done, all=everything))

    try:
        outcome = commit.commit(seat.db, seat.settings, seat.actor, run.run_id, confirm_risky=is_signed, on_progress=moved)
    except GvrcError as error:
        desk.show_trouble(error)
        return
    st.session_state["commit.outcome"] = (run.run_id, outcome)
    st.rerun()


def _outcome_of(run_id: int) -> CommitOutcome | None:
    kept = st.session_state.get("commit.outcome")
    return kept[1] if kept is not None and kept[0] == run_id else None


def _result(seat: Seat, run: RunView, outcome: CommitOutcome) -> None:
    say = seat.say
    st.success(say.markdown("commit.done", commit=outcome.commit_id, seconds=show.duration(outcome.seconds)), icon=":material/task_alt:")
    _numbers(seat, {"added": outcome.added, "changed": outcome.changed, "merged": outcome.merged, "unchanged": outcome.unchanged, "held_back": outcome.held_back_records})
    if outcome.dead_letters:
        st.warning(say.markdown("commit.dead_letters", n=outcome.dead_letters), icon=":material/warning:")
        if navigation.has_page(seat, "runs"):
            navigation.link("runs", say.markdown("commit.set_aside"), query={"run": str(run.run_id), "aside": "refused"}, symbol="history")
    _held_back(seat, run, outcome.held_back)
    with st.container(horizontal=True, vertical_alignment="center"):
        navigation.link("registry", say.markdown("commit.to_registry"), symbol="location_city")
        st.button(say.markdown("commit.again"), key="commit_again", on_click=_forget_outcome, type="tertiary")


def _forget_outcome() -> None:
    st.session_state.pop("commit.outcome", None)


# ------------------------------------------------------------------------------------------------------------------------ what it would do


def _held_back(seat: Seat, run: RunView, held: tuple[HeldBack, ...]) -> None:
    if not held:
        return
    show.section(seat.say.markdown("commit.held"))
    with st.container(gap="xxsmall"):
        for item in held:
            number, reason = st.columns([1, 11], vertical_alignment="center")
            with number:
                navigation.link("records", f"**{item.count:,}**", query={"run": str(run.run_id), "ids": ",".join(map(str, item.record_ids))}, help_text=seat.say.markdown("receipt.open_rows", n=item.count))
            with reason:
                show.plain(item.reason)


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
        count = {"added": preview.added, "changed": preview.changed, "merged": preview.merged}[act]
        with st.expander(say.markdown(f"commit.places.{act}", n=count)):
            if count > len(places):
                st.caption(say.markdown("commit.places.first", n=len(places)))
            for place in places:
                _place(seat, place)


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
    with st.expander(say.markdown("commit.counties", n=len(moved))):
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
    with st.expander(say.markdown("commit.invariants", n=len(preview.invariants))):
        for invariant in preview.invariants:
            show.plain(f"{say('commit.holds' if invariant.holds else 'commit.holds_not')} {invariant.detail}")
