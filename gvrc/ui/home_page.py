"""The parts of the home page: what waits for this person, and the next step."""

from __future__ import annotations

import streamlit as st

from gvrc.model.run import RunStatus
from gvrc.ui import navigation, runs, show
from gvrc.ui.desk import Seat
from gvrc.views import facilities as facility_views
from gvrc.views import questions as question_views
from gvrc.views import runs as run_views
from gvrc.views.runs import RunView

LATEST_RUNS = 5


def what_waits(seat: Seat) -> None:
    """The next step first; then the latest runs."""
    latest = run_views.run_list(seat.db, seat.actor, limit=LATEST_RUNS)
    if navigation.has_page(seat, "upload"):
        if not latest:
            _first_steps(seat)
            return
        _next_step(seat, run_views.run_view(seat.db, seat.actor, latest[0].run_id))
    _registry_line(seat)
    if latest and navigation.has_page(seat, "runs"):
        _latest(seat, latest)


def _first_steps(seat: Seat) -> None:
    """Nothing here yet: the way in five steps, the first of them a link."""
    show.section(seat.say.markdown("home.first"))
    for step in ("upload", "run", "answer", "commit", "registry"):
        st.markdown(seat.say.markdown(f"home.step.{step}"))
    navigation.link("upload", seat.say.markdown("home.begin"), symbol="upload_file")


def _next_step(seat: Seat, run: RunView) -> None:
    say, query = seat.say, {"run": str(run.run_id)}
    show.section(say.markdown("home.latest_run", run=run.run_id, when=show.moment(run.created_at)))
    if RunStatus(run.status) is not RunStatus.DONE:
        st.markdown(f"{show.state_badge(say, run.status)} {say.markdown('home.run_not_done')}")
        navigation.link("upload", say.markdown("home.watch"), query=query, symbol="sync")
        return
    with st.container(border=True, gap="xsmall"):
        sums = run.receipt
        st.markdown(say.markdown("home.numbers", all=sums.records_in, ready=sums.ready, review=sums.to_review, held=sums.held, dead=sums.dead_letters))
        if navigation.has_page(seat, "review"):
            runs.question_links(seat, run, question_views.question_counts(seat.db, seat.actor, run.run_id))
    navigation.link("upload", say.markdown("home.more"), symbol="upload_file")


def _registry_line(seat: Seat) -> None:
    total = facility_views.facility_list(seat.db, seat.actor, limit=1).total
    navigation.link("registry", seat.say.markdown("home.registry", n=total), symbol="location_city")


def _latest(seat: Seat, latest: tuple[RunView, ...]) -> None:
    show.section(seat.say.markdown("home.runs"))
    with st.container(gap="xxsmall"):
        for run in latest:
            line, badge = st.columns([8, 4], vertical_alignment="center")
            with line:
                navigation.link("runs", seat.say.markdown("home.run", run=run.run_id, when=show.moment(run.created_at), who=run.started_by, n=run.receipt.records_in), query={"run": str(run.run_id)})
            badge.markdown(show.state_badge(seat.say, run.status))
