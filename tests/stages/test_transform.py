from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gvrc.checks.catalogue import CATALOGUE
from gvrc.model.issue import Issue
from gvrc.model.record import CANONICAL_FIELDS, STAFFS_OWN, Record, Visibility
from gvrc.model.source import SourceRow
from gvrc.reference.corrections import Correction, Corrections
from gvrc.reference.vocabularies import load_vocabularies
from gvrc.stages.standardise import load_knowledge, standardise
from gvrc.stages.transform import transform

NONE = Corrections()
DIANI: dict[str, Any] = {
    "name": "DIANI P/STN", "facility_type": "Police Station", "county": "Kwale", "constituency": "Msambweni", "ward": "Ukunda", "latitude": -4.30914, "longitude": 39.55485,
    "phone": "0700 000 111", "operational_status": "Active", "last_verified_at": "2026-05-31",
}  # fmt: skip


def row(values: dict[str, Any], *, number: int = 0, source: str = "list", data: dict[str, Any] | None = None, pointer: str = "") -> SourceRow:
    return SourceRow(
        source=source, pointer=pointer or f"/{number}", number=number, data=values if data is None else data, context={}, values=values,
        record_key=f"{source}:{number}", content_hash="",
    )  # fmt: skip


def made(values: dict[str, Any], answers: Mapping[str, Any] | None = None, **more: Any) -> tuple[Record, list[Issue]]:
    result = transform([row(values, **more)], load_vocabularies(), NONE, {f"{more.get('source', 'list')}:0": answers} if answers else {})
    return result.records[0], list(result.issues)


def codes(values: dict[str, Any], answers: Mapping[str, Any] | None = None, **more: Any) -> list[str]:
    return [issue.code for issue in made(values, answers, **more)[1]]


def test_a_row_becomes_a_standardised_record() -> None:
    record, issues = made(DIANI)
    assert (record.name, record.facility_type, record.operational_status) == ("Diani Police Station", "police_station", "operational")
    assert record.stated == {"county": "Kwale", "constituency": "Msambweni", "ward": "Ukunda"}
    assert record.point is not None
    assert (record.point.latitude, record.point.longitude) == (-4.30914, 39.55485)
    assert [contact.value for contact in record.contacts] == ["+254700000111"]
    assert record.last_verified_at == date(2026, 5, 31)
    assert record.aliases == ("DIANI P/STN",)
    assert [issue.code for issue in issues] == ["name.one_case"]


def test_every_change_names_its_field_stage_and_rule() -> None:
    record, _ = made(DIANI)
    assert {change.field_name for change in record.changes} == {"name", "phone"}
    assert all(change.stage == "transform" and change.rule for change in record.changes)


def test_placeholders_are_nothing() -> None:
    record, _ = made({**DIANI, "ward": "N/A", "owner": "NOT IN LIST", "operational_status": "Unknown", "services": ["None"], "address": "-"})
    assert "ward" not in record.stated
    assert (record.owner, record.operational_status, record.services, record.address) == (None, None, (), None)


def test_one_row_gives_one_record_whatever_it_holds() -> None:
    rows = [row({}, number=0), row({"name": "TOTAL"}, number=1), row({"name": None, "phone": "0700000111"}, number=2), row(DIANI, number=3)]
    result = transform(rows, load_vocabularies(), NONE)
    assert [record.record_key for record in result.records] == ["list:0", "list:1", "list:2", "list:3"]
    by_key = {issue.record_key: issue.code for issue in result.issues if issue.code.startswith(("name.h", "name.m", "row."))}
    assert by_key == {"list:0": "row.empty", "list:1": "name.heading", "list:2": "name.missing"}


def test_headings_and_empty_rows_ask_nothing() -> None:
    for values in ({"name": "1. KWALE"}, {"name": "NIL"}, {"name": "TOTAL", "facility_type": "NIL"}):
        assert not any(CATALOGUE[code].asks for code in codes(values))


