"""How many questions wait, by what they are about: counted once in the database, told by any facet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from gvrc.model.access import Actor
from gvrc.model.review import QuestionKind
from gvrc.security.permissions import Permission, require
from gvrc.store import reads_questions as reads
from gvrc.store.reads_questions import Asked
from gvrc.store.session import Database
from gvrc.views.remembered import remembered
from gvrc.views.sight import Sight

PACE_OF = 20
"""The pace of a person is told from so many of their last answers."""
USUAL_SECONDS: Mapping[str, float] = {QuestionKind.DUPLICATE: 8.0, QuestionKind.ISSUE: 6.0}
"""Seconds an answer takes until the person's own pace is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Questions that agree in everything a facet can tell; `values` by the facet's name (a pair may have two sources, counties, kinds)."""

    kind: str
    n: int
    values: Mapping[str, frozenset[str]]

    def matches(self, chosen: Mapping[str, str | None]) -> bool:
        """Whether these are among the chosen ones."""
        return all(value is None or value in self.values.get(name, frozenset()) for name, value in chosen.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """The questions that wait, in groups."""

    groups: tuple[Group, ...]

    def total(self, **chosen: str | None) -> int:
        """How many wait among the chosen ones."""
        return sum(group.n for group in self.groups if group.matches(chosen))

    def facet(self, name: str, **chosen: str | None) -> dict[str, int]:
        """How many wait for each value of a facet, most first, under the choices of the other facets."""
        others = {other: value for other, value in chosen.items() if other != name}
        counts: Counter[str] = Counter()
        for group in self.groups:
            if group.matches(others):
                counts.update(dict.fromkeys(group.values.get(name, ()), group.n))
        return dict(counts.most_common())


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionCounts:
    """How many questions wait: in all, and per kind of issue, source, county code and band."""

    duplicates: int
    issues: int
    by_code: dict[str, int]
    by_source: dict[str, int]
    by_county: dict[str, int]
    by_band: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the questions of a run are answered, and the seconds a question takes this person."""

    answered: int
    waiting: int
    seconds_each: float

    @property
    def all(self) -> int:
        """Answered and waiting."""
        return self.answered + self.waiting

    @property
    def minutes_left(self) -> int:
        """At the person's own pace; at least one."""
        return max(1, round(self.waiting * self.seconds_each / 60))


def pair_tally(db: Database, actor: Actor, run_id: int) -> Tally:
    """The pairs of a run that wait. Raises NotAllowedError."""
    require(actor, Permission.REVIEW)
    scope = Sight(actor=actor).scope

    with db.read(actor) as conn:
        return remembered(
            conn, db, actor, run_id, ("pair_tally", scope), lambda own: Tally(groups=tuple(_pair_group(row) for row in reads.pair_tally(own, scope, run_id)))
        )


def flag_tally(db: Database, actor: Actor, run_id: int) -> Tally:
    """The flagged values of a run that wait. Raises NotAllowedError."""
    require(actor, Permission.REVIEW)
    scope = Sight(actor=actor).scope

    with db.read(actor) as conn:
        return remembered(
            conn, db, actor, run_id, ("flag_tally", scope), lambda own: Tally(groups=tuple(_flag_group(row) for row in reads.flag_tally(own, scope, run_id)))
        )


def aside_counts(db: Database, actor: Actor, run_id: int) -> dict[str, int]:
    """Pairs that hold nothing up: the sample of automatic merges still to be looked over, and the parked ones. Raises NotAllowedError."""
    require(actor, Permission.REVIEW)
    scope = Sight(actor=actor).scope
    with db.read(actor) as conn:
        return {asked.value: sum(row.n for row in reads.pair_tally(conn, scope, run_id, asked)) for asked in (Asked.SAMPLE, Asked.PARKED)}


def question_counts(db: Database, actor: Actor, run_id: int, *, kind: str | None = None, **chosen: str | None) -> QuestionCounts:
    """How many questions wait; `chosen` by the facets' names. Raises NotAllowedError."""
    require(actor, Permission.REVIEW)
    pairs = pair_tally(db, actor, run_id) if kind in (None, QuestionKind.DUPLICATE) else Tally(groups=())
    flags = flag_tally(db, actor, run_id) if kind in (None, QuestionKind.ISSUE) else Tally(groups=())
    both = Tally(groups=tuple(group for group in (*pairs.groups, *flags.groups) if group.matches(chosen)))
    return QuestionCounts(
        duplicates=pairs.total(**chosen), issues=flags.total(**chosen), by_code=both.facet("code"), by_source=both.facet("source"),
        by_county=both.facet("county"), by_band=both.facet("band"),
    )


def progress(db: Database, actor: Actor, run_id: int, kind: QuestionKind, waiting: int) -> Progress:
    """How far a run is answered, with `waiting` questions left, at this person's pace. Raises NotAllowedError."""
    require(actor, Permission.REVIEW)
    scope = Sight(actor=actor).scope
    count = reads.answered_pairs if kind is QuestionKind.DUPLICATE else reads.answered_flags
    with db.read(actor) as conn:
        own = reads.pace(conn, actor.username, kind, PACE_OF)
        return Progress(answered=count(conn, scope, run_id), waiting=waiting, seconds_each=own or USUAL_SECONDS[kind])


def alike_count(db: Database, actor: Actor, run_id: int, key: str, *, at_most: int) -> int:
    """How many questions of a run, within the counties of the account, the suggestion of this one would answer; counted up to `at_most`. Raises
    NotAllowedError."""
    require(actor, Permission.DECIDE)
    with db.read(actor) as conn:
        return reads.alike_count(conn, run_id, key, sorted(actor.counties), at_most)


def open_elsewhere(db: Database, actor: Actor, run_id: int) -> dict[str, int]:
    """Who else has how many open questions of a run on the table. Raises NotAllowedError."""
    require(actor, Permission.REVIEW)
    with db.read(actor) as conn:
        return dict(Counter(row.claimed_by for row in reads.held_by_others(conn, run_id, actor.username)))


def _pair_group(row: Any) -> Group:
    values = {
        "asked": {row.asked}, "band": {row.band}, "source": {row.left_source, row.right_source}, "county": {row.left_county, row.right_county},
        "facility_type": {row.left_type, row.right_type},
    }
    return Group(kind=QuestionKind.DUPLICATE, n=row.n, values=_known(values))


def _flag_group(row: Any) -> Group:
    values = {
        "code": {row.code}, "severity": {row.severity}, "stage": {row.stage}, "source": {row.source}, "county": {row.county_code},
        "facility_type": {row.facility_type},
    }
    return Group(kind=QuestionKind.ISSUE, n=row.n, values=_known(values))


def _known(values: Mapping[str, Iterable[str | None]]) -> dict[str, frozenset[str]]:
    return {name: frozenset(value for value in found if value is not None) for name, found in values.items()}
