"""One source row after cleaning."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from gvrc.model.place import Place, Point
from gvrc.model.quick import quick, replaced

CANONICAL_FIELDS: tuple[str, ...] = (
    "source_id", "name", "official_name", "facility_type", "facility_code", "registration_number", "mfl_code", "fid_code", "keph_level",
    "owner", "operational_status", "county", "constituency", "sub_county", "district", "ward", "town", "location", "section", "country", "coordinates",
    "latitude", "longitude", "contact", "phone", "email", "website", "hotline", "services", "category", "address", "officer", "officer_contact", "contact_type", "opening_hours",
    "description", "visibility", "last_verified_at", "created_at",
)
"""Everything a source field can be mapped to. `contact` is one text or a list with phones, emails and the like mixed; `location` free text
about the place; `section` the heading a row stands under; `country` the country it lies in, told because lists of several hold more than Kenya; `officer_contact` a number or address of the officer
in charge or another person, not of the place; `contact_type` what kind of contact the row tells, or whose it is (`Landline`, `OCS`); `coordinates` both numbers in one value; `district` an old district or division."""

STAFFS_OWN = "Staff member's own"
"""What a contact is called, and its `contact_type`, in a list of persons who work at places: it reaches one of them, not the place."""

CONTACT_FIELDS = ("phone", "contact", "hotline", "email", "website", "officer_contact")
"""Canonical fields that hold contacts, in the order in which they are read; the first phone found is the primary one."""
ABOUT_CONTACTS = frozenset({*CONTACT_FIELDS, "contacts"})
"""Under these names an issue, a change or an answer is about the contacts of a record."""

PERSONAL_FIELDS: frozenset[str] = ABOUT_CONTACTS | {"officer", "address"}
"""Fields whose values live in the vault: outside it only `vault:<id>` stands in changes, issues, suggestions and decisions."""


class RecordState(StrEnum):
    """Where a record stands. REJECTED (by a person) is counted with HELD, COMMITTED with READY."""

    NEW = "new"
    TO_REVIEW = "to_review"
    HELD = "held"
    READY = "ready"
    REJECTED = "rejected"
    COMMITTED = "committed"


class ContactType(StrEnum):
    PHONE = "phone"
    EMAIL = "email"
    HOTLINE = "hotline"
    WEBSITE = "website"
    POSTAL = "postal"


class Visibility(StrEnum):
    """Who may know of a place; see gvrc.views."""

    PUBLIC = "public"
    WARD_ONLY = "ward_only"
    OFFICE_LINE = "office_line"
    WITHHELD = "withheld"


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """One way to reach a place. `value` is E.164 for phones, a short code for hotlines, lower case for e-mail; or `vault:<id>` once sealed."""

    contact_type: ContactType
    value: str
    label: str | None = None
    is_primary: bool = False


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One change made to a value, with the stage and rule that made it. Personal values appear as `vault:<id>` once stored."""

    field_name: str
    before: str | None
    after: str | None
    stage: str
    rule: str


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A standardised source row.

    Values are None or empty where the source says nothing: `Unknown`, `N/A`, `-` and the like are missing, never values. Codes
    (`facility_type`, `owner`, `operational_status`, `services`, `gbv_categories`) are codes of gvrc.reference.vocabularies.
    `stated` keeps the cleaned text of what the source said of the place (county, constituency, ward, district, town, location, section, ...)
    so that geo-mapping and review can weigh it. `tokens` are values that later stages compare but nobody reads.
    """

    record_key: str
    source: str
    pointer: str
    source_id: str | None = None
    name: str | None = None
    aliases: tuple[str, ...] = ()
    qualifiers: tuple[str, ...] = ()
    facility_type: str | None = None
    facility_code: str | None = None
    registration_number: str | None = None
    mfl_code: str | None = None
    fid_code: str | None = None
    keph_level: str | None = None
    owner: str | None = None
    operational_status: str | None = None
    stated: dict[str, str] = field(default_factory=dict)
    place: Place = field(default_factory=Place)
    point: Point | None = None
    contacts: tuple[Contact, ...] = ()
    services: tuple[str, ...] = ()
    gbv_categories: tuple[str, ...] = ()
    address: str | None = None
    officer: str | None = None
    opening_hours: str | None = None
    description: str | None = None
    visibility: Visibility = Visibility.PUBLIC
    last_verified_at: date | None = None
    changes: tuple[FieldChange, ...] = ()

    def changed(self, *changes: FieldChange, **values: Any) -> Record:
        """The record with new values and the changes that explain them."""
        return replaced(self, **values, changes=self.changes + changes)

    def located(self, place: Place, *changes: FieldChange) -> Record:
        """The record in its administrative place."""
        return self.changed(*changes, place=place)

    @property
    def is_placed(self) -> bool:
        return self.point is not None
