"""Tables of a document whose rows belong to the records of another one by a key (`"station_id": 7`): telephones, contacts, addresses, services, as dumps of databases
and HSDS keep them. They are told with their record as if they stood in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from gvrc.model.record import CONTACT_FIELDS
from gvrc.sources.area_tables import MOST_LOOKED_INTO, lists_in
from gvrc.sources.field_names import known_name, plain_name

_SAYS_OF_IT = frozenset({*CONTACT_FIELDS, "address", "services", "opening_hours", "officer", "latitude", "coordinates"})
_OF_PERSONS = frozenset({"contacts", "contact", "officers", "staff", "contact persons", "focal persons", "personnel"})
"""Lists of persons, who have names and belong to a place all the same."""
KEPT_OF_PERSONS = frozenset({
    "user", "users", "customuser", "admin", "admins", "administrators", "account", "accounts", "customers", "clients", "patients", "survivors", "victims", "drivers", "employees", "profiles",
    "report", "reports", "cases", "incidents", "complaints", "appointments", "bookings", "messages", "feedback", "alerts", "notifications", "sessions", "tickets",
})  # fmt: skip
"""The last words of what tables of a program are called that keep who signs in to it or is served, and what they told it."""
_KEYS = ("id", "pk", "_id", "uid")
MOSTLY = 0.8
"""Share of the rows of a table whose key must be one of the records."""
LOOKED_AT = 50
"""Rows whose fields are looked at: some of a table may belong to records of one, some to those of another (`location_id` or `organization_id`)."""
MOST_OF_ONE = 50
"""Rows that are told with one record."""

Rows = Sequence[dict[str, Any]]


def related_rows(tree: Any) -> list[tuple[Rows, str, Rows, str]]:
    """The tables that belong to others: the records, what the table is called, its rows, and under which field these hold the key."""
    lists: dict[str, Rows] = {}
    for name, listed in lists_in(tree, most=MOST_LOOKED_INTO):
        words = plain_name(name).split()
        if words and listed and len(listed[0]) > 1 and words[-1] not in KEPT_OF_PERSONS:
            lists.setdefault(name, listed)
    found: list[tuple[Rows, str, Rows, str]] = []
    for name, rows in lists.items() if len(lists) > 1 else ():
        for above, others in lists.items():
            if above != name and len(others) > 1 and (field_name := _refers_by(rows, above, others)) and _says_of_it(name, rows[0], field_name):
                found.append((others, name, rows, field_name))
    return found


def with_related(tree: Any) -> Any:
    """The tree, its records changed in place: each tells the rows of other tables that belong to it, under what their table is called."""
    for records, name, rows, field_name in related_rows(tree):
        by_key = {key: record for record in records if (key := _key_of(record))}
        for row in rows:
            record = by_key.get(str(row.get(field_name)))
            if record is not None and record is not row and type(own := record.setdefault(name, [])) is list and len(own) < MOST_OF_ONE:
                own.append({key: value for key, value in row.items() if key not in (field_name, *_KEYS)})
    return tree


def _refers_by(rows: Rows, above: str, records: Rows) -> str:
    """The field under which rows hold the keys of the records of a table, by what the table is called; empty when they hold none."""
    stems = _stems(above)
    for field_name in dict.fromkeys(key for row in rows[:LOOKED_AT] for key in row):
        plain = plain_name(field_name)
        filled = [row for row in rows if row.get(field_name) not in (None, "")]
        if plain.removesuffix(" id").removesuffix(" fk") in stems and filled and (plain.endswith((" id", " fk")) or type(filled[0][field_name]) is int):
            keys = {key for record in records if (key := _key_of(record))}
            if sum(str(row[field_name]) in keys for row in filled) >= MOSTLY * len(filled):
                return field_name
    return ""


@lru_cache(maxsize=512)
def _stems(name: str) -> frozenset[str]:
    """What one record of a table may be called: `police_stations` are police stations, and stations."""
    words = plain_name(name).removeprefix("tbl ").split()
    last = words[-1] if words else ""
    singular = f"{last[:-3]}y" if last.endswith("ies") else last.removesuffix("s")
    return frozenset({singular, " ".join([*words[:-1], singular])} - {""})


def _says_of_it(name: str, row: Mapping[str, Any], field_name: str) -> bool:
    """Whether a row says how its record is reached, where it is or what is done there, and is no place of its own."""
    told = {named.canonical for key in row if key != field_name and (named := known_name((key,))) is not None}
    named = known_name((name,))
    of_table = named.canonical if named is not None else ""
    if "name" in told and of_table != "services" and plain_name(name) not in _OF_PERSONS:
        return False
    return bool(told & _SAYS_OF_IT) or of_table in _SAYS_OF_IT


def _key_of(record: Mapping[str, Any]) -> str:
    return next((str(record[key]) for key in _KEYS if type(record.get(key)) in (str, int)), "")
