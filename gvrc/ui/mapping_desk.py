"""Correcting on the upload page how the fields of a list are read: choose, try, keep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from gvrc import pipeline
from gvrc.errors import GvrcError, StaleItemError
from gvrc.model.record import CANONICAL_FIELDS, Record
from gvrc.model.source import FieldSample
from gvrc.pipeline import MappingTrial, ReceivedFile
from gvrc.security.permissions import Permission
from gvrc.sources.json_stream import COUNTY_OF_KEY
from gvrc.ui import desk, incoming, show, told
from gvrc.ui.catalogue import Words
from gvrc.ui.desk import Seat

FIELDS_PER_PAGE = 25
LONGEST_NAME = 60
COLUMNS = [4, 5, 4, 2]
NOT_USED = ""
TRIED = ("facility_type", "county", "constituency", "ward", "point", "contacts", "services", "owner", "operational_status")
"""Fields of a record shown by a trial, besides its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A file of a batch that waits for its run: the batch's token, its place in the batch, what it was received as."""

    token: str
    number: int
    file: ReceivedFile

    def key(self, part: str) -> str:
        """A key for this file's widgets and drafts; another delivery of it has others."""
        return f"mapping_{part}_{self.number}_{self.file.file_id}"


def correct(seat: Seat, waiting: Waiting) -> None:
    """Every field of the list with where it goes, to be changed, tried and kept under a name."""
    say = seat.say
    st.caption(say.markdown("mapping.lead"))
    draft = _draft(waiting)
    _fields(seat, waiting, draft)
    left_out = sum(1 for canonical in draft.values() if canonical is None)
    if left_out:
        st.caption(say.markdown("mapping.left_out", n=left_out))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            say.markdown("mapping.name"), value=waiting.file.source or "", key=waiting.key("name"), max_chars=LONGEST_NAME,
            help=say.markdown("mapping.name.help"), width=320, on_change=_forget_trial, args=(waiting,),
        )
        st.button(say.markdown("mapping.try"), key=waiting.key("try"), on_click=_try, args=(waiting,), icon=":material/visibility:")
        st.button(say.markdown("mapping.keep"), key=waiting.key("keep"), on_click=_keep, args=(waiting,), icon=":material/bookmark_added:")
    trial = st.session_state.get(waiting.key("trial"))
    if trial is not None:
        _show_trial(seat, trial)


def _draft(waiting: Waiting) -> dict[str, str | None]:
    """Where each field goes as chosen so far; begins with the proposal."""
    draft: dict[str, str | None] = st.session_state.setdefault(waiting.key("draft"), {field.path: field.canonical for field in waiting.file.fields})
    return draft


# ------------------------------------------------------------------------------------------------------------------ the fields


