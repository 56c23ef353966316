"""Lists that were made for something else, and what they say of persons and of places that must not be found."""

from pathlib import Path
from typing import Any

import pytest

from gvrc.errors import UnknownFormatError
from gvrc.model.record import STAFFS_OWN, Visibility
from gvrc.model.source import SourceFile, SourceRow
from gvrc.sources.detect import detect
from gvrc.sources.field_names import known_name
from gvrc.stages.extract import extract
from gvrc.stages.standardise import standardise
from tests.sources.test_lists_without_names import KNOWLEDGE, rows_of
from tests.sources.test_several_countries import standardised, written

INCIDENTS = "ID,Title,Description,Location,Lat,Lon,Category,Reporter name,Reporter phone,Status\n1,Woman beaten at the polling station,Near the market,Tiwi,-4.24,39.59,Violence,Mary Mfano,0700000001,Verified\n"


def test_what_people_reported_is_no_list_of_places(tmp_path: Path) -> None:
    with pytest.raises(UnknownFormatError):
        rows_of(tmp_path, INCIDENTS)
    rows = rows_of(tmp_path, [{"station": "Diani Police Station", "case number": 3, "victim name": "Mary Mfano", "phone": "0700000002"}, {"station": "Tiwi Police Station", "case number": 4, "victim name": "A Mfano", "phone": "0700000003"}])
    assert [row.values["name"] for row in rows] == ["Diani Police Station", "Tiwi Police Station"]


@pytest.mark.parametrize("field", ["Reporter phone", "Reported by", "Victim's name", "Survivor name", "Complainant's phone number", "Perpetrator", "caller's phone"])
def test_of_who_reported_or_suffered_nothing_is_taken_in(field: str) -> None:
    named = known_name((field,))
    assert named is not None
    assert named.canonical == "!"


HOMES = [{"name": "Nyumba ya Amani", "county": "Kwale", "address": "Behind the camp, blue gate", "phone": "0700 000 001"}, {"name": "Pendo Home", "county": "Nairobi", "address": "Example Lane", "phone": "0700 000 002"}]


@pytest.mark.parametrize("content", [
    "NATIONAL SHELTERS NETWORK - MEMBERS,,,\nName,County,Physical address,Contact\nNyumba ya Amani,Kwale,Behind the camp,0700 000 001\nPendo Home,Nairobi,Example Lane,0700 000 002\n",
    {"title": "National Shelters Network - Members", "data": HOMES}, {"list_name": "Safe houses", "members": HOMES}, {"network": "Shelters network", "members": HOMES},
], ids=["a title above a table", "a title", "a name", "a network"])  # fmt: skip
def test_a_list_whose_title_tells_of_shelters_alone_hides_its_places(content: Any, tmp_path: Path) -> None:
    records, _ = standardised(tmp_path, content)
    assert {record.visibility for record in records.values()} == {Visibility.WITHHELD}


def test_a_list_that_is_called_by_shelters_hides_its_places(tmp_path: Path) -> None:
    path = written(tmp_path, [*HOMES, {"name": "Tiwi Hospital", "county": "Kwale", "phone": "0700 000 003"}])
    for name, hidden in (("shelters_network.json", True), ("safe_houses.csv", True), ("shelters_and_hospitals.json", False), ("contacts.json", False)):
        rows = [row for row in extract(SourceFile(name=name, sha256="", size_bytes=1, path=path), detect(path, name)) if isinstance(row, SourceRow)]
        made = standardise(rows, KNOWLEDGE, {}).records
        assert {record.visibility is Visibility.WITHHELD for record in made} == {hidden}


@pytest.mark.parametrize("title", ["GBV service providers: hospitals, police and shelters", "Shelter, legal aid and counselling services", "Directory of shelters and health facilities", "County contacts"])
def test_a_title_that_tells_of_more_hides_nothing(title: str, tmp_path: Path) -> None:
    records, _ = standardised(tmp_path, {"title": title, "data": [{"name": "Tiwi Hospital", "county": "Kwale", "phone": "0700 000 001"}, {"name": "Haki Legal Aid", "county": "Kwale", "phone": "0700 000 002"}]})
    assert {record.visibility for record in records.values()} == {Visibility.PUBLIC}


