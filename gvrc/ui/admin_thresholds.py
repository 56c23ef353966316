"""Thresholds: what each means, what the values typed would do to a run, saving them, taking a change back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from gvrc import thresholds
from gvrc.errors import ConfigError, GvrcError
from gvrc.security.permissions import Permission
from gvrc.store.thresholds import PairCount
from gvrc.thresholds import LONGEST_REASON, MATCH_THRESHOLDS, QUALITY_THRESHOLDS, ThresholdChange, ThresholdEffects, ThresholdView
from gvrc.ui import address, desk, runs, show
from gvrc.ui.desk import Seat
from gvrc.views import runs as run_views

RECORD_PARTS = ("held", "review", "ready")
PAIR_PARTS = ("dropped", "review", "match", "automatic")


def thresholds_part(seat: Seat) -> None:
    """The five values with their meaning; beside them what they do to a run, and would do as typed."""
    current = thresholds.list_thresholds(seat.db, seat.settings, seat.actor)
    lead, choice = st.columns([7, 5], gap="large", vertical_alignment="center")
    lead.caption(seat.say.markdown("admin.thresholds.lead"))
    with choice:
        run_id = _run_choice(seat)
    records, pairs = st.container(), st.container()
    with records:
        typed = _fields(seat, "records", [view for view in current if view.name in QUALITY_THRESHOLDS])
    with pairs:
        typed |= _fields(seat, "pairs", [view for view in current if view.name in MATCH_THRESHOLDS])
    now = None if run_id is None else _told(seat, run_id, {view.name: view.value for view in current}, typed, (records, pairs))
    _buttons(seat, current, {view.name: typed[view.name] for view in current if typed[view.name] != view.value})
    if now is not None:
        _by_tenth(seat, now)
    _history(seat)


def _run_choice(seat: Seat) -> int | None:
    """The run whose records and pairs are counted: the one in the address, else the newest."""
    known = run_views.run_list(seat.db, seat.actor, limit=runs.RUNS_TO_CHOOSE_FROM)
    if not known:
        runs.nothing_yet(seat)
        return None
    labels = {run.run_id: seat.say("run.choice", run=run.run_id, when=show.moment(run.created_at), who=run.started_by) for run in known}
    wanted = address.number("run")
    chosen = wanted if wanted in labels else known[0].run_id
    key = f"counted_{chosen}"
    st.selectbox(
        seat.say.markdown("admin.thresholds.run"), list(labels), index=list(labels).index(chosen), format_func=labels.__getitem__, key=key, on_change=_choose_run,
        args=(key,),
    )
    return chosen


def _choose_run(key: str) -> None:
    address.put(run=int(st.session_state[key]))


# ------------------------------------------------------------------------------------------------------------------ the values


def _fields(seat: Seat, kind: str, views: Sequence[ThresholdView]) -> dict[str, float]:
    """The thresholds of one kind of score, side by side; what is typed."""
    show.section(seat.say.markdown(f"admin.thresholds.{kind}"))
    typed = {}
    for column, view in zip(st.columns(len(views), gap="medium"), views, strict=True):
        with column:
            typed[view.name] = _field(seat, view)
    return typed


def _buttons(seat: Seat, current: Sequence[ThresholdView], changed: Mapping[str, float]) -> None:
    """What sets the values typed, with the reason that is kept; and the way back to the settings."""
    say = seat.say
    reason_key = f"threshold_reason_{hash(tuple(view.value for view in current))}"
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(say.markdown("admin.thresholds.reason"), key=reason_key, max_chars=LONGEST_REASON, autocomplete="off", width=480)
        st.button(say.markdown("admin.thresholds.save"), key="save_thresholds", on_click=_save, args=(changed, reason_key), type="primary", disabled=not changed)
        if any(view.set_by is not None for view in current):
            st.button(say.markdown("admin.thresholds.reset"), key="reset_thresholds", on_click=_reset, args=(tuple(view.name for view in current),), type="tertiary", help=say.markdown("admin.thresholds.reset.help"))


def _field(seat: Seat, view: ThresholdView) -> float:
    say, is_quality = seat.say, view.name in QUALITY_THRESHOLDS
    value = st.number_input(
        say.markdown(f"admin.threshold.{view.name}"), min_value=0.0, max_value=100.0 if is_quality else 1.0, value=view.value, step=1.0 if is_quality else 0.01,
        format="%g" if is_quality else "%.2f", key=f"threshold_{view.name}_{view.value:g}",
    )
    st.caption(say.markdown(f"admin.threshold.{view.name}.what") + " " + _who_set(seat, view))
    return round(float(value), 4)


def _who_set(seat: Seat, view: ThresholdView) -> str:
    if view.set_by is None or view.set_at is None:
        return ""
    return seat.say.markdown("admin.thresholds.set", who=view.set_by, when=show.moment(view.set_at), configured=f"{view.configured:g}")


def _save(values: Mapping[str, float], reason_key: str) -> None:
    """Callback: set what was typed."""
    _change(values, str(st.session_state.get(reason_key, "")))


def _reset(names: Sequence[str]) -> None:
    """Callback: back to what the settings say."""
    _change(dict.fromkeys(names), None)


def _change(values: Mapping[str, float | None], reason: str | None) -> None:
    seat = desk.take(Permission.MANAGE_THRESHOLDS)
    try:
        count = thresholds.change(seat.db, seat.settings, seat.actor, values, reason)
    except GvrcError as error:
        desk.refuse(error)
        return
    desk.tell(seat.say.markdown("admin.thresholds.saved", n=count))


# ------------------------------------------------------------------------------------------------------------------ what they do


def _told(seat: Seat, run_id: int, current: Mapping[str, float], typed: Mapping[str, float], under: tuple[DeltaGenerator, DeltaGenerator]) -> ThresholdEffects | None:
    """Under the fields: what the values typed would do to the run, and what those in force do; the latter, or None when they are refused."""
    try:
        now = thresholds.effects(seat.db, seat.actor, run_id, current)
        then = now if typed == current else thresholds.effects(seat.db, seat.actor, run_id, typed)
    except ConfigError as error:
        desk.show_trouble(error)
        return None
    with under[0]:
        _records(seat, typed, now, then)
    with under[1]:
        _pairs(seat, typed, now, then)
    return now


def _records(seat: Seat, typed: Mapping[str, float], now: ThresholdEffects, then: ThresholdEffects) -> None:
    say = seat.say
    bounds = _bounds(typed, QUALITY_THRESHOLDS)
    columns: dict[str, Sequence[object]] = {
        say("admin.cut.what"): [say(f"admin.cut.records.{part}", low=low, high=high) for part, (low, high) in zip(RECORD_PARTS, bounds, strict=True)],
        say("admin.cut.now"): now.records,
    }
    if then is not now:
        columns[say("admin.cut.then")] = then.records
    show.table(columns, alt=say("admin.thresholds.records.alt"))


def _pairs(seat: Seat, typed: Mapping[str, float], now: ThresholdEffects, then: ThresholdEffects) -> None:
    say = seat.say
    bounds = _bounds(typed, MATCH_THRESHOLDS)
    columns: dict[str, Sequence[object]] = {
        say("admin.cut.what"): [say(f"admin.cut.pairs.{part}", low=low, high=high) for part, (low, high) in zip(PAIR_PARTS, bounds, strict=True)],
        say("admin.cut.now"): [part.pairs for part in now.pairs],
    }
    if then is not now:
        columns[say("admin.cut.then")] = [part.pairs for part in then.pairs]
    columns[say("admin.cut.decided")] = [_judged(seat, part) for part in then.pairs]
    show.table(columns, alt=say("admin.thresholds.pairs.alt"))
    st.caption(say.markdown("admin.thresholds.automatic", n=now.pairs[-1].automatic, all=now.pairs[-1].pairs))
    if now.kept_from is not None and typed[MATCH_THRESHOLDS[0]] < now.kept_from:
        st.caption(say.markdown("admin.thresholds.kept_from", score=f"{now.kept_from:g}"))


def _bounds(values: Mapping[str, float], names: Sequence[str]) -> list[tuple[str, str]]:
    """Lower and upper bound of each part that these cuts make, as text."""
    cuts = [f"{values[name]:g}" for name in names]
    return list(zip(["0", *cuts], [*cuts, "100" if names is QUALITY_THRESHOLDS else "1"], strict=True))


def _judged(seat: Seat, part: PairCount) -> str:
    if not part.decided:
        return seat.say("admin.cut.undecided")
    return seat.say("admin.cut.judged", n=part.decided, same=part.same)


def _by_tenth(seat: Seat, now: ThresholdEffects) -> None:
    """The same numbers by tenth of the score, the best first."""
    say, tenths = seat.say, range(9, -1, -1)
    with st.expander(say.markdown("admin.thresholds.tenths")):
        records, pairs = st.columns([5, 7], gap="medium")
        with records:
            show.table(
                {
                    say("field.quality"): [f"{tenth * 10} – {tenth * 10 + 10}" for tenth in tenths],
                    say("admin.cut.records"): [now.record_tenths[tenth] for tenth in tenths],
                },
                alt=say("admin.thresholds.records.alt"),
            )
        with pairs:
            show.table(
                {
                    say("admin.cut.match_score"): [f"{tenth / 10:.1f} – {(tenth + 1) / 10:.1f}" for tenth in tenths],
                    say("admin.cut.pairs"): [now.pair_tenths[tenth].pairs for tenth in tenths],
                    say("admin.cut.decided"): [_judged(seat, part) if (part := now.pair_tenths[tenth]).decided else show.ABSENT for tenth in tenths],
                },
                alt=say("admin.thresholds.pairs.alt"),
            )


# ------------------------------------------------------------------------------------------------------------------ history


def _history(seat: Seat) -> None:
    made = thresholds.changes(seat.db, seat.settings, seat.actor)
    if not made:
        return
    with st.expander(seat.say.markdown("admin.thresholds.history", n=len(made)), icon=":material/history:"):
        for change in made:
            _change_line(seat, change)


def _change_line(seat: Seat, change: ThresholdChange) -> None:
    say = seat.say
    what, act = st.columns([9, 2], vertical_alignment="center")
    with what:
        show.plain(
            say(
                "admin.thresholds.change", when=show.moment(change.set_at), who=change.set_by, name=say(f"admin.threshold.{change.name}"), before=f"{change.before:g}",
                after=f"{change.after:g}",
            )
            + (f" · {change.reason}" if change.reason else "")
        )
    if change.is_live:
        act.button(say.markdown("admin.thresholds.take_back"), key=f"take_back_{change.threshold_id}", on_click=_take_back, args=(change.threshold_id,), type="tertiary")


def _take_back(threshold_id: int) -> None:
    """Callback: put back what stood before a change."""
    seat = desk.take(Permission.MANAGE_THRESHOLDS)
    try:
        thresholds.take_back(seat.db, seat.settings, seat.actor, threshold_id)
    except GvrcError as error:
        desk.refuse(error)
        return
    desk.tell(seat.say.markdown("admin.thresholds.taken_back"))
