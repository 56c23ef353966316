"""The parts of the home page: what waits for this person, what stands still, what is new, and the next step."""

from __future__ import annotations

import streamlit as st

from gvrc import accounts
from gvrc.model.run import RunStatus
from gvrc.security.permissions import Permission
from gvrc.ui import navigation, show
from gvrc.ui.catalogue import escape_markdown
from gvrc.ui.desk import Seat
from gvrc.views import home as home_views
from gvrc.views.home import CountyWork, News, RunWork

RUNS_SHOWN = 3
COUNTIES_SHOWN = 8


def what_waits(seat: Seat) -> None:
    """For who reviews: the work, and beside it the news. For who only looks: the registry."""
    if not seat.may(Permission.REVIEW):
        _registry(seat)
        return
    work = home_views.open_work(seat.db, seat.actor)
    if not work:
        _first_steps(seat)
        return
    here, beside = st.columns([8, 4], gap="large")
    with here:
        _work(seat, work)
    with beside:
        _news(seat)
        _colleagues(seat)
        _elsewhere(seat)


def _first_steps(seat: Seat) -> None:
    """Nothing here yet: the way in five steps, the first of them a link."""
    show.section(seat.say.markdown("home.first"))
    for step in ("upload", "run", "answer", "commit", "registry"):
        st.markdown(seat.say.markdown(f"home.step.{step}"))
    if navigation.has_page(seat, "upload"):
        navigation.link("upload", seat.say.markdown("home.begin"), symbol="upload_file")


# ------------------------------------------------------------------------------------------------------------------------ the work


def _work(seat: Seat, work: tuple[RunWork, ...]) -> None:
    say = seat.say
    busy = [run for run in work if RunStatus(run.status) is not RunStatus.DONE or run.questions or run.ready or run.unsigned or run.dead_letters][:RUNS_SHOWN]
    show.section(say.markdown("home.waits"))
    if not busy:
        st.markdown(say.markdown("home.nothing"))
        if navigation.has_page(seat, "upload"):
            navigation.link("upload", say.markdown("home.more"), symbol="upload_file")
        return
    _next_step(seat, busy)
    for run in busy:
        with st.container(border=True, gap="xsmall", key=f"home_run_{run.run_id}"):
            _run(seat, run)


def _next_step(seat: Seat, busy: list[RunWork]) -> None:
    """The one primary action: the questions first, those that wait longest before the others; then the commit."""
    asked = next((run for run in reversed(busy) if run.questions and seat.may(Permission.DECIDE)), None)
    ready = next((run for run in busy if run.ready and navigation.has_page(seat, "commit")), None)
    if asked is not None and asked.pairs:
        page, run, label = "duplicates", asked, seat.say.markdown("home.next.pairs", n=asked.pairs)
    elif asked is not None:
        page, run, label = "review", asked, seat.say.markdown("home.next.values", n=asked.values)
    elif ready is not None:
        page, run, label = "commit", ready, seat.say.markdown("home.next.commit", n=ready.ready)
    else:
        return
    if st.button(label, type="primary", key="home_next", icon=":material/arrow_forward:"):
        navigation.go(page, run=str(run.run_id))


def _run(seat: Seat, run: RunWork) -> None:
    """What waits in one run, each number a link to exactly what it counts."""
    say = seat.say
    overdue = f" :orange-badge[:material/schedule: {say.markdown('home.overdue')}]" if run.is_overdue else ""
    st.markdown(f"**{say.markdown('home.run', run=run.run_id, when=show.moment(run.created_at), who=run.started_by)}**{overdue}")
    if RunStatus(run.status) is not RunStatus.DONE:
        st.markdown(f"{show.state_badge(say, run.status)} {say.markdown('home.run_not_done')}")
        if navigation.has_page(seat, "runs"):
            navigation.link("runs", say.markdown("home.watch"), query={"run": str(run.run_id)}, symbol="sync")
    _line(seat, "duplicates", "pairs", run.pairs, run, "join_inner")
    _line(seat, "review", "values", run.values, run, "flag")
    _line(seat, "commit", "ready", run.ready, run, "task_alt")
    _line(seat, "commit", "unsigned", run.unsigned, run, "draw")
    _line(seat, "records", "held", run.held, run, "pause_circle", state="held")
    _line(seat, "runs", "dead", run.dead_letters, run, "inventory_2", aside="unread")
    _counties(seat, run)


