"""A list is recognised by its content, and its fields by their names and values."""

import json
from pathlib import Path
from typing import Any

import pytest

from gvrc.errors import UnknownFormatError
from gvrc.model.record import CANONICAL_FIELDS
from gvrc.model.source import Detection, Mapping, SourceKind
from gvrc.settings import DATA_DIR
from gvrc.sources.detect import detect
from gvrc.sources.known import known_sources
from gvrc.sources.mapping import field_values, likeness, mapping_from_json, mapping_to_json, propose_fields
from gvrc.sources.records import peek


@pytest.fixture
def recognise(tmp_path: Path) -> Any:
    def recognise(content: Any, name: str = "Some new list (2026).json", **more: Any) -> Detection:
        path = tmp_path / "content"
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return detect(path, name, **more)

    return recognise


def places(count: int = 3, **more: Any) -> list[dict[str, Any]]:
    return [{"name": f"Majengo {number} Dispensary", "phone": f"0700 000 00{number}", **more} for number in range(count)]


SHAPES = {
    "regional": {"regions": [{"region": "Coast", "counties": [{"county": "Kwale", "facilities": places(2, type="Dispensary")}]}]},
    "other_services": [{"facility_name": "A", "contact": "0700 000 001", "service_type": "Hospital", "county": "Kwale"}],
    "kps_stations": {"police_stations": {"Kwale": [{"station_name": "A", "location": "Diani", "contacts": [{"type": "phone", "value": "0700 000 001"}]}]}},
    "category_a": {"category": "A", "data": [{"organization_name": "A", "services": ["PEP"], "location": "Kwale"}]},
    "category_b": {"category": "B", "data": [{"organization_name": "A", "services": ["PEP"], "location": "Kwale"}]},
    "equity_afya": {"network": "Equity Afya", "facilities": [{"facility_name": "A", "location": {"county": "Kwale"}, "services": []}]},
    "gbv_support_organizations": {"organizations": []},
}


@pytest.mark.parametrize("source", SHAPES)
def test_a_known_shape_is_recognised_by_its_content_whatever_its_name(source: str, recognise: Any) -> None:
    detection = recognise(SHAPES[source], "download(3).txt")
    assert (detection.source, detection.is_known) == (source, True)
    assert detection.confidence >= 0.9
    assert detection.reasons


@pytest.mark.parametrize("path", sorted((DATA_DIR / "sources").glob("*.json")), ids=lambda path: path.stem)
def test_the_sample_lists_are_recognised_and_no_field_of_a_place_is_lost(path: Path) -> None:
    detection = detect(path, "x")
    assert detection.source == path.stem.lower()
    assert {told.path for told in detection.unmapped} <= {"^network", "head_office"}
    assert peek(path, detection).is_exact


def test_known_sources_map_to_canonical_fields_only() -> None:
    assert len(known_sources()) >= 6
    for known in known_sources():
        assert {canonical for _, canonical in known.fields} <= set(CANONICAL_FIELDS)
        assert set(known.constants) <= set(CANONICAL_FIELDS)


def test_a_strange_field_of_a_known_source_is_named_and_proposed(recognise: Any) -> None:
    detection = recognise([{**SHAPES["other_services"][0], "Barua Pepe": "a@example.org", "colour": "blue"}])
    assert detection.mapping.fields["Barua Pepe"] == "email"
    assert [told.path for told in detection.unmapped] == ["colour"]
    assert any("colour" in reason for reason in detection.reasons)


def test_an_unknown_list_is_named_after_its_file_unless_a_source_is_given(recognise: Any) -> None:
    assert recognise({"places": places()}).source == "some_new_list_2026"
    assert recognise({"places": places()}, source="kwale").mapping.source == "kwale"
    assert recognise(SHAPES["regional"], source="kwale").mapping.fields["^county"] == "county"


