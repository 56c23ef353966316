"""What a commit says: the units it works on, why some are held back, what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from gvrc.store.registry import FacilityStanding, LinkedKey, Member, PlaceDecision


class Hold(StrEnum):
    """Why a place does not reach the registry this time."""

    NOT_READY = "not_ready"
    OPEN_QUESTION = "open_question"
    OPEN_ERROR = "open_error"
    LOW_QUALITY = "low_quality"
    REJECTED = "rejected"
    NO_NAME = "no_name"
    NO_KIND = "no_kind"
    SISTER_WAITS = "sister_waits"
    RETIRED = "retired"
    OTHER_COUNTY = "other_county"
    SECOND_SIGNATURE = "second_signature"
    OTHER_PERSON = "other_person"
    CHANGED_MEANWHILE = "changed_meanwhile"


HOLD_WORDS: Mapping[Hold, str] = {
    Hold.NOT_READY: "has not been through every stage yet",
    Hold.OPEN_QUESTION: "waits for review",
    Hold.OPEN_ERROR: "an error on it is still open",
    Hold.LOW_QUALITY: "too little is known of it: the quality score is below the threshold",
    Hold.REJECTED: "rejected by a steward",
    Hold.NO_NAME: "has no name",
    Hold.NO_KIND: "its kind of place is unknown",
    Hold.SISTER_WAITS: "another record of the same place waits for an answer",
    Hold.RETIRED: "its facility was retired",
    Hold.OTHER_COUNTY: "lies outside your counties",
    Hold.SECOND_SIGNATURE: "needs a second signature",
    Hold.OTHER_PERSON: "needs the signature of another person than the one who decided",
    Hold.CHANGED_MEANWHILE: "was changed by somebody else while the commit ran; commit again",
}


class Risk(StrEnum):
    """Acts that need a second signature."""

    MERGE = "merge"
    MORE_VISIBLE = "more_visible"


@dataclass(frozen=True, slots=True, kw_only=True)
class Risky:
    """One risky act in words, on a place of the run."""

    risk: Risk
    record_id: int
    facility_ids: tuple[int, ...]
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldBack:
    """How many records wait for the same reason; `record_ids` names the first hundred."""

    hold: Hold
    reason: str
    count: int
    record_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """Records judged to be one place, and the facilities they feed already (the survivor first).

    `members` are the run's records that speak, `outside` records of other files that feed the same facility (without a record id when staging
    no longer holds them). `is_settled` says that the registry holds exactly this already.
    """

    members: tuple[Member, ...]
    facility_ids: tuple[int, ...] = ()
    outside: tuple[LinkedKey, ...] = ()
    hold: Hold | None = None
    is_settled: bool = False

    @property
    def unit_id(self) -> int:
        """The smallest record id: the order in which places are committed."""
        return self.members[0].record_id if self.members else self.outside[0].record_id or 0

    @property
    def record_ids(self) -> list[int]:
        """Every staged record that speaks for the place."""
        return [m.record_id for m in self.members] + [link.record_id for link in self.outside if link.record_id is not None]

    @property
    def record_keys(self) -> set[str]:
        """Their stable keys."""
        return {m.record_key for m in self.members} | {link.record_key for link in self.outside}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything a commit is about to do, before a golden record is computed."""

    run_id: int
    units: tuple[Unit, ...]
    standings: Mapping[int, FacilityStanding]
    decisions: tuple[PlaceDecision, ...] = ()
    rejected: tuple[Member, ...] = ()
    superseded: tuple[Member, ...] = ()

    @property
    def passing(self) -> list[Unit]:
        return [unit for unit in self.units if unit.hold is None and (unit.members or unit.outside)]

    @property
    def working(self) -> list[Unit]:
        """Units whose golden record must be computed."""
        return [unit for unit in self.passing if not unit.is_settled]


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitOutcome:
    """What a commit did. Counts are facilities, except `held_back` and `dead_letters`, which count records.

    A commit that had nothing to write has no row of its own: `commit_id` is then that of the last one, 0 when there was none.
    """

    commit_id: int
    added: int
    changed: int
    merged: int
    unchanged: int
    held_back: tuple[HeldBack, ...]
    batches: int
    dead_letters: int
    seconds: float

    @property
    def held_back_records(self) -> int:
        return sum(item.count for item in self.held_back)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """A facility that could not be taken back, and what stands in the way. `fields` are those that later work set again."""

    facility_id: int
    facility_code: str
    name: str
    fields: tuple[str, ...]
    sentence: str
    changed_by: str | None = None
    changed_at: datetime | None = None
    commit_id: int | None = None


