"""The history of a facility in words, from the audit trail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gvrc.checks.catalogue import field_label
from gvrc.reference.vocabularies import load_vocabularies
from gvrc.security.masking import HIDDEN
from gvrc.store import reads_registry
from gvrc.store.session import Connection, Database
from gvrc.views.people import Opened, open_all


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """One thing that happened to a facility: when, by whom, in which run, what, and all of it in a sentence."""

    happened_at: datetime
    changed_by: str
    run_id: int | None
    reason: str | None
    what: str
    sentence: str


_UNTOLD = frozenset({
    "facility_id", "record_hash", "version", "updated_at", "updated_by", "created_at", "created_by", "origins", "quality_parts", "aliases",
})
"""Columns of a facility that say nothing to a reader of its history."""
_NAMES: Mapping[str, str] = {
    "facility_name": "name", "officer_in_charge": "officer", "operational_status_id": "operational_status", "county_id": "county",
    "constituency_id": "constituency", "ward_id": "ward", "quality_score": "quality_score", "is_active": "active",
}
_PERSONAL = frozenset({"address", "officer_in_charge", "contact_value"})
_THINGS: Mapping[str, str] = {
    "facility_contacts": "contact", "facility_services": "service", "facility_gbv_categories": "GBV category", "facility_owners": "owner",
    "facility_coordinates": "point", "facility_infrastructure": "infrastructure", "facility_sources": "source record",
    "facility_relations": "relation", "facility_redirects": "redirect",
}
_BOOKKEEPING = frozenset({"record_key", "record_hash", "first_seen", "last_seen", "created_at", "created_by"})
_VERBS: Mapping[str, str] = {"INSERT": "added", "DELETE": "removed", "UPDATE": "changed"}


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
        """With a sentence such as `12 May 2026, asteward: phone number 0722 became +254 722, run 31`"""
        here = row.changed_at.astimezone()
        what = self._what(row) + (f", run {row.run_id}" if row.run_id is not None else "")
        return HistoryEntry(
            happened_at=row.changed_at, changed_by=row.changed_by, run_id=row.run_id, reason=row.reason, what=what,
            sentence=f"{here.day} {here:%B %Y}, {row.changed_by}: {what}",
        )

    def _what(self, row: Any) -> str:
        if row.table_name == "facilities":
            if row.operation == "INSERT":
                return f"entered the registry as {row.new_values['facility_name']}"
            changes = [self._cell(name, row.old_values.get(name), row.new_values.get(name)) for name in row.new_values if name not in _UNTOLD]
            return "; ".join(changes) or "its record was renewed"
        thing = _THINGS.get(row.table_name, row.table_name)
        told = ", ".join(self._told(name, value) for name, value in (row.new_values or row.old_values).items() if self._tells(name, value))
        return f"{thing} {_VERBS[row.operation]}" + (f": {told}" if told else "")

    def _cell(self, name: str, before: Any, after: Any) -> str:
        label = field_label(_NAMES.get(name, name))
        label = label[:1].lower() + label[1:]
        if before is None:
            return f"{label} became {self._told(name, after)}"
        return f"{label} {self._told(name, before)} became {'unknown' if after is None else self._told(name, after)}"

    @staticmethod
    def _tells(name: str, value: Any) -> bool:
        return value not in (None, "") and not isinstance(value, bool) and not name.endswith("_id") and name not in _BOOKKEEPING

    def _told(self, name: str, value: Any) -> str:
        if value is None:
            return "unknown"
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
