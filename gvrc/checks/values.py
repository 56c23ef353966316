"""Rules on cleaned values: what a record of its kind should have, and what contradicts itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

from gvrc.cleaning.kinds import kind_in_words
from gvrc.cleaning.phones import is_mobile
from gvrc.cleaning.unnamed import is_office_alone, proposed_name
from gvrc.model.issue import Issue, Suggestion
from gvrc.model.record import STAFFS_OWN, Contact, ContactType, Record, Visibility
from gvrc.model.run import Stage
from gvrc.reference.vocabularies import Vocabularies, normalised, own_names, reference_rows

STALE_DAYS = 365
"""Days after which a verification is old, unless the settings say otherwise."""
DAYS_PER_MONTH = 30.44

LONGEST_WHERE = 40
"""Characters of a stated town that may name a place."""

_OFFICERS_OWN = "Officer's mobile"
_REACHABLE = (ContactType.PHONE, ContactType.HOTLINE, ContactType.EMAIL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule on a record: the codes it may yield, the stage after which it runs, and the check itself."""

    codes: tuple[str, ...]
    after: Stage
    check: Callable[[Record, Vocabularies], Iterator[Issue]]


@lru_cache(maxsize=1)
def requirements() -> Mapping[str, frozenset[str]]:
    """The fields that a place of each group should have (`data/reference/requirements.csv`); `unknown` for a place of unknown kind."""
    required: dict[str, set[str]] = {}
    for row in reference_rows("requirements.csv", "group", "field", "weight"):
        required.setdefault(row["group"], set()).add(row["field"])
    return {group: frozenset(fields) for group, fields in required.items()}


def required_fields(record: Record, vocabularies: Vocabularies) -> frozenset[str]:
    """The fields that this record should have, by its kind."""
    return requirements()[vocabularies.group(record.facility_type) or "unknown"]


def record_issues(record: Record, vocabularies: Vocabularies, after: Stage) -> Iterator[Issue]:
    """Every finding of the rules that run after a stage."""
    for rule in RULES:
        if rule.after is after:
            yield from rule.check(record, vocabularies)


LEAST_OFFICERS = 6
"""Police places of a chunk with an officer's number only, from which on the list is looked at as a whole."""
THROUGHOUT = 0.5
"""Share of the chunk's police places from which an officer's number is how the list is, and no question of one place."""


def without_list_habits(issues: Sequence[Issue], police_places: int) -> list[Issue]:
    """The issues of a chunk, with what is a habit of its list told as such and not asked row by row."""
    officers = sum(issue.code == "contact.officer_only" for issue in issues)
    if officers < LEAST_OFFICERS or officers <= THROUGHOUT * police_places:
        return list(issues)
    return [replace(issue, code="contact.officers_throughout", value=None, suggestion=None) if issue.code == "contact.officer_only" else issue for issue in issues]


def _missing(record: Record, vocabularies: Vocabularies) -> Iterator[Issue]:
    """What a place of this kind should have and does not."""
    required = required_fields(record, vocabularies)
    if not record.operational_status and "operational_status" in required:
        yield Issue(code="status.missing", field_name="operational_status", record_key=record.record_key)
    if not record.services and "services" in required:
        yield Issue(code="service.missing", field_name="services", record_key=record.record_key)
    if "mfl_code" in required and not record.registration_number:
        yield Issue(code="code.registration_missing", field_name="registration_number", record_key=record.record_key)


def _contacts(record: Record, vocabularies: Vocabularies) -> Iterator[Issue]:
    """Whether the place can be reached, and by whose number."""
    reachable = [contact for contact in record.contacts if contact.contact_type in _REACHABLE]
    if not reachable and "contacts" in required_fields(record, vocabularies):
        yield Issue(code="contact.missing", field_name="contacts", record_key=record.record_key)
    elif vocabularies.group(record.facility_type) != "hotline":
        yield from _only_contact(record, reachable, vocabularies)