class ActState(StrEnum):
    """What became of an act on live facilities."""

    DONE = "done"
    WAITING = "waiting"
    CONFIRM = "confirm"


@dataclass(frozen=True, slots=True, kw_only=True)
class ActOutcome:
    """What came of an act. WAITING: a second person must approve the request `request_id`. CONFIRM: nothing was written; the only account that may
    approve must confirm. `restored` counts facilities that were taken back."""

    state: ActState
    commit_id: int | None = None
    request_id: int | None = None
    restored: int = 0
    conflicts: tuple[Conflict, ...] = ()
    risks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CellChange:
    """One value that would change; personal values are masked."""

    field_name: str
    label: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedFacility:
    """One facility of a preview: `act` is added or changed. `merged_into_it` are codes that will redirect here."""

    act: str
    facility_id: int | None
    facility_code: str | None
    name: str
    facility_type: str
    county_code: str | None
    visibility: str
    record_ids: tuple[int, ...]
    cells: tuple[CellChange, ...] = ()
    merged_into_it: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CountyCount:
    """Active facilities of a county before and after; `county_code` None: county unknown."""

    county_code: str | None
    county: str
    before: int
    after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Invariant:
    """One thing that must hold of the registry, and whether it does."""

    name: str
    holds: bool
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitPreview:
    """What a commit would do. Lists hold at most `limit` entries, `places` of each act; the counts are complete."""

    run_id: int
    added: int
    changed: int
    merged: int
    unchanged: int
    held_back: tuple[HeldBack, ...]
    counties: tuple[CountyCount, ...]
    becomes_public: int
    public_places: tuple[PlannedFacility, ...]
    places: tuple[PlannedFacility, ...]
    risky: tuple[Risky, ...]
    invariants: tuple[Invariant, ...]
    seconds: float = 0.0

    @property
    def changes(self) -> tuple[PlannedFacility, ...]:
        """The places, cell by cell."""
        return self.places

    @property
    def counties_before_after(self) -> tuple[CountyCount, ...]:
        """Per county, before and after."""
        return self.counties

    @property
    def held_back_records(self) -> int:
        return sum(item.count for item in self.held_back)


@dataclass(slots=True)
class Tally:
    """Counts that grow while a commit runs."""

    units: int = 0
    done: int = 0
    added: int = 0
    changed: int = 0
    merged: int = 0
    unchanged: int = 0
    batches: int = 0
    dead_letters: int = 0
    held: dict[Hold, list[int]] = field(default_factory=dict)

    def hold_back(self, hold: Hold, members: Iterable[Member]) -> None:
        """These records wait for this reason."""
        self.held.setdefault(hold, []).extend(member.record_id for member in members)

    def with_batch(self, counts: Mapping[str, int], units: int, held: Iterable[tuple[Hold, Unit]]) -> Tally:
        """The tally as it is once a batch has landed."""
        grown = {name: getattr(self, name) + number for name, number in counts.items()}
        tally = replace(self, **grown, done=self.done + units, batches=self.batches + 1, held={hold: list(ids) for hold, ids in self.held.items()})
        for hold, unit in held:
            tally.hold_back(hold, unit.members)
        return tally

    def with_burial(self, records: int) -> Tally:
        """The tally once a place's records lie among the dead letters."""
        return replace(self, done=self.done + 1, dead_letters=self.dead_letters + records)

    def take(self, other: Tally) -> None:
        """Become `other`, after its transaction has landed."""
        for item in fields(self):
            setattr(self, item.name, getattr(other, item.name))

    def counts(self) -> dict[str, Any]:
        """As the commit's own row keeps them."""
        numbers = ("units", "done", "added", "changed", "merged", "unchanged", "batches", "dead_letters")
        return {name: getattr(self, name) for name in numbers} | {"held_back": {hold.value: len(ids) for hold, ids in self.held.items()}}

    def held_back(self) -> tuple[HeldBack, ...]:
        """Why records wait, most frequent reason first."""
        found = sorted(self.held.items(), key=lambda item: (-len(item[1]), item[0]))
        return tuple(HeldBack(hold=hold, reason=HOLD_WORDS[hold], count=len(ids), record_ids=tuple(ids[:100])) for hold, ids in found)
