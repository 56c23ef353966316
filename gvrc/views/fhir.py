"""Facilities as FHIR R4 resources of the IHE profile Mobile Care Services Discovery (mCSD 4.0.1).

A facility is a pair of Organization and Location; each of its services is a HealthcareService. The ward, constituency and county are pairs of their
own (jurisdictions), one under the other. Addresses follow Kenya Core: `district` is the county, `city` the sub-county, `state` the ward. Input are
views (`gvrc.views.facilities`), already cut to what their reader may see: what is required and hidden is marked as masked, as FHIR wants it
(data-absent-reason), and every resource from which something was taken away says so in `meta.security`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, BinaryIO

from gvrc.reference.gazetteer import load_gazetteer
from gvrc.reference.vocabularies import load_vocabularies
from gvrc.security.masking import HIDDEN
from gvrc.settings import Settings
from gvrc.views.export_files import write_joined
from gvrc.views.facilities import FacilityView
from gvrc.views.sight import Shown

Resource = dict[str, Any]

PROFILES = "https://profiles.ihe.net/ITI/mCSD/StructureDefinition/IHE.mCSD."
URN_SYSTEM = "urn:ietf:rfc:3986"
_URN_CODES = "urn:ihe:iti:mcsd:2019:"
"""With this code system a type is written as mCSD wrote it until 3.8, as GOFR and other servers in the field still want it."""
_ROLE_TYPES = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"
_CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
_OBSERVATION_VALUE = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue"
_PHYSICAL_TYPES = "http://terminology.hl7.org/CodeSystem/location-physical-type"
_IDENTIFIER_TYPES = "http://terminology.hl7.org/CodeSystem/v2-0203"
_ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
_HELD_BACK = {"public": "N", "ward_only": "R", "office_line": "R", "withheld": "V"}
"""Tier as HL7 confidentiality: normal, restricted, very restricted."""
_DELIVERY_ROLES = {
    "hospital": "HOSP", "health_centre": "PC", "dispensary": "PC", "clinic": "PC", "medical_centre": "OF", "dental_clinic": "OF",
    "rehabilitation_centre": "OF", "nursing_home": "NCCF", "pharmacy": "PHARM",
    "eye_clinic": "OPH", "radiology_unit": "RADDX", "counselling_centre": "CSC", "gbv_recovery_centre": "OF",
    "support_organisation": "CSC", "legal_aid": "CSC", "police_station": "COMM", "police_post": "COMM", "gender_desk": "COMM", "shelter": "CSC",
}
"""Kind of place as v3 ServiceDeliveryLocationRoleType, where one fits; our own code stands beside it in any case."""
_OWNER_TYPES = {"moh": "GOK", "public": "GOK", "faith_based": "FBO", "private": "private", "ngo": "NGO"}
"""Owner as Kenya Core's organisation type. `other` has none there."""
_TELECOMS = {"phone": "phone", "hotline": "phone", "email": "email", "website": "url"}
_LOCATION_STATUS = {"operational": "active", "temporarily_closed": "suspended", "pending_opening": "suspended", "not_operational": "inactive"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Systems:
    """The code systems and the base address that resources name; see the settings that begin with `fhir_`."""

    base: str
    types: str
    mfl: str
    fid: str

    @classmethod
    def of(cls, settings: Settings) -> Systems:
        base = settings.fhir_base.rstrip("/")
        return cls(base=base, types=settings.fhir_type_system, mfl=settings.fhir_mfl_system, fid=settings.fhir_fid_system or f"{base}/NamingSystem/fid")

    def own(self, name: str) -> str:
        """A code system of this registry."""
        return f"{self.base}/CodeSystem/{name}"

    def type_of(self, what: str) -> Resource:
        """The mCSD type `facility` or `jurisdiction`."""
        code = f"{_URN_CODES}{what}" if self.types == URN_SYSTEM else what
        return {"coding": [{"system": self.types, "code": code}]}


# ------------------------------------------------------------------------------------------------------------------ bundles


def write_bundle(stream: BinaryIO, chunks: Iterable[Sequence[FacilityView]], systems: Systems) -> int:
    """One Bundle of type collection with everything it refers to; returns how many facilities."""
    head = f'{{"resourceType":"Bundle","type":"collection","timestamp":"{instant(datetime.now(UTC))}","entry":[\n'
    counted = _Counted(chunks)
    write_joined(stream, head.encode(), (entry(resource, systems) for resource in resources(counted, systems)), b"\n]}\n")
    return counted.count


class _Counted:
    """The views of all chunks, counted on their way."""

    def __init__(self, chunks: Iterable[Sequence[FacilityView]]) -> None:
        self._chunks, self.count = chunks, 0

    def __iter__(self) -> Iterator[FacilityView]:
        for views in self._chunks:
            for view in views:
                self.count += 1
                yield view


def resources(views: Iterable[FacilityView], systems: Systems) -> Iterator[Resource]:
    """The resources of these facilities, each jurisdiction once and before the first place in it."""
    told: set[str] = set()
    for view in views:
        for unit in jurisdictions(view, systems):
            key = f"{unit['resourceType']}/{unit['id']}"
            if key not in told:
                told.add(key)
                yield unit
        yield organization(view, systems)
        yield location(view, systems)
        yield from healthcare_services(view, systems)


def entry(resource: Resource, systems: Systems) -> Resource:
    """A resource as an entry of a Bundle."""
    return {"fullUrl": f"{systems.base}/{resource['resourceType']}/{resource['id']}", "resource": resource}


def instant(moment: datetime) -> str:
    """A time as FHIR's `instant`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


# ------------------------------------------------------------------------------------------------------------------ the facility


def organization(view: FacilityView, systems: Systems) -> Resource:
    """The facility as an organisation; its id is the facility code, for ever."""
    types = [systems.type_of("facility"), _kind(view, systems)]
    if view.owner_type in _OWNER_TYPES:
        types.append({"coding": [{"system": systems.own("kenya-core-organization-type"), "code": _OWNER_TYPES[view.owner_type]}], "text": view.owner or view.owner_type})
    return _base("Organization", "FacilityOrganization", view, systems) | _named(view) | _present({
        "extension": _level(view, systems), "identifier": _identifiers(view, systems), "active": view.is_active and view.operational_status_code != "not_operational",
        "type": types, "telecom": _telecoms(view), "address": _addresses(view)[:1],
    })


def location(view: FacilityView, systems: Systems) -> Resource:
    """The facility as a place, within its ward as far as the reader may know it."""
    position = {"longitude": view.longitude, "latitude": view.latitude} if view.latitude is not None and view.longitude is not None else None
    status = _LOCATION_STATUS.get(view.operational_status_code or "", "active") if view.is_active else "inactive"
    return _base("Location", "FacilityLocation", view, systems) | _named(view) | _present({
        "identifier": _identifiers(view, systems), "status": status, "description": view.description, "mode": "instance",
        "type": [systems.type_of("facility"), _kind(view, systems)], "telecom": _telecoms(view), "address": next(iter(_addresses(view)), None),
        "physicalType": {"coding": [{"system": _PHYSICAL_TYPES, "code": "si", "display": "Site"}]}, "position": position,
        "managingOrganization": {"reference": f"Organization/{view.facility_code}"}, "partOf": _part_of(view), "availabilityExceptions": view.opening_hours,
    })


def healthcare_services(view: FacilityView, systems: Systems) -> list[Resource]:
    """One resource per service."""
    labels = load_vocabularies().services
    pairs = zip(view.services, view.service_labels or tuple(labels.label(code) for code in view.services), strict=True)
    return [_service(view, systems, code, label) for code, label in pairs]


def _service(view: FacilityView, systems: Systems, code: str, label: str) -> Resource:
    base = _base("HealthcareService", "HealthcareService", view, systems)
    return base | _present({
        "id": f"{view.facility_code}-{code.replace('_', '-')}"[:64], "active": view.is_active, "name": label,
        "providedBy": {"reference": f"Organization/{view.facility_code}"}, "location": [{"reference": f"Location/{view.facility_code}"}],
        "type": [{"coding": [{"system": systems.own("service"), "code": code, "display": label}]}], "telecom": _telecoms(view),
    })


def _base(kind: str, profile: str, view: FacilityView, systems: Systems) -> Resource:
    meta: Resource = {"profile": [f"{PROFILES}{profile}"], "security": _security(view, systems)}
    if view.updated_at is not None:
        meta["lastUpdated"] = instant(view.updated_at)
    if view.last_verified_at is not None:
        meta["extension"] = [{"url": f"{systems.base}/StructureDefinition/last-verified", "valueDate": view.last_verified_at.isoformat()}]
    return {"resourceType": kind, "id": view.facility_code, "meta": meta}


def _security(view: FacilityView, systems: Systems) -> list[Resource]:
    """The tier, and what was taken away for this reader. The tier itself is told only to who sees the whole place."""
    tier = view.visibility
    labels = [{"system": _CONFIDENTIALITY, "code": _HELD_BACK[tier] if tier else "R"}]
    if tier:
        labels.append({"system": systems.own("visibility"), "code": tier.replace("_", "-")})
    if view.shown != Shown.ALL:
        labels.append({"system": _OBSERVATION_VALUE, "code": "REDACTED", "display": "redacted"})
    elif any(HIDDEN in contact.value for contact in view.contacts):
        labels.append({"system": _OBSERVATION_VALUE, "code": "MASKED", "display": "masked"})
    return labels


def _named(view: FacilityView) -> Resource:
    if view.name is None:
        return {"_name": _masked()}
    return {"name": view.name} | ({"alias": list(view.aliases)} if view.aliases else {})


def _masked() -> Resource:
    return {"extension": [{"url": _ABSENT, "valueCode": "masked"}]}


def _identifiers(view: FacilityView, systems: Systems) -> list[Resource]:
    """The registry's own code, and the official ones as far as they are known and shown."""
    found: list[Resource] = [{"use": "usual", "system": f"{systems.base}/NamingSystem/facility-code", "value": view.facility_code}]
    if view.mfl_code:
        found.append({"use": "official", "type": {"text": "mfl-code"}, "system": systems.mfl, "value": view.mfl_code})
    if view.fid_code:
        found.append({"use": "official", "type": {"text": "fr-code"}, "system": systems.fid, "value": view.fid_code})
    if view.registration_number and not view.registration_number.startswith("UNREG-"):
        kind = {"coding": [{"system": _IDENTIFIER_TYPES, "code": "RI"}], "text": "registration-number"}
        found.append({"type": kind, "system": f"{systems.base}/NamingSystem/registration-number", "value": view.registration_number})
    return found


def _kind(view: FacilityView, systems: Systems) -> Resource:
    if view.facility_type is None:
        return _masked()
    codes = [{"system": systems.own("facility-type"), "code": view.facility_type.replace("_", "-"), "display": view.facility_type_label}]
    if role := _DELIVERY_ROLES.get(view.facility_type):
        codes.insert(0, {"system": _ROLE_TYPES, "code": role})
    return {"coding": codes, "text": view.facility_type_label}


def _level(view: FacilityView, systems: Systems) -> list[Resource]:
    """The level in Kenya Core's words where it says just one of them (level 3 and 6 need an A or B, which nobody guesses), else in ours."""
    term = load_vocabularies().keph_levels.terms.get(view.keph_level or "")
    if term is None:
        return []
    known = term.attributes.get("kenya_core")
    coding = {"system": systems.own("kenya-core-facility-level" if known else "keph-level"), "code": known or term.code, "display": term.label}
    return [{"url": f"{systems.base}/StructureDefinition/facility-level", "valueCodeableConcept": {"coding": [coding]}}]


def _telecoms(view: FacilityView) -> list[Resource]:
    """Contacts; a masked one is there without its value, so that nobody dials stars."""
    found: list[Resource] = []
    for contact in view.contacts:
        telecom: Resource = {"use": "work", "rank": 1} if contact.is_primary else {"use": "work"}
        if contact.contact_type in _TELECOMS:
            telecom["system"] = _TELECOMS[contact.contact_type]
        found.append(telecom | ({"_value": _masked()} if HIDDEN in contact.value or not contact.value else {"value": contact.value}))
    return found


def _addresses(view: FacilityView) -> list[Resource]:
    if view.county is None:
        return []
    lines = {} if not view.address else {"_line": [_masked()]} if HIDDEN in view.address else {"line": [view.address]}
    return [{"use": "work", "type": "physical", **lines, **_present({"district": view.county, "city": view.constituency, "state": view.ward}), "country": "KE"}]


def _part_of(view: FacilityView) -> Resource | None:
    code = view.ward_code or view.constituency_code or view.county_code
    return {"reference": f"Location/{code}"} if code else None


def _present(values: Resource) -> Resource:
    """FHIR knows neither null nor an empty list."""
    return {name: value for name, value in values.items() if value not in (None, [], {}, "")}


# ------------------------------------------------------------------------------------------------------------------ jurisdictions


def jurisdictions(view: FacilityView, systems: Systems) -> list[Resource]:
    """County, constituency and ward of a place, the wider first, as far as the reader may know them."""
    units = [("county", view.county_code, view.county), ("constituency", view.constituency_code, view.constituency), ("ward", view.ward_code, view.ward)]
    found: list[Resource] = []
    wider: str | None = None
    for level, code, name in units:
        if code and name:
            found += jurisdiction(systems, level=level, code=code, name=name, wider=wider)
            wider = code
    return found


def jurisdiction(systems: Systems, *, level: str, code: str, name: str, wider: str | None = None) -> tuple[Resource, Resource]:
    """An administrative unit as Organization and Location. `level` is county, constituency or ward; `wider` the code of the unit around it."""
    types = [systems.type_of("jurisdiction"), {"coding": [{"system": systems.own("administrative-level"), "code": level}]}]
    shared = {"id": code, "identifier": [{"system": f"{systems.base}/NamingSystem/{level}", "value": code}], "name": name, "type": types}
    around = {"Organization": {}, "Location": {}} if wider is None else {kind: {"partOf": {"reference": f"{kind}/{wider}"}} for kind in ("Organization", "Location")}
    organization_of = {
        "resourceType": "Organization", "meta": {"profile": [f"{PROFILES}JurisdictionOrganization"]}, **shared, "active": True, **around["Organization"],
    }
    location_of = {
        "resourceType": "Location", "meta": {"profile": [f"{PROFILES}JurisdictionLocation"]}, **shared, "status": "active", "mode": "instance",
        "physicalType": {"coding": [{"system": _PHYSICAL_TYPES, "code": "jdn", "display": "Jurisdiction"}]},
        "managingOrganization": {"reference": f"Organization/{code}"}, **around["Location"],
    }
    return organization_of, location_of


def all_jurisdictions(systems: Systems) -> Iterator[Resource]:
    """Every county, constituency and ward, the wider first: for a server that must answer for each reference it gives."""
    places = load_gazetteer()
    for county in places.counties:
        yield from jurisdiction(systems, level="county", code=county.county_code, name=county.county)
        for seat in places.constituencies_of(county.county_code):
            yield from jurisdiction(systems, level="constituency", code=seat.constituency_code, name=seat.constituency, wider=county.county_code)
            for ward in places.wards_of(seat.constituency_code):
                yield from jurisdiction(systems, level="ward", code=ward.ward_code, name=ward.ward, wider=seat.constituency_code)
