"""The edit form of one live place. Only what the person changed is sent; who comes second sees what the first changed and saves on top."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

import streamlit as st

from gvrc.commit import ActOutcome, ActState, edits
from gvrc.commit.edits import Edit
from gvrc.errors import FacilityMovedError
from gvrc.reference.gazetteer import load_gazetteer
from gvrc.reference.vocabularies import Vocabulary, load_vocabularies
from gvrc.ui import desk, registry_acts, show, told
from gvrc.ui.catalogue import Words
from gvrc.ui.desk import Seat
from gvrc.views.facilities import FacilityPageView, FacilityView

LINES = ("contacts", "aliases")
LONG = ("description", "opening_hours", *LINES)
TEXTS = ("name", "contacts", "aliases", "address", "officer", "opening_hours", "point", "mfl_code", "registration_number", "description")
UNREGISTERED = "UNREG-"


def form(seat: Seat, page: FacilityPageView) -> None:
    """The fields of a place, and Save."""
    say, place = seat.say, page.facility
    now = _told(place)
    base: dict[str, Any] = st.session_state.setdefault(_key(place, "base"), now)
    version: int = st.session_state.setdefault(_key(place, "version"), place.version or 0)
    show.section(say.markdown("registry.do.edit"))
    _moved(seat, place)
    given = _fields(seat, place, base)
    changed = {name: value for name, value in given.items() if value != base[name]}
    if changed:
        st.caption(say.markdown("registry.edit.changed", fields=", ".join(show.field_label(say, name) for name in changed)))
    registry_acts.ask(
        seat, "save", f"edit_{place.facility_id}", lambda reason, confirmed: _save(seat, place, changed, version, reason, confirmed), word=place.facility_code,
        is_ready=bool(changed),
    )


def version_before_eyes(place: FacilityView) -> int:
    """The version that the open form began with; without one, that of now."""
    return int(st.session_state.get(_key(place, "version"), place.version or 0))


def forget(facility_id: int) -> None:
    """The form begins anew from what the place says now."""
    for key in [key for key in st.session_state if str(key).startswith(f"edit_{facility_id}_")]:
        del st.session_state[key]


def _key(place: FacilityView, name: str) -> str:
    return f"edit_{place.facility_id}_{name}"


def _told(place: FacilityView) -> dict[str, Any]:
    """What the form begins with."""
    registered = place.registration_number or ""
    return {
        "name": place.name or "", "facility_type": place.facility_type, "operational_status": place.operational_status_code or "", "visibility": place.visibility,
        "county": place.county_code or "", "constituency": place.constituency_code or "", "ward": place.ward_code or "",
        "contacts": "\n".join(contact.value for contact in place.contacts), "aliases": "\n".join(place.aliases), "services": sorted(place.services),
        "address": place.address or "", "officer": place.officer or "", "opening_hours": place.opening_hours or "", "description": place.description or "",
        "mfl_code": place.mfl_code or "", "registration_number": "" if registered.startswith(UNREGISTERED) else registered,
        "point": f"{place.latitude:.6f}, {place.longitude:.6f}" if place.latitude is not None and place.longitude is not None else "",
    }


def _fields(seat: Seat, place: FacilityView, base: Mapping[str, Any]) -> dict[str, Any]:
    vocabularies, gazetteer = load_vocabularies(), load_gazetteer()
    left, right = st.columns(2, gap="large")
    with left:
        given: dict[str, Any] = {name: _text(seat, place, name, base) for name in TEXTS[:5]}
        given["services"] = _services(seat, place, base)
    with right:
        given["facility_type"] = _choice(seat, place, "facility_type", _labels(seat, vocabularies.facility_types, show.kind_word), base)
        given["operational_status"] = _choice(seat, place, "operational_status", {"": show.ABSENT} | _labels(seat, vocabularies.operational_statuses, show.status_word), base)
        given["visibility"] = _choice(seat, place, "visibility", {code: show.visibility_word(seat.say, code) for code in vocabularies.visibilities.terms}, base)
        given["county"] = _choice(seat, place, "county", {"": show.ABSENT} | {u.county_code: u.county for u in gazetteer.counties}, base)
        seats = gazetteer.constituencies_of(given["county"]) if given["county"] else ()
        given["constituency"] = _choice(seat, place, "constituency", {"": show.ABSENT} | {u.constituency_code: u.constituency for u in seats}, base)
        wards = gazetteer.wards_of(given["constituency"]) if given["constituency"] else ()
        given["ward"] = _choice(seat, place, "ward", {"": show.ABSENT} | {u.ward_code: u.ward for u in wards}, base)
        given |= {name: _text(seat, place, name, base) for name in TEXTS[5:]}
    return given


def _labels(seat: Seat, vocabulary: Vocabulary, word: Callable[[Words, str], str]) -> dict[str, str]:
    """The terms of a vocabulary with the person's own words for them, in the order of the words."""
    words = {code: word(seat.say, code) for code in vocabulary.terms}
    return dict(sorted(words.items(), key=lambda each: each[1]))


def _text(seat: Seat, place: FacilityView, name: str, base: Mapping[str, Any]) -> str:
    label, key = show.field_label(seat.say, name), _key(place, name)
    st.session_state.setdefault(key, base[name])
    if name in LONG:
        return str(st.text_area(label, key=key, height=90, max_chars=4000, help=seat.say.markdown("registry.edit.lines") if name in LINES else None))
    return str(st.text_input(label, key=key, max_chars=500))


def _choice(seat: Seat, place: FacilityView, name: str, labels: Mapping[str, str], base: Mapping[str, Any]) -> str:
    key = _key(place, name)
    if st.session_state.setdefault(key, base[name]) not in labels:
        st.session_state[key] = next(iter(labels))
    return str(st.selectbox(show.field_label(seat.say, name), list(labels), format_func=lambda code: labels[code], key=key))


def _services(seat: Seat, place: FacilityView, base: Mapping[str, Any]) -> list[str]:
    words = _labels(seat, load_vocabularies().services, show.service_word)
    key = _key(place, "services")
    st.session_state.setdefault(key, base["services"])
    chosen: Sequence[str] = st.multiselect(show.field_label(seat.say, "services"), list(words), format_func=words.__getitem__, key=key)
    return sorted(chosen)


def _save(seat: Seat, place: FacilityView, changed: Mapping[str, Any], version: int, reason: str, confirmed: bool) -> ActOutcome:
    values = {name: value.splitlines() if name in LINES else value for name, value in changed.items()}
    try:
        outcome = edits.edit(seat.db, seat.settings, seat.actor, Edit(facility_id=place.facility_id, version=version, values=values, reason=reason), confirmed=confirmed)
    except FacilityMovedError as error:
        _begin_on_top(place, changed, error)
    if outcome.state is not ActState.CONFIRM:
        forget(place.facility_id)
    return outcome


def _begin_on_top(place: FacilityView, changed: Mapping[str, Any], error: FacilityMovedError) -> NoReturn:
    """What the person typed stays; everything else, and the version, are those of now."""
    for name in _told(place):
        if name not in changed:
            st.session_state.pop(_key(place, name), None)
    st.session_state.pop(_key(place, "base"), None)
    st.session_state.pop(_key(place, "version"), None)
    st.session_state[_key(place, "moved")] = error.changes
    desk.refuse(error)
    st.rerun()


def _moved(seat: Seat, place: FacilityView) -> None:
    changes = st.session_state.get(_key(place, "moved"))
    if changes:
        st.warning(seat.say.markdown("registry.edit.moved"), icon=":material/warning:")
        for change in changes:
            show.plain(told.told(seat.say, change))
