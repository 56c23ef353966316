"""What the row stages of a run already know of its end: what each record says that concerns others, and the statistics of its sources."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gvrc.matching.columns import MatchColumns
from gvrc.model.quality import Standing
from gvrc.model.record import ContactType, Record, RecordState
from gvrc.pipeline.statistics import SourceGatherings
from gvrc.settings import Settings
from gvrc.staging import SavedRecord

BASE_MB = 256
"""Memory of a process that works on a run, without what it keeps of the records (190 MB were seen)."""
KEPT_KB = 2.0
"""Memory that a record takes whose row and columns are kept at hand (1.5 were seen)."""


class RunRow(NamedTuple):
    """What the rules on a whole run look at in one record; contacts are vault ids, `point` latitude and longitude, `standing` what its score follows from,
    where it was scored when it was saved."""

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
    standing: Standing | None = None

    @classmethod
    def of(cls, record_id: int, file_id: int, record: Record, standing: Standing | None = None) -> RunRow:
        """The row of a record whose personal values are sealed."""
        return cls(
            record_id, file_id, record.record_key, record.name or "", record.source, record.mfl_code or "", record.fid_code or "",
            record.registration_number or "", _values(record, ContactType.PHONE), _values(record, ContactType.EMAIL),
            None if record.point is None else (record.point.latitude, record.point.longitude), standing,
        )


class Foreseen(NamedTuple):
    """A committed chunk as the stages of the whole run want it, small enough to be sent from process to process: how many of its records were scored,
    each one's row, and the columns of those that can be a place, with their record ids. Of a very long list only the number."""

    scored: int
    rows: Sequence[RunRow] = ()
    places: Sequence[int] = ()
    columns: MatchColumns | None = None

    @classmethod
    def of(cls, saved: Sequence[SavedRecord], *, is_kept: bool = True) -> Foreseen:
        """What is foreseen of records just saved; their number alone when the rest would not be kept."""
        if not is_kept:
            return cls(len(saved))
        places = [item for item in saved if item.is_place]
        return cls(
            scored=len(saved),
            rows=[RunRow.of(item.record_id, item.file_id, item.record, item.standing) for item in saved],
            places=[item.record_id for item in places],
            columns=MatchColumns.from_records([item.record for item in places], [item.file_id for item in places]),
        )


class Places(NamedTuple):
    """The records of a run that can be a place: their record ids by key, and their columns in the same order."""

    ids: dict[str, int]
    columns: MatchColumns


def most_kept(settings: Settings) -> int:
    """Records of a run that are kept at hand, within the memory that a run may take."""
    return int(max(settings.memory_limit_mb - BASE_MB, 0) * 1024 / KEPT_KB)


class Foresight:
    """Gathers while chunks are saved, so that the stages of the whole run need not read the records back. It lives with the process and holds only
    for a run that one process takes from its first row to the end. Of more records than fit into the memory only their number and their statistics are
    kept: they are read back then, but need not be scored again."""

    def __init__(self, settings: Settings) -> None:
        self.gatherings = SourceGatherings(settings)
        self.rows: list[RunRow] = []
        self._parts: list[MatchColumns] = []
        self._said: dict[object, object] = {}
        self._places: dict[str, int] = {}
        self._scored = 0
        self._most = most_kept(settings)
        self._has_editions = False
        self.homes: dict[int, int] | None = None
        """Record id → smallest record id of its cluster, as this process found the clusters; None before it did."""
        self.is_given_up = False
        self.keeps_rows = self._most > 0

    def give_up(self) -> None:
        """Forget everything, for it is no longer all of the run: the stages of the whole run then read the records from the database and score them."""
        self.gatherings.sources.clear()
        self.is_given_up = True
        self.drop_rows()

    def drop_rows(self) -> None:
        """Give the memory of the records back."""
        self.keeps_rows = False
        for held in (self.rows, self._parts, self._places, self._said):
            held.clear()

    def add(self, seen: Foreseen) -> None:
        """Takes a committed chunk in."""
        if self.is_given_up:
            return
        self._scored += seen.scored
        if seen.columns is None or self._scored > self._most:
            self.drop_rows()
            return
        if not self.keeps_rows:
            return
        self.rows.extend(seen.rows)
        self._parts.append(seen.columns.sharing(self._said))
        known = len(self._places)
        self._places.update(zip(seen.columns.keys.tolist(), seen.places, strict=True))
        self._has_editions |= len(self._places) < known + len(seen.places)

    def holds(self, states: dict[str, int]) -> bool:
        """Whether this is still all of the run, by how many of its records stand in which state: none from before this process, and none that
        a person answered on meanwhile."""
        return not self.is_given_up and states == ({RecordState.NEW.value: self._scored} if self._scored else {})

    def places(self) -> Places | None:
        """The places of the run; None when they were not kept, were given out before (whoever tries again reads them back), or two editions of one record are
        among them and the newest must be found. Their memory is given back."""
        if self._has_editions or not self.keeps_rows or not self._parts:
            return None
        columns = MatchColumns.strung(self._parts)
        self._parts.clear()
        self._said.clear()
        return Places(self._places, columns)


def _values(record: Record, kind: ContactType) -> tuple[str, ...]:
    return tuple([contact.value for contact in record.contacts if contact.contact_type is kind])
