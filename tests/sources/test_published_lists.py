"""Lists as bodies publish them: exports of web sites and of forms, links to call, remarks with persons in them, slipped cells."""

from pathlib import Path
from typing import Any

import pytest

from gvrc.cleaning.coordinates import clean_point
from gvrc.cleaning.names import clean_name
from gvrc.errors import UnknownFormatError
from gvrc.model.issue import Issue
from gvrc.model.record import ContactType, Record, Visibility
from gvrc.model.source import SourceFile, SourceRow
from gvrc.reference.vocabularies import load_vocabularies
from gvrc.sources.detect import detect
from gvrc.sources.field_names import known_name
from gvrc.stages.extract import extract
from gvrc.stages.standardise import standardise
from tests.sources.test_lists_without_names import KNOWLEDGE
from tests.sources.test_several_countries import written


def made(tmp_path: Path, content: Any) -> tuple[list[Record], list[Issue]]:
    """The records of a list in their order, and all that was found."""
    path = written(tmp_path, content)
    found = extract(SourceFile(name="list", sha256="", size_bytes=1, path=path), detect(path, "list"))
    done = standardise([row for row in found if isinstance(row, SourceRow)], KNOWLEDGE, {})
    return list(done.records), [issue for issues in done.issues.values() for issue in issues]


def reached(record: Record) -> dict[str, str | None]:
    """What a place is called by, with whose it is."""
    return {contact.value: contact.label for contact in record.contacts if contact.contact_type in (ContactType.PHONE, ContactType.HOTLINE)}


def test_the_posts_of_a_web_site_are_called_by_their_titles_and_are_no_police_posts(tmp_path: Path) -> None:
    posts = [
        {"ID": 1, "post_title": "Mfano Women Foundation", "post_content": "We support survivors.\nPhone: +254 700 000 001", "post_status": "publish"},
        {"ID": 2, "post_title": "Haki Example", "post_content": "Kilimani, Nairobi. Office +254 700 000 002", "post_status": "publish"},
    ]
    records, _ = made(tmp_path, {"posts": posts})
    assert [(record.name, list(reached(record))) for record in records] == [("Mfano Women Foundation", ["+254700000001"]), ("Haki Example", ["+254700000002"])]
    assert "police_post" not in {record.facility_type for record in records}
    records, _ = made(tmp_path, {"posts": [{"name": "Tiwi", "phone": "0700 000 003"}, {"name": "Diani", "phone": "0700 000 004"}]})
    assert {record.facility_type for record in records} == {"police_post"}


def test_short_codes_in_the_text_of_a_hotline_are_numbers_to_call(tmp_path: Path) -> None:
    records, _ = made(tmp_path, [
        {"title": "National GBV Hotline", "body": '<p>Call <a href="tel:1195">1195</a> (toll free)</p>'}, {"title": "Childline Kenya", "body": "<p>Dial 116 at any hour</p>"},
        {"title": "Police", "body": "<p>999, 112, 911</p>"}, {"title": "Tiwi Hospital", "body": "Open from 1990. In emergencies 999 answers. Ward 116."},
    ])  # fmt: skip
    assert [list(reached(record)) for record in records] == [["1195"], ["116"], ["999", "112", "911"], []]
    assert [record.facility_type for record in records] == ["hotline", "hotline", "hotline", "hospital"]


def test_links_to_call_are_numbers_and_the_services_they_call_are_the_names(tmp_path: Path) -> None:
    records, _ = made(tmp_path, [{"service": "Kenya Red Cross", "link": "tel:1199"}, {"service": "Gender desk - Kayole Police Station", "link": "tel:+254700000001"}, {"service": "Suicide line", "link": "tel:1517"}, {"service": "Diani Police Station", "link": "tel:0700000002"}])
    assert [(record.name, list(reached(record))) for record in records] == [("Kenya Red Cross", ["1199"]), ("Gender Desk - Kayole Police Station", ["+254700000001"]), ("Suicide Line", ["1517"]), ("Diani Police Station", ["+254700000002"])]