@pytest.mark.parametrize(
    ("tree", "record_paths"),
    [
        (places(), (("*",),)),
        ({"data": {"items": places(), "total": 3}}, (("data", "items", "*"),)),
        ({"counties": [{"name": "Kwale", "code": 2, "posts": places()}, {"name": "Lamu", "code": 5, "posts": places()}]}, (("counties", "*", "posts", "*"),)),
        ({"Kwale": places(), "Lamu": places()}, (("*", "*"),)),
        ({"lists": {"Kwale": places()}}, (("lists", "*", "*"),)),
        ({"kenyanCounties": [{"name": "Kwale", "phone": "1"}, {"name": "Lamu", "phone": "2"}], "placesOfHelp": places()}, (("placesOfHelp", "*"),)),
        ({"Kwale": {"Matuga": places()}, "Kisumu": {"Nyando": places(), "Seme": places()}}, (("*", "*", "*"),)),
        ({"Baringo": [], "Bomet": [], "Busia": [], "Embu": [], "Garissa": [], "Kwale": places()}, (("*", "*"),)),
        ({"a1": places(1)[0], "a2": places(1)[0]}, (("*",),)),
        ({"type": "FeatureCollection", "features": [{"type": "Feature", "properties": places(1)[0]}]}, (("features", "*"),)),
        ({"updated": "2026-01-01", "shelters": places(), "hotlines": [{"name": "H", "number": "1195"}]}, (("hotlines", "*"), ("shelters", "*"))),
        ({"shelters": places(), "posts": [{"station_name": "H", "ocs_mobile": "0700 000 001", "county": "Kwale"}]}, (("posts", "*"), ("shelters", "*"))),
        ([{**places(1)[0], "county": "Kwale", "contacts": [{"name": "P", "phone": "0700 000 009"}]}], (("*",),)),
        ({**places(1)[0], "county": "Kwale"}, ((),)),
    ],
)
def test_records_are_found_anywhere_in_the_tree(tree: Any, record_paths: Any, recognise: Any) -> None:
    assert tuple(sorted(recognise(tree).mapping.record_paths)) == record_paths


@pytest.mark.parametrize(
    ("field", "values", "canonical"),
    [
        ("Facility Name", ["Diani Dispensary", "Hola Clinic"], "name"),
        ("jina_la_kituo", ["Kituo A", "Kituo B"], "name"),
        ("facilityTypeName", ["Dispensary", "Hospital"], "facility_type"),
        ("Sub-County", ["Msambweni", "Matuga"], "sub_county"),
        ("WARD", ["Ukunda", "Township"], "ward"),
        ("Kaunti", ["Kwale", "Lamu"], "county"),
        ("OCS", ["0700 000 001", "0700 000 002"], "officer_contact"),
        ("OCS", ["J. Mfano", "A. Mfano"], "officer"),
        ("Tel. No.", ["0700 000 001", "0700 000 002"], "phone"),
        ("Telephone", ["0700 000 001, a@example.org", "b@example.org"], "contact"),
        ("code", [10234, 10236], "mfl_code"),
        ("code", ["HF-001", "HF-002"], "facility_code"),
        ("code", ["x1", "x2"], "source_id"),
        ("id", [7, 7], None),
        ("S/NO", [1, 2], None),
        ("county", ["9f3b1a2c-4774-457b-a17a-d63c90b57832", "9f3b1a2c-4774-457b-a17a-d63c90b57833"], None),
        ("lat_long", [[-4.12, 39.12], [-2.27, 40.9]], "coordinates"),
        ("lat", [34.56, 39.12], "latitude"),
        ("location", ["-4.1234, 39.1234", "-2.2700, 40.9000"], "coordinates"),
        ("service_type", ["Hospital", "Clinic"], "facility_type"),
        ("service_type", ["PEP", "Legal aid"], "services"),
        ("category", ["Dispensary", "Hospital"], "facility_type"),
        ("category", ["A", "B"], "category"),
        ("bank_account", ["1", "2"], None),
        ("zz", ["a@example.org", "b@example.org"], "email"),
        ("zz", ["Kwale", "Murang'a"], "county"),
        ("zz", ["0700 000 001/0700000002", "+254 700 000 003"], "phone"),
        ("zz", [39.1234, 34.4321], "longitude"),
        ("zz", ["blue", "green"], None),
        ("ward,C,80", ["Ukunda", "Township"], "ward"),
        ("facilities", [["ICU", "Maternity", "Parking"], ["Surgery"]], "services"),
        ("facilities", [["Parking", "Kitchen"], ["Wi-Fi"]], None),
        ("isVerified", [True, False], None),
        ("emergencyServices", [True, False], "services"),
        ("type", ["Private", "Public"], "owner"),
        ("type", ["Level 4", "Level 3"], "keph_level"),
        ("contact address", ["Hospital Road, Kisii", "Upper Hill"], "address"),
        ("contact address", ["Hospital Road, 0700 000 001", "0700 000 002"], "contact"),
        ("cty", ["Nairobi", "Nairobi City County", "Kisumu", "National"], "county"), ("cty", ["Nairobi", "National", "National", "National"], None),
    ],
)
def test_a_field_is_recognised_by_its_name_and_its_values(field: str, values: list[Any], canonical: str | None, recognise: Any) -> None:
    rows = [{"name": f"Place {number}", "district": "Old", field: value} for number, value in enumerate(values)]
    told = {sample.path.replace("\\", ""): sample for sample in recognise(rows).fields}[field]
    assert told.canonical == canonical
    assert told.reason
    assert told.samples