def _line(seat: Seat, page: str, name: str, count: int, run: RunWork, symbol: str, **query: str) -> None:
    if count and navigation.has_page(seat, page):
        navigation.link(page, seat.say.markdown(f"home.line.{name}", n=count), query={"run": str(run.run_id), **query}, symbol=symbol)


def _counties(seat: Seat, run: RunWork) -> None:
    """The same questions by county, the busiest first."""
    if len(run.counties) < 2 and all(each.county_code is None for each in run.counties):
        return
    say = seat.say
    folded = st.expander(say.markdown("home.by_county", n=len(run.counties)), key=f"home_counties_{run.run_id}", on_change="rerun")
    if not folded.open:
        return
    with folded, st.container(gap="xxsmall"):
        for county in run.counties[:COUNTIES_SHOWN]:
            _county(seat, run, county)
        rest = run.counties[COUNTIES_SHOWN:]
        if rest:
            st.caption(say.markdown("home.county.more", n=len(rest), questions=sum(each.pairs + each.values for each in rest)))


def _county(seat: Seat, run: RunWork, county: CountyWork) -> None:
    say = seat.say
    name, pairs, values = st.columns([4, 4, 4], vertical_alignment="center")
    name.markdown(f":small[{escape_markdown(county.county or say('home.county.none'))}]")
    for column, page, count in ((pairs, "duplicates", county.pairs), (values, "review", county.values)):
        if not count:
            continue
        label = say.markdown(f"home.county.{page}", n=count)
        with column:
            if county.county_code and navigation.has_page(seat, page):
                navigation.link(page, label, query={"run": str(run.run_id), "county": county.county_code})
            else:
                st.markdown(f":small[{label}]")


# ------------------------------------------------------------------------------------------------------------------------ beside the work


def _news(seat: Seat) -> None:
    """What came in and what colleagues did since this person's last session."""
    say = seat.say
    since = accounts.last_here(seat.db, seat.actor)
    show.section(say.markdown("home.news"))
    if since is None:
        st.caption(say.markdown("home.news.first"))
        return
    st.caption(say.markdown("home.news.since", when=show.moment(since)))
    found = home_views.news(seat.db, seat.actor, since)
    if found.is_empty:
        st.markdown(say.markdown("home.news.none"))
        return
    with st.container(gap="xxsmall"):
        _news_lines(seat, found)


def _news_lines(seat: Seat, found: News) -> None:
    say = seat.say
    for run in found.runs:
        _news_line(seat, "runs", say.markdown("home.news.run", run=run.run_id, who=run.who, state=show.state_word(say, run.status)), run.run_id)
    for answered in found.answers:
        _news_line(seat, "runs", say.markdown("home.news.answers", n=answered.answers, who=answered.who, run=answered.run_id), answered.run_id)
    for commit in found.commits:
        _news_line(seat, "commit", say.markdown("home.news.commit", commit=commit.commit_id, who=commit.who, added=commit.added, changed=commit.changed), commit.run_id)


def _news_line(seat: Seat, page: str, label: str, run_id: int | None) -> None:
    if run_id is not None and navigation.has_page(seat, page):
        navigation.link(page, label, query={"run": str(run_id)})
    else:
        st.markdown(label)


def _colleagues(seat: Seat) -> None:
    """Who has questions open at this moment."""
    say = seat.say
    found = home_views.claimed(seat.db, seat.actor)
    others = {who: n for who, n in found.items() if who != seat.actor.username}
    mine = found.get(seat.actor.username, 0)
    if mine:
        st.caption(say.markdown("home.mine", n=mine))
    for who, n in others.items():
        st.caption(say.markdown("home.colleague", who=who, n=n))


def _elsewhere(seat: Seat) -> None:
    total = home_views.facilities_known(seat.db, seat.actor)
    with st.container(gap="xxsmall"):
        navigation.link("registry", seat.say.markdown("home.registry", n=total), symbol="location_city")
        if navigation.has_page(seat, "upload"):
            navigation.link("upload", seat.say.markdown("home.more"), symbol="upload_file")


def _registry(seat: Seat) -> None:
    """For who looks only: how much there is, and the ways in."""
    say = seat.say
    total = home_views.facilities_known(seat.db, seat.actor)
    show.section(say.markdown("home.registry", n=total))
    st.markdown(say.markdown("home.registry.lead" if total else "home.registry.empty"))
    with st.container(gap="xxsmall"):
        for page, symbol in (("registry", "location_city"), ("map", "map"), ("quality", "monitoring")):
            if navigation.has_page(seat, page):
                navigation.link(page, say.markdown(f"home.to.{page}"), symbol=symbol)
