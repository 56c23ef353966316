"""The logs: searched by words, level, run, area and time, the newest line first; a click on a line opens it with all it holds.

What is searched for is kept out of the address: it may be personal. The files themselves hold no personal value.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import streamlit as st

from gvrc.operations.log_files import FOLDERS, LEVELS, LogFilter, search_logs
from gvrc.ui import address, show, tables
from gvrc.ui.catalogue import Words
from gvrc.ui.desk import Seat
from gvrc.ui.tables import Cell, Column, Row

SPANS: Mapping[str, timedelta | None] = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7), "ever": None}
_OWN_COLUMNS = frozenset({"at", "level", "event", "run_id", "logger", "environment", "process", "exception", "stack"})
_LONGEST_WORDS = 100
_LONGEST_SHOWN = 160
_OPENED = "log_line"
_LARGEST_RUN = 10**9


def logs_part(seat: Seat) -> None:
    """The filters, the lines, one line."""
    folder, chosen = _filters(seat.say)
    offset = show.first_row()
    page = search_logs(seat.settings, seat.actor, folder, chosen, limit=show.ROWS_PER_PAGE, offset=offset)
    if not page.lines:
        st.markdown(seat.say.markdown("operations.logs.none" if offset == 0 else "operations.logs.no_more"))
    else:
        _lines(seat, folder, page.lines)
    if page.stopped_early:
        st.caption(seat.say.markdown("operations.logs.stopped"))
    _turning(seat, has_more=page.has_more)


# ------------------------------------------------------------------------------------------------------------------ what is looked for


def _filters(say: Words) -> tuple[str, LogFilter]:
    words, area, level, span, run = st.columns([3, 3, 2, 2, 2])
    said = words.text_input(say.markdown("operations.logs.words"), key="log_words", max_chars=_LONGEST_WORDS, autocomplete="off", on_change=_to_first)
    folder = area.selectbox(
        say.markdown("operations.logs.area"), FOLDERS, key="log_area", format_func=lambda name: say(f"operations.logs.area.{name}"), help=say.markdown("operations.logs.area.help"), on_change=_to_first
    )
    lowest = level.selectbox(say.markdown("operations.logs.level"), LEVELS, index=1, key="log_level", format_func=lambda name: say(f"operations.logs.level.{name}"), on_change=_to_first)
    since = span.selectbox(say.markdown("operations.logs.since"), list(SPANS), index=2, key="log_since", format_func=lambda name: say(f"operations.logs.since.{name}"), on_change=_to_first)
    back = SPANS[since]
    return folder, LogFilter(level=lowest, run_id=_run_field(say, run), words=said.strip() or None, since=None if back is None else datetime.now(UTC) - back)


def _run_field(say: Words, place: Any) -> int | None:
    """The run in the address, so that a link can ask for its lines."""
    wanted = address.number("run")
    current = wanted if wanted is not None and wanted <= _LARGEST_RUN else None
    key = f"log_run_{current}"
    found = place.number_input(
        say.markdown("operations.logs.run"), 1, _LARGEST_RUN, value=current, step=1, format="%d", key=key, placeholder=say("operations.logs.run.any"), on_change=_choose_run, args=(key,)
    )
    return None if found is None else int(found)


def _choose_run(key: str) -> None:
    run = st.session_state[key]
    address.put(run=None if run is None else int(run), page=None)


def _to_first() -> None:
    address.put(page=None)


# ------------------------------------------------------------------------------------------------------------------ what was found


def _lines(seat: Seat, folder: str, lines: list[dict[str, Any]]) -> None:
    """The lines; a click on one opens it below. Which one is open belongs to the lines it was opened among."""
    say, shown = seat.say, (folder, str(lines[0].get("at", "")))
    among, number = st.session_state.get(_OPENED, (None, 0))
    opened = number if among == shown and number < len(lines) else None
    columns = (
        Column(title=say("operations.logs.when"), align="whole"), Column(title=say("operations.logs.level_here")), Column(title=say("operations.logs.event"), width=220),
        Column(title=say("operations.logs.run"), align="right"), Column(title=say("operations.logs.more")),
    )
    rows = [_row(say, line, number) for number, line in enumerate(lines)]
    tables.table(columns, rows, key="log_lines", label=say("operations.logs.alt"), height=tables.LIST_PX, chosen=opened, on_open=partial(_open_line, shown))
    if opened is None:
        st.caption(say.markdown("operations.logs.open"))
    else:
        _one(say, lines[opened])


def _row(say: Words, line: dict[str, Any], number: int) -> Row:
    more = _more(line)
    return (
        Cell(text=_when(line), opens=number, is_row=True), say.or_plain(f"operations.logs.level.{line.get('level')}", str(line.get("level", show.ABSENT))),
        _short(str(line.get("event", show.ABSENT))), str(line.get("run_id", show.ABSENT)), _short(more),
    )


def _short(text: str) -> str:
    """What a list shows of a text; all of it stands in the line itself."""
    return show.breakable(text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN].rstrip()}…")


def _open_line(shown: tuple[str, str], number: int) -> None:
    st.session_state[_OPENED] = (shown, number)


def _when(line: dict[str, Any]) -> str:
    try:
        here = datetime.fromisoformat(str(line.get("at", ""))).astimezone()
    except ValueError:
        return show.ABSENT
    return f"{here.day} {here:%b, %H:%M:%S}"


def _more(line: dict[str, Any]) -> str:
    told = [f"{name}: {show.value_text(value)}" for name, value in line.items() if name not in _OWN_COLUMNS and value not in (None, "", [])]
    if "exception" in line:
        told.append(str(line["exception"]).strip().rpartition("\n")[2])
    return " · ".join(told)


def _one(say: Words, line: dict[str, Any]) -> None:
    """Everything a line holds; a trace as it was written."""
    with st.container(border=True):
        told = [(name, show.breakable(show.value_text(value))) for name, value in line.items() if name != "exception"]
        tables.pairs(told, key="log_one", label=say("operations.logs.one.alt"))
        if "exception" in line:
            st.code(str(line["exception"]), language=None)


def _turning(seat: Seat, *, has_more: bool) -> None:
    page = address.number("page") or 1
    if page == 1 and not has_more:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(seat.say.markdown("operations.logs.newer"), key="log_newer", icon=":material/arrow_back:", on_click=_turn, args=(page - 1,), disabled=page == 1)
        st.button(seat.say.markdown("operations.logs.older"), key="log_older", icon=":material/arrow_forward:", on_click=_turn, args=(page + 1,), disabled=not has_more)


def _turn(page: int) -> None:
    address.put(page=page if page > 1 else None)
