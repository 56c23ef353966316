"""Commits and requests as people may see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from gvrc.model.access import Actor
from gvrc.security.permissions import Permission, require
from gvrc.store import history, reads_registry, registry
from gvrc.store.history import CommitRow, Request, Version
from gvrc.store.session import Connection, Database
from gvrc.views.sight import Shown, Sight


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitView:
    """One passage through the door: a run's commit, or an act on live facilities. `reverted_by` is the commit that took it back."""

    commit_id: int
    run_id: int | None
    kind: str
    status: str
    committed_by: str
    started_at: datetime
    seconds: float | None
    counts: Mapping[str, Any]
    reason: str | None
    reverts: int | None
    reverted_by: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitList:
    """A page of commits."""

    total: int
    rows: tuple[CommitView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedFacility:
    """A facility as its reader may know it; `name` is None where they may not."""

    facility_id: int
    facility_code: str
    name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestView:
    """An act that waits for a second person, or did. `risks` say in words what is risky about it; they are empty where the reader does not see every
    place it touches."""

    request_id: int
    act: str
    facilities: tuple[NamedFacility, ...]
    facility_count: int
    fields: tuple[str, ...]
    risks: tuple[str, ...]
    reason: str | None
    state: str
    asked_by: str
    asked_at: datetime
    decided_by: str | None
    note: str | None
    commit_id: int | None
    reverts: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionView:
    """One version of a facility: who made it, by which act, and which fields it changed (in words)."""

    version: int
    act: str
    commit_id: int | None
    written_by: str
    written_at: datetime
    fields: tuple[str, ...]


SHOWN_FACILITIES = 20
"""Facilities that a request names one by one."""


def commit_list(db: Database, actor: Actor, *, limit: int = 50, offset: int = 0) -> CommitList:
    """Commits, newest first. Raises NotAllowedError."""
    require(actor, Permission.SEE_AUDIT)
    with db.read(actor) as conn:
        rows = history.commit_rows(conn, limit=limit, offset=offset)
        return CommitList(total=history.count_commits(conn), rows=tuple(map(_commit, rows)))


def commit_view(db: Database, actor: Actor, commit_id: int) -> CommitView | None:
    """One commit. Raises NotAllowedError."""
    require(actor, Permission.SEE_AUDIT)
    with db.read(actor) as conn:
        row = history.commit_row(conn, commit_id)
    return _commit(row) if row else None


def _commit(row: CommitRow) -> CommitView:
    seconds = (row.ended_at - row.started_at).total_seconds() if row.ended_at else None
    return CommitView(
        commit_id=row.commit_id, run_id=row.run_id, kind=row.commit_kind, status=row.status, committed_by=row.committed_by, started_at=row.started_at,
        seconds=seconds, counts=row.counts, reason=row.reason, reverts=row.reverts, reverted_by=row.reverted_by,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchedFacilities:
    """Facilities that a commit touched, as far as the reader may know of them; `total` counts all of these."""

    total: int
    rows: tuple[NamedFacility, ...]


def facilities_of_commit(db: Database, actor: Actor, commit_id: int, *, limit: int = 50) -> TouchedFacilities:
    """The facilities of which a commit made a version. Raises NotAllowedError."""
    require(actor, Permission.SEE_AUDIT)
    with db.read(actor) as conn:
        known = reads_registry.facilities_by_id(conn, Sight(actor=actor).scope, history.facilities_of_commit(conn, commit_id)[:10_000])
    rows = [NamedFacility(facility_id=number, facility_code=row.facility_code, name=row.facility_name) for number, row in sorted(known.items())]
    return TouchedFacilities(total=len(rows), rows=tuple(rows[:limit]))


def request_list(db: Database, actor: Actor, *, state: str | None = "waiting", facility_id: int | None = None) -> tuple[RequestView, ...]:
    """Requests: those that wait, oldest first, or of any other state, newest first. Raises NotAllowedError."""
    require(actor, Permission.COMMIT)
    with db.read(actor) as conn:
        found = history.requests(conn, state=state, facility_id=facility_id)
        return tuple(_request(conn, actor, request) for request in found)


def _request(conn: Connection, actor: Actor, request: Request) -> RequestView:
    ids = request.facility_ids[:SHOWN_FACILITIES]
    known = reads_registry.facilities_by_id(conn, Sight(actor=actor).scope, ids)
    sees_all = all(number in known and known[number].shown == Shown.ALL for number in ids)
    return RequestView(
        request_id=request.request_id, act=request.act, facility_count=len(request.facility_ids),
        facilities=tuple(NamedFacility(facility_id=number, facility_code=known[number].facility_code, name=known[number].facility_name) for number in ids if number in known),
        fields=_fields(request), risks=tuple(request.risks) if sees_all else (), reason=request.reason, state=request.state, asked_by=request.asked_by,
        asked_at=request.asked_at, decided_by=request.decided_by, note=request.note, commit_id=request.commit_id,
        reverts=request.payload.get("commit"),
    )


def _fields(request: Request) -> tuple[str, ...]:
    return tuple(request.payload.get("values", ()))


def facility_id_of(db: Database, actor: Actor, code: str) -> int | None:
    """The id behind a facility code, None when there is none that this person may know of. Raises NotAllowedError."""
    require(actor, Permission.READ)
    with db.read(actor) as conn:
        number = reads_registry.facility_id_of(conn, code)
        return number if number is not None and number in reads_registry.facilities_by_id(conn, Sight(actor=actor).scope, [number]) else None


def version_list(db: Database, actor: Actor, facility_id: int) -> tuple[VersionView, ...]:
    """The versions of a facility, newest first; none for whoever does not see it whole. Raises NotAllowedError."""
    require(actor, Permission.SEE_AUDIT)
    with db.read(actor) as conn:
        known = reads_registry.facilities_by_id(conn, Sight(actor=actor).scope, [facility_id])
        if facility_id not in known or known[facility_id].shown != Shown.ALL:
            return ()
        found = history.versions_of(conn, [facility_id]).get(facility_id, [])
    first = [_version(version, {}) for version in found[:1]]
    return tuple(reversed([*first, *(_version(after, before.state) for before, after in pairwise(found))]))


def newer_versions(db: Database, actor: Actor, facility_id: int, version: int) -> tuple[VersionView, ...]:
    """What became of a facility after a version, newest first. Costs next to nothing while that is none. Raises NotAllowedError."""
    require(actor, Permission.SEE_AUDIT)
    with db.read(actor) as conn:
        if registry.versions(conn, [facility_id]).get(facility_id, version) == version:
            return ()
    return tuple(later for later in version_list(db, actor, facility_id) if later.version > version)


def _version(version: Version, before: Mapping[str, Any]) -> VersionView:
    silent = ("origins", "pins", "quality_score", "quality_parts", "retired_as")
    changed = [name for name, value in version.state.items() if name not in silent and before.get(name) != value] if before else []
    return VersionView(
        version=version.version, act=version.act, commit_id=version.commit_id, written_by=version.written_by, written_at=version.written_at,
        fields=tuple(_LABELS.get(name, name.replace("_", " ")) for name in changed),
    )


_LABELS: Mapping[str, str] = {
    "facility_type": "kind of place", "operational_status": "status", "mfl_code": "MFL code", "fid_code": "facility id code", "keph_level": "KEPH level",
    "officer": "officer in charge", "aliases": "other names", "last_verified_at": "last verified", "gbv_categories": "GBV categories", "is_active": "standing",
}
