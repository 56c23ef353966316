"""Lists as they circulate: headings among the rows, exports of web services, headings with units, numbers that spreadsheets changed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gvrc.errors import UnknownFormatError
from gvrc.model.record import STAFFS_OWN
from gvrc.model.source import LEFT_OUT, Detection, SourceFile, SourceRow
from gvrc.sources.detect import detect
from gvrc.sources.field_names import known_name
from gvrc.sources.json_stream import JsonRecords
from gvrc.sources.labelled import labelled
from gvrc.sources.looks import county_in_title, heading_level
from gvrc.stages.extract import extract

Read = Callable[[Any], list[SourceRow]]


@pytest.fixture
def detected(tmp_path: Path) -> Callable[[Any], Detection]:
    def detected(content: Any) -> Detection:
        path = tmp_path / "list"
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return detect(path, "list")

    return detected


@pytest.fixture
def read(tmp_path: Path, detected: Callable[[Any], Detection]) -> Read:
    def read(content: Any) -> list[SourceRow]:
        detection = detected(content)
        rows = list(extract(SourceFile(name="list", sha256="", size_bytes=1, path=tmp_path / "list"), detection))
        return [row for row in rows if isinstance(row, SourceRow)]

    return read


def told(rows: list[SourceRow], *fields: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values.get(field) for field in fields) for row in rows if row.values.get("phone")]


STATIONS = (
    ("KWALE COUNTY", ""), ("MATUGA SUB COUNTY", ""), ("Tiwi Police Station", "0700 000 001"), ("MSAMBWENI SUB COUNTY", ""), ("Diani", "0700 000 002"),
    ("KILIFI COUNTY", ""), ("Central", "0700 000 003"),
)  # fmt: skip
PLACED = [("KWALE COUNTY", "MATUGA SUB COUNTY"), ("KWALE COUNTY", "MSAMBWENI SUB COUNTY"), ("KILIFI COUNTY", None)]


def test_headings_among_objects_flow_down_to_the_ones_below(read: Read) -> None:
    rows = read({"stations": [{"No": "", "Station": name, "Tel": phone} for name, phone in STATIONS]})
    assert len(rows) == len(STATIONS)
    assert told(rows, "section", "sub_county") == PLACED


@pytest.mark.parametrize("column", [0, 1])
def test_headings_of_smaller_units_stand_under_those_of_counties(column: int, read: Read) -> None:
    lines = [",".join(["1", name, phone] if phone else [name if place == column else "" for place in range(3)]) for name, phone in STATIONS]
    rows = read("S/No,Station,Phone\n" + "\n".join(lines) + "\n")
    assert told(rows, "section", "sub_county") == PLACED
    assert [row.values["name"] for row in rows] == [name for name, _ in STATIONS]


@pytest.mark.parametrize("heading", ["KWALE COUNTY", "KWALE COUNTY - HEALTH FACILITIES", "Facilities in Kwale County"])
@pytest.mark.parametrize("line", ["{},,", ",{},"])
def test_a_heading_may_say_what_follows_without_its_kind(heading: str, line: str, read: Read) -> None:
    assert told(read(f"Name,Type,Phone\n{line.format(heading)}\nTiwi,Dispensary,0700000001\n"), "section") == [(heading,)]


def test_beside_one_other_column_only_a_named_unit_is_a_heading(read: Read) -> None:
    rows = read("Station,Phone\nKWALE COUNTY,\nDiani,0700000001\nKwale,\nTiwi,0700000002\n")
    assert told(rows, "name", "section") == [("Diani", "KWALE COUNTY"), ("Tiwi", "KWALE COUNTY")]


def test_the_heading_right_above_a_table_is_that_of_its_kind(read: Read) -> None:
    rows = read("HOSPITALS,,\nFacility,Sub County,Phone\nMasalani Hospital,Ijara,0700 000 001\nHola Hospital,Galole,0700 000 002\n,,\nSAFE HOUSES,,\nName,Ward,Phone\nNuru House,Galbet,0700 000 003\n")
    assert told(rows, "name", "facility_type", "sub_county") == [
        ("Masalani Hospital", "HOSPITALS", "Ijara"), ("Hola Hospital", "HOSPITALS", "Galole"), ("Nuru House", "SAFE HOUSES", None),
    ]  # fmt: skip


def test_a_list_with_a_column_of_stations_and_of_their_commanders_is_one_of_police_stations(detected: Callable[[Any], Detection]) -> None:
    """Also of a row whose station has no commander just now."""
    assert detected("Police unit,OCS name,Tel\nTala,A Name,0700000001\nIllasit,,0700000002\n").mapping.constants == {"facility_type": "Police Station"}
    assert detected("Facility,County,OCS contact\nTiwi Dispensary,Kwale,0700000001\nWaa Dispensary,Kwale,0700000002\n").mapping.constants == {}


PATHWAY = """Type of service,Name of provider,Location,Contact person/phone
HEALTH,Gede Health Centre,Gede,Clinician 0700000001
,Marafa Health Centre,Marafa,0700000002
POLICE,Watamu,Watamu,OCS 0700000003
,Malindi,Malindi,0700000004
SHELTER,Tumaini House,,0700000005
"""


def test_what_stands_once_before_the_names_is_said_of_those_below(read: Read, detected: Callable[[Any], Detection]) -> None:
    assert [row.values.get("category") for row in read(PATHWAY)] == ["HEALTH", "HEALTH", "POLICE", "POLICE", "SHELTER"]
    assert detected(PATHWAY).mapping.fields["Contact person/phone"] == "contact"
    repeated = read(PATHWAY.replace("POLICE", "HEALTH"))
    assert [row.values.get("category") for row in repeated] == [None] * 5


@pytest.mark.parametrize(("heading", "counties"), [
    ("County", ("Kwale", "Lamu", "", "Kwale", "Busia", "Lamu", "", "")), ("County served", ("Kwale", "Lamu", "", "Busia", "", "Siaya", "", "")),
])  # fmt: skip
def test_a_county_that_some_rows_do_not_state_is_not_that_of_the_row_above(heading: str, counties: tuple[str, ...], read: Read) -> None:
    rows = read(f"Organisation,{heading},Tel\n" + "".join(f"Haki {number},{county},070000000{number}\n" for number, county in enumerate(counties)))
    assert [row.values.get("county", "") for row in rows] == list(counties)


def test_the_sector_that_lists_stand_under_tells_what_they_do(read: Read) -> None:
    rows = read({"services": [{"sector": kind, "providers": [{"facility": name, "contacts": phone}]} for kind, name, phone in (("Legal", "Haki", "0700000001"), ("Shelter", "Amani", "0700000002"), ("Health", "Tiwi", "0700000003"))]})
    assert [(row.values["name"], row.values["category"]) for row in rows] == [("Haki", "Legal"), ("Amani", "Shelter"), ("Tiwi", "Health")]


def test_a_list_of_bare_names_has_no_headings(read: Read) -> None:
    rows = read([{"station": name} for name in ("Kwale", "Diani", "Kinango")])
    assert [row.values.get("section") for row in rows] == [None] * 3


@pytest.mark.parametrize(("heading", "canonical"), [
    ("LEVEL (1-6)", "keph_level"), ("LATITUDE (DD MM SS)", "latitude"), ("TELEPHONE NO. (254...)", "phone"), ("ALT TEL", "phone"), ("2nd phone", "phone"),
    ("Ward / Wadi", "ward"), ("FAC: MFL Code", "mfl_code"), ("meta.fac.mfl", "mfl_code"), ("Nambari ya MFL", "mfl_code"), ("Toll Free/Short Code", "hotline"), ("Hotline or phone", "hotline"), ("Email & mobile", "contact"), ("Confidential?", "visibility"), ("COURT STATION", "location"), ("County/ies", "county"), ("Tel. (personal)", "officer_contact"), ("simu_ya_mkuu", "officer_contact"), ("OCS/In-charge", "officer"), ("In-charge name & contact", "officer_contact"),
])  # fmt: skip
def test_a_heading_is_known_with_what_stands_around_it(heading: str, canonical: str) -> None:
    named = known_name((heading,))
    assert named is not None
    assert named.canonical == canonical


@pytest.mark.parametrize("steps", [("geometry", "viewport", "northeast", "lat"), ("bounds", "lat"), ("icon",)])
def test_edges_of_maps_and_pictures_are_nothing_of_a_place(steps: tuple[str, ...]) -> None:
    named = known_name(steps)
    assert named is not None
    assert named.canonical == "-"


def test_the_type_of_a_geometry_is_no_name(read: Read) -> None:
    features = [{"type": "Feature", "geometry": {"type": "Point", "coordinates": [39.3, -4.1]}, "properties": {"PS_NAME": name, "COUNTY": "Kwale"}} for name in ("Taru", "Kinango", "Diani Beach")]
    rows = read({"type": "FeatureCollection", "name": "police", "features": features})
    assert [(row.values["name"], row.values["facility_type"]) for row in rows] == [("Taru", "police"), ("Kinango", "police"), ("Diani Beach", "police")]


@pytest.mark.parametrize(("told_so", "visibility"), [(True, "Confidential"), ("Yes", "Confidential"), (False, None), ("Restricted", "Restricted")])
def test_a_tick_under_confidential_hides_a_place(told_so: Any, visibility: str | None, read: Read) -> None:
    rows = read({"records": [{"Organization": "Grace House", "County": "Kwale", "Confidential?": told_so}, {"Organization": "Haki Centre", "County": "Kwale", "Confidential?": told_so}]})
    assert [row.values.get("visibility") for row in rows] == [visibility] * 2


def test_numbers_in_a_list_of_persons_with_what_they_are_are_theirs(detected: Callable[[Any], Detection]) -> None:
    fields = detected("Institution,Representative,Designation,Phone No.\nNaivasha Police Station,CI Name,OCS,0700 000 001\nKitale Police Station,IP Name,OCS,0700 000 002\n").mapping.fields
    assert (fields["Phone No."], fields["Representative"]) == ("officer_contact", "officer")


def test_a_contact_person_with_a_post_answers_the_number_of_the_place(detected: Callable[[Any], Detection]) -> None:
    """Else no organisation of the usual directory had a telephone that the public may see."""
    fields = detected(
        "Organization,County,Contact Person,Designation,Phone,Email\nPamoja Centre,Kwale,A Name,Coordinator,0700 000 001,a@example.org\nTumaini Centre,Lamu,B Name,Director,0700 000 002,b@example.org\n"
    ).mapping.fields
    assert (fields["Phone"], fields["Email"], fields["Contact Person"]) == ("phone", "email", "officer")


def test_beside_a_number_of_the_place_a_contact_phone_is_that_of_the_contact_person(detected: Callable[[Any], Detection]) -> None:
    fields = detected("Facility,Contact name,Contact phone,Facility phone\nTiwi Dispensary,A Name,0700 000 001,0700 000 002\nVanga Dispensary,B Name,0700 000 003,0700 000 004\n").mapping.fields
    assert (fields["Contact phone"], fields["Facility phone"]) == ("officer_contact", "phone")


def test_a_sector_of_work_is_no_owner_and_a_picture_no_web_page(detected: Callable[[Any], Detection]) -> None:
    fields = detected("Organisation,Sector,Page,County\nPamoja,Protection - GBV,http://x.example.org/a.png,Kwale\nTumaini,Health and WASH,http://x.example.org/b.png,Lamu\n").mapping.fields
    assert set(fields) == {"Organisation", "County"}


def test_codes_filled_up_with_zeros_are_official_ones_and_keys_no_coordinates(detected: Callable[[Any], Detection]) -> None:
    uuid = "c0ffee00-0000-4000-8000-00000000000"
    fields = detected([{"code": f"0001300{n}", "name": f"{place} Dispensary", "coordinates": f"{uuid}{n}"} for n, place in enumerate(("Tiwi", "Vanga", "Mbuguni"))]).mapping.fields
    assert fields == {"code": "mfl_code", "name": "name"}


def test_marks_that_say_that_the_cell_above_holds_again_are_read_so(read: Read) -> None:
    rows = read("Name,County,Sub County,Type,Phone\nTiwi,Kwale,Matuga,Dispensary,0700000001\nWaa,-do-,ditto,do,0700000002\nVanga,\"\"\"\",Lunga Lunga,\"\"\"\",0700000003\n")
    assert told(rows, "county", "sub_county", "facility_type") == [("Kwale", "Matuga", "Dispensary"), ("Kwale", "Matuga", "Dispensary"), ("Kwale", "Lunga Lunga", "Dispensary")]


def test_a_police_list_with_dotted_headings_is_understood(detected: Callable[[Any], Detection]) -> None:
    fields = detected("COUNTY,NAME OF STATION/POST/BASE,CATEGORY,O.C.S/IN-CHARGE CONTACT\nNAKURU,NAIVASHA,STATION,0700000301\nNAKURU,KAYOLE,BASE,0700000303\nNAKURU,LONGONOT,P/POST,0700000304\n").mapping.fields
    assert {path: fields[path] for path in list(fields) if path != "COUNTY"} == {
        "NAME OF STATION/POST/BASE": "name", "CATEGORY": "facility_type", "O.C.S/IN-CHARGE CONTACT": "officer_contact",
    }  # fmt: skip


def test_a_question_is_asked_of_its_subject_and_levels_are_known_by_their_values(read: Read) -> None:
    rows = read([{"n": "Isinya Health Centre", "k": "L3", "Does it offer PEP?": "Yes"}, {"n": "Ngong Hospital", "k": "L4", "Does it offer PEP?": "No"}])
    assert [(row.values.get("keph_level"), row.values.get("services")) for row in rows] == [("L3", "PEP"), ("L4", None)]


def test_a_county_in_the_title_is_that_of_the_rows_and_services_head_parts(read: Read) -> None:
    lines = ["GBV SERVICE PROVIDERS - TAITA TAVETA COUNTY,,", "Name,Location,Phone", "LEGAL SERVICES,,", "Haki Desk,Voi,0700000001", "SECURITY/POLICE,,", "Central,Voi,0700000002", "KWALE COUNTY,,", "Tiwi,Tiwi,0700000003"]
    assert told(read("\n".join(lines) + "\n"), "section", "facility_type", "category") == [
        ("TAITA TAVETA County", "LEGAL SERVICES", None), ("TAITA TAVETA County", None, "SECURITY/POLICE"), ("KWALE COUNTY", None, "SECURITY/POLICE"),
    ]  # fmt: skip


def test_a_pair_of_angles_under_a_location_is_a_point_and_a_sub_county_no_county(detected: Callable[[Any], Detection]) -> None:
    rows = 'Moyale Police Station,Moyale,"3°31\'39.0""N 39°03\'22.0""E"\nSololo Hospital,Moyale,N03 33.512 E038 38.701\n'
    fields = detected(f"Name,S/COUNTY,Location (GPS)\n{rows}").mapping.fields
    assert (fields["Location (GPS)"], fields["S/COUNTY"]) == ("coordinates", "sub_county")
    assert detected(f"Name,S/COUNTY,Where\n{rows}").mapping.fields["Where"] == "coordinates"


def test_the_row_above_a_header_tells_whose_names_and_numbers_the_columns_hold(detected: Callable[[Any], Detection]) -> None:
    fields = detected(
        "COUNTY,COUNTY GENDER DIRECTOR,,COUNTY TOLL FREE,COUNTY POLICE COMMANDER,,RESCUE CENTRE\n,NAME,PHONE,,NAME,PHONE,\n"
        "Mombasa,A Name,0700000751,0800 720 751,B Name,0700000752,Mombasa Centre\nKwale,C Name,0700000754,0800 720 754,D Name,0700000755,Kwale Centre\n"
    ).mapping.fields
    assert {path: canonical for path, canonical in fields.items() if canonical.startswith("officer")} == {
        "COUNTY GENDER DIRECTOR NAME": "officer", "COUNTY GENDER DIRECTOR PHONE": "officer_contact", "COUNTY POLICE COMMANDER NAME": "officer",
        "COUNTY POLICE COMMANDER PHONE": "officer_contact",
    }  # fmt: skip
    assert fields["COUNTY TOLL FREE"] == "phone"
    assert fields["RESCUE CENTRE"] == "name"


def test_an_export_of_organisation_units_is_read_by_its_levels(detected: Callable[[Any], Detection]) -> None:
    fields = detected(
        "orgunitlevel1,orgunitlevel2,orgunitlevel3,orgunitlevel4,organisationunitid,organisationunitname,organisationunitcode,periodname\n"
        "Kenya,Kisumu County,Kisumu Central Sub County,Kondele Ward,aaaaaaaaaa1,Kisumu Specialist Hospital,13611,Jan 2024\n"
        "Kenya,Kisumu County,Nyando Sub County,Ahero Ward,aaaaaaaaaa2,Ahero County Hospital,13468,Jan 2024\n"
    ).mapping.fields
    assert fields == {
        "organisationunitid": "source_id", "organisationunitname": "name", "organisationunitcode": "mfl_code", "orgunitlevel2": "county", "orgunitlevel3": "sub_county", "orgunitlevel4": "ward",
    }  # fmt: skip


def test_a_till_is_no_telephone_and_a_tick_says_whether_a_place_is_open_or_to_be_seen(read: Read) -> None:
    rows = read([{"facility": name, "county": "Garissa", "till_no": till, "phone": "0700 000 001", "is_active": active, "public": public}
                 for name, till, active, public in (("Simaho Hospital", "722000744", "t", True), ("Iftin Hospital", "722000742", "f", False))])  # fmt: skip
    assert told(rows, "phone", "operational_status", "visibility") == [("0700 000 001", "t", "Public"), ("0700 000 001", "f", "Withheld")]


def test_an_object_of_names_and_numbers_is_a_list(read: Read) -> None:
    rows = read({"contacts": {"GBV hotline": "1195", "Childline": "116", "FIDA": "0800 720 501"}})
    assert [(row.values["name"], row.values.get("hotline"), row.values.get("phone")) for row in rows] == [
        ("GBV hotline", "1195", None), ("Childline", "116", None), ("FIDA", None, "0800 720 501"),
    ]  # fmt: skip
    rows = read({"Kwale": {"Diani Police": "0700000001", "Kwale Hospital": "0700000002", "Tiwi Hospital": "0700000003"}, "Lamu": {"Mpeketoni": "0700000004", "Witu": "0700000005", "Faza": "0700000006"}})
    assert {row.values["county"] for row in rows} == {"Kwale", "Lamu"}
    assert len(rows) == 6


def test_a_list_of_officers_holds_their_numbers(detected: Callable[[Any], Detection]) -> None:
    officers = [{"rank": "OCS", "name": "A Name", "mobile": "0700000861"}, {"rank": "Gender officer", "name": "B Name", "mobile": "0700000862"}]
    assert detected({"stations": [{"name": f"{place} Police Station", "officers": officers} for place in ("Kapsabet", "Mosoriot")]}).mapping.fields["officers"] == "officer_contact"


def test_a_header_of_two_lines_may_come_again_on_each_page(read: Read) -> None:
    head, rows = "COUNTY,OFFICER,,COMMANDER,,STATION\n,NAME,PHONE,NAME,PHONE,\n", "Mombasa,A Name,0700000001,B Name,,Nyali\nKwale,C Name,0700000002,D Name,,Diani\n"
    found = read(f"{head}{rows}{head}Lamu,E Name,0700000003,F Name,,Mpeketoni\n")
    assert [(row.values["name"], row.values["county"], row.values["officer_contact"]) for row in found] == [
        ("Nyali", "Mombasa", "0700000001"), ("Diani", "Kwale", "0700000002"), ("Mpeketoni", "Lamu", "0700000003"),
    ]  # fmt: skip


@pytest.mark.parametrize(("text", "level"), [
    ("POLICE STATIONS IN KWALE COUNTY", "section"), ("KWALE COUNTY HOSPITALS", "section"), ("ELGEYO MARAKWET COUNTY (CONT.)", "section"), ("SUB-COUNTY: MATUGA", "heading sub county"),
    ("SAFE HOUSES", "heading kind"), ("HOTLINES AND LEGAL AID", "heading services"), ("Kwale Hospital", ""), ("Nandi Hills", ""), ("MACHAKOS SUB COUNTY HOSPITAL", ""), ("Hospital", ""),
])  # fmt: skip
def test_a_lone_cell_is_a_heading_of_its_level_or_none(text: str, level: str) -> None:
    assert heading_level(text) == level


@pytest.mark.parametrize(("title", "county"), [
    ("List of police stations in Kilifi County", "Kilifi County"), ("Kwale and Kilifi County GBV directory", ""), ("Kenya Police Service", ""), ("TAITA-TAVETA COUNTY", "TAITA-TAVETA County"),
])  # fmt: skip
def test_a_title_tells_the_one_county_it_names(title: str, county: str) -> None:
    assert county_in_title(title) == county


def test_a_text_that_names_what_it_says_is_read_by_its_names(read: Read) -> None:
    text = "We listen. Tel: 0700 000 001 / 0700 000 002\n Email: office@example.org Location: Tiwi Ward, Kwale County<br>Deputy OCS: 0700 000 003 Website: https://example.org"
    for content in ([{"title": f"{place} Legal Aid", "text": text} for place in ("Tiwi", "Diani")], f'title,about\nTiwi Legal Aid,"{text}"\nDiani Legal Aid,"{text}"\n'):
        rows = read(content)
        assert told(rows, "phone", "location", "officer_contact", "email") == [
            ("0700 000 001 / 0700 000 002", "Tiwi Ward, Kwale County", "0700 000 003", "office@example.org"),
        ] * 2  # fmt: skip


def test_prose_with_one_colon_and_json_in_a_text_have_no_names_in_them() -> None:
    assert labelled("Open at 8:00, services: counselling") is None
    assert labelled('{"name": "Tiwi", "phone": "0700 000 001"}') is None


def test_places_by_their_names_under_wards_are_records(read: Read) -> None:
    place = {"in_charge": "A Name", "in_charge_phone": "0700 000 001", "services": {"PEP": True}}
    tree = {county: {f"{unit} Sub-County": {f"{ward} Ward": {f"{ward} Dispensary": place}}} for county, unit, ward in (("Kwale", "Matuga", "Tiwi"), ("Kilifi", "Ganze", "Bamba"))}
    assert [(row.values["name"], row.values["county"], row.values["ward"]) for row in read(tree)] == [("Tiwi Dispensary", "Kwale", "Tiwi Ward"), ("Bamba Dispensary", "Kilifi", "Bamba Ward")]


def test_a_sheet_is_read_by_headings_that_tell_persons(detected: Callable[[Any], Detection]) -> None:
    keys = ("KILIFI POLICE CONTACTS", *("__EMPTY" + end for end in ("", "_1", "_2", "_3")))
    rows = [("S/N", "STATION", "OFFICIAL LINE", "OCS MOBILE", "GENDER DESK (Y/N)"), (1, "BAMBA POLICE STATION", 700000001.0, 254700000002.0, "Y"), (2, "GANZE POLICE STATION", 700000003.0, "", "N")]
    fields = detected({"Sheet1": [dict(zip(keys, row, strict=True)) for row in rows]}).mapping.fields
    assert {fields["OFFICIAL LINE"], fields["OCS MOBILE"], fields["GENDER DESK (Y/N)"]} == {"phone", "officer_contact", "services"}


@pytest.mark.parametrize(("heading", "value", "visibility"), [("Publish address?", "No", "Withheld"), ("Show on map", "N", "Withheld"), ("Can be shared", "yes", "Public")])
def test_whether_a_place_may_be_shown_is_asked_in_many_ways(heading: str, value: str, visibility: str, read: Read) -> None:
    assert [row.values.get("visibility") for row in read([{"name": f"{place} Clinic", heading: value} for place in ("Tiwi", "Diani")])] == [visibility] * 2


def test_who_filled_a_list_in_is_left_out(read: Read) -> None:
    row = {"name": "Tiwi Dispensary", "phone": "0700000001", "enumerator_name": "A Name", "enumerator phone number": "0700000002", "respondent_phone": "0700000003"}
    (found,) = read([row])
    assert (found.values["phone"], found.values["officer_contact"]) == ("0700000001", "0700000003")
    assert not any("enumerator" in key for key in found.data)


def test_ticks_and_entries_of_content_systems_tell_services(detected: Callable[[Any], Detection]) -> None:
    entries = {"data": [{"id": 1, "attributes": {"name": "PEP"}}]}
    fields = detected([{"id": n, "attributes": {"name": f"{place} GBVRC", "slug": f"x-{n}", "services": entries, "PRC": "✗", "Shelter": "✓"}} for n, place in enumerate(("Tiwi", "Diani"), 1)]).mapping.fields
    assert {path.rpartition(".")[2] for path, canonical in fields.items() if canonical == "services"} == {"data", "PRC", "Shelter"}
    assert "attributes.slug" not in fields


def test_metres_of_a_web_map_are_a_point_and_lengths_of_outlines_none(detected: Callable[[Any], Detection]) -> None:
    features = [{"attributes": {"NAME": f"{place} Clinic", "Shape_Length": 0.0123}, "geometry": {"x": 4400000.5, "y": -450000.25}} for place in ("Tiwi", "Diani")]
    assert {path: canonical for path, canonical in detected({"features": features}).mapping.fields.items() if canonical != "name"} == {"geometry.y": "latitude", "geometry.x": "longitude"}


def test_extended_data_of_a_map_is_read(read: Read) -> None:
    marks = [{"name": f"{place} Police Station", "ExtendedData": {"Data": [{"@name": "Sub County", "value": "Matuga"}, {"@name": "Gender desk", "value": "Yes"}]}} for place in ("Tiwi", "Diani")]
    assert [(row.values["sub_county"], row.values["services"]) for row in read({"kml": {"Placemark": marks}})] == [("Matuga", "Gender desk")] * 2


SHEETS = {county: [["Facility", "Ward", "Phone"], [f"{ward} Clinic", ward, "0700 000 001"]] for county, ward in (("Kwale", "Tiwi"), ("Kilifi", "Bamba"))}


@pytest.mark.parametrize("workbook", [SHEETS, [{"name": county.upper(), "data": rows} for county, rows in SHEETS.items()]])
def test_every_sheet_of_a_workbook_is_read_with_the_county_it_is_called_by(workbook: Any, read: Read) -> None:
    assert [(row.values["name"], row.values["county"].title(), row.values["ward"]) for row in read(workbook)] == [("Tiwi Clinic", "Kwale", "Tiwi"), ("Bamba Clinic", "Kilifi", "Bamba")]


def test_sheets_with_titles_for_keys_are_read_by_their_headings(read: Read) -> None:
    sheets = {county: [{f"{county} CONTACTS": "S/NO", "__EMPTY": "STATION NAME", "__EMPTY_1": "STATION CONTACT"}, {f"{county} CONTACTS": 1, "__EMPTY": f"{ward} POLICE STATION", "__EMPTY_1": "0700 000 001"}]
              for county, ward in (("KWALE", "TIWI"), ("KILIFI", "BAMBA"))}  # fmt: skip
    assert [(row.values["name"], row.values["county"], row.values["contact"]) for row in read(sheets)] == [
        ("TIWI POLICE STATION", "KWALE", "0700 000 001"), ("BAMBA POLICE STATION", "KILIFI", "0700 000 001"),
    ]  # fmt: skip


def test_numbered_places_of_a_row_are_records_of_their_own(read: Read) -> None:
    rows = read([{"county": county, "station_1": f"{county} Police Station", "station_1_phone": "0700 000 001", "station_2": f"{county} Post", "station_2_phone": "0700 000 002"} for county in ("Kwale", "Lamu")])
    assert told(rows, "name", "phone") == [
        ("Kwale Police Station", "0700 000 001"), ("Kwale Post", "0700 000 002"), ("Lamu Police Station", "0700 000 001"), ("Lamu Post", "0700 000 002"),
    ]  # fmt: skip


def test_a_place_goes_on_in_rows_without_name_and_number(read: Read) -> None:
    rows = read("No,Organization,Services,Contacts,Ward\n1,Tiwi Network,Legal aid,0700 000 001,Tiwi\n,,Counselling,0700 000 002,\n2,Diani Network,Legal aid,0700 000 003,Ukunda\n,,,0700 000 004,\n,,Referral,,\n")
    assert [(row.values["name"], row.values["contact"], row.values["services"]) for row in rows] == [
        ("Tiwi Network", "0700 000 001\n0700 000 002", "Legal aid\nCounselling"), ("Diani Network", "0700 000 003\n0700 000 004", "Legal aid\nReferral"),
    ]  # fmt: skip
    rows = read("No,Organization,Contacts\n1,Tiwi Network,0700 000 001\n2,,0700 000 002\n3,,0700 000 003\n4,Diani Network,0700 000 004\n")
    assert len(rows) == 4


def test_cells_that_a_spreadsheet_was_kept_from_reading_are_read(read: Read) -> None:
    rows = read('name,mfl code,phone\nTiwi Dispensary,"=""14500""","=""0700000001"""\nDiani Dispensary,"=""14501""","=""0700000002"""\n')
    assert told(rows, "mfl_code", "phone") == [("14500", "0700000001"), ("14501", "0700000002")]