def test_lists_and_objects_are_shown_by_what_they_hold(recognise: Any) -> None:
    rows = [{"name": "A", "county": "Kwale", "services": ["PEP", "Counselling"], "place": {"ward": "Tiwi", "open": True}, "more": None}, {"name": "B", "county": "Lamu", "services": ["PEP"]}]
    shown = {sample.path: sample.samples for sample in recognise(rows).fields}
    assert shown["services"] == ("PEP, Counselling", "PEP")
    assert shown["place.open"] == ("true",)


def test_the_first_of_two_names_is_the_better_one(recognise: Any) -> None:
    mapping = recognise([{"owner_type_name": "NGO", "owner_name": "CHAK", "name": "A", "county": "Kwale"}]).mapping
    assert [path for path, canonical in mapping.fields.items() if canonical == "owner"] == ["owner_name", "owner_type_name"]


def test_an_office_is_a_name_where_there_is_none(recognise: Any) -> None:
    assert recognise([{"OFFICE": "Ahero", "COUNTY": "Kisumu"}, {"OFFICE": "Akala", "COUNTY": "Siaya"}]).mapping.fields == {"OFFICE": "name", "COUNTY": "county"}
    assert recognise([{"name": "Ahero", "office": "0700 000 001"}, {"name": "Akala", "office": "0700 000 002"}]).mapping.fields["office"] == "phone"


def test_texts_that_name_a_place_and_its_number_are_places(recognise: Any) -> None:
    lines = ["1195-National GBV hotline", "1517 – Toll-free number", "0800720309 – Danish Refugee Council", "Tiwi Dispensary: 0700 000 001", "0770000236 / 0777000009- HIAS"]
    for tree, path in ((lines, ("*",)), ({"title": "Lines", "helplines": lines}, ("helplines", "*")), ({"Kwale": lines, "Lamu": lines}, ("*", "*"))):
        mapping = recognise(tree).mapping
        assert (mapping.record_paths, mapping.fields["phone"]) == ((path,), "phone")
    assert recognise({"name": "Diani Police Station", "county": "Kwale", "phones": [f"0700 00000{number} - desk" for number in range(4)]}).mapping.record_paths == ((),)
    many = [{"name": place["name"], "county": "Kwale", "lines": lines} for place in places()]
    assert recognise(many).mapping.record_paths == (("*",),)


def test_a_bare_list_of_names_is_one_of_places_when_they_read_so(recognise: Any) -> None:
    assert recognise(["Diani Police Station", "Tiwi Dispensary", "Kwale Hospital"]).mapping.fields == {"name": "name"}
    with pytest.raises(UnknownFormatError):
        recognise(["blue", "green", "Kwale Hospital"])


def test_the_key_of_a_list_may_name_county_and_kind(recognise: Any) -> None:
    for key in ("NAIROBI_POLICE_STATIONS", "policeStationsInNairobi", "nairobi county police stations"):
        assert recognise({key: places(), "lines": [{"a": 1}]}).mapping.fields | {"^key county": "county", "^list": "facility_type"} == recognise({key: places(), "lines": [{"a": 1}]}).mapping.fields


def test_a_programme_is_a_service_only_when_it_says_one(recognise: Any) -> None:
    assert "program" not in recognise([{**place, "program": name} for place, name in zip(places(), ("ENTRENCH", "CONNECT", "A"), strict=True)]).mapping.fields
    assert recognise([{**place, "program": name} for place, name in zip(places(), ("PMTCT", "ART", "A"), strict=True)]).mapping.fields["program"] == "services"