def test_of_a_row_that_is_no_place_the_later_stages_tell_nothing_more() -> None:
    rows = [row({"name": "5", "county": "TOTAL"}, data={"COUNTY": "TOTAL", "STATION": "5"}), row({"name": "KWALE COUNTY", "section": "KWALE COUNTY"}, number=1, data={"STATION": "KWALE COUNTY"})]
    found = standardise(rows, load_knowledge(NONE), {}).issues_by_key()
    assert [[issue.code for issue in issues] for issues in found.values()] == [["name.heading"], ["name.heading"]]


def test_a_steward_may_say_that_a_heading_is_a_place() -> None:
    record, issues = made({"name": "1. KWALE"}, {"name": "Kwale Police Station"})
    assert record.name == "Kwale Police Station"
    assert not any(issue.code == "name.heading" for issue in issues)


def test_a_known_correction_is_applied_and_told() -> None:
    corrections = Corrections([Correction(field_name="county", bad_value="Kwalle", right_value="Kwale")])
    (record,) = transform([row({**DIANI, "county": "KWALLE"})], load_vocabularies(), corrections).records
    assert record.stated["county"] == "Kwale"
    assert ("county", "KWALLE", "Kwale", "correction") in [(c.field_name, c.before, c.after, c.rule) for c in record.changes]


def test_an_answer_wins_and_is_told_as_the_stewards() -> None:
    record, _ = made(DIANI, {"county": "Kilifi", "operational_status": "Closed"})
    assert (record.stated["county"], record.operational_status) == ("Kilifi", "not_operational")
    assert {change.field_name for change in record.changes if change.rule == "steward"} == {"county", "operational_status"}


def test_a_point_given_by_a_steward_says_so() -> None:
    record, _ = made({**DIANI, "coordinates": "0,0"}, {"latitude": -4.2, "longitude": 39.4})
    assert record.point is not None
    assert (record.point.latitude, record.point.accuracy_level) == (-4.2, "steward")


@pytest.mark.parametrize("code", ["kind.unknown", "contact.only_phone_invalid", "name.two_places", "text.personal", "name.not_gazetted"])
def test_an_accepted_suggestion_ends_its_question(code: str) -> None:
    values = {
        "kind.unknown": {"name": "Mwangaza", "services": ["Psychosocial support"], "county": "Kwale"},
        "contact.only_phone_invalid": {**DIANI, "phone": "070000023"},
        "name.two_places": {**DIANI, "name": "BARTABWA,KAPTURO"},
        "text.personal": {**DIANI, "description": "Ask for Jane Mfano, survivor, national ID 00000000"},
        "name.not_gazetted": {**DIANI, "name": "Tangulbei Police Post (not yet gazetted)", "operational_status": None},
    }[code]
    _, issues = made(values)
    issue = next(issue for issue in issues if issue.code == code)
    assert issue.suggestion is not None
    assert code not in codes(values, issue.suggestion.values)


def test_a_question_about_the_kind_is_asked_only_without_any_sign() -> None:
    assert "kind.unknown" in codes({"name": "Mwangaza", "phone": "0700000111"})
    assert "kind.unknown" not in codes({"name": "Mwangaza", "phone": "0700000111"}, pointer="/police_stations/Kwale/0")
    assert "kind.unknown" not in codes({"name": "Mwangaza", "phone": "0700000111"}, data={"organization_name": "Mwangaza"})
    assert "kind.unknown" not in codes({"name": "Diani", "phone": "0700000111"}, data={"STATION": "Diani", "OCS / RANK": "J. Mfano"})


def test_an_owner_in_the_column_of_types_is_no_wrong_type() -> None:
    assert "kind.text_unknown" not in codes({**DIANI, "facility_type": "Private"})
    assert "kind.text_unknown" not in codes({**DIANI, "name": "Diani Clinic", "facility_type": "Health Facility"})
    assert "kind.text_unknown" in codes({**DIANI, "facility_type": "Blue"})