def test_the_table_in_the_balloon_of_a_map_is_read(read: Read) -> None:
    table = "<table><tr><td>County</td><td>Kwale</td></tr><tr><td>Phone</td><td>0700 000 001</td></tr><tr><td>OCS Mobile</td><td>0700 000 002</td></tr></table>"
    rows = read([{"Name": f"{place} Police Station", "description": table} for place in ("Tiwi", "Diani")])
    assert told(rows, "county", "officer_contact") == [("Kwale", "0700 000 002")] * 2
    assert labelled("<b>County</b> Kwale<br/><b>Phone</b>: 0700 000 001") == {"County": "Kwale", "Phone": "0700 000 001"}


def test_questions_of_forms_say_what_they_ask_for(detected: Callable[[Any], Detection]) -> None:
    answers = {"Name of the organization": "Tiwi Network", "Physical location of the office": "Tiwi Ward, Matuga", "Name and phone number of the GBV focal person": "A Name - 0700 000 001", "Is the location confidential?": "Yes"}
    assert detected([answers, answers | {"Name of the organization": "Diani Network"}]).mapping.fields == {
        "Name of the organization": "name", "Physical location of the office": "location", "Name and phone number of the GBV focal person": "officer_contact", "Is the location confidential?": "visibility",
    }  # fmt: skip