def test_the_names_of_doctors_are_none_of_places(recognise: Any) -> None:
    rows = [{"name": "Dr. A. Mfano", "hospital": "Coptic Hospital", "county": "Nairobi"}, {"name": "B. Mfano", "hospital": "Avenue Hospital", "county": "Kisumu"}]
    assert recognise(rows).mapping.fields == {"hospital": "name", "county": "county"}
    assert recognise([{**row, "name": f"{row['hospital']} Annex"} for row in rows]).mapping.fields["name"] == "name"
    assert recognise([{**row, "hospital": town} for row, town in zip(rows, ("Diani", "Hola"), strict=True)]).mapping.fields["name"] == "name"


def test_what_reaches_the_persons_of_a_list_is_theirs(recognise: Any) -> None:
    rows = [{"name": "Dr. A. Mfano", "hospital": "Coptic Hospital", "phone": "0700 000 001", "hospital phone": "0700 000 002"}, {"name": "B. Mfano", "hospital": "Avenue Hospital", "phone": "0700 000 003"}]
    assert recognise(rows).mapping.fields == {"hospital": "name", "phone": "officer_contact", "hospital phone": "phone"}


def test_beside_where_a_place_lies_the_head_office_and_what_is_served_are_not_where_it_lies() -> None:
    def mapped(**columns: list[str]) -> dict[str, str]:
        return propose_fields(field_values(name, values) for name, values in columns.items())[0]

    where = ["Sokoni, Kilifi North, Kilifi County", "Migosi, Kisumu Central, Kisumu County"]
    assert mapped(name=["Haki Clinic", "Tumaini Centre"], location=where, head_office=["Mombasa", "Nairobi"]) == {"name": "name", "location": "location"}
    assert mapped(name=["Haki Clinic", "Tumaini Centre"], county=["Kilifi", "Kisumu"], counties_served=["Mombasa", "Siaya"]) == {"name": "name", "county": "county"}
    alone = mapped(name=["Haki Clinic", "Tumaini Centre"], head_office=where)
    assert set(alone) == {"name", "head_office"}


@pytest.mark.parametrize(
    ("column", "canonical"),
    [
        ("OCS MOBILE", "officer_contact"), ("ocs_tel_no", "officer_contact"), ("Contact Person's Phone", "officer_contact"), ("Name of Contact Person", "officer"),
        ("Mobile Number of the Officer in Charge", "officer_contact"), ("Matron email", "officer_contact"), ("Focal person", "officer_contact"), ("Contact phone", "phone"),
        ("Office phone", "phone"), ("Phone number", "phone"), ("Contact", "contact"), ("In-charge tel", "officer_contact"),
    ],
)  # fmt: skip
def test_the_number_of_an_officer_is_not_that_of_the_place(recognise: Any, column: str, canonical: str) -> None:
    told = ("Jane Mfano", "John Mfano") if canonical == "officer" else ("jane@example.org", "john@example.org") if "email" in column else ("0700 000 001", "0700 000 002")
    rows = [{**place, column: text} for place, text in zip(places(2), told, strict=True)]
    assert recognise(rows).mapping.fields[column] == canonical


def test_lists_on_one_object_are_read_whatever_their_fields_are_called(recognise: Any) -> None:
    legal = {"org": "Mfano Legal Aid", "contacts": {"tel": "0700 000 001", "focal": {"name": "J. Mfano", "mobile": "0700 000 002"}}}
    medical = {"facility": "Mfano Hospital", "county": "Kisumu", "ward": "Kondele", "sub-county": "Kisumu Central", "services": "PEP, ART"}
    shelter, member = {"shelter": "Mfano House", "hotline": "1195"}, {"name": "A. Mfano", "phone": "0700 000 003"}
    found = recognise({"meta": {"title": "x"}, "providers": {"legal": [legal], "shelters": [shelter], "medical": [medical], "team": [member], "offers": [{"phone": "0700 000 004"}]}})
    assert [path[1] for path in found.mapping.record_paths] == ["legal", "shelters", "medical"]
    assert found.mapping.fields["contacts.focal.mobile"] == "officer_contact"
    assert "/providers/team/* (1), /providers/offers/* (1)" in found.reasons[-1]