@pytest.mark.parametrize(("heading", "canonical"), [
    ("D. FOCAL/Phone of GBV focal person", "officer_contact"), ("D. FOCAL/Name of GBV focal person", "officer"), ("1. Location/County", "county"), ("Section B. Place/Sub section/Telephone", "phone"), ("ART/PMTCT", None),
])  # fmt: skip
def test_a_question_of_a_form_is_known_behind_its_lettered_groups(heading: str, canonical: str | None) -> None:
    named = known_name((heading,))
    assert (named.canonical if named else None) == canonical


def test_offices_of_an_organisation_named_once_are_called_by_it(tmp_path: Path) -> None:
    offices = [{"city": city, "address": "Example House", "phone": f"070000000{number}"} for number, city in enumerate(("Nairobi", "Mombasa", "Kisumu"))]
    rows = rows_of(tmp_path, {"organization": "Haki Watch", "offices": offices})
    assert [(row.values["name"], row.values["county"]) for row in rows] == [("Haki Watch", "Nairobi"), ("Haki Watch", "Mombasa"), ("Haki Watch", "Kisumu")]


def test_a_firm_is_the_place_and_the_advocate_who_is_asked_for(tmp_path: Path) -> None:
    (row,) = rows_of(tmp_path, "No,Advocate,Law firm,Town,Mobile\n1,Jane Mfano,Mfano & Co Advocates,Mombasa,0700 000 001\n")
    assert (row.values["name"], row.values["officer"]) == ("Mfano & Co Advocates", "Jane Mfano")


def test_a_row_that_was_broken_at_its_name_is_one(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, "S/N,STATION,COUNTY,TEL NO.\n1,TIWI POLICE STATION,KWALE,0700 000 001\n2,MSAMBWENI POLICE\n,STATION,KWALE,0700 000 003\n3,DIANI POLICE STATION\n4,WAA POLICE STATION,KWALE,0700 000 004\n")
    assert [(row.values["name"], row.values.get("phone")) for row in rows] == [
        ("TIWI POLICE STATION", "0700 000 001"), ("MSAMBWENI POLICE STATION", "0700 000 003"), ("DIANI POLICE STATION", None), ("WAA POLICE STATION", "0700 000 004"),
    ]  # fmt: skip


def test_a_row_without_a_number_is_not_the_end_of_another_place(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, "S/N,STATION,COUNTY,TEL NO.\n1,TIWI POLICE STATION\n,Waa Post,KWALE,0700 000 003\n2,DIANI POLICE STATION,KWALE,0700 000 004\n")
    assert len(rows) == 3


def test_countries_head_the_lines_of_a_text(tmp_path: Path) -> None:
    records, codes = standardised(tmp_path, "KENYA\nGBV Hotline: 1195\nChildline Kenya: 116\nPolice: 999 / 112\nFIDA Mombasa: 0800 720 501\nUGANDA\nSauti: 116\nActionAid Uganda: 0800 200 600\n")
    assert [contact.value for contact in records["GBV Hotline"].contacts] == ["1195"]
    assert not records["Sauti"].contacts
    assert codes["Sauti"] == codes["ActionAid Uganda"] == {"row.abroad"}
    assert "place.nationwide" not in codes["FIDA Mombasa"]


def test_a_short_code_that_nobody_listed_is_asked_about_where_it_is_the_only_number(tmp_path: Path) -> None:
    records, codes = standardised(tmp_path, "Organisation,Contact\nHaki Foundation,1519\nAmani Trust,0700 000 001\nTumaini Trust,21661\n")
    assert "contact.only_phone_invalid" in codes["Haki Foundation"]
    assert "contact.only_phone_invalid" not in codes["Tumaini Trust"]
    assert not records["Haki Foundation"].contacts