@pytest.mark.parametrize(("heading", "visibility"), [("hide_address", "Confidential"), ("Keep the site secret?", "Confidential"), ("Confidential room available", None)])
def test_a_secret_is_asked_for_under_any_name(heading: str, visibility: str | None, read: Read) -> None:
    assert [row.values.get("visibility") for row in read([{"name": f"{place} Clinic", heading: True} for place in ("Tiwi", "Diani")])] == [visibility] * 2


def test_values_in_lists_of_one_are_read_as_xml_becomes_json(read: Read) -> None:
    rows = read({"facilities": {"facility": [{"$": {"id": "1"}, "name": [f"{place} Clinic"], "county": ["Kwale"], "contacts": [{"phone": ["0700 000 001"]}]} for place in ("Tiwi", "Diani")]}})
    assert [(row.values["name"], row.values["county"]) for row in rows] == [("Tiwi Clinic", "Kwale"), ("Diani Clinic", "Kwale")]


def test_services_that_are_called_are_named_by_their_column(read: Read) -> None:
    rows = read("Service,Number,Cost\nNational GBV Hotline,1195,Free\nPolice Emergency,999/112,Free\nWomen Helpline,0800 000 222,Free\n")
    assert [row.values["name"] for row in rows] == ["National GBV Hotline", "Police Emergency", "Women Helpline"]


