"""Words that are in no list: each group of like spellings is settled in one step, with a preview, and remembered for every source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from gvrc import steward
from gvrc.errors import GvrcError
from gvrc.security.permissions import Permission
from gvrc.ui import address, decided, desk, navigation, questions, show
from gvrc.ui.catalogue import escape_markdown
from gvrc.ui.desk import Seat
from gvrc.ui.questions import Key
from gvrc.views import spellings as spelling_views
from gvrc.views.runs import RunView
from gvrc.views.spellings import WordGroup, Writing

WORDS = "words"
"""What the address says under `show` while this stands in place of the questions."""
GROUP_AND_BESIDE = (9, 3)
SPELLING_AND_ROWS = (8, 3)
SPELLINGS_SHOWN, ROWS_SHOWN, GROUPS_LISTED = 20, 30, 10
_AT = "spellings.at"


def offer(seat: Seat) -> None:
    """The way here from the questions."""
    st.button(seat.say.markdown("spellings.offer"), key="spellings_open", on_click=address.put, kwargs={"show": WORDS, "question": None}, type="tertiary", icon=":material/spellcheck:")


def are_asked_for() -> bool:
    """Whether the address asks for this."""
    return address.word("show") == WORDS


def ask(seat: Seat, run: RunView) -> None:
    """One group on the table, the others and the last decisions beside it."""
    groups = spelling_views.word_groups(seat.db, seat.actor, run.run_id)
    main, beside = st.columns(GROUP_AND_BESIDE, gap="medium")
    with main:
        if groups:
            _group(seat, run, groups[_at(groups)])
        else:
            st.markdown(seat.say.markdown("spellings.none"))
            _back(seat)
    with beside:
        if groups:
            _others(seat, groups)
        decided.panel(seat, run.run_id)


def _name(group: WordGroup) -> str:
    return f"{group.field_name} {group.name}"


def _at(groups: Sequence[WordGroup]) -> int:
    """The place of the group on the table: the one chosen, while it is there; else the first."""
    chosen = st.session_state.get(_AT)
    return next((place for place, group in enumerate(groups) if _name(group) == chosen), 0)


def _choose(name: str) -> None:
    st.session_state[_AT] = name


def _back(seat: Seat) -> None:
    st.button(seat.say.markdown("spellings.back"), key="spellings_back", on_click=address.put, kwargs={"show": None}, type="tertiary", icon=":material/arrow_back:")


def _others(seat: Seat, groups: Sequence[WordGroup]) -> None:
    say = seat.say
    _back(seat)
    st.caption(say.markdown("spellings.groups", n=len(groups)))
    at = _at(groups)
    with st.container(gap="xxsmall"):
        for place, group in enumerate(groups[:GROUPS_LISTED]):
            label = say.markdown("spellings.line", name=group.name[:40], n=group.group.rows)
            st.button(f"**{label}**" if place == at else label, key=f"group_{place}", type="tertiary", on_click=_choose, args=(_name(group),), width="content")


def _group(seat: Seat, run: RunView, group: WordGroup) -> None:
    say = seat.say
    slot = str(abs(hash(_name(group))))
    with st.container(border=True, gap="small"):
        show.section(escape_markdown(group.name))
        st.caption(say.markdown("spellings.lead", field=show.field_label(say, group.field_name)))
        chosen = _spellings(seat, run, group, slot)
        options = spelling_views.terms(group.field_name)
        term = st.selectbox(
            say.markdown("spellings.term"), options, index=options.index(group.term) if group.term in options else None, key=f"term_{slot}",
            placeholder=say("spellings.term.choose"),
        )
    found = spelling_views.writing(seat.db, seat.actor, run.run_id, group.field_name, chosen, ROWS_SHOWN)
    _keys(seat, run, group, term, found)
    _preview(seat, found)


def _spellings(seat: Seat, run: RunView, group: WordGroup, slot: str) -> list[str]:
    """The spellings, each to be left out; its number opens the rows that write it."""
    say = seat.say
    chosen = []
    for place, spelling in enumerate(group.group.spellings[:SPELLINGS_SHOWN]):
        write, rows = st.columns(SPELLING_AND_ROWS, vertical_alignment="center")
        if write.checkbox(escape_markdown(f"“{spelling.value}”"), value=True, key=f"spelling_{slot}_{place}"):
            chosen.append(spelling.value)
        with rows:
            navigation.link("records", say.markdown("spellings.rows", n=spelling.rows), query={"run": str(run.run_id), "field": group.field_name, "written": spelling.value})
    if len(group.group.spellings) > SPELLINGS_SHOWN:
        st.caption(say.markdown("spellings.more", n=len(group.group.spellings) - SPELLINGS_SHOWN))
    return chosen


def _preview(seat: Seat, found: Writing) -> None:
    """What would be changed, row by row, before it is."""
    say = seat.say
    if not found.shown:
        return
    st.caption(say.markdown("spellings.preview"))
    show.table(
        {
            say("field.name"): [record.name for record, _ in found.shown],
            say("field.county"): [record.county for record, _ in found.shown],
            say("review.alike.now"): [written for _, written in found.shown],
            say("upload.files.name"): [f"{record.file_name} {record.pointer}" for record, _ in found.shown],
        },
        alt=say("spellings.preview.alt"),
    )
    if found.rows > len(found.shown):
        st.caption(say.markdown("review.alike.more", n=found.rows - len(found.shown)))


def _keys(seat: Seat, run: RunView, group: WordGroup, term: str | None, found: Writing) -> None:
    may_decide = seat.may(Permission.DECIDE)
    name = _name(group)
    st.session_state["question.key"] = name
    questions.key_row(
        seat.say,
        name,
        [
            Key(
                name="settle", shortcut="A", act=_settle, arguments=(run.run_id, group.field_name, term, found.records), amount=found.rows, is_primary=True,
                is_disabled=not (may_decide and term and found.rows), words="spellings",
            ),
            Key(name="next_word", shortcut="Right", act=_next, arguments=(run.run_id, name), words="next_word"),
            Key(name="undo", shortcut="Backspace", act=questions.undo_last, arguments=(run.run_id,), is_disabled=not may_decide),
        ],
    )


def _next(run_id: int, name: str) -> None:
    """Callback: the group after this one; after the last, the first."""
    seat = desk.take(Permission.REVIEW)
    names = [_name(group) for group in spelling_views.word_groups(seat.db, seat.actor, run_id)]
    if names:
        _choose(names[(names.index(name) + 1) % len(names) if name in names else 0])


def _settle(run_id: int, field_name: str, term: str, records: Mapping[str, Sequence[int]]) -> None:
    """Callback: say what the chosen spellings mean."""
    seat = desk.take(Permission.DECIDE)
    answer = steward.SpellingAnswer(field_name=field_name, term=term, records=records)
    with st.spinner(seat.say.markdown("question.alike.working", n=len({each for ids in records.values() for each in ids}))):
        outcome = desk.attempt(steward.settle_spellings, seat.db, seat.settings, seat.actor, run_id, answer)
    if outcome is None:
        return
    if outcome.refused:
        desk.refuse(GvrcError(seat.say("question.alike.refused", n=len(outcome.refused)), outcome.refused[0].why))
    desk.tell(seat.say.markdown("spellings.done", n=outcome.applied, term=term))