def test_all_counties_and_the_answer_of_a_server(tmp_path: Path) -> None:
    records, codes = standardised(tmp_path, [{"name": "National Police Service", "county": "all", "phone": "0800 720 553"}, {"name": "Diani Police Station", "county": "Kwale", "phone": "0700 000 001"}])
    assert "place.nationwide" in codes["National Police Service"]
    bundle = {"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Location", "name": "Tiwi Police Station", "address": {"state": "Kwale"}}}, {"resource": {"resourceType": "OperationOutcome", "id": "3", "issue": [{"severity": "information"}]}}]}
    records, codes = standardised(tmp_path, bundle)
    assert codes[""] == {"row.empty"}
    assert set(records) == {"Tiwi Police Station", ""}


@pytest.mark.parametrize(("field", "canonical"), [("Next of kin phone", "!"), ("Name of next of kin", "!"), ("guardian's phone", "!"), ("Emergency contact person", "officer"), ("Emergency contact phone", "officer_contact"), ("Emergency contact", "hotline")])
def test_of_relatives_nothing_is_taken_in_and_whom_to_call_is_a_person(field: str, canonical: str) -> None:
    named = known_name((field,))
    assert named is not None
    assert named.canonical == canonical


def test_an_emergency_contact_with_names_is_no_hotline(tmp_path: Path) -> None:
    content = "Facility,County,Phone,Next of kin phone,Emergency contact,Emergency contact phone\nTiwi Dispensary,Kwale,0700 000 001,0700 000 002,Juma Mfano,0700 000 003\nWaa Dispensary,Kwale,,0700 000 004,Ali Mfano,0700 000 005\n"
    records, _ = standardised(tmp_path, content)
    assert {name: [(contact.value, contact.label) for contact in record.contacts] for name, record in records.items()} == {
        "Tiwi Dispensary": [("+254700000001", None), ("+254700000003", "Officer's mobile")], "Waa Dispensary": [("+254700000005", "Officer's mobile")],
    }  # fmt: skip


def test_beside_an_office_line_a_mobile_is_the_contact_persons(tmp_path: Path) -> None:
    records, _ = standardised(tmp_path, "FACILITY,COUNTY,CONTACT PERSON,DESIGNATION,MOBILE,OFFICE LINE\nTiwi Dispensary,Kwale,Asha Mfano,Nurse,0700 000 001,\nKwale Hospital,Kwale,Juma Mfano,Med Sup,0700 000 002,040 2000002\n")
    assert [(contact.value, contact.label) for contact in records["Kwale Hospital"].contacts] == [("+254402000002", None), ("+254700000002", "Officer's mobile")]


def test_a_row_that_its_system_deleted_is_told_and_nothing_asked(tmp_path: Path) -> None:
    row = {"county": "Kwale", "phone": "0700 000 001"}
    content = [{**row, "name": "Haki Legal Aid", "deleted_at": None}, {**row, "name": "Old Centre", "deleted_at": "2022-03-04 10:00:00"}, {**row, "name": "Amani Legal Aid", "deleted_at": "0000-00-00 00:00:00"}]
    _, codes = standardised(tmp_path, content)
    assert {name: "row.deleted" in found for name, found in codes.items()} == {"Haki Legal Aid": False, "Old Centre": True, "Amani Legal Aid": False}
    assert "kind.unknown" not in codes["Old Centre"]


def test_a_station_called_as_its_county_with_a_number_in_any_column_is_no_heading(tmp_path: Path) -> None:
    records, codes = standardised(tmp_path, "Police station,Sub county,Gender desk\nDiani,Msambweni,Cpl Asha Mfano 0700 000 001\nKwale,Matuga,PC Mary Mfano 0700 000 002\nKinango,Kinango,None\n")
    assert "name.heading" not in codes["Kwale"]
    assert [contact.label for contact in records["Kwale"].contacts] == ["Officer's mobile"]


