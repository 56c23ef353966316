"""How things look, the same on every page: headings, states with a word and a sign, values, tables, pages of rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from gvrc.reference.vocabularies import load_vocabularies
from gvrc.ui import address
from gvrc.ui.catalogue import Words, escape_markdown

if TYPE_CHECKING:
    from gvrc.ui.desk import Seat

ABSENT = "–"
_JOINTS = re.compile(r"(?<=\w)[.@_/-](?=\w)")
_BREAK = "\u200b"
_WITHIN = re.compile(r"(?<=[^\W\d_]{20})(?=[^\W\d_]{6})")
ROWS_PER_PAGE = 50

# The four states of the house, and what a run or stage may be; always colour and sign and word together.
_STATE_SIGNS: Mapping[str, tuple[str, str]] = {
    "ready": ("green", "check_circle"),
    "committed": ("green", "task_alt"),
    "to_review": ("orange", "help"),
    "held": ("red", "pause_circle"),
    "rejected": ("red", "block"),
    "new": ("gray", "hourglass_empty"),
    "error": ("red", "error"),
    "warning": ("orange", "warning"),
    "info": ("gray", "info"),
    "waiting": ("gray", "hourglass_empty"),
    "queued": ("gray", "schedule"),
    "running": ("blue", "sync"),
    "stopping": ("orange", "pause_circle"),
    "stopped": ("orange", "pause_circle"),
    "interrupted": ("red", "error"),
    "failed": ("red", "error"),
    "done": ("green", "check_circle"),
    "open": ("orange", "help"),
    "fixed": ("green", "check_circle"),
    "ok": ("green", "check_circle"),
    "critical": ("red", "error"),
    "busy": ("gray", "schedule"),
    "waived": ("gray", "check_circle"),
}


def heading(seat: Seat, page: str) -> None:
    """The page's one title and the sentence under it."""
    st.title(seat.say(f"{page}.title"), anchor=False)
    st.caption(seat.say.markdown(f"{page}.lead"))


def section(text: str) -> None:
    """A heading within the page. `text` is Markdown made by `words.markdown`."""
    st.header(text, anchor=False)


def chosen_label(label: str, is_chosen: bool) -> str:
    """The label of one of several segments: the chosen one in the colour of links, for the accent itself is too dark as letters in the dark theme."""
    return f":yellow[{label}]" if is_chosen else label


def state_badge(say: Words, state: str) -> str:
    """Markdown of a state: colour, sign and word."""
    colour, sign = state_sign(state)
    return f":{colour}-badge[:material/{sign}: {say.or_plain(f'state.{state}', escape_markdown(state))}]"


def state_sign(state: str) -> tuple[str, str]:
    """The colour and the sign of a state."""
    return _STATE_SIGNS.get(state, ("gray", "info"))


def state_word(say: Words, state: str) -> str:
    """The word alone, for table cells."""
    return say.or_plain(f"state.{state}", state)


def issue_title(say: Words, code: str) -> str:
    """The title of a kind of issue."""
    group, _, kind = code.partition(".")
    return say.or_plain(f"issue.{group}.{kind}", code)


def kind_word(say: Words, code: str | None) -> str:
    """The word for a kind of place; a dash for none. A kind that was added to the list is called as there; so are the others below."""
    return say.or_plain(f"kind.{code}", load_vocabularies().facility_types.label(code) or code) if code else ABSENT


def service_word(say: Words, code: str | None) -> str:
    """The word for a service."""
    return say.or_plain(f"service.{code}", load_vocabularies().services.label(code) or code) if code else ABSENT


def status_word(say: Words, code: str | None) -> str:
    """The word for whether a place is open."""
    return say.or_plain(f"status.{code}", load_vocabularies().operational_statuses.label(code) or code) if code else ABSENT


def owner_word(say: Words, code: str | None) -> str:
    """The word for an owner, which records name themselves, or for a type of owner, which facilities do."""
    vocabularies = load_vocabularies()
    known = vocabularies.owners if code in vocabularies.owners else vocabularies.owner_types
    return say.or_plain(f"owner.{code}", known.label(code) or code) if code else ABSENT