def test_a_type_of_the_whole_list_gives_way_to_the_name() -> None:
    record, _ = made({"name": "Ukunda Police Post", "facility_type": "Police Station"}, data={"station_name": "Ukunda Police Post"})
    assert record.facility_type == "police_post"
    record, _ = made({"name": "Ukunda Police Post", "facility_type": "Police Station"}, data={"type": [{"coding": [{"display": "Police Station"}]}]})
    assert record.facility_type == "police_station"
    record, _ = made({"name": "Ukunda Police Post", "facility_type": "Police Station"})
    assert record.facility_type == "police_station"


def test_a_name_of_acronyms_is_no_name_in_one_case() -> None:
    assert "name.one_case" not in codes({**DIANI, "name": "NASCOP VCT"})
    assert "name.one_case" in codes({**DIANI, "name": "KWALE CLINIC"})


def test_the_level_is_only_what_is_stated() -> None:
    assert made({**DIANI, "name": "Kiambu Level 5 Hospital", "facility_type": "Hospital"})[0].keph_level == "5"
    assert made({**DIANI, "name": "Kiambu Hospital", "facility_type": "Hospital"})[0].keph_level is None
    assert made({**DIANI, "keph_level": "Level 3"})[0].keph_level == "3"
    assert "keph.unknown" in codes({**DIANI, "keph_level": "Level 9"})


def test_a_broken_only_phone_is_a_question_and_a_broken_second_one_a_warning() -> None:
    assert "contact.only_phone_invalid" in codes({**DIANI, "phone": "070000023"})
    assert "contact.phone_invalid" in codes({**DIANI, "phone": "070000023, 0700000111"})
    assert "contact.only_phone_invalid" not in codes({**DIANI, "phone": "000004"})


def test_a_number_in_a_field_that_nobody_mapped_is_found() -> None:
    bare = {name: value for name, value in DIANI.items() if name != "phone"}
    assert [contact.value for contact in made(bare, data={**bare, "remarks": ["call 0700 000 222"]})[0].contacts] == ["+254700000222"]
    assert [contact.value for contact in made(DIANI, data={**DIANI, "remarks": "call 0700 000 222"})[0].contacts] == ["+254700000111", "+254700000222"]
    assert [contact.value for contact in made(DIANI, data={**DIANI, "remarks": "call 0700 000 111"})[0].contacts] == ["+254700000111"]
    assert made(bare, data={**bare, "account": "0700000222", "site_id": "0700000222"})[0].contacts == ()


def test_contacts_in_texts_are_moved_and_taken_out() -> None:
    record, issues = made({**DIANI, "description": "Call 0700 000 222", "location": "Near the market 0700 000 333"})
    assert {contact.value for contact in record.contacts} == {"+254700000111", "+254700000222", "+254700000333"}
    assert record.description == "Call [phone]"
    assert record.stated["location"] == "Near the market [phone]"
    assert "contact.in_text" in [issue.code for issue in issues]


def test_a_personal_value_stands_only_in_changes_of_personal_fields() -> None:
    record, issues = made({**DIANI, "name": "DIANI P/STN 0700 000 111", "description": "0700 000 111", "location": "0700 000 111"})
    told = [change for change in record.changes if change.field_name not in ("phone", "contact")]
    texts = f"{record.name}{record.aliases}{record.qualifiers}{record.stated}{record.description}{told}{[i for i in issues if i.field_name != 'phone']}"
    assert "000 111" not in texts
    assert "700000111" not in texts


def test_an_unknown_visibility_hides_the_place_and_is_told() -> None:
    record, issues = made({**DIANI, "visibility": "perhaps"})
    assert record.visibility is Visibility.WITHHELD
    assert "visibility.unknown" in [issue.code for issue in issues]


def test_unknown_words_of_closed_lists_come_with_their_nearest() -> None:
    _, issues = made({**DIANI, "owner": "Ministry of Helth and Sport"})
    issue = next(issue for issue in issues if issue.code == "owner.unknown")
    assert "Ministry of Health" in issue.detail["candidates"]