def _only_contact(record: Record, reachable: list[Contact], vocabularies: Vocabularies) -> Iterator[Issue]:
    callable_contacts = [contact for contact in reachable if contact.contact_type is not ContactType.EMAIL]
    if len(callable_contacts) != 1:
        return
    only = callable_contacts[0]
    if only.value in vocabularies.emergency_codes:
        yield Issue(code="contact.emergency_only", field_name="contacts", value=only.value, record_key=record.record_key)
    elif vocabularies.group(record.facility_type) == "police" and _is_an_officers(only, record) and is_mobile(only.value):
        suggested = _left_out() if only.label == STAFFS_OWN else Suggestion(
            values={"contacts": only.value}, shown="keep it as the station's number", confidence=0.6, reason="It is the only number by which the place can be reached.",
        )  # fmt: skip
        yield Issue(code="contact.officer_only", field_name="contacts", value=only.value, record_key=record.record_key, suggestion=suggested)


def _left_out() -> Suggestion:
    return Suggestion(values={"contacts": None}, shown="leave it out", confidence=0.8, reason="The list is one of persons: the number reaches one who works there, not the place.")


def _is_an_officers(only: Contact, record: Record) -> bool:
    """Whether the only number is marked as an officer's own, or stands beside the name of one and is marked as nothing else."""
    return only.label in (_OFFICERS_OWN, STAFFS_OWN) or (only.label is None and record.officer is not None)


def _level(record: Record, vocabularies: Vocabularies) -> Iterator[Issue]:
    """A KEPH level belongs to health facilities only."""
    group = vocabularies.group(record.facility_type)
    if record.keph_level and group and group != "health":
        kind = vocabularies.facility_types.label(record.facility_type).lower()
        yield Issue(code="keph.not_for_kind", field_name="keph_level", value=record.keph_level, detail={"kind": kind}, record_key=record.record_key)


_ONE_STOP = "gbv_recovery_centre"
"""The kind of place that brings every service for survivors under one roof, legal aid and shelter too."""


def _plausible_services(record: Record, vocabularies: Vocabularies) -> Iterator[Issue]:
    """A service that only another kind of place gives (a Caesarean section by a legal aid office)."""
    group = vocabularies.group(record.facility_type)
    if not group or not record.services or record.facility_type == "other":
        return
    for service in record.services:
        if not (_fits(service, group, vocabularies) or (record.facility_type == _ONE_STOP and vocabularies.services.attribute(service, "gbv_category"))):
            kept = [vocabularies.services.label(other) for other in record.services if other != service]
            label, kind = vocabularies.services.label(service), vocabularies.facility_types.label(record.facility_type)
            yield Issue(
                code="service.not_plausible",
                field_name="services",
                value=label,
                detail={"service": label, "kind": kind.lower()},
                record_key=record.record_key,
                suggestion=Suggestion(values={"services": kept}, shown=", ".join(kept) or "no services", confidence=0.8, reason=f"“{label}” is given by other kinds of places."),
            )


@lru_cache(maxsize=4_096)
def _fits(service: str, group: str, vocabularies: Vocabularies) -> bool:
    groups = vocabularies.services.attribute(service, "groups").split("|")
    if group in groups:
        return True
    return group in ("organisation", "shelter") and vocabularies.services.attribute(service, "category") not in _CLINICAL


_CLINICAL = frozenset({"medical", "reproductive", "diagnostic", "hiv_tb"})
"""Categories of services that take a clinic; a support organisation may give anything else."""