@pytest.mark.parametrize(("remark", "is_hers"), [
    ("Contact Mary 0700000002", True), ("Call Peter on 0700 000 002 after five", True), ("Ask for James (0700000002)", True), ("Piga Amina: 0700000002", True), ("Ambulance 0700000002", False),
    ("Call Reception 0700000002", False), ("Contact Kwale 0700000002", False), ("Call us on 0700000002", False), ("Call Tiwi Hospital 0700000002", False),
])  # fmt: skip
def test_a_number_behind_one_who_is_asked_for_by_name_is_hers(remark: str, is_hers: bool, tmp_path: Path) -> None:
    (record, _), issues = made(tmp_path, f"Facility,County,Phone,Remarks\nTiwi Hospital,Kwale,0700000001,{remark}\nDiani Hospital,Kwale,0700000003,\n")
    assert (reached(record)["+254700000002"] == "Officer's mobile") is is_hers
    if is_hers:
        assert "text.personal" in {issue.code for issue in issues}


def test_a_number_in_the_cell_of_a_person_is_hers(tmp_path: Path) -> None:
    (record, _), _ = made(tmp_path, "Name of organisation,Telephone,Chief officers,County\nMfano Women Network,0700000001,Mary Mfano - Director 0700000002,Kisii\nHaki Mfano,0700000003,,Kwale\n")
    assert reached(record) == {"+254700000001": None, "+254700000002": "Officer's mobile"}


def test_a_number_that_slipped_among_the_degrees_is_found(tmp_path: Path) -> None:
    (record, other), _ = made(tmp_path, "Name,County,Mobile,Lat,Long\nTiwi Hospital,Kwale,39.5,-4.2,0700000001\nDiani Hospital,Kwale,0700000002,-4.28,39.59\n")
    assert list(reached(record)) == ["+254700000001"]
    assert other.point is not None


@pytest.mark.parametrize(("text", "point"), [("3.1191, 35.5973 (±5m)", (3.1191, 35.5973)), ("2.3833N 35.6500E ±10", (2.3833, 35.65)), ("-1.2833, 36.8167 +/- 4.5 m", (-1.2833, 36.8167))])
def test_how_exact_a_device_was_is_no_part_of_the_point(text: str, point: tuple[float, float]) -> None:
    found = clean_point({"coordinates": text}).point
    assert found is not None
    assert (found.latitude, found.longitude) == point


@pytest.mark.parametrize(("text", "name", "kind"), [
    ("Serem P. Station", "Serem Police Station", "police_station"), ("KABARNET POLICE ST", "Kabarnet Police Station", "police_station"), ("Kilifi Gender Recovery Centre", "Kilifi Gender Recovery Centre", "gbv_recovery_centre"),
    ("Mfano Girls Fdn", "Mfano Girls Foundation", "support_organisation"), ("'Mfano''s Clinic'", "Mfano's Clinic", "clinic"), ("KTRH", "KTRH", "hospital"),
])  # fmt: skip
def test_more_short_forms_and_quotes_of_databases(text: str, name: str, kind: str) -> None:
    found = clean_name(text, load_vocabularies())
    assert (found.name, found.facility_type) == (name, kind)


def test_sums_that_say_what_they_count_and_trials_of_a_form_are_no_places(tmp_path: Path) -> None:
    records, issues = made(tmp_path, "Organisation,County,Tel\nMfano Women,Kwale,0700000001\nTest,Nairobi,0700000002\nTotal: 4 organisations,,\nTotal Care Clinic,Kwale,0700000003\n")
    assert [issue.value for issue in issues if issue.code == "name.heading"] == ["Test", "Total: 4 organisations"]
    assert len(records) == 4


def test_sites_name_the_places_of_a_programme(tmp_path: Path) -> None:
    records, _ = made(tmp_path, "COUNTY,SITE,PRC SERVICES,CELLPHONE\nHoma Bay,Homa Bay County Referral hosp,Y,0700000001\n,Rachuonyo SCH,Y,0700000002\nKisii,KTRH,Y,0700000003\n,Gucha SCH,N,\n")
    assert [(record.name, record.facility_type, record.place.county) for record in records] == [
        ("Homa Bay County Referral Hospital", "hospital", "Homa Bay"), ("Rachuonyo Sub-County Hospital", "hospital", "Homa Bay"), ("KTRH", "hospital", "Kisii"), ("Gucha Sub-County Hospital", "hospital", "Kisii"),
    ]  # fmt: skip