def test_a_matrix_of_places_with_their_numbers_is_read_cell_by_cell(read: Read) -> None:
    rows = read("County,Health Facilities,Police,Shelters\nKwale,Tiwi Hospital (0700 000 001); Diani Clinic 0700 000 002,Ukunda Police Station - 0700 000 003,Nuru Home 0700 000 004\nLamu,Faza Hospital (0700 000 005),Witu Police Post - 0700 000 006,Amani Home 0700 000 007\n")
    assert [(row.values["name"].split()[0], row.values["county"], row.values.get("facility_type")) for row in rows] == [
        ("Tiwi", "Kwale", None), ("Diani", "Kwale", None), ("Ukunda", "Kwale", "Police"), ("Nuru", "Kwale", "Shelters"), ("Faza", "Lamu", None), ("Witu", "Lamu", "Police"), ("Amani", "Lamu", "Shelters"),
    ]  # fmt: skip
    assert len({row.pointer for row in rows}) == len(rows)


def test_commas_within_numbers_divide_no_cells(read: Read) -> None:
    rows = read("Facility;Latitude;Longitude;Phone\n" + "".join(f'{place} Clinic;-4,17{n};39,5{n}5;"254,700,000,00{n}"\n' for n, place in enumerate(("Tiwi", "Diani", "Ukunda"))))
    assert told(rows, "name", "latitude") == [("Tiwi Clinic", "-4,170"), ("Diani Clinic", "-4,171"), ("Ukunda Clinic", "-4,172")]


def test_places_below_units_are_found_whatever_their_fields_are_called(detected: Callable[[Any], Detection]) -> None:
    wards = [{"name": ward, "facilities": [{"n": f"{ward} Dispensary", "t": "0700 000 001"}, {"n": f"{ward} Post", "t": "0700 000 002"}]} for ward in ("Tiwi", "Ukunda")]
    mapping = detected({"counties": [{"name": "Kwale", "sub_counties": [{"name": "Matuga", "wards": wards}]}]}).mapping
    assert mapping.record_paths == (("counties", "*", "sub_counties", "*", "wards", "*", "facilities", "*"),)
    assert mapping.fields["n"] == "name"


def test_kinds_under_contacts_are_lists_of_places(read: Read) -> None:
    counties = [{"county": county, "contacts": {kind: [{"name": f"{county} {kind}", "tel": "0700 000 001"}] for kind in ("police", "hospitals", "shelters")}} for county in ("Kwale", "Lamu")]
    assert len(read(counties)) == 6


def test_the_number_of_a_question_is_no_part_of_it(detected: Callable[[Any], Detection]) -> None:
    fields = detected([{"1. Name of facility": f"{place} Clinic", "8a. PEP available?": "Yes", "Q9. Ward": place} for place in ("Tiwi", "Ukunda")]).mapping.fields
    assert {question.rpartition(" ")[2]: canonical for question, canonical in fields.items()} == {"facility": "name", "available?": "services", "Ward": "ward"}


@pytest.mark.parametrize(("heading", "canonical"), [
    ("Mobile (OCS)", "officer_contact"), ("I/C Phone", "officer_contact"), ("Simu ya OCS", "officer_contact"), ("24hr hotline", "hotline"), ("Sub-county of operation", "sub_county"), ("Working days and time", "opening_hours"),
])  # fmt: skip
def test_more_headings_of_lists_as_people_write_them_are_known(heading: str, canonical: str) -> None:
    named = known_name((heading,))
    assert named is not None
    assert named.canonical == canonical


def test_hemispheres_in_columns_of_their_own_belong_to_the_degrees(read: Read) -> None:
    rows = read("Facility,Latitude,N/S,Longitude,E/W\nTiwi Clinic,4.1234,S,39.5123,E\nMoyale Clinic,3.5212,N,39.0512,E\n")
    assert told_points(rows) == [("4.1234 S", "39.5123 E"), ("3.5212 N", "39.0512 E")]


def told_points(rows: list[SourceRow]) -> list[tuple[Any, Any]]:
    return [(row.values["latitude"], row.values["longitude"]) for row in rows]


def test_columns_that_share_the_keys_of_their_rows_are_a_table(read: Read) -> None:
    rows = read({"facility_name": {"r1": "Tiwi Clinic", "r2": "Diani Clinic"}, "county": {"r1": "Kwale", "r2": "Kwale"}, "phone_no": {"r1": 700000001.0, "r2": None}})
    assert [(row.pointer, row.values["name"], row.values.get("phone")) for row in rows] == [("/facility_name/r1", "Tiwi Clinic", 700000001.0), ("/facility_name/r2", "Diani Clinic", None)]


def test_objects_in_cells_are_read_by_their_keys(read: Read) -> None:
    rows = read('name,location,services\nTiwi Clinic,"{""county"": ""Kwale"", ""lat"": -4.2341, ""lng"": 39.5123}",Offered\nMoyale Clinic,"{""county"": ""Marsabit"", ""lat"": 3.5123, ""lng"": 39.0512}",\n')
    assert [(row.values["county"], row.values["latitude"]) for row in rows] == [("Kwale", -4.2341), ("Marsabit", 3.5123)]


def test_flattened_lists_of_contacts_keep_what_each_is(detected: Callable[[Any], Detection]) -> None:
    fields = detected("name,contacts.0.type,contacts.0.value,contacts.1.type,contacts.1.value,services.0,services.1\nTiwi Police Station,OCS,0700000001,Landline,0700000002,Gender desk,P3 form\nDiani Police Station,OCS,0700000003,Landline,0700000004,Gender desk,P3 form\n").mapping.fields
    assert (fields["contacts.0.value"], fields["contacts.1.value"], fields["services.0"], fields["services.1"]) == ("officer_contact", "contact", "services", "services")


def test_words_for_a_tick_are_ticks(read: Read) -> None:
    rows = read("name,phone,PEP,Legal Aid\nTiwi Clinic,0700000001,Available,Not offered\nDiani Clinic,0700000002,Not available,Offered\n")
    assert told(rows, "services") == [("PEP",), ("Legal Aid",)]


@pytest.mark.parametrize(("heading", "canonical"), [("Name of CSO", "name"), ("Counties of operation", "county"), ("Name of organizaton", "name"), ("Sub countyname", "sub_county"), ("NAME_1", None)])
def test_a_name_is_like_another_only_by_slips_within_its_words(heading: str, canonical: str | None) -> None:
    named = known_name((heading,))
    assert (named and named.canonical) == canonical


def test_a_stray_heading_among_places_of_all_kinds_heads_nothing(read: Read) -> None:
    names = ("2. LEGAL AID", "Nuru Counselling Centre", "Diani Police Station", "Kwale Women Link", "Ukunda Dispensary")
    rows = read([{"organization": name, "phone": "" if number == 0 else f"070000000{number}"} for number, name in enumerate(names)])
    assert [row.values.get("facility_type") for row in rows] == [None] * 5
    rows = read([{"organization": name, "phone": phone} for name, phone in (("SAFE HOUSES", ""), ("Nuru Clinic", "0700000001"), ("Amani Police Post", "0700000002"))])
    assert [row.values.get("facility_type") for row in rows[1:]] == ["SAFE HOUSES"] * 2


def test_columns_in_a_wrapper_are_a_table_though_their_cells_say_several_things(read: Read) -> None:
    columns = {"Name of Organization": {"0": "Tiwi Network", "1": "Diani Network"}, "County": {"0": "Kwale", "1": "Kwale"}, "Contact info": dict.fromkeys("01", "Tel: 0700 000 001. Email: a@example.org. Location: Tiwi")}
    assert told(read({"success": True, "payload": {"result": columns}}), "name", "email") == [("Tiwi Network", "a@example.org."), ("Diani Network", "a@example.org.")]


def test_pairs_and_units_are_known_in_any_case(read: Read, detected: Callable[[Any], Detection]) -> None:
    pairs = [{"Key": "Facility", "Value": "Tiwi Clinic"}, {"Key": "County", "Value": "Kwale"}]
    assert told(read([{"Id": n, "Phone": "0700 000 001", "Fields": pairs} for n in (1, 2)]), "county") == [("Kwale",)] * 2
    wards = [{"Name": ward, "Facilities": [{"N": f"{ward} Dispensary", "T": "0700 000 001"}] * 2} for ward in ("Tiwi", "Ukunda")]
    assert detected({"Counties": [{"Name": "Kwale", "Wards": wards}]}).mapping.fields["N"] == "name"


def test_a_heading_told_in_every_column_heads_what_follows(read: Read) -> None:
    rows = [["KWALE COUNTY"] * 3, ["Tiwi Police Station", "Matuga", "0700 000 001"], ["LAMU COUNTY"] * 3, ["Witu Police Station", "Lamu West", "0700 000 002"], ["Faza Police Post", "Lamu East", "0700 000 003"]]
    header = ("Station", "Sub County", "Phone")
    for content in ("\n".join(",".join(row) for row in (header, *rows)), [dict(zip(header, row, strict=True)) for row in rows]):
        assert [row.context.get("section", row.context.get("heading")) for row in read(content) if len({*row.data.values()}) > 1] == ["KWALE COUNTY", "LAMU COUNTY", "LAMU COUNTY"]


def test_places_by_the_names_of_their_places_under_kinds_are_named_by_their_keys(read: Read) -> None:
    def place(ward: str) -> dict[str, str]:
        return {"phone": "0700 000 001", "ward": ward}

    tree = {"Kwale": {"police": {"Tiwi": place("Tiwi"), "Diani": place("Ukunda")}, "hospitals": {"Msambweni": place("Ramisi"), "Kinango": place("Kinango")}}, "Lamu": {"police": {"Witu": place("Witu")}, "hospitals": {}}}
    rows = read({"counties": tree})
    assert [(row.values["name"], row.values["county"], row.values["facility_type"]) for row in rows] == [
        ("Tiwi", "Kwale", "police"), ("Diani", "Kwale", "police"), ("Msambweni", "Kwale", "hospitals"), ("Kinango", "Kwale", "hospitals"), ("Witu", "Lamu", "police"),
    ]  # fmt: skip


def test_an_object_of_names_with_several_numbers_is_a_list(read: Read) -> None:
    rows = read({county: {f"{county} {place}": ["0700000001", "0700000002"] for place in ("Hospital", "Police Station", "Clinic")} for county in ("Kwale", "Lamu")})
    assert len(rows) == 6
    assert {row.values["phone"] for row in rows} == {"0700000001, 0700000002"}


