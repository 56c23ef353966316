"""A place that somebody has open is looked at again now and then: what a colleague changes meanwhile is told, before anything is typed for nothing."""

from __future__ import annotations

import streamlit as st

from gvrc.security.permissions import Permission
from gvrc.ui import desk, registry_acts, registry_edit, show
from gvrc.ui.desk import Seat
from gvrc.views import commits
from gvrc.views.facilities import FacilityView

LOOK_SECONDS = 10.0
TOLD = 5
"""Changes that are listed, newest first."""


def watch(seat: Seat, place: FacilityView, *, is_edited: bool) -> None:
    """Look again every few seconds, this part alone, for who may change the place. A form that is open is measured by what it began with."""
    if place.version is None or not seat.may(Permission.COMMIT) or not seat.may(Permission.SEE_AUDIT):
        return
    version = registry_edit.version_before_eyes(place) if is_edited else place.version
    st.fragment(_look, run_every=LOOK_SECONDS)(place.facility_id, version, is_edited)


def _look(facility_id: int, version: int, is_edited: bool) -> None:
    seat = desk.take(Permission.COMMIT, Permission.SEE_AUDIT, by_itself=True)
    later = commits.newer_versions(seat.db, seat.actor, facility_id, version)
    if not later:
        return
    st.warning(seat.say.markdown("registry.newer.form" if is_edited else "registry.newer"), icon=":material/sync_problem:")
    for change in later[:TOLD]:
        show.plain(registry_acts.version_line(seat.say, change))
    if not is_edited and st.button(seat.say.markdown("registry.newer.show"), key="show_newer", icon=":material/refresh:"):
        st.rerun()
