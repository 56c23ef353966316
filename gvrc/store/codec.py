"""Records, changes, issues and answers as they stand in the database: personal values sealed into the vault, everything else as JSON.

The one place where a personal value meets its `vault:<id>`. `Sealer` collects the values of a chunk first, so that the vault is asked once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import orjson

from gvrc.model.issue import Issue, Suggestion
from gvrc.model.place import Place, Point
from gvrc.model.quick import replaced
from gvrc.model.record import PERSONAL_FIELDS, Contact, ContactType, FieldChange, Record, Visibility
from gvrc.store.jsonb import dump_json

VAULT_PREFIX = "vault:"
_NOT_PERSONAL = frozenset({"record_keys"})
"""Details of an issue that name records and not persons, whatever field it is about."""
_SORTED = orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS


def is_sealed(value: object) -> bool:
    """Whether a text is a vault id rather than a value."""
    return isinstance(value, str) and value.startswith(VAULT_PREFIX)


def personal_values(record: Record, issues: Iterable[Issue]) -> Iterable[str]:
    """Every personal value in a record, its changes and its issues, ready for the vault."""
    yield from (contact.value for contact in record.contacts)
    yield from (value for value in (record.address, record.officer) if value)
    for change in record.changes:
        if change.field_name in PERSONAL_FIELDS:
            yield from (value for value in (change.before, change.after) if value)
    for issue in issues:
        if issue.field_name in PERSONAL_FIELDS:
            yield from issue_texts(issue)


def issue_texts(issue: Issue) -> Iterable[str]:
    """Every text in an issue's value, detail and suggestion that may be personal."""
    suggested = (issue.suggestion.shown, issue.suggestion.values) if issue.suggestion else ()
    yield from texts_in([issue.value, [said for name, said in issue.detail.items() if name not in _NOT_PERSONAL], *suggested])


