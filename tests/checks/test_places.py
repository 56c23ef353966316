"""The catalogue of place issues and the rules over a whole run."""

from __future__ import annotations

import string
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gvrc.checks.places import PLACE_ISSUES, shared_points
from gvrc.cleaning.coordinates import clean_point
from gvrc.model.issue import Issue
from gvrc.model.place import Point
from gvrc.model.record import Record
from gvrc.reference.gazetteer import load_gazetteer
from gvrc.stages.geomap import geomap

BY_CODE = {issue_type.code: issue_type for issue_type in PLACE_ISSUES}
GAZETTEER = load_gazetteer()


def every_issue() -> list[Issue]:
    """One record for each kind of trouble."""
    far = Point(latitude=-4.05, longitude=39.66)
    near_edge = Point(latitude=2.6, longitude=36.9)
    centre = GAZETTEER.counties[0]
    stated: list[tuple[str, Point | None, dict[str, str]]] = [
        ("Clinic", None, {}),
        ("Clinic", None, {"county": "Countrywide"}),
        ("Clinic", None, {"county": "Springfield"}),
        ("Clinic", None, {"county": "Kitale"}),
        ("Clinic", None, {"county": "Coast"}),
        ("Clinic", None, {"county": "Kwale", "constituency": "Webuye West", "ward": "Matulo"}),
        ("Kisumu Dental Clinic", None, {"county": "Mombasa"}),
        ("Clinic", None, {"county": "Kwale", "constituency": "Springfield"}),
        ("Clinic", None, {"county": "Bungoma", "constituency": "Webuye"}),
        ("Clinic", None, {"county": "Nairobi", "constituency": "Webuye West", "ward": "Kilimani", "sub_county": "Dagoretti North", "section": "NAIROBI"}),
        ("Clinic", None, {"county": "Nairobi", "constituency": "Dagoretti South", "ward": "Kabiro"}),
        ("Clinic", None, {"county": "Kwale", "ward": "Xyzzy"}),
        ("Clinic", None, {"county": "Kwale", "constituency": "Msambweni", "ward": "Kondele"}),
        ("Clinic", None, {"county": "Machakos", "constituency": "Kangundo", "ward": "Kangundo"}),
        ("Clinic", far, {"county": "Machakos", "constituency": "Mavoko", "ward": "Kinanie"}),
        ("Clinic", Point(latitude=centre.latitude, longitude=centre.longitude), {"county": centre.county}),
        ("Clinic", near_edge, {"county": "Marsabit", "constituency": "Moyale", "ward": "Golbo"}),
    ]
    records = [Record(record_key=str(index), source=str(index), pointer="/1", name=name, point=point, stated=texts) for index, (name, point, texts) in enumerate(stated)]
    found = list(geomap(records, GAZETTEER).issues)
    for values in ({"coordinates": "behind the market"}, {"latitude": 0, "longitude": 0}, {"latitude": 51.5, "longitude": 0.1}, {"latitude": 36.8, "longitude": -1.3}, {"coordinates": "37M 562000 9530500"}, {"latitude": 9989000, "longitude": 695000}):
        found += clean_point(values).issues
    return [*found, *shared_points(["a", "b", "c"], [-1.0, -1.0, -1.0], [36.0, 36.0, 36.0])]


def test_codes_are_unique_and_dotted() -> None:
    assert len(BY_CODE) == len(PLACE_ISSUES)
    assert all(code.split(".")[0] in ("place", "point") for code in BY_CODE)


def test_every_kind_of_trouble_is_found_and_every_sentence_can_be_written() -> None:
    issues = every_issue()
    assert {issue.code for issue in issues} == set(BY_CODE)
    for issue in issues:
        sentence = BY_CODE[issue.code].template.format(value=issue.value, **issue.detail)
        assert "None" not in sentence, sentence
        assert "{" not in sentence


def test_templates_name_only_the_value_and_the_detail() -> None:
    issues = {issue.code: issue for issue in every_issue()}
    for code, issue_type in BY_CODE.items():
        fields = {name for _, name, _, _ in string.Formatter().parse(issue_type.template) if name}
        assert fields <= {"value", *issues[code].detail}, code


def test_absence_is_never_a_question() -> None:
    assert not any(issue_type.asks for code, issue_type in BY_CODE.items() if code.endswith("_missing") or code == "point.missing")
    assert {code for code, issue_type in BY_CODE.items() if issue_type.asks} == {
        "place.county_unknown", "place.county_contradicted", "place.ward_ambiguous", "point.far_from_county",
    }  # fmt: skip