def test_the_number_beside_who_sits_at_a_desk_is_that_persons(tmp_path: Path) -> None:
    station = {"county": "Kwale", "contacts": {"station_line": "040 2000001", "gender_desk": {"officer": "Cpl Asha Mfano", "phone": "0700 000 002"}}}
    records, _ = standardised(tmp_path, [{**station, "name": "Diani Police Station"}, {**station, "name": "Tiwi Police Station"}])
    assert [(contact.value, contact.label) for contact in records["Diani Police Station"].contacts] == [("+254402000001", None), ("+254700000002", "Officer's mobile")]
    whole = {"county": "Kwale", "contacts": {"officer": "CI Juma Mfano", "phone": "0700 000 003"}}
    records, _ = standardised(tmp_path, [{**whole, "name": "Haki Legal Aid"}, {**whole, "name": "Amani Counselling Centre"}])
    assert [contact.label for contact in records["Haki Legal Aid"].contacts] == [None]


@pytest.mark.parametrize(("heading", "area", "name"), [("Ward Administrator", "Ward", "Ward Administrator's Office, Tiwi"), ("Gender focal person", "Ward", "Gender Office, Tiwi"), ("CHV", "Village", "Community Health Volunteer, Tiwi")])
def test_a_column_headed_by_what_persons_are_names_no_places(heading: str, area: str, name: str, tmp_path: Path) -> None:
    rows = rows_of(tmp_path, f"County,{area},{heading},Phone\nKwale,Tiwi,Juma Mfano,0700 000 001\nKwale,Waa,Asha Mfano,0700 000 002\n")
    made = standardise(rows, KNOWLEDGE, {})
    issues = made.issues_by_key()[rows[0].record_key]
    assert [(record.name, record.officer) for record in made.records] == [(None, "Juma Mfano"), (None, "Asha Mfano")]
    assert {record.contacts[0].label for record in made.records} <= {"Officer's mobile", STAFFS_OWN}
    assert [issue.suggestion.shown for issue in issues if issue.code == "name.missing" and issue.suggestion] == [name]
    assert "kind.unknown" not in {issue.code for issue in issues}


def test_a_description_that_begins_as_shelters_are_called_hides_its_place(tmp_path: Path) -> None:
    rows = [{"name": "Tumaini Home", "type": "CCI", "location": "Malindi", "phone": "0700 000 001", "remarks": "Rescue centre for girls escaping FGM"}, {"name": "Kinango Hospital", "type": "Hospital", "location": "Kinango", "phone": "0700 000 002", "remarks": "Safe space for girls on Mondays"}]
    records, _ = standardised(tmp_path, rows)
    assert {name: record.visibility for name, record in records.items()} == {"Tumaini Home": Visibility.WITHHELD, "Kinango Hospital": Visibility.PUBLIC}


def test_numbers_of_hotlines_are_read_whatever_stands_beside_them(tmp_path: Path) -> None:
    lines = [{"name": "Childline", "number": "116 or 0800 22 11 11"}, {"name": "GBV line", "number": "1195 (toll-free)"}, {"name": "Women line", "number": "0800-HELP-01"}]
    records, _ = standardised(tmp_path, {"hotlines": lines})
    assert [contact.value for contact in records["Childline"].contacts] == ["116", "+254800221111"]
    assert [contact.value for contact in records["GBV Line"].contacts] == ["1195"]


def test_a_neighbouring_country_among_provinces_is_told(tmp_path: Path) -> None:
    records, codes = standardised(tmp_path, "Station Name,Region,County,Contact\nBusia Police Station,Western,Busia,0700 000 002\nMoyale Police Station,Eastern,Marsabit,0700 000 004\nNamanga Police Station,Rift Valley,Kajiado,0700 000 003\nKampala Central,Uganda,Kampala,0700 000 005\n")
    assert codes["Kampala Central"] == {"row.abroad"}
    assert records["Busia Police Station"].place.county == "Busia"