def test_questions_of_odk_with_dashes_are_known(tmp_path: Path) -> None:
    (record, _), _ = made(tmp_path, "instance-county,instance-org_name,instance-services,instance-phone,instance-gps-Latitude,instance-gps-Longitude,KEY\nkwale,Mfano Welfare,legal_aid psychosocial,254700000001,-4.1737,39.4521,uuid:1\nkwale,Haki Mfano,pep,0700000002,-4.4,39.4,uuid:2\n")
    assert (record.point is not None, record.services, list(reached(record))) == (True, ("legal_aid", "psychosocial_support"), ["+254700000001"])


def test_tags_of_maps_tell_organisations_and_shelters(tmp_path: Path) -> None:
    elements = [
        {"type": "node", "id": 1, "lat": -0.09, "lon": 34.76, "tags": {"office": "ngo", "name": "Mfano Rights"}}, {"type": "node", "id": 2, "lat": -1.1, "lon": 37.0, "tags": {"amenity": "social_facility", "social_facility": "shelter", "name": "Mfano Home"}},
        {"type": "node", "id": 3, "lat": -1.2, "lon": 36.8, "tags": {"amenity": "police", "name": "Tiwi Police"}},
    ]  # fmt: skip
    records, _ = made(tmp_path, {"elements": elements})
    assert [record.facility_type for record in records] == ["support_organisation", "shelter", "police_station"]
    assert records[1].visibility is Visibility.WITHHELD


def test_the_word_for_a_number_leaves_a_name_with_it(tmp_path: Path) -> None:
    records, _ = made(tmp_path, {"hospitals": ["Tiwi Hospital – Tel: 0700 000 001", "Diani Hospital: 0700 000 002", "Vanga Hospital, phone: 0700 000 003"]})
    assert [record.name for record in records] == ["Tiwi Hospital", "Diani Hospital", "Vanga Hospital"]


def test_texts_under_counties_are_the_places_they_tell_of(tmp_path: Path) -> None:
    records, _ = made(tmp_path, {"Kwale": "Diani Police Station 0700000001; Kwale County Hospital 0700000002", "Kilifi": "Malindi Police Station - 0700000003\nKilifi County Hospital: 0700000004", "Lamu": "None"})
    assert [(record.name, record.place.county, list(reached(record)), record.pointer) for record in records] == [
        ("Diani Police Station", "Kwale", ["+254700000001"], "/Kwale"), ("Kwale County Hospital", "Kwale", ["+254700000002"], "/Kwale (2)"),
        ("Malindi Police Station", "Kilifi", ["+254700000003"], "/Kilifi"), ("Kilifi County Hospital", "Kilifi", ["+254700000004"], "/Kilifi (2)"),
    ]  # fmt: skip


def test_a_file_that_is_one_text_of_hotlines_is_their_list(tmp_path: Path) -> None:
    records, _ = made(tmp_path, '"GBV Hotline: 1195, Childline: 116, Police: 999/112, Mfano Line: 0800 000 001"')
    assert [(record.name, list(reached(record))) for record in records] == [("GBV Hotline", ["1195"]), ("Childline", ["116"]), ("Police", ["999", "112"]), ("Mfano Line", ["+254800000001"])]
    with pytest.raises(UnknownFormatError):
        made(tmp_path, '"The list will follow in 2026, kindly wait"')


def test_rows_of_one_table_may_belong_to_records_of_two(tmp_path: Path) -> None:
    records, _ = made(tmp_path, {
        "organizations": [{"id": "o1", "name": "Mfano Aid Trust", "description": "Legal aid"}, {"id": "o2", "name": "Mfano Women", "description": "Counselling"}],
        "locations": [{"id": "l1", "organization_id": "o1", "name": "Nakuru branch", "latitude": -0.2833, "longitude": 36.0667}, {"id": "l2", "organization_id": "o2", "name": "Nyeri branch", "latitude": -0.42, "longitude": 36.95}],
        "phones": [{"id": "p1", "location_id": "l1", "number": "0700000001"}, {"id": "p2", "organization_id": "o2", "number": "0700000002"}],
    })  # fmt: skip
    assert {record.name: list(reached(record)) for record in records} == {"Mfano Aid Trust": [], "Mfano Women": ["+254700000002"], "Nakuru Branch": ["+254700000001"], "Nyeri Branch": []}


