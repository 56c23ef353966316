"""What changed in a facility, in words: who changed what since a version."""

from __future__ import annotations

from itertools import pairwise

from gvrc.commit.preview import FIELD_LABELS
from gvrc.store import history
from gvrc.store.session import Connection


def changes_since(conn: Connection, facility_id: int, version: int) -> tuple[str, ...]:
    """One sentence per later version of a facility: who changed which values, and when. Values themselves are left to the page."""
    versions = history.versions_of(conn, [facility_id]).get(facility_id, [])
    told = []
    for before, after in pairwise(versions):
        if after.version <= version:
            continue
        labels = [label for name, label in FIELD_LABELS.items() if before.state.get(name) != after.state.get(name)]
        labels += [] if before.state["is_active"] == after.state["is_active"] else ["standing"]
        when = f"{after.written_at.astimezone():%H:%M} on {after.written_at.day} {after.written_at:%B}"
        told.append(f"{after.written_by} changed {', '.join(labels) or 'nothing that shows'} at {when}.")
    return tuple(reversed(told))
