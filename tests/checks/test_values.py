from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from gvrc.checks.catalogue import CATALOGUE
from gvrc.checks.values import RULES, final_issues, record_issues, requirements, without_list_habits
from gvrc.model.issue import Issue
from gvrc.model.place import Place, Point
from gvrc.model.record import STAFFS_OWN, Contact, ContactType, Record, Visibility
from gvrc.model.run import Stage
from gvrc.reference.vocabularies import load_vocabularies

PHONE = Contact(contact_type=ContactType.PHONE, value="+254700000111", is_primary=True)


def record(**values: Any) -> Record:
    full: dict[str, Any] = {
        "record_key": "list:1", "source": "list", "pointer": "/0", "name": "Diani Police Station", "facility_type": "police_station",
        "operational_status": "operational", "contacts": (PHONE,), **values,
    }  # fmt: skip
    return Record(**full)


def codes(**values: Any) -> list[str]:
    return [issue.code for issue in record_issues(record(**values), load_vocabularies(), Stage.ENRICH)]


def test_a_complete_police_station_has_no_issue() -> None:
    assert codes() == []


def test_a_police_post_needs_no_level_no_services_and_no_registration() -> None:
    assert codes(facility_type="police_post") == []
    assert codes(facility_type="police_post", keph_level="4") == ["keph.not_for_kind"]


def test_a_health_facility_is_asked_for_more() -> None:
    assert set(codes(facility_type="dispensary")) == {"service.missing", "code.registration_missing"}


def test_a_hotline_may_have_a_short_code_only() -> None:
    hotline = Contact(contact_type=ContactType.HOTLINE, value="999")
    assert codes(facility_type="hotline", contacts=(hotline,), services=("hotline",)) == []
    assert codes(contacts=(hotline,)) == ["contact.emergency_only"]


def test_a_place_that_cannot_be_reached_is_told() -> None:
    postal = Contact(contact_type=ContactType.POSTAL, value="P.O. Box 1")
    assert codes(contacts=(postal,)) == ["contact.missing"]


def test_an_officers_own_mobile_is_a_question_only_when_it_is_alone_and_of_the_police() -> None:
    own = Contact(contact_type=ContactType.PHONE, value="+254700000044", label="Officer's mobile")
    assert codes(contacts=(own,)) == ["contact.officer_only"]
    assert codes(contacts=(PHONE, own)) == []
    beside_a_name = replace(own, label=None)
    assert codes(contacts=(beside_a_name,)) == []
    assert codes(contacts=(beside_a_name,), officer="CI Example") == ["contact.officer_only"]
    assert codes(contacts=(replace(own, value="+254202000044", label=None),), officer="CI Example") == []
    assert "contact.officer_only" not in codes(contacts=(own,), facility_type="dispensary")


def test_a_number_out_of_a_list_of_persons_is_suggested_to_be_left_out() -> None:
    def suggested(label: str) -> Any:
        only = Contact(contact_type=ContactType.PHONE, value="+254700000044", label=label)
        issue = next(record_issues(record(contacts=(only,)), load_vocabularies(), Stage.ENRICH))
        return issue.code, issue.suggestion and issue.suggestion.values

    assert suggested(STAFFS_OWN) == ("contact.officer_only", {"contacts": None})
    assert suggested("Officer's mobile") == ("contact.officer_only", {"contacts": "+254700000044"})


def test_officers_numbers_throughout_a_list_are_a_note_and_no_questions() -> None:
    one = Issue(code="contact.officer_only", field_name="contacts", value="+254700000044", record_key="k")
    assert {issue.code for issue in without_list_habits([one] * 5, 5)} == {"contact.officer_only"}
    assert {issue.code for issue in without_list_habits([one] * 6, 20)} == {"contact.officer_only"}
    assert {issue.code for issue in without_list_habits([one] * 11, 20)} == {"contact.officers_throughout"}


def test_a_service_of_another_kind_of_place_is_a_question_with_the_rest_as_suggestion() -> None:
    found = list(record_issues(record(facility_type="legal_aid", services=("legal_aid", "surgery")), load_vocabularies(), Stage.ENRICH))
    (issue,) = found
    assert issue.code == "service.not_plausible"
    assert issue.suggestion is not None
    assert issue.suggestion.values == {"services": ["Legal aid"]}


