"""The schedule: when each source is pulled, how it went, and another time for it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import streamlit as st

from gvrc import pipeline
from gvrc.errors import ConfigError, GvrcError
from gvrc.operations import health, schedule
from gvrc.security.permissions import Permission
from gvrc.store.schedules import StoredSchedule
from gvrc.ui import desk, navigation, show, told
from gvrc.ui.catalogue import Words, escape_markdown
from gvrc.ui.desk import Seat

_LONGEST_CRON = 100
_SILENT = timedelta(minutes=5)
"""The scheduler looks at least once a minute; a longer silence wants a person."""
_SET_UP = "python -m gvrc source add NAME URL\npython -m gvrc scheduler"
_NUMBER, _STEP = re.compile(r"[0-9]{1,2}"), re.compile(r"\*/([0-9]{1,2})")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")


def schedule_part(seat: Seat) -> None:
    """Each source with its time; or how one is set up."""
    say, planned = seat.say, schedule.schedules(seat.db, seat.actor)
    known = {each.source for each in planned}
    waiting = [source.name for source in pipeline.rest_source_list(seat.db, seat.actor) if source.name not in known] if seat.may(Permission.UPLOAD) else []
    if not planned and not waiting:
        st.markdown(say.markdown("operations.schedule.none"))
        st.code(_SET_UP, language=None)
        st.caption(say.markdown("operations.schedule.none.then"))
        return
    st.caption(say.markdown("operations.schedule.lead"))
    _scheduler(seat)
    for each in planned:
        _one(seat, each)
    if waiting:
        st.markdown(say.markdown("operations.schedule.waiting", names=", ".join(waiting)))


def _scheduler(seat: Seat) -> None:
    """Whether anything keeps the schedule."""
    seen = health.last_seen(seat.db, seat.actor).get("scheduler")
    if seen is None:
        st.warning(seat.say.markdown("operations.scheduler.never"), icon=":material/warning:")
    elif datetime.now(UTC) - seen.observed_at > _SILENT:
        st.warning(seat.say.markdown("operations.scheduler.silent", when=show.moment(seen.observed_at)), icon=":material/warning:")


def _one(seat: Seat, each: StoredSchedule) -> None:
    say = seat.say
    with st.container(border=True):
        plan, last = st.columns([7, 5], gap="medium")
        with plan:
            st.markdown(f"**{escape_markdown(each.source)}**")
            st.markdown(say.markdown("operations.schedule.time", time=in_words(say, each.cron)) if each.is_enabled else say.markdown("operations.schedule.off"))
            if each.is_enabled and each.next_run_at is not None:
                st.caption(say.markdown("operations.schedule.next", when=show.moment(each.next_run_at)))
        with last:
            _last(seat, each)
        if seat.may(Permission.MANAGE_SOURCES):
            _edit(seat, each)


def _last(seat: Seat, each: StoredSchedule) -> None:
    say = seat.say
    if each.last_started_at is None or each.last_outcome is None:
        st.caption(say.markdown("operations.schedule.never"))
        return
    st.markdown(f"{show.state_badge(say, each.last_outcome)} {say.markdown('operations.schedule.last', when=show.moment(each.last_started_at))}")
    if each.last_run_id is not None and navigation.has_page(seat, "runs"):
        navigation.link("runs", say.markdown("operations.schedule.run", run=each.last_run_id), query={"run": str(each.last_run_id)}, symbol="history")
    elif each.last_detail:
        show.plain(told.told(say, each.last_detail))


# ------------------------------------------------------------------------------------------------------------------ another time


def _edit(seat: Seat, each: StoredSchedule) -> None:
    """The fields, and at once what they would mean or what is wrong with them."""
    say, stamp = seat.say, f"{each.source}_{each.cron}_{each.is_enabled}"
    with st.expander(say.markdown("operations.schedule.change")):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            cron = st.text_input(
                say.markdown("operations.schedule.cron"), value=each.cron, key=f"cron_{stamp}", max_chars=_LONGEST_CRON, help=say.markdown("operations.schedule.cron.help"), autocomplete="off",
                width=280,
            )
            is_on = st.toggle(say.markdown("operations.schedule.on"), value=each.is_enabled, key=f"on_{stamp}")
            problem, meaning = _checked(say, cron, is_on=is_on)
            is_changed = (" ".join(cron.split()), is_on) != (each.cron, each.is_enabled)
            st.button(
                say.markdown("operations.schedule.save"), key=f"save_{each.source}", on_click=_change, args=(each.source, cron, is_on), disabled=bool(problem) or not is_changed,
            )
        if problem:
            desk.show_trouble(problem)
        elif meaning:
            st.caption(meaning)


def _checked(say: Words, cron: str, *, is_on: bool) -> tuple[ConfigError | None, str]:
    """What is wrong with this expression; else what it says and when it comes next, as Markdown."""
    try:
        following = schedule.next_run(cron, datetime.now(UTC))
    except ConfigError as error:
        return (error, "") if is_on else (None, say.markdown("operations.schedule.off"))
    if following is None:
        return ConfigError("This time never comes.", "Choose another cron expression."), ""
    return None, say.markdown("operations.schedule.means", time=in_words(say, cron), when=show.moment(following)) if is_on else say.markdown("operations.schedule.off")


def _change(source: str, cron: str, is_on: bool) -> None:
    """Callback: another time, or none."""
    seat = desk.take(Permission.MANAGE_SOURCES)
    try:
        schedule.change(seat.db, seat.actor, source, cron=cron, is_enabled=is_on)
    except GvrcError as error:
        desk.refuse(error)
        return
    desk.tell(seat.say.markdown("operations.schedule.saved", name=source))


# ------------------------------------------------------------------------------------------------------------------ cron in words


def in_words(say: Words, cron: str) -> str:
    """A cron expression as a person says it, in UTC; the usual ones only, any other is named as it is."""
    minute, hour, day, month, weekday = (cron.split() + [""] * 5)[:5]
    if month != "*" or not (_NUMBER.fullmatch(minute) or _STEP.fullmatch(minute)):
        return say("operations.cron.other", cron=cron)
    if (day, weekday) == ("*", "*"):
        return _within_a_day(say, minute, hour) or say("operations.cron.other", cron=cron)
    if not (_NUMBER.fullmatch(minute) and _NUMBER.fullmatch(hour)):
        return say("operations.cron.other", cron=cron)
    at = _clock(hour, minute)
    if day == "*" and (name := _weekday(weekday)):
        return say("operations.cron.weekly", day=say(f"operations.cron.day.{name}"), at=at)
    if weekday == "*" and _NUMBER.fullmatch(day):
        return say("operations.cron.monthly", day=int(day), at=at)
    return say("operations.cron.other", cron=cron)


def _within_a_day(say: Words, minute: str, hour: str) -> str | None:
    if step := _STEP.fullmatch(minute):
        return say("operations.cron.minutes", n=int(step[1])) if hour == "*" else None
    if hour == "*":
        return say("operations.cron.hourly", minute=minute.zfill(2))
    if step := _STEP.fullmatch(hour):
        return say("operations.cron.hours", n=int(step[1]), minute=minute.zfill(2))
    return say("operations.cron.daily", at=_clock(hour, minute)) if _NUMBER.fullmatch(hour) else None


def _weekday(text: str) -> str | None:
    if re.fullmatch(r"[0-7]", text):
        return _WEEKDAYS[int(text)]
    return text.casefold() if text.casefold() in _WEEKDAYS else None


def _clock(hour: str, minute: str) -> str:
    return f"{hour.zfill(2)}:{minute.zfill(2)} UTC"