def _fields(seat: Seat, waiting: Waiting, draft: dict[str, str | None]) -> None:
    """The fields, doubtful ones first, a page of them at a time."""
    say = seat.say
    ordered = sorted(waiting.file.fields, key=lambda field: (field.canonical is None, field.confidence))
    pages = -(-len(ordered) // FIELDS_PER_PAGE)
    page = st.session_state.get(waiting.key("page"), 1)
    first = (page - 1) * FIELDS_PER_PAGE
    options = [NOT_USED, *sorted(CANONICAL_FIELDS, key=lambda name: show.field_label(say, name).casefold())]
    with st.container(gap="xsmall"):
        for column, head in zip(st.columns(COLUMNS), ("path", "sample", "becomes", "sure"), strict=True):
            column.caption(say.markdown(f"upload.mapping.{head}"))
        for number, field in enumerate(ordered[first : first + FIELDS_PER_PAGE], first):
            _one_field(seat, waiting, field, options, draft[field.path], number)
    if pages > 1:
        st.pagination(pages, key=waiting.key("page"))


def _one_field(seat: Seat, waiting: Waiting, field: FieldSample, options: Sequence[str], canonical: str | None, number: int) -> None:
    say = seat.say
    name, sample, becomes, sure = st.columns(COLUMNS, vertical_alignment="center")
    name.text(named(seat, field.path))
    sample.text(" · ".join(field.samples) or show.ABSENT)
    key = waiting.key(f"field_{number}")
    becomes.selectbox(
        say.markdown("mapping.goes_to", field=named(seat, field.path)), options, index=options.index(canonical or NOT_USED), key=key, label_visibility="collapsed",
        format_func=lambda option: show.field_label(say, option) if option else say("upload.mapping.unmapped"), on_change=_choose, args=(waiting, field.path, key),
    )
    is_changed = canonical != field.canonical
    if is_changed:
        sure.text(say("mapping.yours"))
    else:
        sure.text(confidence(seat, field), help=say.markdown("mapping.why", reason=told.told(say, field.reason)))


def confidence(seat: Seat, field: FieldSample) -> str:
    """How sure it is where a field goes; of one that goes nowhere there is nothing to be sure of."""
    return seat.say("mapping.percent", percent=round(field.confidence * 100)) if field.canonical else show.ABSENT


def named(seat: Seat, path: str) -> str:
    """A field as people know it; what flows down to the records is told in words."""
    if not path.startswith("^"):
        return path
    if path[1:] == "list":
        return seat.say("mapping.of_list")
    is_key = path[1:] == COUNTY_OF_KEY or path[1:].rstrip("0123456789") == "key"
    return seat.say("mapping.of_key") if is_key else seat.say("mapping.above", name=path[1:])


def _choose(waiting: Waiting, path: str, key: str) -> None:
    """Callback: a field goes elsewhere; what was tried before says nothing any more."""
    _draft(waiting)[path] = st.session_state[key] or None
    _forget_trial(waiting)


def _forget_trial(waiting: Waiting) -> None:
    st.session_state.pop(waiting.key("trial"), None)


# ------------------------------------------------------------------------------------------------------------------ try and keep


def _try(waiting: Waiting) -> None:
    """Callback: the first rows as they would come out."""
    seat = desk.take(Permission.MANAGE_SOURCES)
    try:
        path, name = _file_of(seat, waiting)
        trial = pipeline.try_mapping(seat.db, seat.settings, seat.actor, path, name, _draft(waiting), _name(waiting))
    except GvrcError as error:
        desk.refuse(error)
        return
    st.session_state[waiting.key("trial")] = trial


def _keep(waiting: Waiting) -> None:
    """Callback: remember the mapping; the file stands in the batch as it is read now."""
    seat = desk.take(Permission.MANAGE_SOURCES, Permission.UPLOAD)
    try:
        path, name = _file_of(seat, waiting)
        kept = pipeline.keep_mapping(seat.db, seat.settings, seat.actor, path, name, _draft(waiting), _name(waiting))
    except GvrcError as error:
        desk.refuse(error)
        return
    token, received = st.session_state["upload.received"]
    st.session_state["upload.received"] = (token, [kept if number == waiting.number else file for number, file in enumerate(received)])
    for part in ("draft", "trial", "open"):
        st.session_state.pop(waiting.key(part), None)
    desk.tell(seat.say.markdown("mapping.kept", name=kept.source or ""))


def _name(waiting: Waiting) -> str:
    return str(st.session_state.get(waiting.key("name")) or "").strip()


def _file_of(seat: Seat, waiting: Waiting) -> tuple[Path, str]:
    """The bytes of the file in this person's own batch, and its sender's name for it."""
    batch = incoming.open_batch(seat.settings, seat.actor, waiting.token)
    if batch is None or waiting.number >= len(batch.paths):
        raise StaleItemError("These files are not waiting here any more.", "Choose them again.")
    path = batch.paths[waiting.number]
    return path, batch.names[path]


def _show_trial(seat: Seat, trial: MappingTrial) -> None:
    """The first rows as they would come out; fields that none of them has are left out."""
    say = seat.say
    st.markdown(say.markdown("mapping.trial", n=len(trial.records)))
    if trial.broken:
        show.plain(told.told(say, trial.broken))
    columns = {show.field_label(say, "name"): [show.value_text(record.name) for record in trial.records]}
    for name in TRIED:
        values = [_value(say, record, name) for record in trial.records]
        if any(value != show.ABSENT for value in values):
            columns[show.field_label(say, name)] = values
    if trial.records:
        show.table(columns, alt=say("mapping.trial.alt"))


def _value(say: Words, record: Record, name: str) -> str:
    """A field of a record that is not stored yet; a place that could not be told stands as the list states it."""
    if name in ("county", "constituency", "ward"):
        return show.value_text(getattr(record.place, name) or record.stated.get(name))
    if name == "point":
        return show.value_text([record.point.latitude, record.point.longitude] if record.point is not None else None)
    if name == "facility_type":
        return show.kind_word(say, record.facility_type)
    return show.record_value(say, record, name)
