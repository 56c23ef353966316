import pytest

from gvrc.cleaning.headings import heading_kind
from gvrc.reference.vocabularies import load_vocabularies

NOTHING: dict[str, object] = {}


def kind(text: str, values: dict[str, object] = NOTHING, own: dict[str, object] = NOTHING) -> str | None:
    return heading_kind(text, values, own, load_vocabularies())


@pytest.mark.parametrize(
    "text",
    [
        "1. KWALE", "12) Nairobi", "KWALE", "Kwale County", "MURANG'A COUNTY", "TAITA TAVETA", "Homa-Bay", "NAIROBI CITY", "COAST REGION", "Rift Valley Province",
        "KWALE COUNTY POLICE STATIONS", "iv. Busia", "(3) GARISSA", "--- LAMU ---", "TOTAL", "Total: 45", "GRAND TOTAL", "Sub-total - Kwale", "Sub Total", "TOTALS",
        "Station Name", "NAME OF FACILITY", "S/No", "Contacts", "Page 2 of 5", "List of facilities", "2. LEGAL AID", "Police Stations", "HOTLINES", "Level 4", "Jumla",
    ],
)  # fmt: skip
def test_a_heading_in_a_row_of_its_own_is_recognised(text: str) -> None:
    assert kind(text) is not None


@pytest.mark.parametrize(
    "text",
    [
        "Kwale Police Station", "Kwale Sub County Hospital", "Total Care Clinic", "Galaxy", "St. Mary", "Coast General Hospital", "Western Union Clinic",
        "Rift Valley Provincial General Hospital", "Lamu Fort Dispensary", "10 Engineer VCT", "3. Diani Police Station", "Kisii 2", "Page Clinic", "Ngara",
    ],
)  # fmt: skip
def test_a_place_is_no_heading_even_in_a_bare_row(text: str) -> None:
    assert kind(text) is None


@pytest.mark.parametrize("values", [{"phone": "0700 000 111"}, {"ward": "Tsimba Golini"}, {"latitude": -4.1}, {"services": ["PEP"]}, {"mfl_code": 11111}])
def test_a_county_name_with_something_that_only_a_place_has_is_a_place(values: dict[str, object]) -> None:
    assert kind("KWALE", values) is None
    assert kind("KWALE", dict.fromkeys(values, "N/A")) == "section"


def test_a_total_is_one_whatever_stands_beside_it() -> None:
    assert kind("TOTAL", {"phone": "0700000111", "ward": "45"}) == "total"
    assert kind("12", {}, {"Region": "Grand total", "Station": "12"}) == "total"
    assert kind("12", {}, {"Region": "Coast", "Station": "12"}) is None


def test_a_kind_alone_in_its_row_is_a_heading_whatever_flowed_down_to_it() -> None:
    assert kind("Police stations", {"ward": "Ganze"}, {"Name": "Police stations", "Ward": None}) == "section"
    assert kind("Police stations", {"ward": "Ganze"}, {"Name": "Police stations", "Ward": "Ganze"}) is None


def test_a_repeated_header_is_recognised_though_its_row_is_full() -> None:
    own = {"Facility Name": "Facility Name", "Phone": "Phone", "Ward": "Ward"}
    assert kind("Facility Name", {"phone": "Phone", "ward": "Ward"}, own) == "header"


def test_a_county_and_a_constituency_beside_it_prove_nothing_when_they_are_missing() -> None:
    assert kind("1. KWALE", {"county": "Kwale", "ward": "", "contact": []}) == "section"


@pytest.mark.parametrize(
    "text", ["1 MOMBASA COUNTY", "COUNTY: KWALE", "COUNTY OF KWALE", "Police Stations in Kwale", "KWALE (CONT.)", "Total for Kwale", "Source: Ministry of Health", "Prepared by:", "Updated 2023", "Note:"],
)
def test_what_heads_or_ends_a_part_of_a_list_is_no_place(text: str) -> None:
    assert heading_kind(text, {"name": text}, {"name": text}, load_vocabularies()) is not None