def test_a_single_place_beside_a_list_is_told(recognise: Any) -> None:
    tree = {"KECIRT": {"name": "KE-CIRT", "phones": ["0700 000 001"]}, "app": {"name": "Finder", "version": 1}, "stations": places()}
    told = " ".join(recognise(tree).reasons)
    assert "/KECIRT" in told
    assert "/app" not in told


def test_articles_beside_lists_are_no_places(recognise: Any) -> None:
    tree = {"professional": places(), "hotlines": places(2), "articles": [{"name": "Understanding depression", "url": "https://example.org/a"}]}
    assert ("articles", "*") not in recognise(tree).mapping.record_paths


def test_columns_of_ticks_headed_by_services_are_services(recognise: Any) -> None:
    detection = recognise("Facility Name,County,ART,PMTCT,Painted\nA,Kwale,Y,,Y\nB,Lamu,N,,N\n")
    assert (detection.kind, detection.mapping.dialect) == (SourceKind.CSV, ",")
    assert detection.mapping.fields == {"Facility Name": "name", "County": "county", "ART": "services", "PMTCT": "services"}


def test_a_field_without_a_known_name_that_reads_like_names_is_the_name(recognise: Any) -> None:
    rows = [{"aa": f"Majengo {number} Police Station", "bb": "Kwale", "cc": "0700 000 001"} for number in range(5)]
    assert recognise(rows).mapping.fields == {"aa": "name", "bb": "county", "cc": "phone"}


def test_json_lines_are_recognised_in_any_file(recognise: Any) -> None:
    detection = recognise("\n".join(map(json.dumps, places())), "export.csv")
    assert (detection.kind, detection.mapping.dialect, detection.source) == (SourceKind.JSON, "jsonl", "export")


def taught(detection: Detection, *, unused: tuple[str, ...] = (), **fields: str) -> Mapping:
    data = mapping_to_json(detection.mapping)
    return mapping_from_json({**data, "source": "kwale_stations", "fields": list(fields.items()), "unused": list(unused)})


def test_a_remembered_mapping_is_used_for_the_next_list_of_the_same_shape(recognise: Any) -> None:
    first = recognise({"places": [{"a": "X", "b": "Kwale", "c": 1}]})
    remembered = taught(first, a="name", b="town", unused=("c",))
    again = recognise({"places": [{"a": "Y", "b": "Lamu", "c": 5}, {"a": "Z", "b": "Meru", "c": 9}]}, "other.json", remembered=[remembered])
    assert (again.source, again.is_known, again.confidence) == ("kwale_stations", True, 1.0)
    assert again.mapping.fields == {"a": "name", "b": "town"}
    other = recognise({"places": [{"d": "Y", "e": "Lamu", "f": 5}]}, "other.json", remembered=[remembered])
    assert (other.source, other.is_known) == ("other", False)


def test_a_remembered_mapping_bears_one_new_field(recognise: Any) -> None:
    first = recognise([{"a": "X", "b": "Kwale", "c": 1, "d": 2}])
    again = recognise([{"a": "Y", "b": "Lamu", "c": 5, "d": 3, "email": "y@example.org"}], remembered=[taught(first, a="name", b="county")])
    assert again.source == "kwale_stations"
    assert 0.7 < again.confidence < 1
    assert again.mapping.fields["email"] == "email"


BRANCH = {"place": "Diani", "phone": "0700000002", "email": "a@example.org", "hours": "8-5", "contact person": "A Name", "ward": "Tiwi"}


def test_what_a_person_chose_outlives_a_reading_that_divides_the_rows(recognise: Any) -> None:
    """Rows were read whole when the mapping was kept; now each branch is a record, with fields that nobody chose for."""
    rows = [{"aa": "Haki Centre", "bb": "Kwale", "phone": "0700000001", "branches": [BRANCH, BRANCH]}, {"aa": "Amani Trust", "bb": "Lamu", "phone": "0700000004", "branches": [BRANCH]}]
    before = Mapping(source="kept", record_paths=(("*",),), fields={"aa": "name", "bb": "town", "branches": "contact"}, unused=("phone",), signature="json|*|aa,bb,branches,phone")
    again = recognise(rows, remembered=[before])
    assert (again.source, len(again.mapping.places)) == ("kept", 2)
    assert {path: again.mapping.fields.get(path) for path in ("aa", "bb", "phone", "email")} == {"aa": "name", "bb": "town", "phone": None, "email": "email"}


