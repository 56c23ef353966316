"""Tables whose cells lead on: to the rows behind a number, to a record, to another page. One element of the page, whatever they hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal
from urllib.parse import urlencode

import streamlit as st

from gvrc.ui import address, navigation, parts, show
from gvrc.ui.catalogue import Words

LIST_PX = 420
"""Height of a page of rows, which scroll under their headings."""
LONGEST_TYPED = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Opens:
    """Where a cell leads: a page and what its address says. `page` None: this one, `query` laid over its address (None takes a name away)."""

    page: str | None = None
    query: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a cell lets choose: one of `values`, or, where `may_type`, something else. `name` tells screen readers of what; `tag` is told to `on_choose`."""

    tag: int
    name: str
    values: Sequence[str]
    may_type: bool = False


Run = tuple[str, Literal["quiet", "loud", "strong"]]
"""Words of a cell and how they stand out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A cell that is more than a text: plain text (or `runs` of it) with where it leads, a state's colour and sign, a colour behind it, what is told when
    the pointer rests on it, what may be chosen in its place. `is_row`: a click anywhere in its row opens it too."""

    text: str = ""
    runs: Sequence[Run] = ()
    choice: Choice | None = None
    opens: Opens | int | None = None
    """A number is told to the table's `on_open`."""
    is_row: bool = False
    is_strong: bool = False
    colour: str | None = None
    sign: str | None = None
    fill: Sequence[int] | None = None
    help: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A heading, on which side its cells stand (`whole`: on the left, on one line), and the pixels it takes at least."""

    title: str
    align: Literal["left", "right", "center", "whole"] = "left"
    width: int | None = None


Row = Sequence[str | Cell]


def table(
    columns: Sequence[Column], rows: Sequence[Row], *, key: str, label: str, has_head: bool = True, height: int | None = None, chosen: int | None = None,
    on_open: Callable[[int], None] | None = None, on_choose: Callable[[int, str], None] | None = None, words: Mapping[str, str] | None = None,
) -> None:
    """Draw it. `label` names it for screen readers; `height` in pixels lets long ones scroll; `chosen` is the row that is marked. `words` are those of
    choices: `absent`, `other`."""
    ways: list[Opens | int] = []
    data = {
        "label": label, "has_head": has_head, "height": height if height and len(rows) > height // 36 else None, "chosen": chosen,
        "columns": [{"title": each.title, "align": each.align, "width": each.width} for each in columns],
        "rows": [[_cell(cell, ways) for cell in row] for row in rows], "words": dict(words or {}),
    }  # fmt: skip
    st.session_state[f"{key}.ways"] = ways
    parts.draw("table", data, key=key, on_open_change=partial(_open, key, on_open), on_choose_change=partial(_choose, key, on_choose))


def pairs(facts: Sequence[tuple[str, str]], *, key: str, label: str) -> None:
    """Names and values, one below the other."""
    table((Column(title="", width=160), Column(title="")), [(Cell(runs=((name, "quiet"),)), value) for name, value in facts], key=key, label=label, has_head=False)


def _cell(cell: str | Cell, ways: list[Opens | int]) -> str | dict[str, Any]:
    if isinstance(cell, str):
        return cell
    told: dict[str, Any] = {"text": cell.text}
    told |= {name: value for name in ("colour", "sign", "fill", "help") if (value := getattr(cell, name)) is not None}
    told |= {name: True for name in ("is_row", "is_strong") if getattr(cell, name)}
    if cell.runs:
        told |= {"text": "".join(text for text, _ in cell.runs), "runs": [list(run) for run in cell.runs]}
    if cell.choice is not None:
        told |= {"choice": {"tag": cell.choice.tag, "name": cell.choice.name, "values": list(cell.choice.values), "may_type": cell.choice.may_type}}
    if cell.opens is not None:
        told |= {"open": len(ways), "href": _href(cell.opens)}
        ways.append(cell.opens)
    return told


def _href(opens: Opens | int) -> str:
    """Where the link leads when it is opened in a tab of its own."""
    if isinstance(opens, int):
        return "#"
    if opens.page is None:
        query = {**st.query_params.to_dict(), **opens.query}
        return f"?{urlencode({name: value for name, value in query.items() if value is not None})}"
    return f"{'./' if opens.page == 'home' else opens.page}?{urlencode({name: value for name, value in opens.query.items() if value is not None})}"


def _open(key: str, on_open: Callable[[int], None] | None) -> None:
    """Callback: a cell was clicked; follow it. What was told by a table that changed meanwhile is let go."""
    told, ways = st.session_state[key]["open"], st.session_state.get(f"{key}.ways", [])
    if type(told) is not int or not 0 <= told < len(ways):
        return
    way = ways[told]
    if isinstance(way, int):
        if on_open is not None:
            on_open(way)
    elif way.page is None:
        address.put(**way.query)
    else:
        navigation.go(way.page, **{name: value for name, value in way.query.items() if value is not None})


def _choose(key: str, on_choose: Callable[[int, str], None] | None) -> None:
    """Callback: something was chosen, or typed, in a cell."""
    told = st.session_state[key]["choose"]
    if on_choose is not None and isinstance(told, list) and len(told) == 2 and type(told[0]) is int and isinstance(told[1], str):
        on_choose(told[0], told[1][:LONGEST_TYPED])


def state(say: Words, code: str) -> Cell:
    """A state as everywhere: colour, sign and word together."""
    colour, sign = show.state_sign(code)
    return Cell(text=show.state_word(say, code), colour=colour, sign=sign)