UNDER_STATIONS: dict[str, Any] = {
    "cells": "County,Police Station,Posts,Patrol Bases,OCS Tel\nBaringo,Kabarnet,\"1. Kituro 2. Tenges\",NIL,0700000001\nBaringo,Mogotio,,Emining & Kisanana,0700000002\n",
    "lists": {"stations": [
        {"station": "Kabarnet", "county": "Baringo", "ocs_tel": "0700000001", "police_posts": [{"name": "Kituro", "phone": "0700000003"}, {"name": "Tenges"}], "bases": []},
        {"station": "Mogotio", "county": "Baringo", "ocs_tel": "0700000002", "police_posts": [], "bases": ["Emining", "Kisanana"]},
    ]},
}  # fmt: skip


@pytest.mark.parametrize("form", UNDER_STATIONS)
def test_posts_named_beside_their_station_are_places_of_their_own_and_get_nothing_of_it_but_its_areas(form: str, read: Read) -> None:
    rows = read(UNDER_STATIONS[form])
    assert [(row.values["name"], row.values["county"], row.values.get("officer_contact")) for row in rows] == [
        ("Kabarnet", "Baringo", "0700000001"), ("Kituro", "Baringo", None), ("Tenges", "Baringo", None),
        ("Mogotio", "Baringo", "0700000002"), ("Emining", "Baringo", None), ("Kisanana", "Baringo", None),
    ]  # fmt: skip
    assert len({row.pointer for row in rows}) == len(rows)
    assert (rows[0].values.get("phone"), rows[1].values.get("phone")) == (None, "0700000003" if form == "lists" else None)


@pytest.mark.parametrize("posts", ["3", "Director, Clerk"])
def test_numbers_of_posts_and_posts_of_staff_are_no_places(posts: str, read: Read) -> None:
    heading = "No. of Posts" if posts == "3" else "Vacant Posts"
    assert [row.values["name"] for row in read(f'{heading},Police Station,Phone\n"{posts}",Kabarnet,0700000001\n,Mogotio,0700000002\n')] == ["Kabarnet", "Mogotio"]


def test_a_cell_of_posts_that_repeats_its_heading_names_them_and_one_that_counts_them_names_none(read: Read) -> None:
    rows = read("Police Station,Posts,Tel\nDiani,\"Posts: Ukunda, Tiwi\",0700000001\nKwale,Golini,0700000002\nTOTAL,3,\n")
    assert [row.values["name"] for row in rows] == ["Diani", "Ukunda", "Tiwi", "Kwale", "Golini", "TOTAL"]
    assert rows[-1].data["Posts"] == "3"


def test_the_finer_of_two_columns_of_names_names_the_place(read: Read) -> None:
    rows = read("County,Police Station,Police Post,Tel\nBaringo,Kabarnet,,0700000001\nBaringo,Kabarnet,Kituro,0700000002\nBaringo,Kabarnet,Tenges,0700000003\n")
    assert [row.values["name"] for row in rows] == ["Kabarnet", "Kituro", "Tenges"]


def test_a_sub_county_with_its_commander_is_no_station(read: Read) -> None:
    stations = [{"name": f"{name} Police Station", "ocs_phone": "0700000001"} for name in ("Kabarnet", "Salawa")]
    rows = read({"county": "Baringo", "sub_counties": [{"name": name, "ocpd": {"phone": "0700000009"}, "stations": stations} for name in ("Baringo Central", "Mogotio")]})
    assert [(row.values["name"], row.values["sub_county"]) for row in rows] == [(station["name"], name) for name in ("Baringo Central", "Mogotio") for station in stations]


def test_columns_of_metres_on_the_grid_are_read_together(read: Read) -> None:
    rows = read("Facility,County,UTM Zone,Eastings,Northings\nMoyale Sub County Hospital,Marsabit,37N,\"405,000\",\"388,000\"\nTiwi Dispensary,Kwale,37M,562000,9530500\n")
    assert [row.values["coordinates"] for row in rows] == ["UTM 37N E 405000 N 388000", "UTM 37M E 562000 N 9530500"]
    rows = read([{"name": f"{place} Dispensary", "x": x, "y": y} for place, x, y in (("Tiwi", 562000, 9530500), ("Vanga", 525000, 9484500))])
    assert [row.values["coordinates"] for row in rows] == ["UTM E 562000 N 9530500", "UTM E 525000 N 9484500"]


def test_names_beside_designations_are_those_of_persons_and_formations_those_of_places(detected: Callable[[Any], Detection]) -> None:
    fields = detected("COUNTY,FORMATION,DESIGNATION,NAME,MOBILE NO.\nKWALE,DIANI POLICE STATION,OCS,C.I. A NAME,0700000001\nKWALE,TIWI POLICE POST,I/C,SGT B NAME,0700000002\n").mapping.fields
    assert (fields["FORMATION"], fields["MOBILE NO."], fields.get("NAME")) == ("name", "officer_contact", None)
    kinds = detected("STATION,FORMATION,TEL\nDIANI,Police Station,0700000001\nTIWI,Police Post,0700000002\n").mapping.fields
    assert (kinds["STATION"], kinds["FORMATION"]) == ("name", "facility_type")


def test_numbers_beside_persons_with_ranks_are_theirs(detected: Callable[[Any], Detection]) -> None:
    fields = detected("Police Station,Gender Desk Officer,Rank,Phone No,Toll free line\nLangata,A Name,Sgt,0700000001,0800 730 999\nNanyuki,B Name,Cpl,0700000002,\n").mapping.fields
    assert (fields["Phone No"], fields["Toll free line"]) == ("officer_contact", "hotline")


def test_each_kind_of_place_in_a_matrix_of_counties_keeps_its_own_number(read: Read) -> None:
    rows = read("County,Hospital,Hospital Contact,Police Station,Gender Desk Contact,Safe House,Safe House Contact\nEmbu,Embu Hospital,0700000001,Embu Police Station,0700000002,Ray of Hope,0700000003\nKitui,Kitui Hospital,0700000004,Kitui Police Station,0700000005,,\n")
    assert [(row.values["name"], row.values.get("phone") or row.values.get("contact")) for row in rows] == [
        ("Embu Hospital", "0700000001"), ("Embu Police Station", "0700000002"), ("Ray of Hope", "0700000003"), ("Kitui Hospital", "0700000004"), ("Kitui Police Station", "0700000005"),
    ]  # fmt: skip


TABLES = """POLICE STATIONS IN ISIOLO COUNTY,,,
Station,Sub County,OCS,Tel
Garbatulla,Garbatulla,A Name,0700000001
,,,
CIVIL SOCIETY ORGANISATIONS,,,
Name,Services,Location,Phone
Pastoralist Women,Counselling,Isiolo town,0700000002
"""


def test_the_county_of_the_title_holds_for_further_tables_and_their_kind_for_theirs_only(read: Read) -> None:
    rows = read(TABLES.replace("\nCIVIL", "\nHEALTH FACILITIES,,,\nFacility,Level,Ward,Phone\nMerti Hospital,4,Cherab,0700000003\nCIVIL"))
    assert [("ISIOLO" in section, kind) for section, kind in told(rows, "section", "facility_type")] == [(True, None), (True, None), (True, "CIVIL SOCIETY ORGANISATIONS")]


def test_the_title_of_a_list_without_a_header_tells_its_county(read: Read) -> None:
    rows = read("BUSIA COUNTY GBV DIRECTORY 2022,,\nB. POLICE,,\n1. Busia Police Stn,0700000001,Matayos\n2. Nambale P/Post,0700000002,Nambale\n")
    assert told(rows, "section", "facility_type") == [("BUSIA County", "B. POLICE")] * 2


@pytest.mark.parametrize("rows", ["Tiwi;1,2389;35,1119\nWaa;1,4833;35,4667", "Tiwi;12389;351119\nWaa;14833;354667"])
def test_degrees_with_decimal_commas_or_without_their_points_are_no_metres(rows: str, detected: Callable[[Any], Detection]) -> None:
    fields = detected(f"Facility;Lat;Lon\n{rows}\n").mapping.fields
    assert "coordinates" not in fields.values()


ABOVE = "KILIFI COUNTY GBV DIRECTORY,,\nCounty GBV Hotline: 0800 720 000,,\nCounty Commander: 0700 000 009,,\nName,Ward,Phone\nTiwi Dispensary,Tiwi,0700000001\n"


def test_a_hotline_above_the_headings_is_a_record_and_a_commander_none(read: Read) -> None:
    rows = read(ABOVE)
    assert [(row.pointer, row.values["name"], row.values["phone"], row.values["section"]) for row in rows] == [
        ("/above/2", "County GBV Hotline", "0800 720 000", "KILIFI County"), ("/rows/1", "Tiwi Dispensary", "0700000001", "KILIFI County"),
    ]  # fmt: skip


def test_comments_above_a_table_do_not_hide_it(read: Read) -> None:
    assert [row.values["name"] for row in read("# GBV facilities\n# exported 2023-05-05\n# by the county\nfacility,ward,phone\nTiwi Dispensary,Tiwi,0700000001\n")] == ["Tiwi Dispensary"]


def test_numbered_organisations_of_a_row_are_places_each_with_its_own_number(read: Read) -> None:
    rows = read("County,Organization 1,Contact 1,Organization 2,Contact 2\nNarok,Haki Centre,0700000001,Amani Centre,0700000002\nKwale,Tumaini,0700000003,,\n")
    assert [(row.values["name"], row.values["contact"]) for row in rows] == [("Haki Centre", "0700000001"), ("Amani Centre", "0700000002"), ("Tumaini", "0700000003")]


def test_who_sits_at_a_desk_is_no_place(read: Read) -> None:
    rows = read("Police Station,OCS Name,OCS Tel,Gender Desk Name,Gender Desk Tel\nKasarani,A Name,0700000001,B Name,0700000002\nLangata,C Name,0700000003,D Name,0700000004\n")
    assert [row.values["name"] for row in rows] == ["Kasarani", "Langata"]


def test_rows_without_headings_under_areas_are_read_from_each(read: Read) -> None:
    rows = read({county: [[f"{name} Police Station", "OCS", "0700000001"] for name in names] for county, names in (("Siaya", ("Siaya", "Ugunja")), ("Busia", ("Busia", "Malaba")))})
    assert [(row.values["name"], row.values["county"], row.values["contact_type"]) for row in rows] == [
        ("Siaya Police Station", "Siaya", "OCS"), ("Ugunja Police Station", "Siaya", "OCS"), ("Busia Police Station", "Busia", "OCS"), ("Malaba Police Station", "Busia", "OCS"),
    ]  # fmt: skip


