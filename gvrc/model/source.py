"""What comes in: files, rows, and how their fields are read."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from gvrc.model.record import CONTACT_FIELDS

LEFT_OUT = "Left out, for it does not read like a list of places"
"""How the reason begins that tells which parts of a file are not read."""


class SourceKind(StrEnum):
    """The shape of a delivery; names the partition of the raw table."""

    JSON = "json"
    CSV = "csv"
    API = "api"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """One delivered file, recognised for ever by the SHA-256 of its bytes. `path` points at readable bytes."""

    name: str
    sha256: str
    size_bytes: int
    path: Path
    kind: SourceKind = SourceKind.JSON
    source: str | None = None
    file_id: int | None = None
    received_by: str | None = None
    received_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSample:
    """One field of the file as the upload page shows it: where it goes, how sure, what it holds."""

    path: str
    canonical: str | None
    confidence: float
    reason: str
    samples: tuple[str, ...] = ()


_SAY_WHERE = frozenset({"county", "constituency", "sub_county", "district", "ward", "town", "location"})
_SAY_HOW_TO_REACH = frozenset({*CONTACT_FIELDS, "officer", "address", "coordinates", "latitude"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """How a source's own fields become canonical fields (gvrc.model.record.CANONICAL_FIELDS).

    `record_paths` are the places of the records in the tree: tuples of keys, with "*" for "each element" or "each key".
    `fields` maps a source path (dotted, inside the record, or `^key` for a value inherited from a parent) to a canonical name;
    several paths may feed one canonical field, the first that says something counts. `unused` are paths that a person left out, so that
    nothing is proposed for them again. `constants` are canonical values that hold for every record of the source.
    `dialect` is the delimiter for CSV (with ` transposed` behind it when fields stand below each other, or `fixed` with where columns begin, ` above` behind it when rows point to what they
    lie in; `called lines` for lines that each name a place and its number), `jsonl` for JSON Lines, `table`,
    `columns` or `texts` for a table written as JSON, `unfolded` for JSON inside texts, `referenced` for records that name what they lie in by its key, `array lines` for a list of cells
    on each line, empty otherwise.
    """

    source: str
    record_paths: tuple[tuple[str, ...], ...]
    fields: dict[str, str]
    constants: dict[str, str] = field(default_factory=dict)
    signature: str = ""
    dialect: str = ""
    unused: tuple[str, ...] = ()
    places: tuple[tuple[str, ...], ...] = ()
    """Where a row holds several places, or the column of names says their kind: the columns of each place, its name first."""

    @property
    def has_names(self) -> bool:
        """Whether a field names the places, or what they are, where, and how to reach them is told, of which a name can be proposed."""
        told = {*self.fields.values(), *self.constants}
        return "name" in told or ("facility_type" in told and not told.isdisjoint(_SAY_WHERE) and not told.isdisjoint(_SAY_HOW_TO_REACH))


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """What a file was recognised as: source name, how sure (0 to 1), why, and how its fields will be read."""

    source: str
    kind: SourceKind
    confidence: float
    reasons: tuple[str, ...]
    mapping: Mapping
    fields: tuple[FieldSample, ...] = ()
    is_known: bool = False

    @property
    def unmapped(self) -> tuple[FieldSample, ...]:
        """Fields that go nowhere yet."""
        return tuple(sample for sample in self.fields if sample.canonical is None)


class SourceRow(NamedTuple):
    """One record as it came. `pointer` is its JSON pointer (`/rows/N` or `/columns/N` in a CSV, `/lines/N` in JSON Lines) for ever.

    `data` is the source's own object, `context` the values that flowed down from its parents, `values` the canonical fields with
    their raw values (text, number, list or object, never cleaned). `record_key` names the same source record in later editions.
    """

    source: str
    pointer: str
    number: int
    data: dict[str, Any]
    context: dict[str, Any]
    values: dict[str, Any]
    record_key: str
    content_hash: str
    source_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """Where a file broke off: told after every whole record before it was yielded.

    `aside` names what was set aside on the way, each by its pointer with the reason: it counts as having come in.
    """

    detail: str
    hint: str
    byte_offset: int | None = None
    records_kept: int = 0
    aside: tuple[tuple[str, str], ...] = ()