def _sensitive(record: Record, vocabularies: Vocabularies) -> Iterator[Issue]:
    """A shelter that its list calls public, and a place that would become known where shelter may be given."""
    is_told_public = record.stated.get("visibility") == Visibility.PUBLIC
    if record.visibility is Visibility.WITHHELD and is_told_public:
        yield Issue(code="visibility.sensitive_public", field_name="visibility", value="public", record_key=record.record_key)
    if record.visibility is Visibility.PUBLIC and not is_told_public and _may_tell_a_shelter(record, vocabularies):
        line = Visibility.OFFICE_LINE.value
        suggestion = Suggestion(
            values={"visibility": line}, shown=vocabularies.visibilities.label(line), confidence=0.7,
            reason="It gives shelter among other things, and the list does not say whether this is its office.",
        )  # fmt: skip
        yield Issue(code="visibility.gives_shelter", field_name="visibility", value="public", record_key=record.record_key, suggestion=suggestion)


def _may_tell_a_shelter(record: Record, vocabularies: Vocabularies) -> bool:
    """Whether an organisation that gives shelter says where it is more closely than by its county: hospitals and police stations are found by everybody."""
    if "safe_shelter" not in record.services or vocabularies.group(record.facility_type) not in ("", "organisation"):
        return False
    return record.address is not None or record.point is not None or record.place.ward_code is not None


def _generic_name(record: Record, vocabularies: Vocabularies) -> Iterator[Issue]:
    """A name that says only what the place is (`Police Station`, `SCCO`), with what such places are called: by their ward or town. A `Child Helpline` is one,
    and one institution is called Gender Violence Recovery Centre."""
    if record.facility_type == "government_office" and record.name and is_office_alone(record.name):
        yield Issue(code="name.generic", field_name="name", value=record.name, record_key=record.record_key, suggestion=proposed_name((record.name,), record.stated, vocabularies))
        return
    words = normalised(record.name or "").split()
    kind = kind_in_words(words, vocabularies) if tuple(words) in vocabularies.name_phrases else None
    if kind is None or kind.end - kind.start != len(words) or vocabularies.group(kind.code) not in ("health", "police"):
        return
    if (own := own_names().get(" ".join(words))) is not None and own == (record.place.county or own):
        return
    where = record.place.ward or next(
        (text for field_name in ("town", "location", "section") if (text := record.stated.get(field_name)) and len(text) <= LONGEST_WHERE and not (field_name == "section" and kind_in_words(normalised(text.replace("_", " ")).split(), vocabularies))), None
    )
    suggestion = None
    if where:
        shown = f"{where} {record.name}"
        suggestion = Suggestion(values={"name": shown}, shown=shown, confidence=0.7, reason=f"Places of this kind are called by where they are, and this one is in {where}.")
    yield Issue(code="name.generic", field_name="name", value=record.name, record_key=record.record_key, suggestion=suggestion)


RULES: tuple[Rule, ...] = (
    Rule(codes=("status.missing", "service.missing", "code.registration_missing"), after=Stage.ENRICH, check=_missing),
    Rule(codes=("contact.missing", "contact.emergency_only", "contact.officer_only"), after=Stage.ENRICH, check=_contacts),
    Rule(codes=("name.generic",), after=Stage.ENRICH, check=_generic_name),
    Rule(codes=("keph.not_for_kind",), after=Stage.ENRICH, check=_level),
    Rule(codes=("service.not_plausible",), after=Stage.ENRICH, check=_plausible_services),
    Rule(codes=("visibility.sensitive_public", "visibility.gives_shelter"), after=Stage.ENRICH, check=_sensitive),
)
"""The rules on one record, each with the stage after which it runs."""


def final_issues(record: Record, as_of: date, stale_days: int = STALE_DAYS) -> Iterator[Issue]:
    """The final validation before a record may be ready: what time has made of it. `as_of` is the day of the run."""
    verified = record.last_verified_at
    if verified is None:
        return
    age_days = (as_of - verified).days
    if age_days < 0:
        yield Issue(code="verified.future", field_name="last_verified_at", value=verified.isoformat(), record_key=record.record_key)
    elif age_days > stale_days:
        yield Issue(code="verified.stale", field_name="last_verified_at", value=verified.isoformat(), detail={"months": round(age_days / DAYS_PER_MONTH)}, record_key=record.record_key)