def test_a_sheet_with_its_titles_and_counties_in_its_first_column_tells_them(tmp_path: Path) -> None:
    records, _ = made(tmp_path, [
        {"__EMPTY": "DIRECTORY OF GBV SERVICE PROVIDERS"}, {"__EMPTY": "KISUMU COUNTY"}, {"__EMPTY": "No", "__EMPTY_1": "Name of institution", "__EMPTY_2": "Location", "__EMPTY_3": "Contact"},
        {"__EMPTY": 1, "__EMPTY_1": "Mfano Police Station", "__EMPTY_2": "Town centre", "__EMPTY_3": "0700000001"}, {"__EMPTY": "SIAYA COUNTY"},
        {"__EMPTY": 2, "__EMPTY_1": "Mfano Hospital", "__EMPTY_2": "Town centre", "__EMPTY_3": "0700000002"},
    ])  # fmt: skip
    assert [(record.name, record.place.county) for record in records if record.name] == [("Mfano Police Station", "Kisumu"), ("Mfano Hospital", "Siaya")]


@pytest.mark.parametrize("damaged", ['{"name":"Kapenguria Hospital","county":"West Pokot","phone":"0700000001\n', '{"name":"Kapenguria Hospital","contacts":[{"name":"OCS","phone":"0700000001},{"name":"Desk","phone":"0700000009"}],"county":"West Pokot"},'])
def test_what_stands_behind_a_damaged_first_record_is_read(damaged: str, tmp_path: Path) -> None:
    records, _ = made(tmp_path, f'[{damaged} {{"name":"Chepareria Hospital","county":"West Pokot","phone":"0700000002"}}, {{"name":"Sigor Hospital","county":"West Pokot","phone":"0700000003"}}]')
    assert [(record.name, record.place.county) for record in records] == [("Chepareria Hospital", "West Pokot"), ("Sigor Hospital", "West Pokot")]


def test_old_divisions_and_towns_near_by_are_no_wards(tmp_path: Path) -> None:
    records, _ = made(tmp_path, "Name,County,Constituency,Division,Nearest town,Phone\nAhero Hospital,Kisumu,Nyando,Miwani,Ahero,0700000001\nMfano Clinic,Makueni,Makueni,Wote,Wote,0700000002\n")
    assert [(record.place.constituency, record.place.ward) for record in records] == [("Nyando", None), ("Makueni", None)]


def test_offices_under_their_towns_are_the_places_of_their_organisation(tmp_path: Path) -> None:
    records, _ = made(tmp_path, {
        "offices": {"Nairobi": {"physical": "Example Road", "tel": ["020 2000001"]}, "Kisumu": {"physical": "Example House", "tel": ["0700000002"]}}, "organisation": "Haki Mfano Kenya", "toll_free": "0800000003",
    })  # fmt: skip
    assert [(record.name, record.place.county, sorted(reached(record)), record.facility_type) for record in records] == [
        ("Haki Mfano Kenya", "Nairobi", ["+254202000001", "+254800000003"], None), ("Haki Mfano Kenya", "Kisumu", ["+254700000002", "+254800000003"], None),
    ]  # fmt: skip


def test_an_office_called_by_nothing_else_is_asked_about_with_its_place(tmp_path: Path) -> None:
    _, issues = made(tmp_path, "County,Sub-county,Office,Contact\nKISII,Kisii Central,Sub-County Children's Office,0700000001\nKISII,Bobasi,SCCO,0700000002\nKISII,Bobasi,Bobasi Children's Office,0700000003\n")
    assert [issue.suggestion.shown for issue in issues if issue.code == "name.generic" and issue.suggestion] == ["Children's Office, Kisii Central", "Children's Office, Bobasi"]


def test_a_row_that_is_called_by_another_country_lies_there(tmp_path: Path) -> None:
    records, issues = made(tmp_path, [{"name": "Kenya", "hotline": "999"}, {"name": "Uganda", "hotline": "999"}, {"name": "Uganda Martyrs Hospital", "hotline": "0700000001"}])
    assert [issue.value for issue in issues if issue.code == "row.abroad"] == ["Uganda"]
    assert not reached(records[1])