def visibility_word(say: Words, code: str | None) -> str:
    """The word for how visible a place is."""
    return say.or_plain(f"visibility.{code}", load_vocabularies().visibilities.label(code) or code) if code else ABSENT


def category_word(say: Words, code: str | None) -> str:
    """The word for a category of help to survivors."""
    return say.or_plain(f"category.{code}", load_vocabularies().gbv_categories.label(code) or code) if code else ABSENT


def term(say: Words, label: str) -> str:
    """A term of a list by its label there; what is no term stands as it is."""
    found = _terms_by_label().get(label.casefold())
    return found[0](say, found[1]) if found is not None else label


@cache
def _terms_by_label() -> Mapping[str, tuple[Callable[[Words, str | None], str], str]]:
    lists = load_vocabularies()
    named = (
        (lists.gbv_categories, category_word), (lists.services, service_word), (lists.owner_types, owner_word), (lists.owners, owner_word),
        (lists.operational_statuses, status_word), (lists.facility_types, kind_word), (lists.visibilities, visibility_word),
    )
    return {lists_of.label(code).casefold(): (word, code) for lists_of, word in named for code in lists_of.terms}


def issue_titles(say: Words, issues: Iterable[Any]) -> str:
    """The titles of the open ones of these issues, each once."""
    return ", ".join(dict.fromkeys(issue_title(say, issue.code) for issue in issues if issue.state == "open")) or ABSENT


def field_label(say: Words, field_name: str) -> str:
    """The steward's word for a field."""
    return say.or_plain(f"field.{field_name}", field_name.replace("_", " ").capitalize())


def value_text(value: Any) -> str:
    """A value as plain text: nothing becomes a dash, lists are joined, numbers keep what they say."""
    if value is None or value == "" or value == [] or value == ():
        return ABSENT
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return ABSENT if value != value else f"{value:g}" if abs(value) >= 1000 else f"{value:.5f}".rstrip("0").rstrip(".")
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return f"{value.day} {value:%B %Y}"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {value_text(item)}" for key, item in value.items() if item not in (None, "", []))
    if isinstance(value, str):
        return value
    if isinstance(value, Iterable):
        return ", ".join(value_text(item) for item in value)
    return str(value)


def breakable(text: str) -> str:
    """The text, whose long words may break after a dot, at, dash or stroke, and where they are very long anywhere, so that an address, a path or a name
    does not widen its column. Not for what is copied: a break is a character of its own."""
    return _WITHIN.sub(_BREAK, _JOINTS.sub(f"\\g<0>{_BREAK}", text))


def moment(when: datetime, *, is_short: bool = False) -> str:
    """A point in time in the zone of the settings, without seconds; where there is little room, without this year's number too."""
    here = when.astimezone()
    is_this_year = is_short and here.year == datetime.now().astimezone().year
    return f"{here.day} {here:%b, %H:%M}" if is_this_year else f"{here.day} {here:%b %Y, %H:%M}"


def points(score: float | None) -> str:
    """A quality score without decimals."""
    return ABSENT if score is None else f"{score:.0f}"


def duration(seconds: float | None) -> str:
    """Seconds in the unit that reads best."""
    if seconds is None:
        return ABSENT
    if 0 < seconds < 0.05:
        return "< 0.1 s"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def table(columns: Mapping[str, Sequence[Any]], *, alt: str, width: str = "stretch") -> None:
    """A small fixed table, real HTML, numbers aligned. Text cells are escaped: they may hold what somebody uploaded."""
    frame = pd.DataFrame({escape_markdown(name): [_cell(value) for value in values] for name, values in columns.items()})
    st.table(_thousands_apart(frame), border="horizontal", hide_index=True, alt=alt, width=width)  # type: ignore[arg-type]


