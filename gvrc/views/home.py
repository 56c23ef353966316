"""What waits for a person, what stands still, and what happened since they were last here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from gvrc.model.access import Actor
from gvrc.model.run import RunStatus
from gvrc.security.permissions import Permission, require
from gvrc.store import reads, reads_home, reads_search, staged
from gvrc.store.reads_search import FacilityFilter
from gvrc.store.session import Database
from gvrc.views.map import county_name
from gvrc.views.remembered import remembered_of_registry, remembered_under
from gvrc.views.sight import Sight

NEWEST_RUNS = 10
"""Runs that are looked through for what waits; older ones are on the page of runs."""
OVERDUE = timedelta(days=7)
"""A question that has waited longer is overdue: a wrong phone number fails someone every day it stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CountyWork:
    """The open questions of one county; `county` None: records whose county is not known."""

    county_code: str | None
    county: str | None
    pairs: int
    values: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunWork:
    """What waits in one run: pairs to judge and values to look at (also by county), records ready to commit, records held, places of its
    newest commit without their second signature."""

    run_id: int
    status: str
    started_by: str
    created_at: datetime
    pairs: int
    values: int
    counties: tuple[CountyWork, ...]
    ready: int
    held: int
    unsigned: int
    dead_letters: int
    is_overdue: bool

    @property
    def questions(self) -> int:
        return self.pairs + self.values


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """How many answers a colleague gave in a run."""

    who: str
    run_id: int
    answers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCommit:
    """A commit that landed. `run_id` None: it was not of a run."""

    commit_id: int
    run_id: int | None
    who: str
    added: int
    changed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRun:
    """A run that was started."""

    run_id: int
    who: str
    status: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What happened since a moment, newest first, at most five of each."""

    since: datetime
    runs: tuple[NewRun, ...]
    answers: tuple[Answered, ...]
    commits: tuple[NewCommit, ...]

    @property
    def is_empty(self) -> bool:
        return not (self.runs or self.answers or self.commits)


def open_work(db: Database, actor: Actor) -> tuple[RunWork, ...]:
    """What waits in the newest runs, newest first. Raises NotAllowedError."""
    require(actor, Permission.REVIEW)
    scope = Sight(actor=actor).scope
    with db.read(actor) as conn:
        runs = reads.run_rows(conn, limit=NEWEST_RUNS)
        ids = [run.run_id for run in runs if run.status == RunStatus.DONE]  # until a run is done, what its lists ask stands with the run before
        asked, states = remembered_under(
            conn, db, actor, staged.whole_stamp, ("home", scope, tuple(ids)),
            lambda own: (reads_home.open_questions(own, scope, ids), reads_home.standing(own, scope, ids)), of_runs=ids,
        )
        unsigned = reads_home.unsigned(conn, ids)
        dead = reads_home.unread(conn, ids) if scope.sees_trace else {}
    now, standing = datetime.now(UTC), _by_run(states, "state")
    return tuple(_run_work(run, [row for row in asked if row.run_id == run.run_id], standing.get(run.run_id, {}), (unsigned, dead), now) for run in runs)


def facilities_known(db: Database, actor: Actor) -> int:
    """How many places of the registry this person may know of. Raises NotAllowedError."""
    require(actor, Permission.READ)
    scope = Sight(actor=actor).scope
    with db.read(actor) as conn:
        return remembered_of_registry(conn, db, actor, ("facilities", scope), lambda own: reads_search.count_facilities(own, scope, FacilityFilter()))


def claimed(db: Database, actor: Actor) -> Mapping[str, int]:
    """Who has how many questions open right now, by user name. Raises NotAllowedError."""
    require(actor, Permission.REVIEW)
    with db.read(actor) as conn:
        return reads_home.claims(conn)


def news(db: Database, actor: Actor, since: datetime) -> News:
    """What came in and what colleagues did since a moment. Raises NotAllowedError."""
    require(actor, Permission.REVIEW)
    with db.read(actor) as conn:
        found = reads_home.happened(conn, since, actor.username)
    return News(
        since=since,
        runs=tuple(NewRun(run_id=row.run_id, who=row.started_by, status=row.status, created_at=row.created_at) for row in found.runs),
        answers=tuple(Answered(who=row.decided_by, run_id=row.run_id, answers=row.n) for row in found.answers),
        commits=tuple(NewCommit(commit_id=row.commit_id, run_id=row.run_id, who=row.committed_by, added=row.added, changed=row.changed) for row in found.commits),
    )


def _by_run(rows: Sequence[Any], name: str) -> dict[int, dict[str, int]]:
    found: dict[int, dict[str, int]] = {}
    for row in rows:
        found.setdefault(row.run_id, {})[getattr(row, name)] = row.n
    return found


def _run_work(run: Any, asked: Sequence[Any], states: Mapping[str, int], waiting: tuple[Mapping[int, int], Mapping[int, int]], now: datetime) -> RunWork:
    unsigned, dead = waiting
    pairs, values = _by_county(asked, "duplicate"), _by_county(asked, "issue")
    is_old = now - run.created_at > OVERDUE
    return RunWork(
        run_id=run.run_id, status=run.status, started_by=run.started_by, created_at=run.created_at, pairs=pairs.total(), values=values.total(),
        counties=tuple(
            CountyWork(county_code=code, county=county_name(code), pairs=pairs[code], values=values[code])
            for code, _ in sorted((pairs + values).items(), key=lambda each: (-each[1], each[0] or "~"))
        ),
        ready=states.get("ready", 0), held=states.get("held", 0) + states.get("rejected", 0), unsigned=unsigned.get(run.run_id, 0), dead_letters=dead.get(run.run_id, 0),
        is_overdue=is_old and bool(pairs or values),
    )  # fmt: skip


def _by_county(asked: Sequence[Any], kind: str) -> Counter[str | None]:
    found = Counter[str | None]()
    for row in asked:
        if row.kind == kind:
            found[row.county_code] += row.n
    return found
