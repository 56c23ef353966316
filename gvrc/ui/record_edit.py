"""Correcting or completing a record of a run by hand, whether or not something about it was flagged."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from gvrc import steward
from gvrc.errors import GvrcError
from gvrc.reference.vocabularies import Vocabulary, load_vocabularies
from gvrc.security.permissions import Permission
from gvrc.ui import desk, places, show
from gvrc.ui.catalogue import Words
from gvrc.ui.desk import Seat
from gvrc.ui.recognised import read
from gvrc.views import map as map_views
from gvrc.views.records import RecordView
from gvrc.views.runs import RunView

Word = Callable[[Words, str], str]
NOT_KNOWN = ""
OPEN_STATES = ("ready", "to_review", "held")


def form(seat: Seat, run: RunView, record: RecordView) -> None:
    """The values of a record to be changed; contacts and a point are offered where there are none, for others are changed where they are flagged or on the map."""
    if not seat.may(Permission.DECIDE) or record.state not in OPEN_STATES:
        return
    say = seat.say
    with st.expander(say.markdown("records.edit"), icon=":material/edit:", expanded=record.state != "ready" and not any(issue.asks for issue in record.issues)):
        st.caption(say.markdown("records.edit.lead"))
        st.session_state.setdefault(_key(record, "seen"), steward.last_answer(seat.db, seat.actor, record.record_id))
        given = _fields(seat, record)
        begun = st.session_state.setdefault(_key(record, "begun"), given)
        changed = _changed(given, begun)
        st.button(
            say.markdown("records.edit.save"), key=_key(record, "save"), type="primary", disabled=not changed, on_click=_save, args=(run.run_id, record, changed),
        )


def _key(record: RecordView, name: str) -> str:
    return f"record_edit_{record.record_id}_{name}"


def _fields(seat: Seat, record: RecordView) -> dict[str, Any]:
    """What stands in the fields, by canonical name, as a list would state it."""
    vocabularies = load_vocabularies()
    left, right = st.columns(2, gap="medium")
    with left:
        given: dict[str, Any] = {
            "name": _text(seat, record, "name", record.name), "facility_type": _choice(seat, record, "facility_type", vocabularies.facility_types, show.kind_word),
            "operational_status": _choice(seat, record, "operational_status", vocabularies.operational_statuses, show.status_word),
            "owner": _choice(seat, record, "owner", vocabularies.owner_types, show.owner_word),
            "services": _services(seat, record, vocabularies.services),
        }
        if not record.contacts:
            given["contacts"] = _text(seat, record, "contacts", None, seat.say.markdown("records.edit.contacts"))
    with right:
        key = _key(record, "place")
        places.choose(seat, key, {level: getattr(record, level) for level in places.LEVELS})
        given |= {level: places.chosen(key).get(level, NOT_KNOWN) for level in places.LEVELS}
        given["registration_number"] = _text(seat, record, "registration_number", record.registration_number)
        if record.latitude is None:
            given["coordinates"] = _text(seat, record, "point", None, seat.say.markdown("records.edit.point"))
    return given


def _text(seat: Seat, record: RecordView, name: str, start: str | None, help_text: str | None = None) -> str:
    st.session_state.setdefault(_key(record, name), start or "")
    return str(st.text_input(show.field_label(seat.say, name), key=_key(record, name), max_chars=500, help=help_text, autocomplete="off")).strip()


def _choice(seat: Seat, record: RecordView, name: str, vocabulary: Vocabulary, word: Word) -> str:
    """The label of a term, which is what a list would write; shown by the person's own word for it."""
    words, start = _words(seat, vocabulary, word), getattr(record, name)
    labels = [NOT_KNOWN, *words]
    now = vocabulary.label(start) if start else NOT_KNOWN
    return str(st.selectbox(
        show.field_label(seat.say, name), labels, index=labels.index(now) if now in labels else 0, key=_key(record, name),
        format_func=({NOT_KNOWN: seat.say("review.correct.not_known")} | words).__getitem__,
    ))


def _words(seat: Seat, vocabulary: Vocabulary, word: Word) -> dict[str, str]:
    """The labels of a vocabulary with the words for them, in the order of the words."""
    words = {vocabulary.label(code): word(seat.say, code) for code in vocabulary.terms}
    return dict(sorted(words.items(), key=lambda each: each[1]))


