"""Enrich: what follows from what is known: GBV categories, who may know of the place, and whether the record suits its kind."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from gvrc.checks.values import record_issues, without_list_habits
from gvrc.model.issue import Issue
from gvrc.model.record import FieldChange, Record, Visibility
from gvrc.model.run import Stage, StageResult
from gvrc.reference.vocabularies import Vocabularies, normalised

_STAGE = Stage.ENRICH.value
_CATEGORIES_OF_KIND = {"hotline": "hotline", "shelter": "shelter", "police": "security"}
"""GBV category that places of a group give by being what they are."""
_CATEGORIES_OF_TYPE = {"gbv_recovery_centre": "medical", "legal_aid": "legal", "counselling_centre": "psychosocial"}
"""The same for single kinds."""
_LONGEST_PHRASE = 3


def enrich(records: Sequence[Record], vocabularies: Vocabularies) -> StageResult:
    """The records with GBV categories (from services and kind) and visibility (shelters and safe houses, told by kind or name, are withheld),
    and the findings of the rules on finished values."""
    enriched = [_enriched(record, vocabularies) for record in records]
    issues: list[Issue] = []
    for record in enriched:
        if record.name is None or _is_no_place(record):
            continue
        issues.extend(record_issues(record, vocabularies, Stage.ENRICH))
    police_places = sum(vocabularies.group(record.facility_type) == "police" for record in enriched)
    return StageResult(records=enriched, issues=without_list_habits(issues, police_places))


def _enriched(record: Record, vocabularies: Vocabularies) -> Record:
    categories = _gbv_categories(record.services, record.facility_type, vocabularies)
    changes: tuple[FieldChange, ...] = ()
    if categories and categories != record.gbv_categories:
        labels = ", ".join(map(vocabularies.gbv_categories.label, categories))
        changes = (FieldChange(field_name="gbv_categories", before=None, after=labels, stage=_STAGE, rule="gbv-from-services"),)
    visibility = _visibility(record, vocabularies)
    if visibility is not record.visibility:
        changes += (FieldChange(field_name="visibility", before=record.visibility, after=visibility, stage=_STAGE, rule="sensitive-place"),)
    return record.changed(*changes, gbv_categories=categories, visibility=visibility) if changes else record


@lru_cache(maxsize=16_384)
def _gbv_categories(services: tuple[str, ...], facility_type: str | None, vocabularies: Vocabularies) -> tuple[str, ...]:
    found = [vocabularies.services.attribute(service, "gbv_category") for service in services]
    found.append(_CATEGORIES_OF_KIND.get(vocabularies.group(facility_type), ""))
    found.append(_CATEGORIES_OF_TYPE.get(facility_type or "", ""))
    return tuple(dict.fromkeys(filter(None, found)))


def _visibility(record: Record, vocabularies: Vocabularies) -> Visibility:
    """A sensitive place is withheld unless a steward decided otherwise; a list may hide a place but never show a sensitive one."""
    if record.visibility is Visibility.WITHHELD or any(change.field_name == "visibility" and change.rule == "steward" for change in record.changes):
        return record.visibility
    if vocabularies.group(record.facility_type) == "shelter" or is_sensitive_name(record.name, record.facility_type, vocabularies):
        return Visibility.WITHHELD
    if "safe_shelter" in record.services and _does_nothing_else(record.services) and vocabularies.group(record.facility_type) in ("", "organisation"):
        return Visibility.WITHHELD
    return record.visibility


def _does_nothing_else(services: tuple[str, ...]) -> bool:
    """Whether a place that shelters does nothing else: then it is a shelter, whatever it is called."""
    return all(service in ("safe_shelter", "referral") for service in services)


@lru_cache(maxsize=1_024)
def is_sensitive_name(name: str | None, facility_type: str | None, vocabularies: Vocabularies) -> bool:
    """True when the words of a name tell a shelter or safe house. The single word "shelter" tells nothing in the name of a clinic or police place."""
    words = tuple(normalised(name or "").split())
    if _sensitive_words(vocabularies).isdisjoint(words):
        return False
    may_be_a_name = vocabularies.group(facility_type) in ("health", "police")
    for start in range(len(words)):
        for end in range(start + 1, min(len(words), start + _LONGEST_PHRASE) + 1):
            if words[start:end] in vocabularies.sensitive_phrases and not (may_be_a_name and end - start == 1):
                return True
    return False


@lru_cache(maxsize=16)
def _sensitive_words(vocabularies: Vocabularies) -> frozenset[str]:
    """The first words of the phrases that tell a sensitive place, to pass over most names quickly."""
    return frozenset(phrase[0] for phrase in vocabularies.sensitive_phrases)


def _is_no_place(record: Record) -> bool:
    """Headings carry no kind, no place and no contact; nothing more is asked of them."""
    return record.facility_type is None and not record.contacts and record.place.county_code is None and record.point is None and not record.services
