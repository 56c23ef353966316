"""The history of a facility, from the audit trail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gvrc.reference.vocabularies import load_vocabularies
from gvrc.security.masking import HIDDEN
from gvrc.store import reads_registry
from gvrc.store.session import Connection, Database
from gvrc.views.people import Opened, open_all


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryChange:
    """A part of it. `act`: entered (the registry, by a name), renewed (the record, and nothing that shows), became (a field), added, removed or changed
    (a thing). `about` is the field, or the thing; `values` are what it says now, as words and terms; None among them is not known."""

    act: str
    about: str = ""
    before: str | None = None
    values: tuple[str | None, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """One thing that happened to a facility: when, by whom, in which run, and what changed."""

    happened_at: datetime
    changed_by: str
    run_id: int | None
    reason: str | None
    changes: tuple[HistoryChange, ...]


_UNTOLD = frozenset({
    "facility_id", "record_hash", "version", "updated_at", "updated_by", "created_at", "created_by", "origins", "quality_parts", "aliases",
})
"""Columns of a facility that say nothing to a reader of its history."""
_NAMES: Mapping[str, str] = {
    "facility_name": "name", "officer_in_charge": "officer", "operational_status_id": "operational_status", "county_id": "county",
    "constituency_id": "constituency", "ward_id": "ward", "quality_score": "quality_score", "is_active": "active",
}
_PERSONAL = frozenset({"address", "officer_in_charge", "contact_value"})
_BOOKKEEPING = frozenset({"record_key", "record_hash", "first_seen", "last_seen", "created_at", "created_by"})
_ACTS: Mapping[str, str] = {"INSERT": "added", "DELETE": "removed", "UPDATE": "changed"}


def history_of(conn: Connection, db: Database, facility_id: int, *, is_clear: bool, limit: int = 50, offset: int = 0) -> tuple[HistoryEntry, ...]:
    """What happened to a facility, newest first; personal values masked unless `is_clear`. For readers who see the facility whole."""
    rows = reads_registry.audit_rows(conn, facility_id, limit=limit, offset=offset)
    labels = reads_registry.lookup_labels(conn)
    labels["ward_id"] = reads_registry.ward_names(conn, sorted({int(v["ward_id"]) for row in rows for v in _values(row) if v.get("ward_id")}))
    sealed = [f"vault:{v[name]}" for row in rows for v in _values(row) for name in _PERSONAL if v.get(name)]
    teller = _Teller(labels=labels, opened=open_all(conn, db, sealed), is_clear=is_clear)
    return tuple(teller.entry(row) for row in rows)


def _values(row: Any) -> Sequence[Mapping[str, Any]]:
    return [values for values in (row.old_values, row.new_values) if values]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Teller:
    labels: Mapping[str, Mapping[str, str]]
    opened: Opened
    is_clear: bool

    def entry(self, row: Any) -> HistoryEntry:
        """What a row of the audit trail tells."""
        return HistoryEntry(happened_at=row.changed_at, changed_by=row.changed_by, run_id=row.run_id, reason=row.reason, changes=self._changes(row))

    def _changes(self, row: Any) -> tuple[HistoryChange, ...]:
        if row.table_name != "facilities":
            values = (row.new_values or row.old_values).items()
            told = tuple(self._told(name, value) for name, value in values if self._tells(name, value))
            return (HistoryChange(act=_ACTS[row.operation], about=row.table_name.removeprefix("facility_"), values=told),)
        if row.operation == "INSERT":
            return (HistoryChange(act="entered", values=(row.new_values["facility_name"],)),)
        changes = (self._cell(name, row.old_values.get(name), row.new_values.get(name)) for name in row.new_values if name not in _UNTOLD)
        return tuple(changes) or (HistoryChange(act="renewed"),)

    def _cell(self, name: str, before: Any, after: Any) -> HistoryChange:
        return HistoryChange(act="became", about=_NAMES.get(name, name), before=self._told(name, before), values=(self._told(name, after),))

    @staticmethod
    def _tells(name: str, value: Any) -> bool:
        return value not in (None, "") and not isinstance(value, bool) and not name.endswith("_id") and name not in _BOOKKEEPING

    def _told(self, name: str, value: Any) -> str | None:
        if value is None:
            return None
        if name in _PERSONAL:
            return self.opened.text(f"vault:{value}", "contact" if name == "contact_value" else name, is_clear=self.is_clear) or HIDDEN
        if name in self.labels:
            return self.labels[name].get(str(value), str(value))
        vocabularies = load_vocabularies()
        vocabulary = {
            "facility_type": vocabularies.facility_types, "service": vocabularies.services, "gbv_category": vocabularies.gbv_categories,
            "owner_type": vocabularies.owner_types,
        }.get(name)
        if vocabulary is not None:
            return vocabulary.label(str(value))
        return self.opened.text(str(value), "", is_clear=self.is_clear) or ""