def _services(seat: Seat, record: RecordView, vocabulary: Vocabulary) -> list[str]:
    words = _words(seat, vocabulary, show.service_word)
    now = sorted(vocabulary.label(code) for code in record.services)
    chosen: Sequence[str] = st.multiselect(show.field_label(seat.say, "services"), list(words), default=[label for label in now if label in words], format_func=words.__getitem__, key=_key(record, "services"))
    return sorted(chosen)


def _changed(given: Mapping[str, Any], begun: Mapping[str, Any]) -> dict[str, Any]:
    """What differs from what the form began with. A place is said as a whole; a value that was emptied is not said at all, for nothing can be made unknown by hand."""
    changed = {name: value for name, value in given.items() if value != begun.get(name) and value}
    if any(level in changed for level in places.LEVELS):
        changed |= {level: given[level] for level in places.LEVELS if given[level]}
    return changed


def _save(run_id: int, record: RecordView, changed: Mapping[str, Any]) -> None:
    """Callback: keep what was changed; the record is cleaned, placed and scored again with it at once."""
    seat = desk.take(Permission.DECIDE)
    values = dict(changed)
    if "coordinates" in values:
        point = map_views.typed_point(str(values.pop("coordinates")))
        if point is None:
            desk.refuse(GvrcError(seat.say("map.set.unreadable"), seat.say("map.set.unreadable.hint")))
            return
        values |= {"latitude": point[0], "longitude": point[1], "accuracy_level": "steward"}
    seen = st.session_state.get(_key(record, "seen"))
    decision = desk.attempt(steward.correct_record, seat.db, seat.settings, seat.actor, run_id, record.record_id, values, seen_answer=seen)
    if decision is None:
        return
    _forget(record)
    st.session_state[_key(record, "last")] = decision
    desk.tell(seat.say.markdown("records.edit.saved"))


def approval(seat: Seat, run: RunView, record: RecordView) -> None:
    """The way into the registry for a record of which too little is known, and nothing is asked: a person may let it stand as it is, with the reason."""
    if not seat.may(Permission.DECIDE) or not _waits_for_its_score(seat, record):
        return
    say = seat.say
    with st.expander(say.markdown("records.approve"), icon=":material/verified:", expanded=False):
        st.caption(say.markdown("records.approve.lead"))
        why = str(st.text_input(say.markdown("records.approve.why"), key=_key(record, "why"), max_chars=500, autocomplete="off")).strip()
        st.button(say.markdown("records.approve.save"), key=_key(record, "approve"), type="primary", disabled=not why, on_click=_approve, args=(run.run_id, record))


def _waits_for_its_score(seat: Seat, record: RecordView) -> bool:
    """Whether nothing but its score keeps a record from being ready; what is asked is answered first."""
    if record.state != "to_review" or record.quality_score is None or any(issue.asks and issue.state == "open" for issue in record.issues):
        return False
    return [key for key, _ in read(record.state_reason or "")] == ["told.score_below"]


def _approve(run_id: int, record: RecordView) -> None:
    """Callback: the record stands as it is from now on."""
    seat = desk.take(Permission.DECIDE)
    why = str(st.session_state.get(_key(record, "why"), ""))
    decision = desk.attempt(steward.approve_record, seat.db, seat.settings, seat.actor, run_id, record.record_id, why)
    if decision is not None:
        _forget(record)
        st.session_state[_key(record, "last")] = decision
        desk.tell(seat.say.markdown("records.approve.done"))


def take_back(seat: Seat, record: RecordView) -> None:
    """The way back from what was saved last, as long as the record is looked at."""
    decision = st.session_state.get(_key(record, "last"))
    if decision is not None:
        st.button(seat.say.markdown("records.edit.undo"), key=_key(record, "undo"), on_click=_take_back, args=(record, decision), icon=":material/undo:", type="tertiary")


def _take_back(record: RecordView, decision: int) -> None:
    """Callback: what was saved last is taken back, all of it."""
    seat = desk.take(Permission.DECIDE)
    st.session_state.pop(_key(record, "last"), None)
    if desk.attempt(steward.undo_batch, seat.db, seat.settings, seat.actor, decision) is not None:
        _forget(record)
        desk.tell(seat.say.markdown("records.edit.undone"))


def _forget(record: RecordView) -> None:
    """The form begins anew from what the record says now."""
    for key in [str(key) for key in st.session_state if f"record_edit_{record.record_id}_" in str(key)]:
        del st.session_state[key]