@pytest.mark.parametrize("text", ["Police Station Kwale", "Health Centre Mombasa Road", "Source of Life Clinic", "County Hospital Kwale", "Notre Dame Clinic", "3 Sisters Clinic", "Date Palm Dispensary"])
def test_a_place_that_begins_like_a_heading_is_a_place(text: str) -> None:
    assert heading_kind(text, {"name": text}, {"name": text}, load_vocabularies()) is None


@pytest.mark.parametrize("text", ["MSAMBWENI SUB COUNTY", "Matuga Constituency", "3. Malindi Sub-County"])
def test_a_smaller_unit_with_its_level_heads_a_section(text: str) -> None:
    assert kind(text) == "section"
    assert kind(text, {"phone": "0700 000 001"}) is None


def test_a_sentence_behind_an_asterisk_is_a_note() -> None:
    row = {"name": "*Facilities marked are pending verification", "phone": None, "ward": ""}
    assert kind(row["name"] or "", {}, row) == "note"
    assert kind("*Tiwi Rural Health Centre", {}, {"name": "*Tiwi Rural Health Centre", "phone": None}) is None


def test_an_officer_proves_a_place() -> None:
    assert kind("Garissa", {"officer_contact": "0700 000 001"}) is None


def test_what_every_cell_of_a_row_says_is_no_place() -> None:
    assert kind("Lamu County", {"phone": "Lamu County"}, {"name": "Lamu County", "ward": "Lamu County", "phone": "Lamu County"}) == "section"
    assert kind("GBV directory", {}, {"name": "GBV directory", "ward": "GBV directory", "phone": "GBV directory"}) == "title"
    assert kind("Tiwi", {"ward": "Tiwi"}, {"name": "Tiwi", "ward": "Tiwi"}) is None


@pytest.mark.parametrize(("text", "row", "found"), [
    ("BUSIA COUNTY GBV DIRECTORY 2022", {"column 1": "BUSIA COUNTY GBV DIRECTORY 2022"}, "title"), ("Directory House", {"Name": "Directory House", "Phone": "0700000001"}, None),
    ("A. HEALTH", {"column 1": "A. HEALTH"}, "section"), ("SCPC", {"Station": "SCPC", "Tel": "0700000001"}, "officer"), ("Sub-County Commander", {}, "officer"), ("OCPD Office Diani", {}, None),
])  # fmt: skip
def test_titles_sectors_and_officers_are_no_places(text: str, row: dict[str, object], found: str | None) -> None:
    assert kind(text, {"phone": row.get("Tel")}, row) == found


def test_a_station_called_as_its_county_with_posts_beside_it_is_a_place() -> None:
    assert kind("MERU", {}, {"S/N": "1", "POLICE STATIONS": "MERU", "POLICE POSTS": "Kinoru"}) is None
    assert kind("MERU", {}, {"S/N": "1", "POLICE STATIONS": "MERU", "POLICE POSTS": ""}) == "section"


@pytest.mark.parametrize("text", ["Tiwi Ward", "Kwale County", "Matuga Sub County", "Kenya"])
def test_an_area_with_its_level_is_no_place_though_it_has_an_outline(text: str) -> None:
    outline = {"coordinates": [[[39.2, -4.6], [39.3, -4.7], [39.2, -4.6]]], "ward": "Tiwi", "constituency": "Matuga"}
    assert kind(text, outline, {"name": text, "parent": "x1"}) == "section"
    assert kind(text, {**outline, "phone": "0700000001"}, {"name": text, "parent": "x1"}) is None
    assert kind(text, {**outline, "facility_type": "Ward AP Camp"}, {"name": text, "parent": "x1"}) is None


@pytest.mark.parametrize("text", ["Sexual Offences Act, 2006", "Computer Misuse and Cybercrimes Act No. 5 of 2018", "Children Act (Section 24)", "Prohibition of FGM Act", "Constitution of Kenya, 2010", "How to Report Online Abuse"])
def test_laws_and_guides_among_helpers_are_no_places(text: str) -> None:
    assert kind(text, {"website": "https://example.org/act.pdf", "description": "Know your rights"}) is not None


@pytest.mark.parametrize("text", ["Children in Act Initiative", "ACT! Kenya", "Act Change Transform", "Impact Act Centre 2018", "Howard Clinic", "PACT Kenya"])
def test_helpers_with_such_words_in_their_names_stay(text: str) -> None:
    assert kind(text) is None
