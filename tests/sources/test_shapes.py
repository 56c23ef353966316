"""Lists in shapes nobody announced: every record is found, under its name, with what stands around it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gvrc.cleaning.codes import clean_codes
from gvrc.cleaning.coordinates import clean_point
from gvrc.errors import UnknownFormatError
from gvrc.model.source import SourceFile, SourceRow
from gvrc.reference.address import read_address
from gvrc.reference.gazetteer import load_gazetteer
from gvrc.sources.detect import detect
from gvrc.sources.json_tables import called
from gvrc.stages.extract import extract

PLACES = (
    ("Kilifi County Hospital", "Kilifi", "Kilifi North", "Sokoni", "+254 700 000 001", -3.63, 39.85),
    ("Malindi Sub County Hospital", "Kilifi", "Malindi", "Malindi Town", "+254 700 000 002", -3.217, 40.117),
    ("Msambweni County Referral Hospital", "Kwale", "Msambweni", "Ukunda", "+254 700 000 003", -4.466, 39.483),
    ("Kondele Health Centre", "Kisumu", "Kisumu Central", "Kondele", "+254 700 000 004", -0.082, 34.776),
)
NAMES = [place[0] for place in PLACES]
COUNTIES = [place[1] for place in PLACES]


def cells(*columns: int) -> list[list[Any]]:
    return [[place[column] for column in columns] for place in PLACES]


def objects(**fields: int) -> list[dict[str, Any]]:
    return [{name: place[column] for name, column in fields.items()} for place in PLACES]


def nested(levels: tuple[str, ...]) -> dict[str, Any]:
    """Objects keyed by county, constituency and ward, each under the name of its level."""
    tree: dict[str, Any] = {}
    for place in PLACES:
        node = tree
        for level, key in zip(levels, place[1:4], strict=True):
            node = node.setdefault(level, {}).setdefault(key, {})
        node.setdefault("stations", []).append({"name": place[0], "tel": place[4]})
    return tree


JSON_SHAPES: dict[str, Any] = {
    "rows beside columns": {"rows": cells(0, 1, 4), "columns": ["Facility", "County", "Tel"]},
    "rows beside described columns": {"columns": [{"name": "facility_name", "type": "text"}, {"name": "county", "type": "text"}], "rows": cells(0, 1)},
    "columns described far away": {
        "meta": {"view": {"name": "x", "columns": [{"id": 1, "name": "Facility Name", "fieldName": "facility_name"}, {"id": 2, "name": "County", "fieldName": "county"}]}},
        "data": cells(0, 1),
    },
    "index, columns and data": {"columns": ["name", "county"], "index": [0, 1, 2, 3], "data": cells(0, 1)},
    "rows under a heading row": [["Facility Name", "County", "Ward"], *cells(0, 1, 3)],
    "rows under a title and a heading row": {"Sheet1": [["List of facilities", "", ""], ["Station", "County", "Contact"], *cells(0, 1, 4)]},
    "columns side by side": {"name": NAMES, "county": COUNTIES, "phone": [place[4] for place in PLACES]},
    "columns of a sheet": {"majorDimension": "COLUMNS", "values": [["Name", *NAMES], ["County", *COUNTIES], ["Phone", *[place[4] for place in PLACES]]]},
    "named values, one list to a record": [[{"key": "name", "value": p[0]}, {"key": "county", "value": p[1]}] for p in PLACES],
    "named values, one after the other": [{"key": key, "value": value} for p in PLACES for key, value in (("name", p[0]), ("county", p[1]))],
    "named values with whose they are": {"data": [{"facility_id": n, "attribute": key, "value": value} for n, p in enumerate(PLACES) for key, value in (("name", p[0]), ("county", p[1]))]},
    "columns of numbered cells": {"data": {"Facility Name": dict(zip("0123", NAMES, strict=True)), "County": dict(zip("0123", COUNTIES, strict=True))}},
    "bare names under counties": {"Kilifi": NAMES[:2], "Kwale": NAMES[2:3], "Kisumu": NAMES[3:]},
    "records under their names": {county: {p[0]: {"phone": p[4], "ward": p[3]} for p in PLACES if p[1] == county} for county in COUNTIES},
    "records under their keys": {"facilities": {f"HF{n:03}": record for n, record in enumerate(objects(name=0, county=1))}},
    "keyed three levels deep": {"country": "Kenya", "data": nested(("counties", "constituencies", "wards"))},
    "pages of an API": [{"count": 4, "next": None, "results": objects(name=0, county_name=1)[:2]}, {"count": 4, "results": objects(name=0, county_name=1)[2:]}],
    "features": {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "properties": record, "geometry": {"type": "Point", "coordinates": [place[6], place[5]]}}
            for record, place in zip(objects(FAC_NAME=0, COUNTY_NAM=1), PLACES, strict=True)
        ],
    },
    "features with described fields": {
        "fields": [{"name": "Facility_N", "type": "text", "alias": "Facility Name"}, {"name": "County", "type": "text", "alias": "County"}],
        "features": [{"attributes": {"FID": n, **record}, "geometry": {"x": 39.5, "y": -3.5}} for n, record in enumerate(objects(Facility_N=0, County=1))],
    },
    "a JSON:API with what is included": {
        "data": [{"type": "facility", "id": str(n), "attributes": record} for n, record in enumerate(objects(name=0, county=1))],
        "included": [{"type": "county", "id": "3", "attributes": {"name": "Kilifi"}}],
    },
    "a FHIR bundle": {
        "resourceType": "Bundle", "type": "searchset", "total": 4,
        "entry": [
            {"fullUrl": f"http://localhost/Location/{n}", "resource": {
                "resourceType": "Location", "id": f"l{n}", "status": "active", "name": p[0], "type": [{"coding": [{"code": "HOSP", "display": "Hospital"}]}],
                "telecom": [{"system": "phone", "value": p[4]}], "address": {"district": p[1], "city": p[2]}, "position": {"latitude": p[5], "longitude": p[6]},
            }}
            for n, p in enumerate(PLACES)
        ],
    },
    "HSDS": {
        "total_items": 4,
        "contents": [
            {"id": f"o{n}", "name": p[0], "services": [{"name": "Legal aid"}], "phones": [{"number": p[4]}],
             "locations": [{"latitude": p[5], "longitude": p[6], "addresses": [{"address_1": "Moi Road", "city": p[3], "region": p[1]}]}]}
            for n, p in enumerate(PLACES)
        ],
    },
    "Swahili": {"vituo": objects(jina_la_kituo=0, kaunti=1, kata=3, simu=4, latitudo=5, longitudo=6)},
    "units of DHIS2 with the units above them": {
        "organisationUnits": [
            {"id": f"u{n}", "name": p[0], "level": 5, "path": f"/k/c{n}/u{n}", "parent": {"id": f"w{n}", "name": f"{p[3]} Ward", "parent": {"id": f"c{n}", "name": p[1]}}}
            for n, p in enumerate(PLACES)
        ],
        "pager": {"page": 1},
    },
    "a choice of one in each record": {"records": [{"id": f"r{n}", "fields": {"Organization": p[0], "County": [p[1]], "Services": ["Legal aid", "Counselling"]}} for n, p in enumerate(PLACES)]},
    "offices under the name of their organisation": {"meta": {"title": "Members"}, "members": [
        {"org": {"legalName": p[0]}, "what_we_do": ["Legal aid", "Counselling"], "offices": [{"town": p[3], "county": p[1], "contacts": {"phones": [p[4]]}}]} for p in PLACES]},
    "named values side by side": [{"entity": "facility", "attributes": [{"key": "name", "value": p[0]}, {"key": "county", "value": p[1]}, {"key": "phone", "value": p[4]}]} for p in PLACES],
    "questions in the groups of a form": [{"_id": n, "grp_place/facility_name": p[0], "grp_place/county": p[1], "grp_place/gps": f"{p[5]} {p[6]} 1300 5"} for n, p in enumerate(PLACES)],
    "bare names three levels deep": {"Kilifi": {"Kilifi North": {"Sokoni": NAMES[:1]}, "Malindi": {"Malindi Town": NAMES[1:2]}}, "Kwale": {"Msambweni": {"Ukunda": NAMES[2:3]}}, "Kisumu": {"Kisumu Central": {"Kondele": NAMES[3:]}}},
    "bare names beside their county": [{"county": p[1], "stations": [p[0]]} for p in PLACES],
    "a list inside a text": {"d": json.dumps(objects(name=0, county=1))},
    "records inside texts": {"items": [{"id": n, "payload": json.dumps(record)} for n, record in enumerate(objects(name=0, county=1))]},
    "a whole file inside a text": json.dumps({"facilities": objects(name=0, county=1)}),
    "values with their types": {"results": {"bindings": [{k: {"type": "literal", "value": v} for k, v in record.items()} for record in objects(name=0, county=1)]}},
}  # fmt: skip

HEAD = "Facility Name,County,Phone\n"
ROWS = "".join(f"{place[0]},{place[1]},{place[4]}\n" for place in PLACES)
CSV_SHAPES: dict[str, str] = {
    "a preamble": f"MINISTRY OF HEALTH,,\nList of facilities 2024,,\n,,\n{HEAD}{ROWS}",
    "semicolons": f"{HEAD}{ROWS}".replace(",", ";"),
    "tabs": f"{HEAD}{ROWS}".replace(",", "\t"),
    "pipes": f"{HEAD}{ROWS}".replace(",", "|"),
    "a told separator": "sep=;\n" + f"{HEAD}{ROWS}".replace(",", ";"),
    "no header": ROWS,
    "the header again on every page": HEAD + ROWS.replace("Msambweni", f"\n{HEAD}Msambweni", 1),
    "a header of two rows": f"Facility,,Contacts\nName,County,Phone\n{ROWS}",
    "a header that goes on below": "Facility Name,County,Reach,\n,,Phone,Email\n" + "".join(f"{p[0]},{p[1]},{p[4]},a@example.org\n" for p in PLACES),
    "two tables one below the other": HEAD + "".join(f"{p[0]},{p[1]},{p[4]}\n" for p in PLACES[:2])
    + "\n\nStation,Sub County,County,OCS Contact\n" + "".join(f"{p[0]},{p[2]},{p[1]},{p[4]}\n" for p in PLACES[2:]),
    "a table of a kind below another": HEAD + "".join(f"{p[0]},{p[1]},{p[4]}\n" for p in PLACES[:2]) + "\nPolice Station,County,OCS Contact\n" + "".join(f"{p[0]},{p[1]},{p[4]}\n" for p in PLACES[2:]),
    "a table on its side": "\n".join(",".join([label, *(str(p[column]) for p in PLACES)]) for label, column in (("Facility Name", 0), ("County", 1), ("Ward", 3), ("Phone", 4))),
    "a table on its side with numbered columns": "\n".join(
        ",".join(cells) for cells in (["Field", "1", "2", "3", "4"], ["Facility Name", *NAMES], ["County", *COUNTIES], ["Ward", *(p[3] for p in PLACES)], ["Phone", *(p[4] for p in PLACES)])
    ),
    "rows of cells, one a line": "\n".join(map(json.dumps, [["Facility Name", "County", "Phone"], *cells(0, 1, 4)])),
    "tags below the header": HEAD + "#loc+name,#adm1+name,#contact+phone\n" + ROWS,
    "abbreviated headings": f"FAC_NM,CNTY,TEL_NO\n{ROWS}",
    "headings in two languages": f"Name / Jina,County / Kaunti,Phone – Simu\n{ROWS}",
    "headings with slips": f"Facilty Nmae,Coutny,Telphone No.\n{ROWS}",
    "headings of one letter": f"A,B,C\n{ROWS}",
    "questions for headings": f"1. What is the name of the facility?,2. In which county is it?,3. Phone number of the facility\n{ROWS}",
    "merged cells": "County,Sub County,Facility,Phone\n" + "".join(
        f"{'' if n and p[1] == PLACES[n - 1][1] else p[1]},{p[2]},{p[0]},{p[4]}\n" for n, p in enumerate(PLACES)
    ),
}  # fmt: skip


@pytest.fixture
def read(tmp_path: Path) -> Callable[[str], list[SourceRow]]:
    def read(content: str) -> list[SourceRow]:
        path = tmp_path / "list"
        path.write_text(content, encoding="utf-8")
        detection = detect(path, "list")
        rows = list(extract(SourceFile(name="list", sha256="", size_bytes=1, path=path), detection))
        assert all(isinstance(row, SourceRow) for row in rows)
        return rows  # type: ignore[return-value]

    return read


@pytest.mark.parametrize("shape", JSON_SHAPES)
def test_every_record_of_a_json_list_is_found_with_its_name(shape: str, read: Callable[[str], list[SourceRow]]) -> None:
    rows = read(json.dumps(JSON_SHAPES[shape]))
    assert sorted(row.values["name"] for row in rows) == sorted(NAMES)
    assert len({row.pointer for row in rows}) == len(rows)
    if shape != "HSDS":
        assert sorted(row.values["county"] for row in rows) == sorted(COUNTIES)


@pytest.mark.parametrize("shape", CSV_SHAPES)
def test_every_record_of_a_table_is_found_with_its_county(shape: str, read: Callable[[str], list[SourceRow]]) -> None:
    rows = read(CSV_SHAPES[shape])
    assert [row.values["name"] for row in rows] == NAMES
    assert [row.values["county"] for row in rows] == COUNTIES


def test_a_point_of_a_feature_is_a_fhir_bundles_position(read: Callable[[str], list[SourceRow]]) -> None:
    row = read(json.dumps(JSON_SHAPES["a FHIR bundle"]))[0]
    assert (row.values["latitude"], row.values["longitude"], row.values["facility_type"]) == (-3.63, 39.85, "Hospital")


def test_the_first_address_of_a_list_says_where_a_place_is(read: Callable[[str], list[SourceRow]]) -> None:
    row = read(json.dumps(JSON_SHAPES["HSDS"]))[0]
    assert (row.values["latitude"], row.values["address"], row.values["contact"]) == (-3.63, "Moi Road", [{"number": "+254 700 000 001"}])


def test_the_level_of_an_organisation_unit_is_no_level_of_care(read: Callable[[str], list[SourceRow]]) -> None:
    row = read(json.dumps(JSON_SHAPES["units of DHIS2 with the units above them"]))[0]
    assert (row.values["ward"], row.values.get("keph_level")) == ("Sokoni Ward", None)


@pytest.mark.parametrize("pointing", [lambda key: {"parent": {"id": key}}, lambda key: {"parentId": key}], ids=["parent.id", "parentId"])
def test_units_that_point_to_the_unit_above_are_placed_by_every_level(pointing: Callable[[str], dict[str, Any]], read: Callable[[str], list[SourceRow]]) -> None:
    units = [{"id": "k", "name": "Kenya", "level": 1}]
    units += [{"id": f"c{county}", "name": f"{county} County", "level": 2, **pointing("k")} for county in dict.fromkeys(COUNTIES)]
    units += [{"id": f"s{n}", "name": f"{p[2]} Sub County", "level": 3, **pointing(f"c{p[1]}")} for n, p in enumerate(PLACES)]
    units += [{"id": f"u{n}", "name": p[0], "level": 4, **pointing(f"s{n}")} for n, p in enumerate(PLACES)]
    rows = read(json.dumps({"organisationUnits": units}))
    assert [row.pointer for row in rows] == [f"/organisationUnits/{n}" for n in range(len(units))]
    assert [(row.values["name"], row.values["county"], row.values["constituency"]) for row in rows[-4:]] == [(p[0], f"{p[1]} County", f"{p[2]} Sub County") for p in PLACES]


def test_units_that_lie_in_each_other_do_not_go_round_for_ever(read: Callable[[str], list[SourceRow]]) -> None:
    units = [{"id": "a", "name": "Kilifi County Hospital", "parent": {"id": "b"}}, {"id": "b", "name": "Malindi Hospital", "parent": {"id": "a"}}]
    assert [row.values["name"] for row in read(json.dumps(units))] == ["Kilifi County Hospital", "Malindi Hospital"]


def test_the_name_of_the_list_is_not_the_name_of_its_places(read: Callable[[str], list[SourceRow]]) -> None:
    with pytest.raises(UnknownFormatError, match="the name of the place"):
        read(json.dumps({"title": "Legal aid in Kenya", "offices": [{"county": p[1], "phone": p[4]} for p in PLACES]}))


def test_bare_names_beside_objects_are_read(read: Callable[[str], list[SourceRow]]) -> None:
    station = {"station": "Diani Police Station", "tel": "0700 001 601"}
    tree = {"Kwale": {"police": [station], "hospitals": ["Msambweni Hospital - 0700 001 602", "Kinango Hospital"]}, "Lamu": {"police": [], "hospitals": ["", "Mpeketoni Hospital"]}}
    rows = read(json.dumps(tree))
    assert [(row.pointer, row.values["name"], row.values["county"], row.values["facility_type"], row.values.get("phone")) for row in rows] == [
        ("/Kwale/police/0", "Diani Police Station", "Kwale", "police", "0700 001 601"), ("/Kwale/hospitals/0", "Msambweni Hospital", "Kwale", "hospitals", "0700 001 602"),
        ("/Kwale/hospitals/1", "Kinango Hospital", "Kwale", "hospitals", None), ("/Lamu/hospitals/1", "Mpeketoni Hospital", "Lamu", "hospitals", None),
    ]


FORM = """start,Facility/name_of_facility,Facility/county,Contacts/in_charge_name,Contacts/in_charge_phone,Services/pep,Services/counselling? (Yes/No),ART/PMTCT,Q12_other
2024-01-02T10:00,Kajiado Hospital,Kajiado,J Mfano,0700001601,1,0,1,
2024-01-02T11:30,Ngong Hospital,Kajiado,A Mfano,0700001602,1,1,0,
2024-01-03T09:15,Isinya Hospital,Kajiado,,,0,1,0,shelter
"""


def test_the_questions_of_a_form_are_read_by_their_names(read: Callable[[str], list[SourceRow]]) -> None:
    rows = read(FORM)
    assert [row.values.get("services") for row in rows] == [["pep", "ART/PMTCT"], ["pep", "counselling"], ["counselling", "shelter"]]
    assert [(row.values.get("officer"), row.values.get("officer_contact")) for row in rows[:2]] == [("J Mfano", "0700001601"), ("A Mfano", "0700001602")]
    assert not {"phone", "contact", "facility_type"} & {name for row in rows for name in row.values}


WIDE = """COUNTY,HEALTH FACILITY,CONTACT,POLICE STATION,OCS TEL
KWALE,Msambweni Hospital,0700001601,Diani Police Station,0700001602
KILIFI,Kilifi County Hospital,0700001603,Kilifi,0700001604
LAMU,,,Lamu Police Station,0700001605
"""


def test_several_places_in_a_row_are_a_record_each_with_no_contact_of_another(read: Callable[[str], list[SourceRow]]) -> None:
    rows = read(WIDE)
    assert [(row.values["name"], row.values["county"], row.values.get("contact") or row.values.get("officer_contact")) for row in rows] == [
        ("Msambweni Hospital", "KWALE", "0700001601"), ("Diani Police Station", "KWALE", "0700001602"),
        ("Kilifi County Hospital", "KILIFI", "0700001603"), ("Kilifi", "KILIFI", "0700001604"), ("Lamu Police Station", "LAMU", "0700001605"),
    ]
    assert [row.pointer for row in rows][:3] == ["/rows/1/HEALTH FACILITY", "/rows/1/POLICE STATION", "/rows/2/HEALTH FACILITY"]
    assert [row.values.get("facility_type") for row in rows] == [None, "POLICE STATION", None, "POLICE STATION", "POLICE STATION"]


@pytest.mark.parametrize(("heading", "column"), [("Nearest Police Station", "Diani"), ("Police Station", "Y"), ("Police Station", "0700000111"), ("Police Station", "Diani")])
def test_a_column_that_says_something_of_a_place_is_no_second_place(heading: str, column: str, read: Callable[[str], list[SourceRow]]) -> None:
    rows = read(f"County,Health Facility,Phone,{heading}\nKwale,Msambweni Hospital,0700001601,{column}\nKwale,Kinango Hospital,0700001602,{column}\n")
    assert [row.values["name"] for row in rows] == ["Msambweni Hospital", "Kinango Hospital"]
    assert [row.pointer for row in rows] == ["/rows/1", "/rows/2"]


def test_the_heading_of_the_names_tells_their_kind(read: Callable[[str], list[SourceRow]]) -> None:
    rows = read("Safe Space Name,County,24hr Line\nTumaini,Nairobi,0700001401\nAmani,Mombasa,0700001402\n")
    assert [(row.values["name"], row.values["facility_type"]) for row in rows] == [("Tumaini", "Safe Space"), ("Amani", "Safe Space")]


def test_regions_as_keys_are_headings(read: Callable[[str], list[SourceRow]]) -> None:
    rows = read(json.dumps({"service": "NPS", "regions": {"Coast": {"Kwale": {"OCPD": "A. Person", "stations": [{"stn": "Diani", "tel": []}]}}, "Nyanza": {"Kisumu": {"stations": [{"stn": "Kondele", "tel": ["0700001303"]}]}}}}))
    assert [(row.values["name"], row.values["county"]) for row in rows] == [("Diani", "Kwale"), ("Kondele", "Kisumu")]


def test_bare_names_of_several_kinds_side_by_side_are_all_read(read: Callable[[str], list[SourceRow]]) -> None:
    counties = [{"county": "Kwale", "hospitals": ["Msambweni", "Kinango"], "police_stations": ["Diani"], "languages": ["Digo"]}, {"county": "Kilifi", "hospitals": [], "police_stations": ["Watamu"]}]
    found = [(row.values["name"], row.values["county"], row.values["facility_type"]) for row in read(json.dumps(counties))]
    assert found == [("Msambweni", "Kwale", "hospitals"), ("Kinango", "Kwale", "hospitals"), ("Diani", "Kwale", "police_stations"), ("Watamu", "Kilifi", "police_stations")]


def test_bare_names_under_objects_named_as_areas_are_placed(read: Callable[[str], list[SourceRow]]) -> None:
    wards = [{"name": "Tsimba Golini", "health_facilities": ["Golini Dispensary", "Kwale Hospital"], "police": ["Kwale Police Station"]}, {"name": "Waa", "health_facilities": ["Waa Dispensary"], "police": []}]
    rows = read(json.dumps({"county": "Kwale", "sub_counties": [{"name": "Matuga", "wards": wards}]}))
    assert [(row.values["name"], row.values["ward"]) for row in rows] == [
        ("Golini Dispensary", "Tsimba Golini"), ("Kwale Hospital", "Tsimba Golini"), ("Kwale Police Station", "Tsimba Golini"), ("Waa Dispensary", "Waa"),
    ]


def test_bare_names_are_placed_by_every_level_they_stand_under(read: Callable[[str], list[SourceRow]]) -> None:
    row = read(json.dumps(JSON_SHAPES["bare names three levels deep"]))[1]
    assert (row.values["county"], row.values["constituency"], row.values["ward"]) == ("Kilifi", "Malindi", "Malindi Town")


def test_the_mfl_code_is_found_among_the_identifiers_of_a_fhir_location(read: Callable[[str], list[SourceRow]]) -> None:
    identifiers = [{"system": "http://localhost/dhis2", "value": "12345"}, {"system": "http://localhost/mfl-code", "value": "11474"}, {"value": "FID-47-100000-5"}]
    bundle = {"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Location", "identifier": identifiers, "name": name}} for name in NAMES]}
    assert clean_codes(read(json.dumps(bundle))[0].values).codes == {"mfl_code": "11474", "fid_code": "FID-47-100000-5"}


def test_the_key_of_a_list_tells_the_kind_of_its_places(read: Callable[[str], list[SourceRow]]) -> None:
    lists = {"hospitals": objects(name=0, county=1), "police": [{"station": "Diani", "county": "Kwale"}], "shelters": [{"shelter_name": "Mwangaza", "county": "Lamu"}]}
    assert [row.values["facility_type"] for row in read(json.dumps(lists))] == ["hospitals"] * 4 + ["police", "shelters"]


def test_a_row_of_values_that_are_field_names_elsewhere_stays_a_row(read: Callable[[str], list[SourceRow]]) -> None:
    rows = read(HEAD.replace("Phone", "Place") + "Police Post,Kilifi,Town\n" + "Diani Hospital,Kwale,Market\n")
    assert len(rows) == 2


def test_a_county_flows_down_a_merged_column_and_ends_what_stood_beside_it(read: Callable[[str], list[SourceRow]]) -> None:
    rows = read("County,Constituency,Facility\nKilifi,Malindi,A Dispensary\n,,B Dispensary\nKwale,,C Dispensary\n,Msambweni,D Dispensary\n")
    assert [row.values.get("county") for row in rows] == ["Kilifi", "Kilifi", "Kwale", "Kwale"]
    assert [row.values.get("constituency") for row in rows] == ["Malindi", "Malindi", None, "Msambweni"]


def test_columns_too_large_to_be_read_whole_are_refused_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gvrc.sources.json_tables.LARGEST_COLUMNS_FILE", 10)
    path = tmp_path / "list.json"
    path.write_text(json.dumps(JSON_SHAPES["columns side by side"]))
    with pytest.raises(UnknownFormatError) as told:
        detect(path, "list.json")
    assert "JSON Lines" in told.value.hint


def test_rows_of_cells_as_spreadsheets_on_the_web_give_them_are_read(read: Callable[[str], list[SourceRow]]) -> None:
    heads = [{"id": "A", "label": "Name"}, {"id": "B", "label": "County"}, {"id": "C", "label": "Phone"}]
    table = {"status": "ok", "table": {"cols": heads, "rows": [{"c": [{"v": name}, {"v": county}, None]} for name, county in cells(0, 1)]}}
    rows = read(json.dumps(table))
    assert [(row.values["name"], row.values["county"]) for row in rows] == list(zip(NAMES, COUNTIES, strict=True))


def test_a_point_among_empty_cells_is_one(read: Callable[[str], list[SourceRow]]) -> None:
    rows = read(json.dumps([{"name": name, "Location 1": [None, str(latitude), str(longitude), None, False]} for name, latitude, longitude in cells(0, 5, 6)]))
    points = [clean_point(row.values).point for row in rows]
    assert [(point.latitude, point.longitude) for point in points if point] == [(place[5], place[6]) for place in PLACES]


def test_a_rating_is_no_county(read: Callable[[str], list[SourceRow]]) -> None:
    rows = read(json.dumps([{"name": name, "rating": 4.1, "formatted_address": f"Hospital Rd, {county}, Kenya"} for name, county in cells(0, 1)]))
    assert all("county" not in row.values for row in rows)
    assert [row.values["address"] for row in rows] == [f"Hospital Rd, {county}, Kenya" for county in COUNTIES]


@pytest.mark.parametrize("key", ["ancestors", "org path", "admin"])
@pytest.mark.parametrize("told", [
    lambda p: [{"displayName": "Kenya"}, {"displayName": f"{p[1]} County"}, {"displayName": p[2]}, {"displayName": p[3]}],
    lambda p: ["Kenya", p[1], p[2], p[3]],
    lambda p: f"Kenya / {p[1]} County / {p[2]} / {p[3]}",
])  # fmt: skip
def test_the_units_above_a_place_in_one_field_are_read_as_its_address(key: str, told: Callable[[Any], Any], read: Callable[[str], list[SourceRow]]) -> None:
    rows = read(json.dumps([{"name": place[0], "type": "Hospital", "phone": place[4], key: told(place)} for place in PLACES]))
    assert [read_address(load_gazetteer(), row.values["location"]).county.removesuffix(" County") for row in rows] == COUNTIES


@pytest.mark.parametrize("keys", [("A", "B", "C"), ("__EMPTY", "__EMPTY_1", "__EMPTY_2"), ("POLICE STATIONS 2024", "Unnamed: 1", "Unnamed: 2"), ("column1", "column2", "column3")])
def test_a_sheet_whose_heading_row_was_taken_as_a_record_is_read_by_it(keys: tuple[str, ...], read: Callable[[str], list[SourceRow]]) -> None:
    table = [("List of places", None, None), ("Facility Name", "County", "Phone"), *cells(0, 1, 4)]
    rows = read(json.dumps([{key: cell for key, cell in zip(keys, row, strict=True) if cell} for row in table]))
    assert [(row.values["name"], row.values["county"]) for row in rows] == list(zip(NAMES, COUNTIES, strict=True))


def test_several_counties_in_a_list_are_one_text_and_a_single_one_is_itself(read: Callable[[str], list[SourceRow]]) -> None:
    rows = read(json.dumps([{"Name": "Example CBO", "Counties": ["Kwale", "Kilifi"]}, {"Name": "Example Clinic", "Counties": ["Kwale"]}]))
    assert [row.values["county"] for row in rows] == ["Kwale, Kilifi", "Kwale"]


def test_the_type_of_a_group_tells_more_than_the_name_of_the_list(read: Callable[[str], list[SourceRow]]) -> None:
    groups = [{"type": "Police", "providers": [{"name": "Diani", "contact": "0700000001"}]}, {"type": "Shelter", "providers": [{"name": "Mwangaza", "contact": None}]}]
    rows = read(json.dumps([{"county": "Kwale", "service_providers": groups}]))
    assert [row.values["facility_type"] for row in rows] == ["Police", "Shelter"]


def test_a_column_called_by_a_kind_may_hold_the_names(read: Callable[[str], list[SourceRow]]) -> None:
    rows = read("Helpline,Number,Hours\nChildline Kenya,116,24/7\nNational GBV Hotline,1195,24/7\n")
    assert [(row.values["name"], row.values["hotline"]) for row in rows] == [("Childline Kenya", "116"), ("National GBV Hotline", "1195")]
    assert [row.values["hotline"] for row in read("Name,Helpline\nChildline Kenya,116\nPolice,999\n")] == ["116", "999"]


def test_lists_beside_each_other_are_read_with_their_county_though_some_say_little(read: Callable[[str], list[SourceRow]]) -> None:
    full = {"name": "Kwale Hospital", "type": "Public Hospital", "phone": "0700 000 001", "location": "Kwale Town", "services": ["PEP"], "hours": "24/7", "email": "a@example.org"}
    tree = {
        "helplines": {"gbv": {"name": "GBV line", "phone": "1195"}, "child": {"name": "Child line", "phone": "116"}},
        "Kwale": {"medical": [full], "legal": [{"name": "Legal aid Kwale", "phone": "0700 000 002"}]},
        "Kisumu": {"police": [{"name": "Kondele Gender Desk", "phone": "999", "location": "Kondele"}]},
        "organizations": {"one": full | {"name": "Amani Foundation"}, "two": full | {"name": "Tumaini Trust"}},
        "staff": [{"name": "A. Person", "phone": "0700 000 009"}],
        "laws": [{"name": "Sexual Offences Act", "purpose": "x"}],
    }
    rows = read(json.dumps(tree))
    assert [(row.values["name"], row.values.get("county")) for row in rows] == [
        ("GBV line", None), ("Child line", None), ("Kwale Hospital", "Kwale"), ("Legal aid Kwale", "Kwale"), ("Kondele Gender Desk", "Kisumu"), ("Amani Foundation", None), ("Tumaini Trust", None),
    ]


def test_what_is_left_out_of_a_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    path.write_text(json.dumps({"places": objects(name=0, county=1, phone=4), "rules": {"laws": [{"name": "Sexual Offences Act", "purpose": "x"}]}}))
    assert "/rules/laws/* (1)" in " ".join(detect(path, path.name).reasons)


def test_the_table_of_a_database_is_read_out_of_its_envelope(read: Callable[[str], list[SourceRow]]) -> None:
    dump = [{"type": "header", "comment": "Export"}, {"type": "database", "name": "db"}, {"type": "table", "name": "places", "database": "db", "data": objects(name=0, county=1)}]
    assert [row.values["name"] for row in read(json.dumps(dump))] == NAMES


def test_the_key_of_another_system_is_no_telephone_number(read: Callable[[str], list[SourceRow]]) -> None:
    rows = read(json.dumps([record | {"osm_id": 254700000100 + number, "way_id": 700000100 + number} for number, record in enumerate(objects(name=0, county=1))]))
    assert not any("phone" in row.values for row in rows)


def test_names_as_shapefiles_cut_them_and_a_column_of_zeros(read: Callable[[str], list[SourceRow]]) -> None:
    rows = read(json.dumps([{"Facility_N": p[0], "Facility_T": "Health Centre", "Constituen": p[2], "Latitude": 0, "Lat": p[5], "Long": p[6]} for p in PLACES]))
    assert [(row.values["facility_type"], row.values["constituency"], row.values["latitude"]) for row in rows] == [("Health Centre", p[2], p[5]) for p in PLACES]


def test_a_day_on_which_an_office_is_closed_is_no_status(read: Callable[[str], list[SourceRow]]) -> None:
    rows = read(json.dumps([record | {"hours": {"monday": "8 - 5", "sunday": "Closed"}} for record in objects(name=0, county=1)]))
    assert not any("operational_status" in row.values for row in rows)


def test_a_field_that_tells_the_kind_may_hold_some_that_are_unknown(read: Callable[[str], list[SourceRow]]) -> None:
    rows = read(json.dumps([record | {"helper_type": kind} for record, kind in zip(objects(name=0, phone=4), ("safe_house", "police_station", "shop", "clinic"), strict=True)]))
    assert [row.values["facility_type"] for row in rows] == ["safe_house", "police_station", "shop", "clinic"]


def test_what_is_said_of_every_record_is_no_kind_status_or_place(read: Callable[[str], list[SourceRow]]) -> None:
    rows = read(json.dumps({"entry": [{"resource": {"resourceType": "Organization", "token": "Active", "patients": "12,441", "name": p[0]}} for p in PLACES]}))
    assert [set(row.values) for row in rows] == [{"name"}] * 4


def test_numbers_to_call_are_found_though_most_are_short_and_their_name_is_unknown(read: Callable[[str], list[SourceRow]]) -> None:
    rows = read(json.dumps([{"name": "Police", "num": "999 / 112"}, {"name": "Child line", "num": "116"}, {"name": "Legal aid line", "num": "0800 720 111"}]))
    assert [row.values["phone"] for row in rows] == ["999 / 112", "116", "0800 720 111"]


def test_keys_in_camel_case_and_fields_in_english_are_read_as_words(read: Callable[[str], list[SourceRow]]) -> None:
    rows = read(json.dumps({"policeStations": [{"nameEn": p[0], "nameSw": "Kituo", "descriptionEn": "Open to all", "county": p[1]} for p in PLACES], "safeHouses": [{"nameEn": "Amani", "county": "Kwale"}]}))
    assert [(row.values["name"], row.values["facility_type"]) for row in rows] == [*((name, "police Stations") for name in NAMES), ("Amani", "safe Houses")]
    assert rows[0].values["description"] == "Open to all"


def test_metres_of_a_map_are_no_degrees_and_an_agency_may_be_the_owner(read: Callable[[str], list[SourceRow]]) -> None:
    rows = read("Facility Name,Agency,Latitude,Longitude,x,y\n" + "".join(f"{p[0]},MOH,{p[5]},{p[6]},4541304.4,-229080.5\n" for p in PLACES))
    assert [(row.values["owner"], row.values["latitude"]) for row in rows] == [("MOH", str(p[5])) for p in PLACES]


def test_the_address_of_a_contact_says_where_a_fhir_organization_is(read: Callable[[str], list[SourceRow]]) -> None:
    resources = [{"resourceType": "Organization", "name": p[0], "contact": [{"address": {"district": p[2], "state": p[1]}}]} for p in PLACES]
    assert [row.values["county"] for row in read(json.dumps({"resourceType": "Bundle", "entry": [{"resource": told} for told in resources]}))] == COUNTIES


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_delimited_table_inside_a_text_is_read(delimiter: str, read: Callable[[str], list[SourceRow]]) -> None:
    table = "\n".join(delimiter.join((p[0], p[1], f'"{p[4]}"')) for p in PLACES)
    rows = read(json.dumps({"files": [{"file": "a.csv", "csv": f"Facility{delimiter}County{delimiter}Phone\r\n{table}"}]}))
    assert [(row.values["name"], row.values["county"], row.values["phone"]) for row in rows] == [(p[0], p[1], p[4]) for p in PLACES]


DOCUMENTS = {
    "a list": ('{{"stations": [\n{}\n]}}', {}), "a list that begins on the line of its key": ('{{"data": {{"stations": [{}\n]}}}}', {}),
    "features": ('{{\n"type": "FeatureCollection",\n"crs": {{ "type": "name", "properties": {{ "name": "CRS84" }} }},\n"features": [\n{}\n]\n}}\n', {"type": "Feature", "geometry": None}),
}


@pytest.mark.parametrize("form", DOCUMENTS)
def test_a_document_with_a_record_on_each_line_is_no_list_of_lines(form: str, read: Callable[[str], list[SourceRow]]) -> None:
    document, beside = DOCUMENTS[form]
    told = [json.dumps({**beside, "properties": said} if beside else said) for said in objects(name=0, county=1, phone=4)]
    assert [(row.values["name"], row.values["county"]) for row in read(document.format(",\n".join(told)))] == [(p[0], p[1]) for p in PLACES]


def test_a_list_that_was_exported_twice_may_be_written_on_many_lines(read: Callable[[str], list[SourceRow]]) -> None:
    assert [row.values["name"] for row in read(json.dumps(json.dumps(objects(name=0, county=1), indent=1)))] == NAMES


@pytest.mark.parametrize("first", [0, 1])
def test_running_numbers_as_keys_and_hours_are_no_counties(first: int, read: Callable[[str], list[SourceRow]]) -> None:
    numbered = {str(number): {"station": p[0], "tel": p[4], "hrs": "8-5"} for number, p in enumerate(PLACES, first)}
    assert [(row.values["name"], "county" in row.values) for row in read(json.dumps(numbered))] == [(name, False) for name in NAMES]


def test_codes_of_counties_as_keys_of_lists_are_counties(read: Callable[[str], list[SourceRow]]) -> None:
    lists = {code: [{"station": name, "tel": "0700000001"} for name in names] for code, names in (("047", ("Central", "Kasarani")), ("002", ("Diani", "Tiwi")))}
    assert [row.values["county"] for row in read(json.dumps(lists))] == ["047", "047", "002", "002"]


def test_a_single_object_beside_bare_names_is_told_when_it_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    path.write_text(json.dumps([{"county": "Garissa", "police_stations": ["Garissa", "Dadaab", "Bura", "Hulugho"], "hospitals": [{"name": "Garissa CRH", "contact": "0700000001"}]}, {"county": "Wajir", "police_stations": ["Wajir"], "hospitals": []}]))
    assert any("/*/hospitals/* (1)" in reason for reason in detect(path, "list.json").reasons)


def test_the_branches_of_a_tree_tell_each_level_by_their_values(read: Callable[[str], list[SourceRow]]) -> None:
    tree = {"label": "Kenya", "children": [{"label": p[1], "children": [{"label": p[2], "children": [{"label": p[0], "phone": p[4]}]}]} for p in PLACES]}
    assert [(row.values["name"], row.values["county"], row.values["constituency"]) for row in read(json.dumps(tree))] == [(p[0], p[1], p[2]) for p in PLACES]


def test_a_ward_that_nobody_knows_stands_among_the_others(read: Callable[[str], list[SourceRow]]) -> None:
    wards = {"Kwale": {"Matuga": {"Tiwi": [{"name": "Tiwi Dispensary", "phone": "0700000001"}], "Waa": [{"name": "Waa Dispensary", "phone": "0700000002"}]}, "Kinango": {"Taruu": [{"name": "Taru Dispensary", "phone": "0700000003"}]}}}
    assert [(row.values["name"], row.values["ward"]) for row in read(json.dumps(wards))] == [("Tiwi Dispensary", "Tiwi"), ("Waa Dispensary", "Waa"), ("Taru Dispensary", "Taruu")]


def test_rows_of_cells_without_a_heading_are_read_when_they_tell_of_places(read: Callable[[str], list[SourceRow]]) -> None:
    rows = read(json.dumps({"draw": 1, "data": [[number, p[0], p[1], p[4]] for number, p in enumerate(PLACES)]}))
    assert [(row.values["name"], row.values["county"], row.values["phone"]) for row in rows] == [(p[0], p[1], p[4]) for p in PLACES]


TYPED: dict[str, Callable[[tuple[Any, ...]], Any]] = {
    "a query service": lambda p: {"itemLabel": {"type": "literal", "value": p[0]}, "countyLabel": {"type": "literal", "value": p[1]}},
    "a feed": lambda p: {"name": {"#text": p[0]}, "county": {"#text": p[1]}, "mfl_code": {"#text": "12345"}},
    "a table store": lambda p: {"name": {"S": p[0]}, "county": {"S": p[1]}, "mfl_code": {"N": "12345"}},
    "a document store": lambda p: {"_id": {"$oid": "64" + "0" * 22}, "name": p[0], "county": p[1]},
    "a page": lambda p: {"slug": "x", "status": "publish", "title": {"rendered": p[0]}, "acf": {"county": p[1]}, "modified": {"_seconds": 1700000000}},
}


@pytest.mark.parametrize("form", TYPED)
def test_values_that_stand_beside_their_type_are_read(form: str, read: Callable[[str], list[SourceRow]]) -> None:
    rows = read(json.dumps({"results": {"bindings": [TYPED[form](p) for p in PLACES]}}))
    assert [(row.values["name"], row.values["county"]) for row in rows] == [(p[0], p[1]) for p in PLACES]
    assert not {"phone", "operational_status"} & set(rows[0].values)


@given(name=st.from_regex(r"[A-Z][a-z]{2,9}( [A-Z][a-z]{2,9}){0,3}", fullmatch=True), number=st.sampled_from(["0700 000 001", "+254 700 000001", "0700000001/0700 000 002", "1195", "020-2000001"]), dash=st.sampled_from(["-", " – ", ": ", " - "]))
def test_a_text_with_a_number_is_taken_apart_and_no_digit_gets_lost(name: str, number: str, dash: str) -> None:
    assert called(f"{number}{dash}{name}") in ({"name": name, "phone": number}, {"name": name, "hotline": number})
    assert called(f"{name}{dash}{number}") == (None if number == "1195" else {"name": name, "phone": number})


@given(text=st.text(alphabet="0123456789 -/:()Aa.+\n", max_size=60))
def test_any_text_is_taken_apart_or_left_whole(text: str) -> None:
    told = called(text)
    assert told is None or sorted(filter(str.isalnum, "".join(told.values()))) == sorted(filter(str.isalnum, text))


def test_a_list_that_a_web_page_calls_is_not_damaged(tmp_path: Path) -> None:
    path = tmp_path / "list.js"
    path.write_text(f"show({json.dumps(objects(name=0, county=1))});")
    assert not any("damaged" in reason for reason in detect(path, "list.js").reasons)