def test_three_places_at_one_point_are_told_and_two_are_not() -> None:
    nan = float("nan")
    keys = ["a", "b", "c", "d", "e", "f"]
    issues = list(shared_points(keys, [-1.0, -1.0, -1.000001, -2.0, -2.0, nan], [36.0, 36.0, 36.0, 37.0, 37.0, nan]))
    assert [(issue.record_key, issue.code, issue.detail["places"]) for issue in issues] == [(key, "point.shared", 3) for key in "abc"]


def test_records_without_points_share_nothing() -> None:
    assert list(shared_points([], [], [])) == []
    assert list(shared_points(["a", "b", "c"], [float("nan")] * 3, [float("nan")] * 3)) == []


@given(st.lists(st.tuples(st.sampled_from([-1.0, -1.5, 0.25]), st.sampled_from([36.0, 37.5])), max_size=30), st.integers(2, 5))
def test_shared_points_count_like_a_simple_model(points: list[tuple[float, float]], least: int) -> None:
    keys = [str(index) for index in range(len(points))]
    issues = shared_points(keys, [latitude for latitude, _ in points], [longitude for _, longitude in points], least=least)
    assert {issue.record_key for issue in issues} == {key for key, point in zip(keys, points, strict=True) if points.count(point) >= least}


@pytest.mark.parametrize("text", ["{0}", "{value.__class__}", "{", "%s", "<b>Kwale</b>", "=1+1"])
def test_hostile_text_stays_a_value(text: str) -> None:
    record = Record(record_key="1", source="s", pointer="/1", name=text, stated={"county": text, "ward": text, "constituency": text})
    for issue in geomap([record, replace(record, stated={"county": "Kwale", "ward": text})], GAZETTEER).issues:
        assert BY_CODE[issue.code].template.format(value=issue.value, **issue.detail)


def suggested(point: Point | None = None, kind: str = "dispensary", **stated: str) -> dict[str, dict[str, object]]:
    one = Record(record_key="1", source="s", pointer="/1", name="Clinic", facility_type=kind, point=point, stated=stated)
    return {issue.code: issue.suggestion.values if issue.suggestion else {} for issue in geomap([one], GAZETTEER).issues}


def test_constituency_and_ward_in_each_others_columns_are_suggested_in_their_own() -> None:
    assert suggested(county="Kwale", constituency="Ukunda", ward="Msambweni")["place.ward_unknown"] == {"constituency": "Msambweni", "ward": "Ukunda"}


def test_a_constituency_in_the_column_of_the_county_is_suggested() -> None:
    assert suggested(county="Msambweni", constituency="Kwale")["place.constituency_unknown"] == {"constituency": "Msambweni"}


@pytest.mark.parametrize(("ward", "constituency", "county", "right"), [("Rusinga", "Mbita", "Homa Bay", "Rusinga Island"), ("Ngara West", "Starehe", "Nairobi", "Ngara"), ("Karen & Langata", "Langata", "Nairobi", "Karen")])
def test_a_ward_that_shares_its_words_with_one_only_is_suggested(ward: str, constituency: str, county: str, right: str) -> None:
    assert suggested(county=county, constituency=constituency, ward=ward)["place.ward_unknown"]["ward"] == right


def test_a_point_in_the_midst_of_a_constituency_suggests_it() -> None:
    ward = next(ward for ward in GAZETTEER.wards if ward.ward == "Ongata Rongai")
    found = suggested(Point(latitude=ward.latitude or 0, longitude=ward.longitude or 0), county="Kajiado")
    assert found["place.ward_missing"] == {"constituency": "Kajiado North", "ward": "Ongata Rongai"}
    elsewhere = suggested(Point(latitude=ward.latitude or 0, longitude=ward.longitude or 0), county="Kwale")
    assert elsewhere["place.ward_missing"] == {}


def test_a_shelter_is_not_asked_for_its_ward_or_point() -> None:
    assert {"place.ward_missing", "point.missing"} <= suggested(county="Kwale", constituency="Msambweni").keys()
    assert not suggested(kind="shelter", county="Kwale", constituency="Msambweni").keys()


@pytest.mark.parametrize("number", ["47", "047", "KE047"])
def test_the_number_of_a_county_names_it(number: str) -> None:
    assert [match.county_code for match in GAZETTEER.find_county(number)] == ["KE047"]