@pytest.mark.parametrize("kind", ["hospital", "gbv_recovery_centre", "shelter", "support_organisation", "police_station"])
def test_services_for_survivors_are_plausible_where_they_are_given(kind: str) -> None:
    services = {"police_station": ("police_reporting", "gender_desk"), "shelter": ("safe_shelter", "outpatient"), "gbv_recovery_centre": ("legal_aid", "safe_shelter")}.get(kind, ("psychosocial_support", "referral"))
    assert "service.not_plausible" not in codes(facility_type=kind, services=services)


def test_a_withheld_place_that_its_list_calls_public_is_told() -> None:
    assert "visibility.sensitive_public" in codes(visibility=Visibility.WITHHELD, stated={"visibility": "public"})


def test_an_old_verification_is_stale_and_a_future_one_a_slip() -> None:
    today = date(2026, 11, 20)
    assert [issue.code for issue in final_issues(record(last_verified_at=date(2025, 1, 1)), today)] == ["verified.stale"]
    assert [issue.code for issue in final_issues(record(last_verified_at=date(2026, 11, 21)), today)] == ["verified.future"]
    assert list(final_issues(record(last_verified_at=date(2026, 1, 1)), today)) == []
    assert list(final_issues(record(), today)) == []


def test_every_rule_declares_codes_of_the_catalogue_and_a_stage() -> None:
    for rule in RULES:
        assert set(rule.codes) <= set(CATALOGUE)
        assert all(CATALOGUE[code].stage == rule.after for code in rule.codes)


def test_every_group_of_places_has_requirements() -> None:
    vocabularies = load_vocabularies()
    assert {vocabularies.group(code) for code in vocabularies.facility_types.terms} <= set(requirements())
    assert "ward" not in requirements()["hotline"]
    assert "keph_level" not in requirements()["police"]
    assert "point" not in requirements()["shelter"]


def test_every_issue_carries_the_key_of_its_record() -> None:
    bare = record(facility_type="dispensary", contacts=(), operational_status=None)
    assert {issue.record_key for issue in record_issues(bare, load_vocabularies(), Stage.ENRICH)} == {"list:1"}


def test_a_name_that_says_only_the_kind_is_asked_about_with_the_place_it_is_in() -> None:
    def named(name: str, **place: str) -> list[Issue]:
        record = Record(record_key="list:1", source="list", pointer="/0", name=name, facility_type="police_station", place=Place(**place))
        return [issue for issue in record_issues(record, load_vocabularies(), Stage.ENRICH) if issue.code == "name.generic"]

    (issue,) = named("Police Station", ward="Tiwi")
    assert issue.suggestion is not None
    assert issue.suggestion.values == {"name": "Tiwi Police Station"}
    assert [issue.suggestion for issue in named("Sub-County Hospital")] == [None]
    assert not named("Tiwi Police Station")
    assert not named("Hope")
    assert not named("Child Helpline")


def test_one_institution_is_called_as_places_of_its_kind_are() -> None:
    assert "name.generic" not in codes(name="Gender Violence Recovery Centre", facility_type="gbv_recovery_centre", place=Place())
    assert "name.generic" in codes(name="GBV Recovery Centre", facility_type="gbv_recovery_centre", place=Place())


@pytest.mark.parametrize(
    ("changed", "asks"),
    [
        ({}, True), ({"address": None, "point": Point(latitude=-1.03, longitude=37.07)}, True), ({"address": None}, False), ({"services": ("legal_aid", "referral")}, False),
        ({"facility_type": "hospital"}, False), ({"facility_type": "police_station"}, False), ({"visibility": Visibility.OFFICE_LINE}, False), ({"stated": {"visibility": "public"}}, False),
    ],
)  # fmt: skip
def test_who_gives_shelter_among_other_things_is_asked_about_before_its_address_is_known(changed: dict[str, Any], asks: bool) -> None:
    found = codes(**{"facility_type": "support_organisation", "services": ("safe_shelter", "legal_aid"), "address": "Kenyatta Road 5", **changed})
    assert ("visibility.gives_shelter" in found) == asks