def test_the_order_of_the_rows_does_not_matter() -> None:
    rows = [row(DIANI, number=1), row({**DIANI, "name": "Galaxy"}, number=2), row({"name": "TOTAL"}, number=3)]
    one = transform(rows, load_vocabularies(), NONE)
    other = transform(rows[::-1], load_vocabularies(), NONE)
    assert list(one.records) == list(other.records)[::-1]


messy = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
)


@given(st.dictionaries(st.sampled_from(CANONICAL_FIELDS), messy, max_size=12))
def test_any_row_gives_a_record_and_issues_of_the_catalogue(values: dict[str, Any]) -> None:
    record, issues = made(values)
    assert record.record_key == "list:0"
    assert all(issue.code in CATALOGUE and issue.record_key == "list:0" for issue in issues)


def test_a_status_in_brackets_behind_the_name_is_one_unless_its_column_says_another() -> None:
    closed, _issues = made({**DIANI, "name": "Tiwi Dispensary (Closed)", "operational_status": None})
    assert (closed.name, closed.operational_status) == ("Tiwi Dispensary", "not_operational")
    assert "status-from-name" in {change.rule for change in closed.changes}
    assert made({**DIANI, "name": "Tiwi Dispensary (Closed)", "operational_status": "Operational"})[0].operational_status == "operational"


def test_the_telephone_of_an_office_in_another_county_is_not_that_of_the_row() -> None:
    branches = [{"county": "Kisumu", "tel": "0700000222"}, {"county": "Mombasa", "tel": "0700000333"}]
    record, issues = made(DIANI, data={**DIANI, "branches": branches, "desk": {"line": "0700000444"}})
    values = {contact.value for contact in record.contacts}
    assert "+254700000444" in values
    assert not values & {"+254700000222", "+254700000333"}
    (told,) = [issue for issue in issues if issue.code == "row.offices"]
    assert told.detail == {"places": "Kisumu, Mombasa"}


@pytest.mark.parametrize("within", [{"site": {"county": "Kwale", "line": "0700000444"}}, {"sites": [{"county": "KWALE County", "line": "0700000444"}]}])
def test_an_object_that_says_where_the_row_itself_is_keeps_its_telephone(within: dict[str, Any]) -> None:
    record, issues = made(DIANI, data={**DIANI, **within})
    assert "+254700000444" in {contact.value for contact in record.contacts}
    assert "row.offices" not in {issue.code for issue in issues}


@pytest.mark.parametrize("values", [
    {"facility_type": "Shelter"}, {"facility_type": "Shelter & counselling"}, {"facility_type": "Temporary accommodation"}, {"section": "SAFE HOUSES"}, {"location": "Confidential"}, {"description": "Do not publish"}, {"visibility": "Public", "facility_type": "Safe Houses"},
])  # fmt: skip
def test_what_stands_in_a_list_of_shelters_or_says_so_is_withheld_whatever_its_name_tells(values: dict[str, Any]) -> None:
    place = {"name": "Open Door Drop-in Centre", "county": "Mombasa", **values}
    assert made(place)[0].visibility is Visibility.WITHHELD
    assert made(place, {"visibility": "public"})[0].visibility is Visibility.PUBLIC


@pytest.mark.parametrize(("stated", "code"), [(True, "operational"), (False, "not_operational"), ("t", "operational"), ("N", "not_operational"), ("Operational 24hrs", "operational"), ("Open 24/7", "operational"), ("closed down in 2019", "not_operational")])
def test_a_status_is_read_without_when_it_holds(stated: Any, code: str) -> None:
    assert made({**DIANI, "operational_status": stated})[0].operational_status == code


def test_a_number_under_a_heading_that_speaks_of_calling_is_found_though_it_speaks_of_codes_too() -> None:
    record, _ = made(DIANI, data={**DIANI, "Toll free code": "0800 720 501"})
    assert [contact.value for contact in record.contacts] == ["+254700000111", "+254800720501"]


