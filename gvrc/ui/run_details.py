"""One run in detail: what was kept when it broke off, again from a stage, beside another run, with what it was made, who answered in it."""

from __future__ import annotations

import streamlit as st

from gvrc.model.run import STAGES, RunStatus, Stage
from gvrc.security.permissions import Permission
from gvrc.ui import address, runs, show, tables, told
from gvrc.ui.desk import Seat
from gvrc.ui.tables import Column
from gvrc.views import run_details
from gvrc.views import runs as run_views
from gvrc.views.runs import RunView

RUNS_TO_COMPARE = 50
ISSUES_SHOWN = 12


def what_was_kept(seat: Seat, run: RunView) -> None:
    """Of a run that did not reach its end: how far it came, that nothing of it is lost, and what to do."""
    if RunStatus(run.status) not in (RunStatus.FAILED, RunStatus.INTERRUPTED, RunStatus.STOPPED):
        return
    done = [stage for stage in run.stages if stage.status == "done"]
    following = next((stage for stage in run.stages if stage.status != "done"), None)
    rows = max((stage.rows_out for stage in run.stages), default=0)
    st.markdown(seat.say.markdown("runs.kept", done=len(done), all=len(STAGES), rows=rows))
    if following is not None:
        st.markdown(seat.say.markdown(f"runs.broken.{run.status}", stage=seat.say(f"stage.{following.stage}")))


def again(seat: Seat, run: RunView) -> None:
    """Repeat the run from a stage on, for instance after a correction became known."""
    if not seat.may(Permission.RUN):
        return
    say = seat.say
    with st.popover(say.markdown("runs.again"), icon=":material/replay:"), st.form("again", border=False):
        st.selectbox(say.markdown("runs.again.stage"), list(STAGES), format_func=lambda stage: say(f"stage.{stage.value}"), key="again_from")
        st.caption(say.markdown("runs.again.note"))
        st.form_submit_button(say.markdown("runs.again.do"), on_click=_again, args=(run.run_id,), type="primary")


def _again(run_id: int) -> None:
    runs.go_on(run_id, again_from=Stage(st.session_state["again_from"]))


def details(seat: Seat, run: RunView) -> None:
    """The foldable parts under a run; what is folded costs nothing."""
    say = seat.say
    for name, draw in (("compare", _compare), ("made", _made_with), ("answers", _answers)):
        folded = st.expander(say.markdown(f"runs.{name}"), key=f"run_{name}_{run.run_id}", on_change="rerun", expanded=name == "compare" and bool(address.number("with")))
        if folded.open:
            with folded:
                draw(seat, run)


# ------------------------------------------------------------------------------------------------------------------------ two runs


def _compare(seat: Seat, run: RunView) -> None:
    say = seat.say
    others = {each.run_id: each for each in run_views.run_list(seat.db, seat.actor, limit=RUNS_TO_COMPARE) if each.run_id != run.run_id}
    if not others:
        st.caption(say.markdown("runs.compare.none"))
        return
    wanted = address.number("with")
    current = wanted if wanted in others else next((number for number in others if number < run.run_id), next(iter(others)))
    labels = {number: say("run.choice", run=number, when=show.moment(each.created_at), who=each.started_by) for number, each in others.items()}
    key = f"compare_{run.run_id}_{current}"
    st.selectbox(say.markdown("runs.compare.with"), list(labels), index=list(labels).index(current), format_func=labels.__getitem__, key=key, on_change=_compare_with, args=(key,))
    _beside(seat, run, run_views.run_view(seat.db, seat.actor, current))


def _compare_with(key: str) -> None:
    address.put(**{"with": st.session_state[key]})


def _beside(seat: Seat, run: RunView, other: RunView) -> None:
    say = seat.say
    mine, theirs = f"{run.run_id}", f"{other.run_id}"
    rows = run_details.differences(run, other)
    names = ("rows_out", "issues", "seconds")
    heads = [say("runs.compare.column", what=say(f"run.column.{name}"), run=number) for name in names for number in (mine, theirs)]
    columns = [Column(title=say("run.column.stage")), *(Column(title=head, align="right") for head in heads)]
    beside = [(say(f"stage.{row.stage}"), *(_told(name, value) for name in names for value in getattr(row, name))) for row in rows]
    tables.table(columns, beside, key="run_beside", label=say("runs.compare.alt", run=run.run_id, other=other.run_id))
    changed = run_details.changed_issues(run, other)
    if not changed:
        st.caption(say.markdown("runs.compare.same"))
        return
    some = list(changed.items())[:ISSUES_SHOWN]
    show.table(
        {
            say("receipt.issues"): [show.issue_title(say, code) for code, _ in some],
            say("runs.compare.run", run=mine): [pair[0] for _, pair in some],
            say("runs.compare.run", run=theirs): [pair[1] for _, pair in some],
        },
        alt=say("runs.compare.issues.alt", run=run.run_id, other=other.run_id),
    )


def _told(name: str, value: float) -> str:
    return show.duration(value) if name == "seconds" else f"{value:,}"


# ------------------------------------------------------------------------------------------------------------------------ made with, answered by


def _made_with(seat: Seat, run: RunView) -> None:
    say = seat.say
    setup = run_details.run_setup(seat.db, seat.actor, run.run_id)
    pairs: list[tuple[str, object]] = [
        (say("runs.made.program"), setup.code_version), (say("runs.made.reference"), setup.reference_version),
        (say("runs.made.settings"), (setup.settings_hash or "")[:12]), (say("runs.made.memory"), f"{setup.peak_memory_mb:,.0f} MB" if setup.peak_memory_mb else None),
    ]
    pairs += [(say.or_plain(f"admin.threshold.{name}", name.replace("_", " ").capitalize()), f"{value:g}") for name, value in sorted(setup.thresholds.items(), key=_in_order)]
    show.key_values(pairs, alt=say("runs.made.alt", run=run.run_id))
    show.table(
        {
            say("upload.files.name"): [file.name for file in run.files],
            say("runs.made.source"): [file.source for file in run.files],
            say("runs.column.rows"): [file.records if file.records is not None else show.ABSENT for file in run.files],
            say("runs.made.known"): [say("runs.made.known.yes" if file.was_known else "runs.made.known.no") for file in run.files],
            say("runs.made.damage"): [told.told(say, file.damage) or show.ABSENT for file in run.files],
        },
        alt=say("runs.made.files.alt", run=run.run_id),
    )


def _in_order(threshold: tuple[str, float]) -> tuple[bool, float]:
    """Those of quality scores (0 to 100), then those of match scores (0 to 1), each from the lowest."""
    return threshold[1] <= 1, threshold[1]


def _answers(seat: Seat, run: RunView) -> None:
    say = seat.say
    people = run_details.answers_by_person(seat.db, seat.actor, run.run_id) if seat.may(Permission.REVIEW) else ()
    if not people:
        st.caption(say.markdown("runs.answers.none"))
        return
    show.table(
        {
            say("runs.answers.who"): [each.who for each in people],
            say("runs.answers.pairs"): [each.pairs for each in people],
            say("runs.answers.values"): [each.values for each in people],
            say("runs.answers.newest"): [show.moment(each.newest) for each in people],
        },
        alt=say("runs.answers.alt", run=run.run_id),
    )