def test_a_post_that_is_called_as_an_estate_after_a_far_country_is_not_abroad(tmp_path: Path) -> None:
    records, issues = made(tmp_path, [
        {"police_station": "Bangladesh", "county": "Mombasa", "phone": "0700000001"}, {"police_station": "Changamwe", "county": "Mombasa", "phone": "0700000002"},
        {"police_station": "Nyali", "county": "Mombasa", "phone": "0700000003"},
    ])  # fmt: skip
    assert not [issue for issue in issues if issue.code in ("row.abroad", "row.country_doubtful")]
    assert reached(records[0]) == {"+254700000001": None}


def test_a_matrix_keeps_who_is_reached_by_email_alone_and_names_nothing_where_nothing_is(tmp_path: Path) -> None:
    records, _ = made(tmp_path, "Location;Health;Police;Legal\nDadaab;Mfano Hospital, 0700000001;Dadaab Police Station 0700000002;Refugee Mfano Consortium legal@example.org\nIfo;Ifo Hospital 0700000003;Ifo Police Post 0700000004;N/A\n")
    assert [(record.name, [contact.value for contact in record.contacts]) for record in records] == [
        ("Mfano Hospital", ["+254700000001"]), ("Dadaab Police Station", ["+254700000002"]), ("Refugee Mfano Consortium", ["legal@example.org"]), ("Ifo Hospital", ["+254700000003"]), ("Ifo Police Post", ["+254700000004"]),
    ]  # fmt: skip


@pytest.mark.parametrize(("heading", "canonical"), [
    ("1. Name of facility", "name"), ("2. Type of facility", "facility_type"), ("NAME OF CCI", "name"), ("Name of the drop-in centre", "name"), ("Name of village", None), ("Name of guardian", "!"), ("Name of respondent", "officer"),
    ("Officer in charge of desk", "officer"), ("Name of bank", None),
])  # fmt: skip
def test_headings_that_ask_what_a_place_is_called(heading: str, canonical: str | None) -> None:
    named = known_name((heading,))
    found = named.canonical if named else None
    assert found == canonical or (canonical is None and found != "name")


def test_a_numbered_form_is_read_by_its_questions(tmp_path: Path) -> None:
    records, _ = made(tmp_path, "1. Name of facility,2. Type of facility,3. County,4. Phone contact of facility\nOl Kalou Hospital,Government hospital,Nyandarua,0700000001\nEngineer Clinic,Private clinic,Nyandarua,0700000002\nol kalou police station,Police station,nyandarua,0700000003\n")
    assert [record.name for record in records] == ["Ol Kalou Hospital", "Engineer Clinic", "Ol Kalou Police Station"]


def test_formations_of_the_police_are_places_of_the_police(tmp_path: Path) -> None:
    records, _ = made(tmp_path, "COUNTY,FORMATION,RANK & NAME OF COMMANDER,TEL NO\nMOMBASA,Central Police Stn,CI Mfano,0700 000 101\n,Nyali P/S,CI Mfano,0700000105\n,Bamburi,IP Mfano,0700000106\n")
    assert [(record.name, record.facility_type) for record in records] == [("Central Police Station", "police_station"), ("Nyali Police Station", "police_station"), ("Bamburi", "police_station")]


def test_a_desk_at_a_station_that_is_called_as_its_county_is_a_desk(tmp_path: Path) -> None:
    records, _ = made(tmp_path, "County,Police station with gender desk,Mobile\nEmbu,Embu,0700000001\nEmbu,Manyatta,0700000002\nTharaka Nithi,Chuka,0700000003\n")
    assert {record.facility_type for record in records} == {"gender_desk"}


def test_a_lone_gap_in_a_column_of_wards_is_not_filled_from_above(tmp_path: Path) -> None:
    records, _ = made(tmp_path, "Facility,County,Ward,Phone\nMfano Clinic,Kilifi,Tezo,0700000001\nMfano Hospital,Kilifi,Sokoni,0700000002\nMalindi Police Station,Kilifi,Malindi Town,0700000003\nWatamu Police Station,Kilifi,,0700000004\n")
    assert [record.place.ward for record in records] == ["Tezo", "Sokoni", "Malindi Town", None]