def test_texts_with_numbers_under_a_list_of_units_are_places(read: Read) -> None:
    rows = read({"county": "Kakamega", "sub_counties": {"Lurambi": ["Kakamega Hospital - 0700000001", "Kakamega Police Station: 0700000002"], "Malava": ["Malava Hospital (0700000003)"]}})
    assert [(row.values["name"], row.values["phone"]) for row in rows] == [("Kakamega Hospital", "0700000001"), ("Kakamega Police Station", "0700000002"), ("Malava Hospital", "0700000003")]


def test_the_minus_behind_a_label_belongs_to_the_number() -> None:
    assert labelled("Lat: -0.3167, Long: 38.2167") == {"Lat": "-0.3167", "Long": "38.2167"}


def test_who_leads_a_place_and_who_answers_there_are_told_with_their_numbers(detected: Callable[[Any], Detection]) -> None:
    fields = detected("FACILITY,COUNTY,IN-CHARGE NAME & CONTACT,GBV FOCAL PERSON & CONTACT\nNgao Hospital,Tana River,A Name - 0700000001,B Name (0700000002)\nHola Hospital,Tana River,C Name 0700000003,D Name 0700000004\n").mapping.fields
    assert (fields["IN-CHARGE NAME & CONTACT"], fields["GBV FOCAL PERSON & CONTACT"]) == ("officer_contact", "officer_contact")


@pytest.mark.parametrize(("code", "canonical"), [("001", "county"), ("1", None)])
def test_official_codes_of_counties_tell_them_and_plain_numbers_do_not(code: str, canonical: str | None, detected: Callable[[Any], Detection]) -> None:
    assert detected(f"county_code,facility_name,phone\n{code},Likoni Hospital,0700000001\n47,Mbagathi Hospital,0700000002\n").mapping.fields.get("county_code") == canonical


def test_lists_of_one_text_beside_longer_ones_are_read_too(read: Read) -> None:
    lists = {"medical": ["Kisii Hospital (0700000001)", "Nyamache Hospital (0700000002)", "Gucha Hospital (0700000003)"], "police": ["Kisii Police Station (0700000004)"], "shelter": ["Kisii Home (0700000005)"]}
    rows = read({"directory": [{"county": "Kisii", "providers": lists}]})
    assert [(row.values["name"], row.pointer.split("/")[-2]) for row in rows][2:] == [("Gucha Hospital", "medical"), ("Kisii Police Station", "police"), ("Kisii Home", "shelter")]


def test_objects_left_out_beside_hotlines_by_name_are_told(detected: Callable[[Any], Detection]) -> None:
    found = detected({"hotlines": {"GBV": "1195", "Child Helpline": "116", "Police": "999"}, "counties": [{"county": "Kilifi", "number": "0700000001"}, {"county": "Kwale", "number": "0700000002"}]})
    assert any("/counties/* (2)" in reason for reason in found.reasons)


def test_the_offices_listed_within_an_organisation_are_places_of_their_own(read: Read) -> None:
    branches = [{"name": "Haki Kwale", "county": "Kwale", "phone": "0700000002"}, {"county": "Narok", "phone": "0700000003"}]
    rows = read({"data": [{"name": "Haki", "type": "NGO", "county": "Nairobi", "phone": "0700000001", "remarks": "Do not publish", "branches": branches}, {"name": "Amani", "type": "NGO", "county": "Lamu", "branches": []}]})
    assert [(row.values["name"], row.values["county"], row.values.get("phone"), row.values["facility_type"]) for row in rows] == [
        ("Haki", "Nairobi", "0700000001", "NGO"), ("Haki Kwale", "Kwale", "0700000002", "NGO"), ("Haki", "Narok", "0700000003", "NGO"), ("Amani", "Lamu", None, "NGO"),
    ]  # fmt: skip
    assert [row.values.get("description") for row in rows] == ["Do not publish"] * 3 + [None]
    assert rows[2].pointer == "/data/0/branches/1"


def test_in_a_list_of_hotlines_the_services_called_are_the_places_and_not_who_provides_them(read: Read) -> None:
    rows = read({"hotlines": [{"service": "GBV Hotline", "short_code": "1195", "provider": "HAK"}, {"service": "Childline Kenya", "short_code": 116, "provider": "Childline"}]})
    assert [row.values["name"] for row in rows] == ["GBV Hotline", "Childline Kenya"]


def test_several_numbers_of_an_officer_are_his(read: Read) -> None:
    rows = read([{"station": name, "contacts": {"ocs": ["0700000001", "0700000002"], "report_office": "0700000003"}} for name in ("Kapsabet", "Eldoret Central")])
    assert (rows[0].values["officer_contact"], rows[0].values["phone"]) == (["0700000001", "0700000002"], "0700000003")


def test_a_role_that_tells_of_shelter_is_read_as_what_the_place_does(detected: Callable[[Any], Detection]) -> None:
    fields = detected("Partner,Role,Phone,Type\nNguvu Collective,Emergency accommodation for survivors,0700000001,NGO\nMathare Women,Awareness,0700000002,CBO\n").mapping.fields
    assert fields["Role"] == "category"


def test_telephones_numbered_without_a_space_are_those_of_the_place(detected: Callable[[Any], Detection]) -> None:
    assert [detected("Station,Tel1,Tel2,Tel3\nKitale,0700000001,0700000002,999\nKiminini,0700000003,,\n").mapping.fields[f"Tel{n}"] for n in (1, 2, 3)] == ["phone", "phone", "hotline"]


def test_rows_that_stand_in_one_text_each_are_taken_apart(read: Read) -> None:
    rows = read({"Kilifi": ["Kilifi Police Station, Sokoni, 0700000001", "Mtwapa Police Station, Shimo la Tewa, OCS 0700000002"], "Kwale": ["Diani Police Station, Ukunda, 0700000003", "Tiwi Police Post, Tiwi, 0700000004"]})
    assert [(row.values["name"], row.values["county"], row.values["ward"]) for row in rows] == [
        ("Kilifi Police Station", "Kilifi", "Sokoni"), ("Mtwapa Police Station", "Kilifi", "Shimo la Tewa"), ("Diani Police Station", "Kwale", "Ukunda"), ("Tiwi Police Post", "Kwale", "Tiwi"),
    ]  # fmt: skip


def test_places_listed_within_another_do_not_hide_it(read: Read) -> None:
    units = [{"name": "Kalundu Police Post", "type": "Post", "contact": {"in_charge": "0700000002"}}, {"name": "Majengo Patrol Base", "type": "Patrol Base", "contact": {}}]
    stations = [{"name": "Kitui Police Station", "contact": {"ocs": "0700000001"}, "sub_units": units}, {"name": "Mutomo Police Station", "contact": {"ocs": "0700000003"}, "sub_units": []}]
    rows = read({"county": "Kitui", "police": {"stations": stations}})
    assert [(row.values["name"], row.values["county"], row.values.get("officer_contact")) for row in rows] == [
        ("Kitui Police Station", "Kitui", "0700000001"), ("Kalundu Police Post", "Kitui", "0700000002"), ("Majengo Patrol Base", "Kitui", None), ("Mutomo Police Station", "Kitui", "0700000003"),
    ]  # fmt: skip
    hubs = [{"hub": f"{name} Clinic", "county": "Nairobi", "ward": name, "phone": "0700000001", "satellites": [{"name": f"{name} Outreach Clinic", "phone": "0700000002"}]} for name in ("Karen", "Umoja")]
    assert [(row.values["name"], row.values["phone"], row.values.get("ward")) for row in read({"hubs": hubs})] == [
        ("Karen Clinic", "0700000001", "Karen"), ("Karen Outreach Clinic", "0700000002", None), ("Umoja Clinic", "0700000001", "Umoja"), ("Umoja Outreach Clinic", "0700000002", None),
    ]  # fmt: skip


def test_departments_of_a_hospital_are_no_places_of_their_own(read: Read) -> None:
    rows = read([{"name": f"{name} Hospital", "county": "Kwale", "departments": [{"name": "GBV Clinic", "phone": "0700000001"}]} for name in ("Kwale", "Msambweni")])
    assert [row.values["name"] for row in rows] == ["Kwale Hospital", "Msambweni Hospital"]


def test_a_numbered_heading_of_a_county_heads_its_rows_and_a_station_called_so_is_one(read: Read) -> None:
    rows = read("S/N,POLICE STATIONS,POLICE POSTS,PATROL BASES\nA,MERU COUNTY,,\n1,Meru,Kinoru,Gitoro\nB,ISIOLO COUNTY,,\n2,Isiolo,,Kulamawe\n")
    assert [(row.values["name"], row.values["section"]) for row in rows if "COUNTY" not in row.values["name"]] == [
        ("Meru", "MERU COUNTY"), ("Kinoru", "MERU COUNTY"), ("Gitoro", "MERU COUNTY"), ("Isiolo", "ISIOLO COUNTY"), ("Kulamawe", "ISIOLO COUNTY"),
    ]  # fmt: skip
    assert rows[1].data["POLICE POSTS"] == "Kinoru"


COURTS = [
    {"name": f"{place.upper()} LAW COURTS", "magistrate": f"HON. {person.upper()}", "title": title, "code": code, "phone": f"70000000{n}", "emails": [f"{place.lower()}court@example.org", f"{person.lower().replace(' ', '.')}@example.org"]}
    for n, (place, person, title, code) in enumerate([("Kilifi", "Example Person", "PRINCIPAL MAGISTRATE", "52001"), ("Voi", "Another Person", "CHIEF MAGISTRATE", "38002"), ("Lamu", "Third Person", "CHIEF MAGISTRATE", "38003")])
]  # fmt: skip


def test_the_title_of_a_person_is_no_name_of_a_place_and_the_code_of_a_court_none_of_health(detected: Callable[[Any], Detection]) -> None:
    fields = detected(COURTS).mapping.fields
    assert (fields["name"], fields["title"], fields["magistrate"], fields["code"]) == ("name", "officer", "officer", "source_id")
    clinics = [{"name": f"{place} Dispensary", "code": code} for place, code in (("Tiwi", "11001"), ("Diani", "11002"), ("Ganze", "11003"))]
    assert detected(clinics).mapping.fields["code"] == "mfl_code"
    titled = [{"title": f"{place} Dispensary", "county": "Kwale"} for place in ("Tiwi", "Diani", "Ukunda")]
    assert detected(titled).mapping.fields["title"] == "name"


def test_a_tick_above_the_records_is_no_date_of_a_visit(detected: Callable[[Any], Detection]) -> None:
    counties = {county: {"verified": county == "Kwale", "medical": [{"name": f"{county} County Referral Hospital", "phone": "0700000001"}], "police": []} for county in ("Kwale", "Kilifi", "Lamu")}
    assert "last_verified_at" not in detected({"counties": counties}).mapping.fields.values()


