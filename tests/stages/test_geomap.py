"""Records into their places."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gvrc.model.issue import Issue
from gvrc.model.place import Place, Point, Ward
from gvrc.model.record import Contact, ContactType, FieldChange, Record
from gvrc.reference.gazetteer import load_gazetteer
from gvrc.reference.gazetteer_tables import County
from gvrc.stages.geomap import geomap

GAZETTEER = load_gazetteer()


def record(name: str = "Example Dispensary", key: str = "r1", point: Point | None = None, **stated: str) -> Record:
    return Record(record_key=key, source="list", pointer="/1", name=name, stated=stated, point=point)


def mapped(one: Record) -> tuple[Place, dict[str, Issue]]:
    result = geomap([one], GAZETTEER)
    assert all(issue.record_key == one.record_key for issue in result.issues)
    return result.records[0].place, {issue.code: issue for issue in result.issues}


def named(place: Place) -> tuple[str | None, str | None, str | None]:
    return place.county, place.constituency, place.ward


def suggested(issues: dict[str, Issue], code: str) -> dict[str, object]:
    suggestion = issues[code].suggestion
    assert suggestion is not None
    assert 0 < suggestion.confidence <= 1
    assert suggestion.reason
    return suggestion.values


def place_codes(issues: dict[str, Issue]) -> set[str]:
    return {code for code in issues if code.startswith("place.")}


# ---------------------------------------------------------------------- agreement and filling


def test_a_place_stated_officially_is_exact_and_raises_nothing() -> None:
    place, issues = mapped(record(county="Kiambu", constituency="Thika Town", ward="Township"))
    assert named(place) == ("Kiambu", "Thika Town", "Township")
    assert (place.method, place.confidence) == ("exact", 1.0)
    assert place_codes(issues) == set()


def test_spellings_are_mended_as_recorded_changes() -> None:
    result = geomap([record(county="MURANGA", constituency="Maragua", ward="Kimorori/Wempaa")], GAZETTEER)
    assert named(result.records[0].place) == ("Murang'a", "Maragwa", "Kimorori/Wempa")
    assert {(change.field_name, change.before, change.after) for change in result.records[0].changes} == {
        ("county", "MURANGA", "Murang'a"), ("constituency", "Maragua", "Maragwa"), ("ward", "Kimorori/Wempaa", "Kimorori/Wempa"),
    }  # fmt: skip


def test_the_constituency_follows_from_a_ward_that_is_unique_in_its_county() -> None:
    place, issues = mapped(record(county="Kwale", ward="Mackinnon Road"))
    assert named(place) == ("Kwale", "Kinango", "Mackinnon-Road")
    assert place_codes(issues) == set()


def test_the_county_follows_from_a_constituency() -> None:
    place, issues = mapped(record(constituency="Msambweni", ward="Ukunda"))
    assert named(place) == ("Kwale", "Msambweni", "Ukunda")
    assert place_codes(issues) == set()


def test_the_county_follows_from_an_old_district() -> None:
    place, issues = mapped(record(district="Rachuonyo"))
    assert named(place) == ("Homa Bay", None, None)
    assert "place.county_missing" not in issues


def test_an_old_constituency_is_resolved_by_its_ward() -> None:
    place, issues = mapped(record(county="Bungoma", constituency="WEBUYE", ward="Misikhu"))
    assert named(place) == ("Bungoma", "Webuye West", "Misikhu")
    assert place_codes(issues) == set()


def test_an_old_constituency_without_a_ward_keeps_its_successors_as_alternatives() -> None:
    place, issues = mapped(record(county="Bungoma", constituency="WEBUYE"))
    assert named(place) == ("Bungoma", None, None)
    assert {GAZETTEER.constituency(code).constituency for code in place.alternatives} == {"Webuye East", "Webuye West"}
    assert "place.constituency_ambiguous" in issues


@pytest.mark.parametrize(("county", "constituency", "texts", "suggested"), [
    ("Bungoma", "WEBUYE", {"location": "Misikhu"}, ("Webuye West", 0.85)), ("Nairobi", "KASARANI", {"location": "Githurai", "town": "Githurai"}, ("Roysambu", 0.95)),
    ("Nairobi", "KASARANI", {"location": "Githurai, Mwiki"}, None), ("Nairobi", "KASARANI", {"location": "Mwiki"}, None), ("Nairobi", "ROYSAMBU", {"location": "Mwiki"}, None),
])  # fmt: skip
def test_of_a_divided_constituency_the_part_is_suggested_that_all_else_names(county: str, constituency: str, texts: dict[str, str], suggested: tuple[str, float] | None) -> None:
    place, issues = mapped(record(county=county, constituency=constituency, **texts))
    assert place.constituency in (None, constituency.title())
    found = issues.get("place.constituency_ambiguous")
    assert (found and found.suggestion and (found.suggestion.values["constituency"], found.suggestion.confidence)) == suggested


@pytest.mark.parametrize(("address", "reason", "confidence"), [
    ("P.O. Box 123, Kerugoya", "The post box in Kerugoya lies in Kirinyaga.", 0.6), ("Behind the market, Kerugoya town", "The town Kerugoya lies in Kirinyaga.", 1.0),
])  # fmt: skip
def test_the_town_of_an_address_hints_at_a_county_and_settles_none(address: str, reason: str, confidence: float) -> None:
    place, issues = mapped(replace(record(), address=address))
    assert place.county_code is None
    suggestion = issues["place.county_missing"].suggestion
    assert suggestion is not None
    assert (suggestion.shown, suggestion.reason, suggestion.confidence) == ("Kirinyaga", reason, confidence)
    assert "place.county_doubtful" not in mapped(replace(record(county="Kwale"), address=address))[1]


def test_the_post_box_among_contacts_hints_where_nothing_else_does() -> None:
    box = Contact(contact_type=ContactType.POSTAL, value="P.O. Box 123 Kerugoya")
    assert suggested(mapped(replace(record(), contacts=(box,)))[1], "place.county_missing") == {"county": "Kirinyaga"}


def test_a_description_hints_at_a_county_where_nothing_else_does() -> None:
    place, issues = mapped(replace(record(), description="Free care, Juja Road, Mathare, Nairobi"))
    suggestion = issues["place.county_missing"].suggestion
    assert place.county is None
    assert suggestion
    assert (suggestion.shown, suggestion.reason) == ("Nairobi", "“Mathare” in its description and “Nairobi” in its description lie in Nairobi.")
    assert "place.county_doubtful" not in mapped(replace(record(county="Kwale"), description="Free care in Nairobi"))[1]


def test_a_place_written_as_an_address_is_read() -> None:
    place, issues = mapped(record(location="Kondele, Kisumu Central, Kisumu County"))
    assert named(place) == ("Kisumu", "Kisumu Central", "Kondele")
    assert place_codes(issues) == set()


# ---------------------------------------------------------------------- never a guess


def test_an_ambiguous_ward_without_its_parent_is_an_issue_with_alternatives() -> None:
    place, issues = mapped(record(county="Nairobi", ward="Kayole"))
    assert named(place) == ("Nairobi", None, None)
    assert {GAZETTEER.ward(code).ward for code in place.alternatives} == {"Kayole North", "Kayole Central", "Kayole South"}
    assert "Kayole North (Embakasi Central)" in issues["place.ward_ambiguous"].detail["options"]


def test_an_ambiguous_ward_without_a_county_sets_nothing() -> None:
    place, issues = mapped(record(ward="Township"))
    assert named(place) == (None, None, None)
    assert "place.county_missing" in issues


def test_two_wards_of_one_name_in_a_county_are_resolved_by_the_constituency_only() -> None:
    place, issues = mapped(record(county="Machakos", constituency="Kangundo", ward="Kangundo"))
    assert place.ward is None
    assert "place.ward_ambiguous" in issues
    place, _ = mapped(record(county="Machakos", constituency="Kangundo", ward="Kangundo West"))
    assert place.ward == "Kangundo West"


def test_the_point_suggests_which_of_several_wards_is_meant() -> None:
    ward = next(ward for ward in GAZETTEER.wards if ward.ward == "Kangundo West")
    assert ward.latitude is not None
    assert ward.longitude is not None
    place, issues = mapped(record(county="Machakos", constituency="Kangundo", ward="Kangundo", point=Point(latitude=ward.latitude, longitude=ward.longitude)))
    assert place.ward is None
    assert suggested(issues, "place.ward_ambiguous") == {"constituency": "Kangundo", "ward": "Kangundo West"}


def test_an_unknown_ward_is_left_out_and_the_nearest_spelling_suggested() -> None:
    place, issues = mapped(record(county="Turkana", constituency="Turkana West", ward="Lokichugyu"))
    assert place.ward is None
    assert suggested(issues, "place.ward_unknown") == {"constituency": "Turkana West", "ward": "Lokichoggio"}


def test_an_unknown_county_with_nothing_else_asks_without_inventing_one() -> None:
    place, issues = mapped(record(county="Springfield"))
    assert named(place) == (None, None, None)
    assert issues["place.county_unknown"].suggestion is None


def test_a_town_in_the_county_column_suggests_or_tells_its_county() -> None:
    place, issues = mapped(record(county="Kitale"))
    assert place.county == "Trans Nzoia"
    assert issues["place.county_replaced"].detail["best"] == "Trans Nzoia"


def test_a_province_leaves_its_counties_open_until_something_else_tells() -> None:
    place, issues = mapped(record(county="Coast"))
    assert place.county is None
    assert "place.county_ambiguous" in issues
    assert mapped(record(county="Coast", constituency="Ganze"))[0].county == "Kilifi"


@pytest.mark.parametrize("text", ["Turkana, West Pokot", "Turkana; West Pokot", "Turkana and West Pokot"])
def test_a_unit_does_not_reach_over_a_comma(text: str) -> None:
    """“Turkana West” is a constituency; two counties are written here."""
    _, issues = mapped(record(county=text))
    assert "place.county_ambiguous" in issues


def test_an_address_places_what_nothing_else_places_and_is_not_told() -> None:
    place, issues = mapped(replace(record(), address="Hospital Road 17, Malindi, Kilifi County"))
    assert place.county == "Kilifi"
    assert "17" not in json.dumps([asdict(issue) for issue in issues.values()], default=str)
    assert mapped(replace(record(), address="P.O. Box 123-80100 Mombasa"))[0].county is None
    assert mapped(replace(record(county="Kwale"), address="Town Hall, Nairobi, Kenya"))[0].county == "Kwale"


def test_several_counties_are_ambiguous_not_the_first_one() -> None:
    place, issues = mapped(record(county="Nairobi and Kiambu"))
    assert place.county is None
    assert issues["place.county_ambiguous"].suggestion is None


def test_a_point_alone_suggests_the_county_and_does_not_set_it() -> None:
    place, issues = mapped(record(point=Point(latitude=-4.0435, longitude=39.6682)))
    assert place.county is None
    assert suggested(issues, "place.county_missing") == {"county": "Mombasa"}


def test_a_name_alone_suggests_the_county_and_does_not_set_it() -> None:
    place, issues = mapped(record("Msambweni Police Station"))
    assert place.county is None
    assert suggested(issues, "place.county_missing") == {"county": "Kwale"}


# ---------------------------------------------------------------------- contradictions


def test_a_county_contradicted_by_constituency_and_ward_is_suggested_with_its_reasons() -> None:
    place, issues = mapped(record(county="Kwale", constituency="Webuye West", ward="Matulo"))
    assert named(place) == ("Bungoma", "Webuye West", "Matulo")
    assert issues["place.county_contradicted"].value == "Kwale"
    assert suggested(issues, "place.county_contradicted") == {"county": "Bungoma"}
    suggestion = issues["place.county_contradicted"].suggestion
    assert suggestion is not None
    assert "Webuye West" in suggestion.reason


def test_one_weak_hint_against_the_stated_county_is_a_remark_and_not_a_question() -> None:
    place, issues = mapped(record("Kisumu Dental Clinic", county="Mombasa"))
    assert place.county == "Mombasa"
    assert "place.county_contradicted" not in issues
    assert suggested(issues, "place.county_doubtful") == {"county": "Kisumu"}


def test_a_name_that_fits_the_stated_county_is_not_held_against_it() -> None:
    _, issues = mapped(record("Samburu Police Station", county="Kwale"))
    assert not {"place.county_doubtful", "place.county_contradicted"} & set(issues)


STATIONS = (
    ("Msambweni Police Station", "Kwale"), ("Kapsabet Police Station", "Nandi"), ("Webuye Police Station", "Bungoma"),
    ("Lodwar Police Station", "Turkana"), ("Wundanyi Police Station", "Taita-Taveta"), ("Mwingi Police Station", "Kitui"),
    ("Kehancha Police Station", "Migori"), ("Garsen Police Station", "Tana River"), ("Ogembo Police Station", "Kisii"),
)  # fmt: skip


def test_a_heading_that_stuck_over_a_whole_list_is_seen_from_the_names_alone() -> None:
    records = [record(name, key=str(index), county="Mandera") for index, (name, _) in enumerate(STATIONS)]
    issues = {issue.record_key: issue for issue in geomap(records, GAZETTEER).issues if issue.code == "place.county_contradicted"}
    for index, (_, county) in enumerate(STATIONS):
        suggestion = issues[str(index)].suggestion
        assert suggestion is not None
        assert suggestion.values == {"county": county}


def test_a_heading_that_stuck_is_seen_from_the_section() -> None:
    place, issues = mapped(record("Central Police Station", county="Mandera", section="3. NYERI COUNTY"))
    assert place.county == "Nyeri"
    assert suggested(issues, "place.county_contradicted") == {"county": "Nyeri"}


def test_a_province_as_heading_speaks_for_each_of_its_counties() -> None:
    assert "place.county_doubtful" not in mapped(record("FIDA", county="Kiambu", section="Central"))[1]


def test_a_ward_of_another_constituency_of_the_county_decides_and_the_constituency_is_suggested() -> None:
    place, issues = mapped(record(county="Nairobi", constituency="Dagoretti South", ward="Kabiro"))
    assert named(place) == ("Nairobi", "Dagoretti North", "Kabiro")
    assert suggested(issues, "place.constituency_contradicted") == {"constituency": "Dagoretti North"}


# ---------------------------------------------------------------------- points


MACHAKOS = {"county": "Machakos", "constituency": "Mavoko", "ward": "Kinanie"}


def test_a_point_far_from_the_stated_place_is_asked_about() -> None:
    place, issues = mapped(record(point=Point(latitude=-4.05, longitude=39.66), **MACHAKOS))
    assert place.county == "Machakos"
    assert issues["point.far_from_county"].detail["nearest_county"] == "Mombasa"
    assert suggested(issues, "point.far_from_county")["accuracy_level"] == "ward_centre"


def test_a_lost_minus_sign_is_suggested_when_it_brings_the_point_home() -> None:
    _, issues = mapped(record(county="Kwale", constituency="Msambweni", ward="Ukunda", point=Point(latitude=4.28, longitude=39.56)))
    assert suggested(issues, "point.far_from_county") == {"latitude": -4.28, "longitude": 39.56}


def test_a_point_near_its_ward_raises_nothing() -> None:
    ward = next(ward for ward in GAZETTEER.wards if ward.ward == "Kinanie")
    assert ward.latitude is not None
    assert ward.longitude is not None
    _, issues = mapped(record(point=Point(latitude=ward.latitude + 0.01, longitude=ward.longitude + 0.01), **MACHAKOS))
    assert issues == {}


def test_a_point_on_a_unit_s_own_centre_is_told() -> None:
    county = GAZETTEER.counties[0]
    _, issues = mapped(record(county=county.county, point=Point(latitude=county.latitude, longitude=county.longitude)))
    assert "point.on_centroid" in issues


def test_a_record_without_a_point_says_so_once() -> None:
    _, issues = mapped(record(**MACHAKOS))
    assert set(issues) == {"point.missing"}


# ---------------------------------------------------------------------- what is left alone


def test_a_place_set_by_a_steward_is_left_alone() -> None:
    chosen = Place(county_code="KE001", county="Mombasa", confidence=1.0, method="steward")
    place, issues = mapped(replace(record(county="Kwale", constituency="Webuye West"), place=chosen))
    assert place == chosen
    assert place_codes(issues) == set()


def answered(one: Record, *fields: str) -> Record:
    return one.changed(*(FieldChange(field_name=name, before=None, after=one.stated[name], stage="transform", rule="steward") for name in fields))


def test_a_county_that_a_steward_answered_is_not_questioned_again() -> None:
    one = answered(record(county="Kwale", constituency="Webuye West", ward="Matulo"), "county")
    place, issues = mapped(one)
    assert place.county == "Kwale"
    assert not {"place.county_contradicted", "place.county_doubtful"} & set(issues)


def test_a_constituency_that_a_steward_answered_outweighs_the_ward() -> None:
    one = answered(record(county="Nairobi", constituency="Dagoretti South", ward="Kabiro"), "constituency")
    place, issues = mapped(one)
    assert named(place) == ("Nairobi", "Dagoretti South", None)
    assert place_codes(issues) == {"place.ward_not_in_county"}


def test_a_point_that_a_steward_gave_is_not_questioned() -> None:
    _, issues = mapped(record(point=Point(latitude=-4.05, longitude=39.66, accuracy_level="steward"), **MACHAKOS))
    assert "point.far_from_county" not in issues


def test_a_hotline_needs_no_county() -> None:
    _, issues = mapped(replace(record("Child Helpline"), facility_type="hotline"))
    assert set(issues) == {"place.nationwide"}


def test_a_nationwide_organisation_needs_no_county() -> None:
    place, issues = mapped(record("Example Network", county="Countrywide"))
    assert place.county is None
    assert place_codes(issues) == {"place.nationwide"}
    for heading, is_nationwide in (("national_organizations", True), ("National Hotlines", True), ("National Park", False), ("professional", False)):
        assert ("place.nationwide" in place_codes(mapped(record("Example Network", section=heading))[1])) is is_nationwide


def test_no_records_give_no_records() -> None:
    assert geomap([], GAZETTEER).records == []


# ---------------------------------------------------------------------- properties


@given(st.sampled_from(GAZETTEER.wards))
@settings(max_examples=150, deadline=None)
def test_every_official_ward_maps_to_itself(ward: Ward) -> None:
    place, issues = mapped(record("Example Clinic", county=ward.county, constituency=ward.constituency, ward=ward.ward))
    assert place.ward_code == ward.ward_code
    assert place_codes(issues) == set()


@given(st.sampled_from(GAZETTEER.wards), st.sampled_from(GAZETTEER.counties))
@settings(max_examples=150, deadline=None)
def test_a_wrong_county_beside_a_right_constituency_and_ward_is_always_mended(ward: Ward, county: County) -> None:
    place, issues = mapped(record("Example Clinic", county=county.county, constituency=ward.constituency, ward=ward.ward))
    if county.county_code != ward.county_code:
        assert suggested(issues, "place.county_contradicted") == {"county": ward.county}
    assert place.county == ward.county


STATED = st.dictionaries(
    st.sampled_from(["county", "constituency", "ward", "sub_county", "district", "section", "town", "location"]),
    st.sampled_from(["Kwale", "Township", "Webuye", "Nairobi", "Bahati", "Thika", "1. KITUI", "Ukunda, Kwale", "{value}", "Coast", "Kisumu Central"]) | st.text(max_size=20),
)


@given(STATED, st.text(max_size=30))
@settings(max_examples=200, deadline=None)
def test_whatever_is_stated_every_unit_is_official_and_lies_in_its_parent(stated: dict[str, str], name: str) -> None:
    place, _ = mapped(record(name, **stated))
    if place.ward_code:
        assert GAZETTEER.ward(place.ward_code).constituency_code == place.constituency_code
        assert GAZETTEER.ward(place.ward_code).ward == place.ward
    if place.constituency_code:
        assert GAZETTEER.constituency(place.constituency_code).county_code == place.county_code
        assert GAZETTEER.constituency(place.constituency_code).constituency == place.constituency
    if place.county_code:
        assert GAZETTEER.county(place.county_code).county == place.county
    assert (place.county is None) == (place.county_code is None)


@given(st.lists(STATED, max_size=6))
@settings(max_examples=50, deadline=None)
def test_a_chunk_mapped_twice_gives_the_same(chunk: list[dict[str, str]]) -> None:
    records = [record("Example Clinic", key=str(index), **stated) for index, stated in enumerate(chunk)]
    assert geomap(records, GAZETTEER) == geomap(records, GAZETTEER)


@pytest.mark.parametrize("length", [10_000, 1_000_000])
def test_very_long_texts_do_no_harm(length: int) -> None:
    place, _ = mapped(record("a " * (length // 2), county="Kwale", location="x," * (length // 2)))
    assert place.county == "Kwale"


def test_a_foundation_is_called_after_a_person_who_may_be_called_as_a_village_is() -> None:
    assert mapped(record("Lodwar Wanjiru Foundation"))[1]["place.county_missing"].suggestion is None
    assert mapped(record("Lodwar Paralegals"))[1]["place.county_missing"].suggestion is not None
    assert mapped(record("Kwale Girls Foundation"))[1]["place.county_missing"].suggestion is not None


# ---------------------------------------------------------------------- a heading that was carried too far


@pytest.mark.parametrize(
    ("stated", "county"),
    [
        ({"sub_county": "Malindi"}, "Kilifi"), ({"sub_county": "MOMBASA"}, "Mombasa"), ({"constituency": "Dagoretti North"}, "Nairobi"),
        ({"ward": "Malindi Town"}, "Kilifi"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("above", ["county", "section"])
def test_a_county_that_a_stated_unit_speaks_against_is_asked_about(above: str, stated: dict[str, str], county: str) -> None:
    place, issues = mapped(record("Example Police Station", **{above: "KWALE COUNTY"}, **stated))
    assert suggested(issues, "place.county_contradicted") == {"county": county}
    assert issues["place.county_contradicted"].value == "KWALE COUNTY"
    assert place.county in ("Kwale", county)


def test_a_heading_that_names_one_county_is_weighed_as_its_column_would_be() -> None:
    names = ("Malindi", "Kilimani", "Mombasa Central", "Kisumu Central", "Diani")
    records = [record(f"{name} Police Station", f"r{number}", section="KWALE COUNTY") for number, name in enumerate(names)]
    result = geomap(records, GAZETTEER)
    asked = {issue.record_key: issue.suggestion.values["county"] for issue in result.issues if issue.code == "place.county_contradicted" and issue.suggestion}
    assert asked == {"r0": "Kilifi", "r1": "Nairobi", "r2": "Mombasa", "r3": "Kisumu"}


@pytest.mark.parametrize("section", ["COAST REGION", "Kwale and Kilifi", "POLICE STATIONS", "1. MATUGA SUB COUNTY"])
def test_another_heading_is_no_county(section: str) -> None:
    _, issues = mapped(record("Example Police Station", section=section, constituency="Dagoretti North"))
    assert "place.county_contradicted" not in issues


@pytest.mark.parametrize("more", [{"town": "Thika"}, {"sub_county": "Thika West"}, {"location": "Kenyatta Road, Thika"}, {"section": "THIKA SUB COUNTY"}, {"name": "Thika Dispensary"}])
def test_of_several_wards_of_one_name_the_one_that_the_rest_points_to_is_suggested(more: dict[str, str]) -> None:
    place, issues = mapped(record(**{"county": "Kiambu", "ward": "Township", **more}))
    assert place.ward is None
    assert suggested(issues, "place.ward_ambiguous") == {"constituency": "Thika Town", "ward": "Township"}


@pytest.mark.parametrize("more", [{}, {"section": "KIAMBU COUNTY"}, {"town": "Town Centre"}, {"location": "Thika Road, Kiambu"}, {"name": "Kiambu Dispensary"}])
def test_nothing_is_suggested_where_nothing_points_to_one_of_them(more: dict[str, str]) -> None:
    _, issues = mapped(record(**{"county": "Kiambu", "ward": "Township", **more}))
    assert issues["place.ward_ambiguous"].suggestion is None