def test_the_list_within_a_message_is_read_without_its_courtesies(tmp_path: Path) -> None:
    records, _ = made(tmp_path, "Good morning,\nPlease find below the list of contacts in Vihiga County:\n1. Vihiga Hospital - 0700 000 001\n2. Mbale Police Station - 0700 000 002\n3. Hamisi SCH - 0700000003\nRegards,\nMfano, County Office\n")
    assert [(record.name, record.place.county) for record in records] == [("Vihiga Hospital", "Vihiga"), ("Mbale Police Station", "Vihiga"), ("Hamisi Sub-County Hospital", "Vihiga")]


def test_courts_are_called_by_their_stations(tmp_path: Path) -> None:
    records, _ = made(tmp_path, "COURT STATION,COUNTY,TELEPHONE\nMilimani Law Courts,Nairobi,020-2000001\nShanzu,Mombasa,0700000001\nKilungu,Makueni,0700000002\nKibera Law Courts,Nairobi,\n")
    assert [record.name for record in records] == ["Milimani Law Courts", "Shanzu", "Kilungu", "Kibera Law Courts"]


def test_merged_cells_of_a_sheet_in_json_flow_down(tmp_path: Path) -> None:
    values = [["Sub county", "Facility", "Phone"], ["Kanduyi", "Mfano Hospital", "0700000001"], ["", "Mfano Police Station", "0700000002"], ["Webuye West", "Mfano Clinic", "0700000003"], ["", "Mfano Paralegals", "0700000004"], ["Total", "4"]]
    records, issues = made(tmp_path, {"range": "Contacts!A1:Z", "values": values})
    assert [record.stated.get("sub_county") for record in records[:4]] == ["Kanduyi", "Kanduyi", "Webuye West", "Webuye West"]
    assert [issue.value for issue in issues if issue.code == "name.heading"] == ["4"]


def test_names_with_whose_numbers_stand_behind_them(tmp_path: Path) -> None:
    records, _ = made(tmp_path, "Station/Contact,County\nBomet Police Station – 052-22001 / OCS 0700000001,Bomet\nLitein P.S. +254-700-000-002,Kericho\nLondiani,Kericho\nSotik P/Stn (0700000003),Bomet\n")
    assert [(record.name, record.facility_type) for record in records] == [(name, "police_station") for name in ("Bomet Police Station", "Litein Police Station", "Londiani", "Sotik Police Station")]
    assert reached(records[0]) == {"+2545222001": None, "+254700000001": "Officer's mobile"}


@pytest.mark.parametrize("cell", ["Sr. Mfano 0700000001", "Mr. Mfano (RCO) 0700 000 001", "GBV focal: Mfano 0700000001"])
def test_more_ways_to_name_whose_a_number_is(cell: str, tmp_path: Path) -> None:
    (record, _), _ = made(tmp_path, f"Facility,County,Contacts\nMfano Hospital,Nyeri,{cell}\nHaki Hospital,Nyeri,0700000002\n")
    assert reached(record) == {"+254700000001": "Officer's mobile"}


def test_a_hotline_of_unknown_kind_is_suggested_to_be_one(tmp_path: Path) -> None:
    _, issues = made(tmp_path, "Institution,Toll free/Short code,What for\nMfano Example,1193,GBV\nChildline Kenya,116,Children\nExample Two,0800000001,Reports\n")
    assert [issue.suggestion.shown for issue in issues if issue.code == "kind.unknown" and issue.suggestion] == ["Hotline", "Hotline"]


def test_a_number_under_a_heading_that_only_holds_the_letters_of_latitude_is_found(tmp_path: Path) -> None:
    (record, _), _ = made(tmp_path, "Facility,County,Telephone,Catchment population\nMoyale SCH,Marsabit,0700000001,0700000002\nSaku Hospital,Marsabit,0700000003,12345\n")
    assert sorted(reached(record)) == ["+254700000001", "+254700000002"]


def test_places_with_names_of_three_letters_hint_at_their_counties(tmp_path: Path) -> None:
    _, issues = made(tmp_path, "Station,Tel\nVoi Police Station,0700000001\nIfo Police Post,0700000002\n")
    assert [issue.suggestion.shown for issue in issues if issue.code == "place.county_missing" and issue.suggestion] == ["Taita-Taveta", "Garissa"]


