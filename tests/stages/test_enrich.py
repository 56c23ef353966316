from typing import Any

import pytest

from gvrc.model.record import Contact, ContactType, FieldChange, Record, Visibility
from gvrc.reference.vocabularies import load_vocabularies
from gvrc.stages.enrich import enrich

PHONE = Contact(contact_type=ContactType.PHONE, value="+254700000111")


def enriched(**values: Any) -> Record:
    full: dict[str, Any] = {"record_key": "list:1", "source": "list", "pointer": "/0", "name": "Diani", "contacts": (PHONE,), **values}
    return enrich([Record(**full)], load_vocabularies()).records[0]


def test_gbv_categories_follow_from_services_and_kind() -> None:
    record = enriched(facility_type="hospital", services=("pep", "trauma_counselling", "laboratory"))
    assert record.gbv_categories == ("medical", "psychosocial")
    assert enriched(facility_type="police_station").gbv_categories == ("security",)
    assert enriched(facility_type="dispensary", services=("dental",)).gbv_categories == ()


@pytest.mark.parametrize(
    ("name", "kind"), [("Mwangaza", "shelter"), ("Mwangaza Safe House", "support_organisation"), ("Kwale Girls Rescue Centre", None), ("Nyumbani Shelter", "support_organisation"), ("Nyumba Salama Kwale", None), ("MAKAZI SALAMA", None), ("Kituo cha Uokoaji Kilifi", None), ("Makao ya Wasichana", None), ("Tumaini Half-Way Home", None)]
)
def test_shelters_and_safe_houses_are_withheld(name: str, kind: str | None) -> None:
    record = enriched(name=name, facility_type=kind)
    assert record.visibility is Visibility.WITHHELD
    assert "sensitive-place" in [change.rule for change in record.changes]


@pytest.mark.parametrize(("name", "kind"), [("Shelter Hope Clinic", "clinic"), ("Diani Police Station", "police_station"), ("Mwangaza", "support_organisation")])
def test_other_places_stay_public(name: str, kind: str) -> None:
    assert enriched(name=name, facility_type=kind).visibility is Visibility.PUBLIC


def test_what_a_steward_decided_on_visibility_stands() -> None:
    decided = FieldChange(field_name="visibility", before=None, after="office_line", stage="transform", rule="steward")
    assert enriched(facility_type="shelter", visibility=Visibility.OFFICE_LINE, changes=(decided,)).visibility is Visibility.OFFICE_LINE


def test_a_list_cannot_make_a_shelter_public() -> None:
    result = enrich([Record(record_key="k", source="s", pointer="/0", name="X", facility_type="shelter", contacts=(PHONE,), stated={"visibility": "public"})], load_vocabularies())
    assert result.records[0].visibility is Visibility.WITHHELD
    assert "visibility.sensitive_public" in [issue.code for issue in result.issues]


def test_enriching_twice_changes_nothing_more() -> None:
    once = enriched(facility_type="shelter", services=("safe_shelter",))
    assert enrich([once], load_vocabularies()).records[0] == once


def test_nothing_is_asked_of_a_row_that_is_no_place() -> None:
    result = enrich([Record(record_key="k", source="s", pointer="/0"), Record(record_key="l", source="s", pointer="/1", name="TOTAL")], load_vocabularies())
    assert list(result.issues) == []


@pytest.mark.parametrize("services", [("safe_shelter",), ("safe_shelter", "referral")])
def test_what_does_nothing_but_shelter_is_withheld_whatever_it_is_called(services: tuple[str, ...]) -> None:
    for kind in (None, "support_organisation"):
        assert enriched(name="Amani Centre", facility_type=kind, services=services).visibility is Visibility.WITHHELD
    assert enriched(name="Amani Centre", facility_type="support_organisation", services=(*services, "legal_aid")).visibility is Visibility.PUBLIC
    assert enriched(name="Amani Hospital", facility_type="hospital", services=services).visibility is Visibility.PUBLIC