def test_the_number_of_a_hotline_may_be_a_short_code() -> None:
    assert [contact.value for contact in made({"name": "County Toll Free Line", "facility_type": "Hotline", "phone": ["1508"]})[0].contacts] == ["1508"]
    assert "contact.only_phone_invalid" in codes({**DIANI, "phone": "1508"})


@pytest.mark.parametrize(("stated", "code"), [
    ("FBO - Catholic", "kec"), ("FBO/SDA", "seventh_day_adventist"), ("County Govt of Bungoma", "ministry_of_health"), ("Nairobi City County Government", "ministry_of_health"), ("Public - County Govt", "ministry_of_health"),
])  # fmt: skip
def test_an_owner_is_read_with_its_kind_beside_it(stated: str, code: str) -> None:
    assert made({**DIANI, "owner": stated})[0].owner == code


def test_owners_of_two_kinds_side_by_side_are_a_question() -> None:
    assert "owner.unknown" in codes({**DIANI, "owner": "NGO / Private"})


def test_a_number_that_slipped_into_another_column_is_found_and_that_of_an_officer_told() -> None:
    record, _ = made({"name": "Ngao Hospital", "county": "Tana River", "constituency": "0700 000 676", "description": "OCS Garsen 0700 000 677"})
    assert {contact.value: contact.label for contact in record.contacts} == {"+254700000676": None, "+254700000677": "Officer's mobile"}


def test_a_note_under_a_list_is_no_place_in_whatever_column_it_stands() -> None:
    record, issues = made({"county": "Source: MOH"}, data={"County": "Source: MOH", "Facility": ""})
    assert [issue.code for issue in issues] == ["name.heading"]
    assert not record.stated
    assert "name.missing" in codes({"county": "Kwale"}, data={"County": "Kwale", "Facility": ""})


def test_a_cell_beside_a_number_may_tell_whose_it_is() -> None:
    record, _ = made({"name": "Diani Police Station", "phone": "0700000111", "contact_type": "OCS"})
    assert [contact.label for contact in record.contacts] == ["Officer's mobile"]


def test_the_frame_of_a_feature_without_a_name_is_an_empty_row() -> None:
    assert codes({}, data={"type": "Feature", "properties": {"NAME": "", "TEL": None}, "geometry": None}) == ["row.empty"]


def test_what_is_called_by_a_short_code_alone_is_a_hotline_unless_it_lies_somewhere() -> None:
    for values in ({"name": "Police 999 / 112"}, {"name": "Kenya Red Cross", "phone": "1199 (toll free)"}, {"name": "Police", "phone": "999 / 112"}):
        assert made(values)[0].facility_type == "hotline"
    assert made({"name": "Example Relief", "phone": "0700 000 111 / 1199"})[0].facility_type is None
    (unknown,) = (issue for issue in made({"name": "Police 999 / 112", "county": "Kilifi"})[1] if issue.code == "kind.unknown")
    assert unknown.suggestion is not None
    assert unknown.suggestion.shown == "Hotline"


def test_the_number_beside_a_commander_named_as_the_place_is_his() -> None:
    record, _ = made({"name": "OCS Naivasha", "phone": "0700 000 111", "county": "Nakuru"})
    assert [(contact.value, contact.label) for contact in record.contacts] == [("+254700000111", "Officer's mobile")]


def test_a_place_whose_role_begins_as_shelters_are_called_is_withheld() -> None:
    assert made({"name": "Nguvu Collective", "category": "Emergency accommodation for survivors"})[0].visibility is Visibility.WITHHELD
    assert made({"name": "Mathare Women", "category": "Awareness of safe spaces"})[0].visibility is Visibility.PUBLIC


def test_the_key_a_list_stands_under_tells_its_kind_by_any_spelling() -> None:
    assert made({"name": "Eldoret Central", "section": "police"})[0].facility_type == "police_station"


