"""`gvrc init` and `gvrc upgrade`: from nothing, or from an older version, to a database that is ready to work."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gvrc import accounts
from gvrc.errors import ReferenceDataError
from gvrc.model.place import Ward
from gvrc.model.record import ContactType
from gvrc.reference.gazetteer_tables import Constituency, County, read_place_tables
from gvrc.security.crypto import KeyRing
from gvrc.security.permissions import MATRIX, ROLE_LABELS
from gvrc.settings import DATA_DIR, Settings
from gvrc.store import accounts as account_store
from gvrc.store import audit, migrate, vault
from gvrc.store.reference import ReferenceRows, load_reference
from gvrc.store.session import Database

REFERENCE_DIR = DATA_DIR / "reference"

_LOOKUP_FILES = {
    "operational_statuses": "operational_statuses.csv",
    "contact_types": "contact_types.csv",
    "service_categories": "services.csv",
    "owner_types": "owner_types.csv",
    "gbv_categories": "gbv_categories.csv",
    "infrastructure_types": "infrastructure_types.csv",
    "condition_statuses": "condition_statuses.csv",
    "facility_types": "facility_types.csv",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupOutcome:
    """What a set-up did: whether tables changed, how many reference rows were new or different, who acts on the command line (None: nobody new)."""

    home: Path
    migrated: bool
    reference_rows: int
    operator: str | None


def init(settings: Settings, operator: str | None = None) -> SetupOutcome:
    """From nothing to a database that is ready to work: starts it, migrates it, loads places and vocabularies, makes the keys, and makes
    `operator` (by name, in doubt the operating system's user) the local administrator of the command line.

    Safe to repeat and to run twice at once; the second time changes nothing. Raises ConfigError, StoreError, ReferenceDataError.
    """
    with Database.open(settings, application_name="gvrc init") as db:
        return prepare(db, operator or accounts.local_operator_name())


def upgrade(settings: Settings) -> SetupOutcome:
    """The same after a new version was installed, without touching who acts on the command line."""
    with Database.open(settings, application_name="gvrc upgrade") as db:
        return prepare(db, None)


def prepare(db: Database, operator: str | None) -> SetupOutcome:
    """The same for a database that is already open."""
    migrated = migrate.upgrade(db.owner_engine, db.urls.app_role)
    with db.owner_unit_of_work(reason="reference data") as connection:
        changed = load_reference(connection, read_reference())
        account_store.load_roles(connection, {role: ROLE_LABELS[role] for role in MATRIX}, MATRIX)
    with db.unit_of_work(reason="set-up") as connection:
        vault.ensure_index_key(connection, KeyRing.load(db.settings))
        if operator is not None:
            account_store.ensure_local_operator(connection, operator)
    with db.read() as connection:
        audit.write_head(connection, audit.head_file(db.settings))
    return SetupOutcome(home=db.settings.home, migrated=migrated, reference_rows=changed, operator=operator)


def read_reference(folder: Path = REFERENCE_DIR) -> ReferenceRows:
    """The official places, numbered in the order of their codes, and the vocabularies. Raises ReferenceDataError."""
    places = read_place_tables(folder)
    county_ids = _numbered(county.county_code for county in places.counties)
    constituency_ids = _numbered(constituency.constituency_code for constituency in places.constituencies)
    ward_ids = _numbered(ward.ward_code for ward in places.wards)
    return ReferenceRows(
        counties=[_county(county_ids, county) for county in places.counties],
        constituencies=[_constituency(constituency_ids, county_ids, constituency) for constituency in places.constituencies],
        wards=[_ward(ward_ids, constituency_ids, ward) for ward in places.wards],
        lookups={table: _lookups(table, folder / file) for table, file in _LOOKUP_FILES.items()},
    )


def _numbered(codes: Iterable[str]) -> dict[str, int]:
    return {code: number for number, code in enumerate(sorted(codes), start=1)}


def _county(ids: Mapping[str, int], county: County) -> dict[str, Any]:
    return {
        "county_id": ids[county.county_code], "county_code": county.county_code, "county_name": county.county,
        "latitude": county.latitude, "longitude": county.longitude,
    }  # fmt: skip


def _constituency(ids: Mapping[str, int], county_ids: Mapping[str, int], constituency: Constituency) -> dict[str, Any]:
    return {
        "constituency_id": ids[constituency.constituency_code], "constituency_code": constituency.constituency_code,
        "constituency_name": constituency.constituency, "county_id": county_ids[constituency.county_code],
        "latitude": constituency.latitude, "longitude": constituency.longitude,
    }  # fmt: skip


def _ward(ids: Mapping[str, int], constituency_ids: Mapping[str, int], ward: Ward) -> dict[str, Any]:
    return {
        "ward_id": ids[ward.ward_code], "ward_code": ward.ward_code, "ward_name": ward.ward,
        "constituency_id": constituency_ids[ward.constituency_code], "latitude": ward.latitude, "longitude": ward.longitude,
    }  # fmt: skip


def _lookups(table: str, file: Path) -> list[dict[str, Any]]:
    found = [_lookup(table, row) for row in _csv_rows(file)]
    if table == "contact_types":
        # The vocabulary names finer kinds (mobile, landline); the kinds of the model belong to it in any case.
        known = {row["code"] for row in found}
        found += [{"code": kind.value, "label": kind.value.capitalize(), "aliases": [], "details": {}} for kind in ContactType if kind.value not in known]
    return found


def _lookup(table: str, row: Mapping[str, str]) -> dict[str, Any]:
    """Columns of the table where it has them; everything else a vocabulary says goes to `details`."""
    found: dict[str, Any] = {"code": row["code"], "label": row["label"], "aliases": [alias for alias in (row.get("aliases") or "").split("|") if alias]}
    named = {"code", "label", "aliases"}
    if table == "facility_types":
        found |= {"group_code": row["group"], "code_prefix": row["code_prefix"]}
        named |= {"group", "code_prefix"}
    return found | {"details": {name: value for name, value in row.items() if name not in named}}


def _csv_rows(path: Path) -> Iterator[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file)
    except FileNotFoundError:
        raise ReferenceDataError(f"The reference file {path.name} is missing.", f"Bring it back to {path.parent}.") from None