def texts_in(value: Any) -> Iterable[str]:
    """Every text in a JSON value, not its keys."""
    if isinstance(value, str):
        if value:
            yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from texts_in(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from texts_in(item)


def replace_texts(value: Any, swap: Callable[[str], str]) -> Any:
    """The same JSON value with every text (not the keys) passed through `swap`."""
    if isinstance(value, str):
        return swap(value)
    if isinstance(value, Mapping):
        return {key: replace_texts(item, swap) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [replace_texts(item, swap) for item in value]
    return value


class Sealer:
    """Swaps personal values for their vault ids. Built from the answer of `vault.seal_values`."""

    def __init__(self, ids: Mapping[str, str]) -> None:
        self._ids = ids

    def swap(self, value: str) -> str:
        """The vault id of a value; empty text and ids stay as they are. Raises KeyError for a value that was not sealed."""
        return value if not value or is_sealed(value) else self._ids[value]

    def maybe(self, value: str | None) -> str | None:
        return None if value is None else self.swap(value)

    def sealed(self, record: Record) -> Record:
        """The record as it is read back: vault ids for its contacts, address and officer; its changes are left out."""
        contacts = tuple(Contact(contact_type=c.contact_type, value=self.swap(c.value), label=c.label, is_primary=c.is_primary) for c in record.contacts)
        return replaced(record, contacts=contacts, address=self.maybe(record.address), officer=self.maybe(record.officer), changes=())

    def data(self, record: Record) -> dict[str, Any]:
        """staging.records.data"""
        place, point = record.place, record.point
        return {
            "source_id": record.source_id, "aliases": list(record.aliases), "qualifiers": list(record.qualifiers),
            "facility_code": record.facility_code, "registration_number": record.registration_number, "fid_code": record.fid_code,
            "keph_level": record.keph_level, "owner": record.owner, "operational_status": record.operational_status, "stated": record.stated,
            "place": {
                "county": place.county, "constituency": place.constituency, "ward": place.ward, "confidence": place.confidence,
                "method": place.method, "alternatives": list(place.alternatives),
            },
            "point": None if point is None else {"decimals": point.decimals, "accuracy_level": point.accuracy_level, "method": point.method},
            "contacts": [
                {"contact_type": c.contact_type.value, "value": self.swap(c.value), "label": c.label, "is_primary": c.is_primary}
                for c in record.contacts
            ],
            "services": list(record.services), "gbv_categories": list(record.gbv_categories),
            "address": self.maybe(record.address), "officer": self.maybe(record.officer), "opening_hours": record.opening_hours,
            "description": record.description,
            "last_verified_at": record.last_verified_at.isoformat() if record.last_verified_at else None,
        }

    def changes(self, record: Record) -> list[dict[str, Any]]:
        """staging.records.changes"""
        return [self._change(change) for change in record.changes]

    def _change(self, change: FieldChange) -> dict[str, Any]:
        swap = self.maybe if change.field_name in PERSONAL_FIELDS else _same
        return {
            "field_name": change.field_name, "before": swap(change.before), "after": swap(change.after), "stage": change.stage, "rule": change.rule,
        }

    def issue(self, issue: Issue) -> tuple[str | None, dict[str, Any], dict[str, Any] | None]:
        """value, detail and suggestion of staging.issues"""
        personal = issue.field_name in PERSONAL_FIELDS
        suggestion = issue.suggestion
        shown = None if suggestion is None else {
            "values": suggestion.values, "shown": suggestion.shown, "confidence": suggestion.confidence, "reason": suggestion.reason,
        }
        if not personal:
            return issue.value, dict(issue.detail), shown
        if shown is not None:
            shown |= {"values": replace_texts(shown["values"], self.swap), "shown": self.swap(str(shown["shown"]))}
        return self.maybe(issue.value), {name: said if name in _NOT_PERSONAL else replace_texts(said, self.swap) for name, said in issue.detail.items()}, shown


def _same(value: str | None) -> str | None:
    return value


def hashed(columns: Sequence[Any], data: Mapping[str, Any]) -> tuple[str, bytes]:
    """The fingerprint of everything a record says (SHA-256, hexadecimal): equal ones mean that nothing changed; and `data` as JSON, for which it is
    written out anyway. The record's own key in its source is no part of the fingerprint."""
    counted = {key: value for key, value in data.items() if key != "source_id"}
    try:
        written = orjson.dumps(counted, option=_SORTED)
    except TypeError:  # a value that JSON does not know: a fingerprint takes its text, a column takes more
        return digest([list(columns), counted]), dump_json(data)
    said = orjson.dumps(columns, option=_SORTED, default=str)
    fingerprint = hashlib.sha256(b"[" + said + b"," + written + b"]").hexdigest()
    if "source_id" not in data or b"\\u0000" in written:
        return fingerprint, dump_json(data)
    return fingerprint, written[:-1] + b',"source_id":' + dump_json(data["source_id"]) + b"}"


def digest(value: Any) -> str:
    """SHA-256 of a JSON value with sorted keys, hexadecimal."""
    return hashlib.sha256(orjson.dumps(value, option=_SORTED, default=str)).hexdigest()


def record_from_row(row: Mapping[str, Any]) -> Record:
    """The record behind a row of staging.records; contacts and the like are vault ids."""
    data, place, point = row["data"], row["data"].get("place") or {}, row["data"].get("point")
    verified = data.get("last_verified_at")
    return Record(
        record_key=row["record_key"], source=row["source"], pointer=row["pointer"], source_id=data.get("source_id"), name=row["name"],
        aliases=tuple(data["aliases"]), qualifiers=tuple(data["qualifiers"]), facility_type=row["facility_type"],
        facility_code=data["facility_code"], registration_number=data["registration_number"], mfl_code=row["mfl_code"],
        fid_code=data["fid_code"], keph_level=data["keph_level"], owner=data["owner"], operational_status=data["operational_status"],
        stated=data["stated"],
        place=Place(
            county_code=row["county_code"], constituency_code=row["constituency_code"], ward_code=row["ward_code"], county=place.get("county"),
            constituency=place.get("constituency"), ward=place.get("ward"), confidence=place.get("confidence") or 0.0,
            method=place.get("method") or "", alternatives=tuple(place.get("alternatives") or ()),
        ),
        point=_point(row, point),
        contacts=tuple(
            Contact(contact_type=ContactType(c["contact_type"]), value=c["value"], label=c["label"], is_primary=c["is_primary"])
            for c in data["contacts"]
        ),
        services=tuple(data["services"]), gbv_categories=tuple(data["gbv_categories"]), address=data["address"], officer=data["officer"],
        opening_hours=data["opening_hours"], description=data["description"], visibility=Visibility(row["visibility"]),
        last_verified_at=date.fromisoformat(verified) if verified else None,
        changes=tuple(FieldChange(**change) for change in row.get("changes") or ()),
    )


def _point(row: Mapping[str, Any], point: Mapping[str, Any] | None) -> Point | None:
    if point is None or row["latitude"] is None or row["longitude"] is None:
        return None
    return Point(
        latitude=row["latitude"], longitude=row["longitude"], decimals=point["decimals"], accuracy_level=point["accuracy_level"], method=point["method"]
    )


def issue_from_row(row: Mapping[str, Any], record_key: str | None = None) -> Issue:
    """The issue behind a row of staging.issues; personal values are vault ids."""
    suggestion = row["suggestion"]
    return Issue(
        code=row["code"], field_name=row["field_name"], value=row["value"], detail=row["detail"], record_key=record_key,
        suggestion=Suggestion(**suggestion) if suggestion else None,
    )
