"""What the row stages of a run already know of its end: what each record says that concerns others, and the statistics of its sources."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gvrc.matching.columns import MatchColumns
from gvrc.model.record import ContactType, Record, RecordState
from gvrc.pipeline.statistics import SourceGatherings
from gvrc.settings import Settings
from gvrc.staging import SavedRecord


class RunRow(NamedTuple):
    """What the rules on a whole run look at in one record; contacts are vault ids, `point` latitude and longitude."""

    record_id: int
    file_id: int
    record_key: str
    name: str
    source: str
    mfl_code: str
    fid_code: str
    registration_number: str
    phones: tuple[str, ...]
    emails: tuple[str, ...]
    point: tuple[float, float] | None

    @classmethod
    def of(cls, record_id: int, file_id: int, record: Record) -> RunRow:
        """The row of a record whose personal values are sealed."""
        return cls(
            record_id, file_id, record.record_key, record.name or "", record.source, record.mfl_code or "", record.fid_code or "",
            record.registration_number or "", _values(record, ContactType.PHONE), _values(record, ContactType.EMAIL),
            None if record.point is None else (record.point.latitude, record.point.longitude),
        )


class Foreseen(NamedTuple):
    """A committed chunk as the stages of the whole run want it, small enough to be sent from process to process: each record's row, and the
    columns of those that can be a place, with their record ids."""

    rows: list[RunRow]
    places: list[int]
    columns: MatchColumns

    @classmethod
    def of(cls, saved: Sequence[SavedRecord]) -> Foreseen:
        """What is foreseen of records just saved."""
        places = [item for item in saved if item.is_place]
        return cls(
            rows=[RunRow.of(item.record_id, item.file_id, item.record) for item in saved],
            places=[item.record_id for item in places],
            columns=MatchColumns.from_records([item.record for item in places], [item.file_id for item in places]),
        )


class Places(NamedTuple):
    """The records of a run that can be a place: their record ids by key, and their columns in the same order."""

    ids: dict[str, int]
    columns: MatchColumns


class Foresight:
    """Gathers while chunks are saved, so that the stages of the whole run need not read the records back. It lives with the process and holds only
    for a run that one process takes from its first row to the end."""

    def __init__(self, settings: Settings) -> None:
        self.gatherings = SourceGatherings(settings)
        self.rows: list[RunRow] = []
        self._parts: list[MatchColumns] = []
        self._places: dict[str, int] = {}
        self._has_editions = False
        self.is_given_up = False

    def give_up(self) -> None:
        """Forget everything, to give its memory back: the stages of the whole run then read the records from the database."""
        self.gatherings.sources.clear()
        self.is_given_up = True
        for held in (self.rows, self._parts, self._places):
            held.clear()

    def add(self, seen: Foreseen) -> None:
        """Takes a committed chunk in."""
        if self.is_given_up:
            return
        self.rows.extend(seen.rows)
        self._parts.append(seen.columns)
        known = len(self._places)
        self._places.update(zip(seen.columns.keys.tolist(), seen.places, strict=True))
        self._has_editions |= len(self._places) < known + len(seen.places)

    def holds(self, states: dict[str, int]) -> bool:
        """Whether this is still all of the run, by how many of its records stand in which state: none from before this process, and none that
        a person answered on meanwhile."""
        return not self.is_given_up and states == ({RecordState.NEW.value: len(self.rows)} if self.rows else {})

    def places(self) -> Places | None:
        """The places of the run; None when two editions of one record are among them and the newest must be found. Their memory is given back."""
        if self._has_editions:
            return None
        columns = MatchColumns.joined(self._parts)
        self._parts.clear()
        return Places(self._places, columns)


def _values(record: Record, kind: ContactType) -> tuple[str, ...]:
    return tuple([contact.value for contact in record.contacts if contact.contact_type is kind])