def test_keys_of_services_beside_their_names_are_no_services(detected: Callable[[Any], Detection]) -> None:
    keys = ["77e15030-e647-49ca-a4f8-8b6ed2430001", "01f1c9b4-52f8-4fc4-b7f9-6a7343be0002"]
    fields = detected([{"name": f"{place} Dispensary", "services": keys, "service_names": ["Outpatient", "HIV Testing Services"]} for place in ("Tiwi", "Ganze")]).mapping.fields
    assert [path for path, canonical in fields.items() if canonical == "services"] == ["service_names"]


def test_emergency_with_ticks_is_what_is_done_there(detected: Callable[[Any], Detection]) -> None:
    fields = detected([{"name": f"{place} Hospital", "capabilities": {"emergency": True, "surgery": False}} for place in ("Iten", "Kabarnet")]).mapping.fields
    assert fields["capabilities.emergency"] == "services"
    assert detected([{"name": f"{place} Hospital", "emergency": "0700000001"} for place in ("Iten", "Kabarnet")]).mapping.fields["emergency"] == "hotline"


def test_sub_counties_above_wards_are_those_of_the_health_service(read: Read) -> None:
    units = [{"id": "k", "name": "Kenya"}, {"id": "c", "name": "Kisumu County", "parent": {"id": "k"}}, {"id": "s", "name": "Kisumu East Sub County", "parent": {"id": "c"}}]
    units += [{"id": "w", "name": "Railways Ward", "parent": {"id": "s"}}, *({"id": name, "name": f"{name} Clinic", "parent": {"id": "w"}} for name in ("Tumaini", "Upendo", "Neema"))]
    rows = read({"organisationUnits": units})
    assert [(row.values["county"], row.values["sub_county"], row.values["ward"], row.values.get("constituency")) for row in rows[-3:]] == [("Kisumu County", "Kisumu East Sub County", "Railways Ward", None)] * 3


def test_rows_of_cells_under_kinds_of_place_as_keys_are_all_read(read: Read) -> None:
    rows = read({"police_stations": [["Tiwi Police Station", "Moi Road", "0700000001"]], "legal_centers": [["Haki Centre", "Posta", "0700000002"]], "ngos": [["Example Trust", "Likoni", "0700000003"], ["Example Women Foundation", "Likoni", "0700000004"]]})
    assert [(row.values["name"], row.values["phone"], row.values["facility_type"]) for row in rows] == [
        ("Tiwi Police Station", "0700000001", "police_stations"), ("Haki Centre", "0700000002", "legal_centers"), ("Example Trust", "0700000003", "ngos"), ("Example Women Foundation", "0700000004", "ngos"),
    ]  # fmt: skip


@pytest.mark.parametrize(("regions", "canonical"), [(("Westlands, Nairobi", "Likoni, Mombasa"), "location"), (("Nairobi", "Mombasa"), "county"), (("Coast", "Nairobi"), None)])
def test_a_region_that_is_none_of_the_old_provinces_tells_where_a_place_lies(regions: tuple[str, ...], canonical: str | None, detected: Callable[[Any], Detection]) -> None:
    fields = detected([{"name": f"{place} Clinic", "region": region, "phone": "0700000001"} for place, region in zip(("Upendo", "Tumaini"), regions, strict=True)]).mapping.fields
    assert fields.get("region") == canonical


def test_a_type_that_may_be_a_service_is_what_places_are(detected: Callable[[Any], Detection]) -> None:
    content = [{"name": name, "phone": "0700000001", "type": kind} for name, kind in (("Upendo", "Shelter"), ("Haki Yetu", "Legal Aid"), ("Tumaini", "Hotline"), ("Neema", "Medical"))]
    assert detected(content).mapping.fields["type"] == "facility_type"


def test_medical_counts_as_a_kind_where_places_are_told_by_their_type(detected: Callable[[Any], Detection]) -> None:
    content = {county: [{"name": f"{county} {n}", "phone": "0700000001", "type": kind} for n, kind in enumerate(("medical", "medical", "counseling"))] for county in ("Nairobi", "Kisumu")}
    assert detected(content).mapping.fields["type"] == "facility_type"


NUMBERED = (("Kwale", 2), ("Msambweni", 2), ("Lamu", 5), ("Garissa", 7), ("Central", 47), ("Wajir", 8))


def test_numbers_of_counties_are_told_by_the_names_beside_them(detected: Callable[[Any], Detection]) -> None:
    def mapped(numbers: list[int]) -> dict[str, str]:
        return detected([{"station_name": f"{place} Police Station", "county_id": number, "phone_number": "0700000001"} for (place, _), number in zip(NUMBERED, numbers, strict=True)]).mapping.fields

    assert mapped([number for _, number in NUMBERED])["county_id"] == "county"
    assert "county_id" not in mapped([1, 1, 2, 3, 4, 5])
    assert "county_id" not in detected([{"name": f"{place} Police Station", "county_id": number} for place, number in NUMBERED[:3]]).mapping.fields


def test_the_badge_of_an_officer_is_no_code_of_a_place(detected: Callable[[Any], Detection]) -> None:
    officers = [{"name": f"Example Person{n}", "rank": "Sergeant", "badge": f"KP-00{n}1", "station": f"{place} Police Station", "phone": f"070000000{n}"} for n, place in enumerate(("Kwale", "Voi", "Lamu"))]
    fields = detected(officers).mapping.fields
    assert (fields["station"], fields["phone"], fields.get("badge")) == ("name", "officer_contact", None)
    assigned = [{"badgeNumber": f"EX-00{n}", "name": f"Example Person{n}", "email": f"person{n}@example.org", "assignedStation": f"{place} Police Station"} for n, place in enumerate(("Kwale", "Voi", "Lamu"))]
    assert detected(assigned).mapping.fields == {"assignedStation": "name", "email": "officer_contact"}
    assert detected(officers).mapping.constants["contact_type"] == STAFFS_OWN
    commanders = [{"station": f"{place} Police Station", "ocs": f"CI Example{n}", "ocs_phone": f"070000000{n}"} for n, place in enumerate(("Kwale", "Voi", "Lamu"))]
    assert "contact_type" not in detected(commanders).mapping.constants
    served = [{"name": f"{place} Dispensary", "assigned_station": f"{place} Police Station", "phone": "0700000001"} for place in ("Kwale", "Voi", "Lamu")]
    assert list(detected(served).mapping.fields.items())[:1] == [("name", "name")]


def test_numbers_beside_persons_with_titles_in_columns_without_headings_are_theirs(detected: Callable[[Any], Detection]) -> None:
    doctors = [[f"DR. JANE EXAMPLE{letter}", f"{place.upper()} COUNTY REFERRAL HOSPITAL", f"070000000{n}", f"jane{n}@example.org"] for n, (letter, place) in enumerate(zip("ABC", ("Kisii", "Kilifi", "Bungoma"), strict=True))]
    fields = detected(doctors).mapping.fields
    assert fields == {"column 2": "name", "column 1": "officer", "column 3": "officer_contact", "column 4": "officer_contact"}
    clinics = [[f"Dr. Example {place} Clinic", f"{place} Town", f"070000000{n}"] for n, place in enumerate(("Kisii", "Kilifi", "Bungoma"))]
    assert detected(clinics).mapping.fields["column 3"] == "phone"


def test_lines_that_each_name_a_place_and_its_number_are_read(read: Read) -> None:
    rows = read('SGBV HELPLINES\n"1195-National GBV hotline"\n- 0700000001 / 0700000002 – Example Relief\n\n3. Example Trust: 0700 000 003\n999 / 112 – Kenya police emergency hotline\n1517 – Example toll-free number\n')
    assert [(row.pointer, row.values["name"], row.values.get("hotline") or row.values.get("phone")) for row in rows] == [
        ("/rows/1", "SGBV HELPLINES", None), ("/rows/2", "National GBV hotline", "1195"), ("/rows/3", "Example Relief", "0700000001 / 0700000002"),
        ("/rows/5", "Example Trust", "0700 000 003"), ("/rows/6", "Kenya police emergency hotline", "999 / 112"), ("/rows/7", "Example toll-free number", "1517"),
    ]  # fmt: skip


def test_headings_may_stand_among_the_lines_that_name_a_place_and_its_number(read: Read, detected: Callable[[Any], Detection]) -> None:
    rows = read("## Emergency Contacts\n\n### Medical Services\n- Example Hospital: +254-20-2000001\n- Tiwi Hospital: 0700 000 002\n\nPolice Services:\n- Diani Police Station: 0700 000 003\n")
    assert [(row.values["name"], row.values.get("phone")) for row in rows if row.values.get("phone")] == [("Example Hospital", "+254-20-2000001"), ("Tiwi Hospital", "0700 000 002"), ("Diani Police Station", "0700 000 003")]
    assert not any("#" in row.values["name"] for row in rows)
    with pytest.raises(UnknownFormatError):
        detected("Tiwi Dispensary:\nPhone: 0700 000 001\nTel: 0700 000 002\nKwale Hospital:\nPhone: 0700 000 003\nTel: 0700 000 004\n")


def test_contacts_under_titles_are_the_places_where_their_names_tell_some(read: Read, detected: Callable[[Any], Detection]) -> None:
    sections = [
        {"title": "Crisis support", "contacts": [{"name": "Example Helpline", "phone": "1195", "altPhone": "0700 000 001"}, {"name": "Tiwi Counselling Centre", "phone": "0700 000 002"}]},
        {"title": "Substance use", "contacts": [{"name": "Example Foundation", "phone": "0700 000 003", "description": "Mon-Fri 9am-5pm"}]},
    ]
    assert [(row.pointer, row.values["name"]) for row in read(sections)] == [("/0/contacts/0", "Example Helpline"), ("/0/contacts/1", "Tiwi Counselling Centre"), ("/1/contacts/0", "Example Foundation")]
    stations = [{"title": f"{place} Police Station", "contacts": [{"name": "Gender desk", "phone": "0700 000 004"}, {"name": "Report office", "phone": "0700 000 005"}]} for place in ("Tiwi", "Diani", "Voi")]
    assert detected(stations).mapping.record_paths == (("*",),)
    placed = [{"title": section["title"], "county": "Kwale", "contacts": section["contacts"]} for section in sections]
    assert detected(placed).mapping.record_paths == (("*",),)


def test_prose_with_numbers_is_no_list_of_places(detected: Callable[[Any], Detection]) -> None:
    with pytest.raises(UnknownFormatError):
        detected("We met on Monday.\nCall 0700000001 if late\nThere were 12 stations: 3 new\nThe end of it\n")