def _thousands_apart(frame: pd.DataFrame) -> Any:
    """The frame with its large whole numbers written as elsewhere on the screens (12,345); they stay numbers, and so at the right of their columns."""
    large = [name for name in frame.select_dtypes("integer").columns if frame[name].abs().max() >= 1_000]
    return frame.style.format(thousands=",", subset=pd.Index(large)) if large else frame


def _cell(value: Any) -> Any:
    if isinstance(value, Badge):
        return str(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return escape_markdown(_WITHIN.sub(_BREAK, value_text(value)))  # not at dots and dashes: an address is copied from here, and must be what it looks


class Badge(str):
    """Markdown that `table` shows as such: made by this module, never from data."""


def key_values(pairs: Sequence[tuple[str, Any]], *, alt: str) -> None:
    """Names and values, one below the other."""
    frame = pd.DataFrame({"value": [_cell(value) for _, value in pairs]}, index=[escape_markdown(name) for name, _ in pairs])
    st.table(frame, border="horizontal", hide_header=True, hide_index=False, alt=alt)


def first_row(name: str = "page") -> int:
    """The offset of the first row of the page of rows that the address names."""
    return ((address.number(name) or 1) - 1) * ROWS_PER_PAGE


def page_choice(total: int, name: str = "page") -> None:
    """Under a list that does not fit on one page: which page of it. The choice stands in the address under `name`."""
    pages = max(1, -(-total // ROWS_PER_PAGE))
    if pages > 1:
        current = min(pages, address.number(name) or 1)
        key = f"{name}_{current}_of_{pages}"
        st.pagination(pages, default=current, key=key, on_change=_turn, args=(key, name))


def _turn(key: str, name: str) -> None:
    address.put(**{name: st.session_state[key]})


def record_value(say: Words, record: Any, field_name: str) -> str:
    """A field of a record or facility view as plain text."""
    if field_name == "point":
        return f"{record.latitude:.5f}, {record.longitude:.5f}" if record.latitude is not None and record.longitude is not None else ABSENT
    if field_name == "contacts":
        return value_text([contact.value for contact in record.contacts])
    if field_name == "facility_type_label":
        return kind_word(say, record.facility_type)
    if field_name in ("services", "service_labels"):
        return value_text([service_word(say, code) for code in record.services])
    if field_name == "owner":
        return owner_word(say, record.owner)
    if field_name == "operational_status":
        return status_word(say, getattr(record, "operational_status_code", None) or record.operational_status)
    if field_name == "visibility":
        return visibility_word(say, record.visibility)
    if field_name == "gbv_categories":
        return value_text([term(say, label) for label in record.gbv_categories])
    return value_text(getattr(record, field_name))


def quality(say: Words, total: float | None, parts: Sequence[Mapping[str, Any]]) -> None:
    """A quality score with its parts, each in a sentence; never a bare number."""
    if total is None:
        st.caption(say.markdown("quality.none"))
        return
    st.metric(say.markdown("quality.total"), f"{total:.0f}", help=say.markdown("quality.total.help"))
    table(
        {
            say("quality.dimension"): [say.or_plain(f"quality.{part['dimension']}", str(part["dimension"])) for part in parts],
            say("quality.value"): [round(part["value"]) for part in parts],
            say("quality.why"): ["; ".join(part.get("reasons", ())) or say("quality.full") for part in parts],
        },
        alt=say("quality.alt"),
    )


@contextmanager
def folded(label: str, *, key: str, is_open: bool = False) -> Iterator[bool]:
    """What stands under a heading that opens and closes; whether it is open. The body draws only then: closed, it would cost as much as if it were shown."""
    box = st.expander(label, key=key, on_change="rerun", expanded=is_open)
    with box:
        yield bool(box.open)


def plain(text: str) -> None:
    """Text from outside, shown exactly as it is."""
    st.text(text)


NAMES_SHOWN = 12


def names(say: Words, some: Sequence[str], total: int) -> None:
    """A few names and how many more there are."""
    text = " · ".join(some[:NAMES_SHOWN])
    rest = total - min(len(some), NAMES_SHOWN)
    plain(text if rest <= 0 else f"{text} · {say('show.and_more', n=rest)}")