def test_services_that_a_description_enumerates_are_read_where_no_field_tells_any() -> None:
    told = {"name": "Example Trust", "description": "Services offered: Legal services, Shelter/Safe Space, dancing. Open daily."}
    record, issues = made(told)
    assert record.services == ("legal_aid", "safe_shelter")
    assert "service.unknown" not in [issue.code for issue in issues]
    assert made({**told, "services": "PEP"})[0].services == ("pep",)
    assert made({"name": "Example Trust", "description": "We work for better health services. Call us: any time."})[0].services == ()


def test_a_landline_of_nairobi_without_its_area_code_is_suggested_with_it() -> None:
    (issue,) = (issue for issue in made({"name": "Example Trust", "county": "Nairobi City", "phone": "272 0001"})[1] if issue.code == "contact.only_phone_invalid")
    assert issue.suggestion is not None
    assert issue.suggestion.values == {"phone": "+254202720001"}
    for values in ({"county": "Kwale", "phone": "2720001"}, {"county": "Nairobi", "phone": "7220001"}, {"county": "Nairobi", "phone": "2720001 / 0700 000 111"}):
        assert not any(issue.suggestion for issue in made({"name": "Example Trust", **values})[1] if issue.code.startswith("contact."))


def test_what_everybody_finds_is_not_hidden_because_its_list_is_called_by_safe_houses() -> None:
    places = {"hospital": Visibility.PUBLIC, "police": Visibility.PUBLIC, "hotline": Visibility.PUBLIC, "NGO": Visibility.WITHHELD, "Shelter": Visibility.WITHHELD, "": Visibility.WITHHELD}
    for kind, visibility in places.items():
        assert made({"name": "Example Place", "facility_type": kind}, pointer="/safehouses/0")[0].visibility is visibility
    assert made({"name": "Example Place", "facility_type": "hospital", "category": "Safe house"}, pointer="/safehouses/0")[0].visibility is Visibility.WITHHELD
    assert made({"name": "Example Place", "facility_type": "hospital"}, data={"name": "Example Place"}, pointer="/safehouses/0")[0].visibility is Visibility.WITHHELD


def test_a_place_with_a_station_commander_is_a_police_station() -> None:
    assert made({"name": "Nakuru Central"}, data={"name": "Nakuru Central", "commander": "CI Jane Example"})[0].facility_type == "police_station"
    assert made({"name": "Nakuru Central"}, data={"name": "Nakuru Central", "incident_commander_notes": "x"})[0].facility_type is None


def test_numbers_of_a_list_of_persons_are_told_as_those_of_members_of_staff() -> None:
    persons = {"name": "Diani Police Station", "officer_contact": "0700 000 111", "contact_type": STAFFS_OWN}
    assert [(contact.value, contact.label) for contact in made(persons)[0].contacts] == [("+254700000111", STAFFS_OWN)]
    assert made(persons, {"contacts": None})[0].contacts == ()


def test_a_cell_of_signs_in_a_column_of_terms_is_read_in_a_moment() -> None:
    """Each took seconds; the suite's time limit ends a hundred of them."""
    for number in range(100):
        _, issues = made({"name": "Tiwi Dispensary", "owner": '"' * 9_000 + f"{number}x", "operational_status": "|" * 9_000 + f"{number}x"})
        assert "owner.unknown" in {issue.code for issue in issues}


@pytest.mark.parametrize(
    ("name", "kind"),
    [("Huruma Post", "police_post"), ("Lumo Base", "police_post"), ("Huruma", "police_station"), ("Post", "police_station"), ("Kasarani Gender Desk", "gender_desk")],
)
def test_the_end_of_a_name_tells_a_post_in_a_list_of_police_stations(name: str, kind: str) -> None:
    of_list = {"name": name, "county": "Nairobi", "facility_type": "police_stations"}
    assert made(of_list, data={"name": name, "county": "Nairobi"})[0].facility_type == kind
    assert kind == "gender_desk" or made(of_list)[0].facility_type == "police_station", "a column of the row's own says what it is"