def test_rows_of_a_table_that_point_to_the_unit_above_are_placed_by_it(read: Read, detected: Callable[[Any], Detection]) -> None:
    units = [("Kenya", "k", ""), ("Kwale County", "c", "k"), ("Matuga Sub County", "s", "c"), ("Tiwi Ward", "w", "s"), ("Tiwi Dispensary", "f1", "w"), ("Kwale Hospital", "f2", "s"), ("Lost Clinic", "f3", "gone")]
    content = "name,uid,code,parent\n" + "".join(f"{name},{key},{number},{parent}\n" for number, (name, key, parent) in enumerate(units))
    rows = read(content)
    assert [row.pointer for row in rows] == [f"/rows/{n}" for n in range(1, len(units) + 1)]
    assert [(row.values.get("county"), row.values.get("sub_county"), row.values.get("ward")) for row in rows[-3:]] == [
        ("Kwale County", "Matuga Sub County", "Tiwi Ward"), ("Kwale County", "Matuga Sub County", None), (None, None, None),
    ]  # fmt: skip
    assert detected("name,id,parent\nTiwi Dispensary,1,Kwale\nDiani Clinic,2,Kwale\n").mapping.dialect == ","


def _tables(**tables: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A dump of a database as its administrators export it."""
    head = [{"type": "header", "version": "5.2.0", "comment": "Export to JSON plugin"}, {"type": "database", "name": "helpers"}]
    return [*head, *({"type": "table", "name": name, "database": "helpers", "data": rows} for name, rows in tables.items())]


ACCOUNTS = [{"id": n, "name": f"Example Person{n}", "email": f"person{n}@example.org", "phone": f"070000000{n}", "county": "Kwale", "ward": "Tiwi", "password": "x"} for n in range(1, 4)]
AT_PLACES = [{"id": 1, "name": "Tiwi Police Station", "location": "Tiwi"}, {"id": 2, "name": "Diani Police Station", "location": "Diani"}]


def test_of_the_tables_of_a_dump_only_those_that_read_like_places_are_taken(read: Read, detected: Callable[[Any], Detection]) -> None:
    clinics = [{"id": 1, "hospital_name": "Tiwi Hospital", "county": "Kwale", "phone": "0700000011", "password": "x"}]
    dump = _tables(admin=[{"id": 1, "username": "admin", "password": "x", "role": "all"}], stations=AT_PLACES, hospitals=clinics, users=ACCOUNTS, taxi=[{"id": 1, "mail": "a@example.org", "plates": "KAA 111A"}])
    assert [(row.pointer, row.values["name"]) for row in read(dump)] == [("/3/data/0", "Tiwi Police Station"), ("/3/data/1", "Diani Police Station"), ("/4/data/0", "Tiwi Hospital")]
    told = next(reason for reason in detected(dump).reasons if reason.startswith(LEFT_OUT))
    assert all(aside in told for aside in ("/admin/data/* (1)", "/users/data/* (3)", "/taxi/data/* (1)"))
    named = [{"table": "users", "rows": ACCOUNTS}, {"table": "stations", "rows": AT_PLACES}]
    assert [row.pointer for row in read(named)] == ["/1/rows/0", "/1/rows/1"]


@pytest.mark.parametrize("key", ["users", "tbl_users", "accounts", "people"])
def test_those_who_sign_in_are_left_out_beside_places_whatever_more_is_said_of_them(key: str, read: Read, detected: Callable[[Any], Detection]) -> None:
    content = {key: ACCOUNTS, "stations": AT_PLACES, "reports": [{"id": 1, "title": "An example", "location": "Tiwi", "user_id": 1}]}
    assert [row.pointer for row in read(content)] == ["/stations/0", "/stations/1"]
    told = next(reason for reason in detected(content).reasons if reason.startswith(LEFT_OUT))
    assert all(aside in told for aside in (f"/{key}/* (3)", "/reports/* (1)"))


def test_places_that_sign_in_themselves_stay(read: Read) -> None:
    users = [{"name": f"{place} Hospital", "phone": f"070000002{n}", "county": "Kwale", "password": "x"} for n, place in enumerate(("Tiwi", "Diani", "Kinango"))]
    assert len(read({"users": users, "counties": [{"id": 2, "name": "Kwale"}]})) == len(users)


PAGES = "<h1 style='color:#000'> {} police station</br> <a href='tel:'>Call 070000000{}</a></h1>", "<b>{} Police Station</b><br/>070000000{}", "<div class='x'><h3>{} Police Post</h3><p>Tel 070000000{}</p></div>"


@pytest.mark.parametrize("page", PAGES)
def test_the_name_and_the_number_of_a_piece_of_a_page_are_told_apart(page: str, read: Read) -> None:
    markers = [{"coords": {"lat": -4.17 - n / 100, "lng": 39.46}, "content": page.format(place, n)} for n, place in enumerate(("Tiwi", "Diani", "Kwale"))]
    rows = read(markers)
    assert [str(row.values["name"]).split()[0] for row in rows] == ["Tiwi", "Diani", "Kwale"]
    assert [row.values["phone"] for row in rows] == [f"070000000{n}" for n in range(3)]
    assert not any("<" in row.values["name"] for row in rows)


def test_a_description_on_a_page_stays_one(read: Read) -> None:
    said = "<b>Open day and night</b><p>We welcome everybody who needs help, whoever she is and wherever she comes from.</p><p>Call 0700000001</p>"
    rows = read([{"name": f"{place} Dispensary", "description": said} for place in ("Tiwi", "Diani")])
    assert [(row.values["name"], row.values["description"]) for row in rows] == [("Tiwi Dispensary", said), ("Diani Dispensary", said)]
    assert labelled("<b>Tiwi Clinic</b><br>Open 0800 to 1700, at -4.2345678</br>") is None


def test_what_a_place_stands_beside_is_not_its_name(detected: Callable[[Any], Detection]) -> None:
    offices = [{"constituency": place, "office_location": f"{place} town", "most_conspicuous_landmark": f"{place} Police Station", "contact": f"070000000{n}"} for n, place in enumerate(("Likoni", "Ganze", "Matuga"))]
    assert "name" not in detected({"Kwale": offices}).mapping.fields.values()
    named = [{"office": f"Example Office {office['constituency']}", **office} for office in offices]
    assert [path for path, canonical in detected(named).mapping.fields.items() if canonical == "name"] == ["office"]


def test_numbers_of_changes_to_a_map_are_none_to_call(detected: Callable[[Any], Detection]) -> None:
    features = [{"type": "Feature", "properties": {"name": f"{place} Clinic", "changeset_": 122163766.0 + n, "beds": None}, "geometry": {"type": "Point", "coordinates": [39.5, -4.2]}} for n, place in enumerate(("Tiwi", "Diani", "Voi"))]
    assert "phone" not in detected({"type": "FeatureCollection", "features": features}).mapping.fields.values()


def test_of_a_dump_by_models_only_those_that_read_like_places_are_taken(read: Read, detected: Callable[[Any], Detection]) -> None:
    users = [{"model": "auth.user", "pk": account["id"], "fields": account} for account in ACCOUNTS]
    places = [{"model": "places.station", "pk": n, "fields": {"name": f"{place} Police Station", "county": "Kwale", "phone": f"070000001{n}"}} for n, place in enumerate(("Tiwi", "Diani"))]
    assert [(row.pointer, row.values["name"]) for row in read([*users, *places])] == [("/3/fields", "Tiwi Police Station"), ("/4/fields", "Diani Police Station")]
    assert any("/auth.user/fields (3)" in reason for reason in detected([*users, *places]).reasons if reason.startswith(LEFT_OUT))
    assert [row.pointer for row in read(places)] == ["/0", "/1"]


def test_tables_with_their_columns_are_told_apart(read: Read) -> None:
    tables = [{"name": "profiles", "columns": ["id", "name"], "rows": [{"id": 1, "name": "Jane Example", "phone": "0700000001"}]}, {"name": "points", "columns": ["id", "name"], "rows": AT_PLACES}]
    assert [row.pointer for row in read({"tables": tables})] == ["/tables/1/rows/0", "/tables/1/rows/1"]


def test_a_list_of_those_who_sign_in_names_no_places(detected: Callable[[Any], Detection]) -> None:
    assert "name" not in detected(ACCOUNTS).mapping.fields.values()
    assert detected([{**place, "password": "x"} for place in AT_PLACES]).mapping.fields["name"] == "name"


def test_a_number_under_a_heading_of_faxes_is_told_as_one(read: Read) -> None:
    rows = read("Facility Name,County,Official Landline,Official Fax\nTiwi Dispensary,Kwale,040-3200001,040-3200002\nDiani Clinic,Kwale,040-3200003,\n")
    assert [row.values["phone"] for row in rows] == [["040-3200001", {"type": "Fax", "value": "040-3200002"}], "040-3200003"]
    assert next(row.values["phone"] for row in read("Facility Name,County,Fax\nTiwi Dispensary,Kwale,040-3200001\nDiani Clinic,Kwale,040-3200002\n")) == {"type": "Fax", "value": "040-3200001"}
    assert next(row.values["phone"] for row in read("Facility Name,County,Tel/Fax\nTiwi Dispensary,Kwale,040-3200001\nDiani Clinic,Kwale,040-3200002\n")) == "040-3200001"


def test_a_directory_of_chiefs_names_persons_and_no_places(detected: Callable[[Any], Detection]) -> None:
    fields = detected("LOCATION,NAME OF CHIEF,MOBILE NO,SUB-LOCATION,NAME OF ASST CHIEF,MOBILE NO\nTIWI,JANE EXAMPLE,0700000001,SIMKUMBE,ALI EXAMPLE,0700000002\nUKUNDA,PETER EXAMPLE,0700000003,BONGWE,ROSE EXAMPLE,0700000004\n").mapping.fields
    assert (fields["NAME OF CHIEF"], fields["NAME OF ASST CHIEF"]) == ("officer", "officer")
    assert "name" not in fields.values()


def test_a_table_of_a_large_dump_that_nobody_looked_at_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "dump.json"
    path.write_text(json.dumps(_tables(stations=AT_PLACES, late=[{"id": 1, "name": "Tiwi Clinic", "phone": "0700000001"}], later=ACCOUNTS)), encoding="utf-8")
    paths = (("stations", "data", "*"),)
    small = JsonRecords(path, paths)
    assert (len(list(small)), small.trouble.notes) == (2, [])
    monkeypatch.setattr("gvrc.sources.json_stream.LARGEST_LOOKED_AT", 100)
    large = JsonRecords(path, paths)
    assert len(list(large)) == len(AT_PLACES)
    assert [name for name in ("late", "later") if any(f"“{name}”" in note for note in large.trouble.notes)] == ["late", "later"]