@pytest.mark.parametrize(("cell", "number", "ending"), [("052-32001 - 3", "+2545232001", "3"), ("020 2712345-7", "+254202712345", "7"), ("0700-000-00-1", "+254700000001", None), ("0700 000 00 1", "+254700000001", None), ("0 7 0 0 0 0 0 0 0 1", "+254700000001", None)])
def test_a_digit_behind_a_whole_number_and_a_dash_is_the_ending_of_another(cell: str, number: str, ending: str | None, tmp_path: Path) -> None:
    (record, _), issues = made(tmp_path, f"Facility,County,Phone\nLondiani SCH,Kericho,{cell}\nSigowet SCH,Kericho,0700000002\n")
    assert list(reached(record)) == [number]
    assert [issue.value for issue in issues if issue.code == "contact.phone_shortened"] == ([ending] if ending else [])


def test_bare_places_among_police_stations_are_stations(tmp_path: Path) -> None:
    rows = "Taveta Police Station,0700000001,Taita-Taveta\nWundanyi Police Stn,0700000002,T/Taveta\nMwatate Pol. Post,0700000003,Taita-Taveta\nVoi,0700000004,Taita-Taveta\nBura,0700000005,Taita-Taveta\n"
    records, _ = made(tmp_path, f"Kituo,Simu,Kaunti\n{rows}")
    assert [record.facility_type for record in records] == ["police_station", "police_station", "police_post", "police_station", "police_station"]
    records, _ = made(tmp_path, f"Kituo,Simu,Kaunti\n{rows}Mfano Hospital,0700000006,Taita-Taveta\n")
    assert [record.facility_type for record in records][3:] == [None, None, "hospital"]


def test_hospitals_known_by_their_acronyms_are_no_names_of_kinds(tmp_path: Path) -> None:
    _, issues = made(tmp_path, "Hospital,Tel\nKenyatta National Hospital,0700000001\nKTRH,0700000002\nJOOTRH,0700000003\nMfano Hospital,0700000004\n")
    assert not [issue for issue in issues if issue.code == "name.generic"]
    assert [issue.suggestion.shown for issue in issues if issue.code == "place.county_missing" and issue.suggestion] == ["Nairobi", "Kisii", "Kisumu"]


def test_marks_of_bold_text_and_what_numbers_leave_behind_are_no_part_of_a_name() -> None:
    assert clean_name("**Mfano Hospital** – 020 2000001, Example Rd", load_vocabularies()).name == "Mfano Hospital"


def test_a_status_with_its_year_is_known(tmp_path: Path) -> None:
    records, issues = made(tmp_path, "Facility,County,Status\nMfano Hospital,Kisumu,LICENSED 2023\nOld Mfano Dispensary,Kisumu,CLOSED 2019\n")
    assert [record.operational_status for record in records] == ["operational", "not_operational"]
    assert not [issue for issue in issues if issue.code == "status.unknown"]


def test_a_location_where_the_ward_should_stand_is_no_ward_that_is_a_little_like_it(tmp_path: Path) -> None:
    _, issues = made(tmp_path, "Facility,County,Ward,Phone\nMfano Dispensary,Kericho,Telanet,0700000001\nHaki Dispensary,Nandi,Chepterit,0700000002\nTwo Dispensary,Machakos,Kalamma,0700000003\n")
    assert {issue.value: issue.suggestion is not None for issue in issues if issue.code == "place.ward_unknown"} == {"Telanet": False, "Chepterit": False}


def test_an_unknown_ward_of_a_constituency_is_not_the_ward_that_is_called_as_it_is(tmp_path: Path) -> None:
    _, issues = made(tmp_path, "Facility,County,Constituency,Ward,Phone\nMfano Dispensary,Kilifi,Magarini,Chakama,0700000001\nHaki Dispensary,Garissa,Ijara,Gababa,0700000002\nTwo Dispensary,Kilifi,Malindi Town,Malindi,0700000003\n")
    assert [(issue.value, issue.suggestion) for issue in issues if issue.code == "place.ward_unknown"] == [("Chakama", None), ("Gababa", None)]