def test_what_a_person_chose_outlives_a_table_of_areas_that_is_followed(recognise: Any) -> None:
    counties = [{"id": 1, "name": "Kwale"}, {"id": 2, "name": "Lamu"}]
    stations = [{"id": 7, "name": "Tiwi Police Station", "county_id": 1, "phone": "0700000001"}, {"id": 8, "name": "Mpeketoni Police Station", "county_id": 2, "phone": "0700000002"}]
    before = Mapping(source="kept", record_paths=(("counties", "*"), ("stations", "*")), fields={"name": "name", "phone": "officer_contact"}, signature="json|counties/*;stations/*|^list,county_id,id,name,phone")
    again = recognise({"counties": counties, "stations": stations}, remembered=[before])
    assert again.source == "kept"
    assert again.mapping.fields["phone"] == "officer_contact"
    assert again.mapping.fields["above.county"] == "county"


def test_a_mapping_survives_as_plain_data(recognise: Any) -> None:
    for shape in SHAPES.values():
        mapping = recognise(shape).mapping
        back = mapping_from_json(json.loads(json.dumps(mapping_to_json(mapping))))
        assert back == mapping
        assert list(back.fields) == list(mapping.fields)


def test_shapes_are_alike_by_their_fields_and_only_in_the_same_place() -> None:
    assert likeness("json|a/*|x,y", "json|a/*|y,x") == 1
    assert likeness("json|a/*|x,y", "json|b/*|x,y") == 0
    assert likeness("json|a/*|w,x,y", "json|a/*|x,y,z") == 0.5
    assert 0.9 < likeness("referenced|a/*|x,y", "json|a/*;b/*|x,y") < 1
    assert likeness("json|a/*;c/*|x,y", "json|a/*;b/*|x,y") == 0
    assert likeness("csv|a/*|x,y", "json|a/*|x,y") == 0


def test_a_large_file_is_recognised_from_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "large.json"
    record = json.dumps({"name": "Majengo Dispensary", "county": "Kwale", "notes": "x" * 900})
    with path.open("w") as stream:
        stream.write('{"facilities": [' + ", ".join([record] * 10_000) + "]}")
    detection = detect(path, path.name)
    assert detection.mapping.record_paths == (("facilities", "*"),)
    counted = peek(path, detection)
    assert not counted.is_exact
    assert 9_000 < counted.count < 11_000


def test_bare_names_beside_objects_are_counted_in_a_large_file_too(tmp_path: Path) -> None:
    path = tmp_path / "large.json"
    hospital = {"name": "Majengo Hospital", "phone": "0700 000 001", "notes": "x" * 900}
    path.write_text(json.dumps({"police_posts": ["Kituo Police Post"] * 20_000, "hospitals": [hospital] * 9_000}))
    assert peek(path, detect(path, path.name)).count == 29_000


def test_a_list_without_records_is_a_result(recognise: Any) -> None:
    for tree in ([], {"data": {"places": []}}, {"organizations": []}):
        assert any("no record" in reason for reason in recognise(tree).reasons)
    with pytest.raises(UnknownFormatError):
        recognise({})


def test_a_long_preface_does_not_hide_the_records(recognise: Any) -> None:
    assert recognise({"logo": "x" * 9_000_000, "places": places(county="Kwale")}).mapping.record_paths == (("places", "*"),)


def test_an_object_of_very_many_fields_is_looked_at_in_bounded_time(recognise: Any) -> None:
    detection = recognise([{**places(1)[0], **{f"field {number}": number for number in range(20_000)}}])
    assert detection.mapping.fields["name"] == "name"
    assert len(detection.fields) <= 400


def test_a_list_of_stations_by_headings_and_sub_counties_is_known_as_well_as_one_by_counties(tmp_path: Path) -> None:
    path = tmp_path / "stations.csv"
    path.write_text("Station,Sub County,Tel\nKWALE COUNTY,,\nDiani Police Station,Msambweni,0700000001\nKinango Police Station,Kinango,0700000002\n", encoding="utf-8")
    assert detect(path, "stations.csv").confidence >= 0.85
