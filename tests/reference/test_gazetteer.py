"""The official places and their look-ups."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gvrc.model.place import Ward
from gvrc.reference.gazetteer import PlaceMatch, load_gazetteer
from gvrc.reference.gazetteer_tables import read_place_tables
from gvrc.reference.place_names import ordered_key, place_key
from gvrc.reference.ward_centres import distance_km

GAZETTEER = load_gazetteer()
COUNTIES = [county.county for county in GAZETTEER.counties]


def counties(matches: tuple[PlaceMatch, ...]) -> set[str]:
    return {GAZETTEER.county(match.county_code).county for match in matches}


def seats(matches: tuple[PlaceMatch, ...]) -> set[str]:
    return {GAZETTEER.constituency(match.constituency_code or "").constituency for match in matches}


def wards(matches: tuple[PlaceMatch, ...]) -> set[str]:
    return {f"{GAZETTEER.ward(match.unit_code).ward}, {GAZETTEER.ward(match.unit_code).constituency}" for match in matches}


def code(county: str) -> str:
    return GAZETTEER.find_county(county)[0].county_code


def test_the_reference_holds_every_unit_of_kenya() -> None:
    assert (len(GAZETTEER.counties), len(GAZETTEER.constituencies), len(GAZETTEER.wards)) == (47, 290, 1450)


def test_the_gazetteer_is_built_once() -> None:
    assert load_gazetteer() is GAZETTEER


@pytest.mark.parametrize(
    ("text", "county"),
    [
        ("Muranga", "Murang'a"), ("MURANG’A COUNTY", "Murang'a"), ("Taita Taveta", "Taita-Taveta"), ("Homabay", "Homa Bay"),
        ("Nairobi City", "Nairobi"), ("Nairobi City County", "Nairobi"), ("County Government of Kisumu", "Kisumu"), ("1. KWALE", "Kwale"),
        ("Elgeyo Marakwet", "Elgeyo-Marakwet"), ("E/Marakwet", "Elgeyo-Marakwet"), ("Trans-Nzoia", "Trans Nzoia"), ("Mombassa", "Mombasa"),
        ("Tharaka", "Tharaka-Nithi"), ("KE047", "Nairobi"), ("047", "Nairobi"), ("uasin   gishu", "Uasin Gishu"), ("Kirinyanga", "Kirinyaga"),
    ],
)  # fmt: skip
def test_a_county_is_found_however_people_spell_it(text: str, county: str) -> None:
    assert counties(GAZETTEER.find_county(text)) == {county} or counties(GAZETTEER.find_district(text)) == {county}


@pytest.mark.parametrize("text", ["Springfield", "Coast", "", "-", "12345", "Township"])
def test_a_text_that_is_no_county_finds_none(text: str) -> None:
    assert GAZETTEER.find_county(text) == ()


def test_a_ward_is_looked_up_within_its_county() -> None:
    assert len(GAZETTEER.find_ward("Township")) == 9
    assert wards(GAZETTEER.find_ward("Township", (code("Kitui"),))) == {"Township, Kitui Central"}


def test_two_wards_of_one_name_in_one_county_are_told_apart_by_their_constituency() -> None:
    both = GAZETTEER.find_ward("Hospital")
    seat = GAZETTEER.find_constituency("Mathare", (code("Nairobi"),))[0].unit_code
    assert len(both) == 3
    assert wards(GAZETTEER.find_ward("Hospital", (), (seat,))) == {"Hospital, Mathare"}


@pytest.mark.parametrize(
    ("text", "county", "ward"),
    [
        ("Chiakagira", "Tharaka-Nithi", "Chiakariga, Tharaka"), ("Kapchok", "West Pokot", "Kapckok, Kacheliba"),
        ("Githiga", "Laikipia", "Kinamba, Laikipia West"), ("Githiga", "Kiambu", "Githiga, Githunguri"),
        ("Hirimani", "Tana River", "Bura, Bura"), ("Malaha/Isongo/Makunga", "Kakamega", "Isongo/Makunga/Malaha, Mumias East"),
        ("West Sang'alo", "Bungoma", "Sang'alo West, Kanduyi"), ("Ganjoni", "Mombasa", "Shimanzi/Ganjoni, Mvita"),
    ],
)  # fmt: skip
def test_a_ward_is_found_by_its_other_names_parts_and_misspellings(text: str, county: str, ward: str) -> None:
    assert wards(GAZETTEER.find_ward(text, (code(county),))) == {ward}


@pytest.mark.parametrize(
    ("text", "now"),
    [
        ("Mbita", {"Suba North"}), ("Suba", {"Suba South"}), ("Dujis", {"Garissa Township"}), ("Ol Joro Orok", {"Ol Jorok"}),
        ("Imenti North", {"North Imenti"}), ("Nyeri South", {"Othaya"}), ("Samburu Central", {"Samburu West"}), ("Soin/Sigowet", {"Sigowet/Soin"}),
        ("Webute West", {"Webuye West"}), ("MT. ELGON", {"Mt.Elgon"}), ("Athi River", {"Mavoko"}),
        ("WEBUYE", {"Webuye East", "Webuye West"}), ("Kitutu Chache", {"Kitutu Chache North", "Kitutu Chache South"}),
        ("DAGORETI", {"Dagoretti North", "Dagoretti South", "Kibra"}),
    ],
)  # fmt: skip
def test_an_old_constituency_leads_to_those_its_area_belongs_to_today(text: str, now: set[str]) -> None:
    assert seats(GAZETTEER.find_constituency(text)) == now


def test_an_old_district_leads_to_its_county_and_a_divided_one_to_both() -> None:
    assert counties(GAZETTEER.find_district("Meru South")) == {"Tharaka-Nithi"}
    assert counties(GAZETTEER.find_district("Nyando District")) == {"Kisumu"}
    assert counties(GAZETTEER.find_district("Thika")) == {"Kiambu", "Murang'a"}


def test_a_province_is_the_set_of_its_counties() -> None:
    assert sum(len(GAZETTEER.find_province(name)) for name in ("Nairobi", "Coast", "North Eastern", "Eastern", "Central", "Rift Valley", "Western", "Nyanza")) == 47
    assert GAZETTEER.find_province("Kwale") == frozenset()


def test_the_whole_country_is_no_county() -> None:
    assert all(GAZETTEER.is_nationwide(text) for text in ("Countrywide", "Kenya (national)", "All 47 counties"))
    assert not any(GAZETTEER.is_nationwide(text) for text in ("", "Nairobi, Kenya", "()", "Kwale"))


def test_place_names_are_found_inside_a_facility_s_name() -> None:
    found = {phrase: counties(matches) for phrase, matches in GAZETTEER.phrases_in("MSAMBWENI POLICE STATION near Lunga Lunga Town")}
    assert found == {"msambweni": {"Kwale"}, "lunga lunga": {"Kwale"}}


@pytest.mark.parametrize("name", ["Mombasa Road Medical Clinic", "Nairobi Women's Hospital", "Huruma Dispensary", "St Mary's Hospital", "Amani Clinic"])
def test_roads_organisations_and_common_words_tell_no_place(name: str) -> None:
    assert GAZETTEER.phrases_in(name) == ()


def test_every_alias_leads_to_official_units_and_no_unit_is_aliased_to_another_s_own_name() -> None:
    tables = read_place_tables()
    for alias in tables.aliases:
        if alias.level == "constituency":
            assert alias.constituency in seats(GAZETTEER.find_constituency(alias.alias, (code(alias.county),))), alias
        elif alias.level == "ward":
            assert f"{alias.ward}, {alias.constituency}" in wards(GAZETTEER.find_ward(alias.alias, (code(alias.county),))), alias
        elif alias.level == "county":
            assert counties(GAZETTEER.find_county(alias.alias)) == {alias.county}, alias


def test_old_constituencies_and_districts_lie_in_the_county_their_file_names() -> None:
    tables = read_place_tables()
    for name, county, successors in tables.old_constituencies:
        assert {GAZETTEER.county(GAZETTEER.find_constituency(seat)[0].county_code).county for seat in successors} == {county}, name
    assert {county for _, county in tables.districts} == set(COUNTIES) == {county for _, county in tables.towns}


@given(st.text(max_size=60))
@settings(max_examples=200, deadline=None)
def test_whatever_the_text_only_official_units_are_found(text: str) -> None:
    official = {unit.county_code for unit in GAZETTEER.counties}
    for matches in (GAZETTEER.find_county(text), GAZETTEER.find_constituency(text), GAZETTEER.find_ward(text), GAZETTEER.anything(text)):
        for match in matches:
            assert match.county_code in official
            assert match.constituency_code is None or GAZETTEER.constituency(match.constituency_code).county_code == match.county_code
            assert match.ward_code is None or GAZETTEER.ward(match.ward_code).constituency_code == match.constituency_code
            assert 0 < match.confidence <= 1


@given(st.sampled_from(GAZETTEER.wards), st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_a_ward_is_found_in_its_constituency_whatever_case_and_word_order(ward: Ward, chance: random.Random) -> None:
    words = ward.ward.replace("/", " / ").split()
    chance.shuffle(words)
    found = GAZETTEER.find_ward(" ".join(words).upper(), (), (ward.constituency_code,))
    assert ward.ward_code in {match.unit_code for match in found}


@given(st.text(max_size=200))
@settings(deadline=None)
def test_keys_are_stable(text: str) -> None:
    assert place_key(place_key(text)) in (place_key(text), place_key(place_key(place_key(text))))
    assert sorted(ordered_key(text).split()) == ordered_key(text).split()


def test_a_long_text_is_read_only_at_its_beginning() -> None:
    assert len(place_key("a" * 5_000_000)) <= 120


def test_distances_are_those_of_the_globe() -> None:
    assert distance_km(0, 36, 1, 36) == pytest.approx(111.195, abs=0.01)
    nairobi_to_mombasa = distance_km(-1.2864, 36.8172, -4.0435, 39.6682)
    assert 435 < nairobi_to_mombasa < 445


def test_the_gap_to_a_county_is_zero_inside_and_large_far_away() -> None:
    assert GAZETTEER.county_gap_km(-1.2864, 36.8172, code("Nairobi")) == pytest.approx(0, abs=1e-6)
    assert GAZETTEER.county_gap_km(-1.2864, 36.8172, code("Mombasa")) > 400


def test_many_gaps_at_once_are_the_single_ones() -> None:
    chance = np.random.default_rng(3)
    latitudes, longitudes = chance.uniform(-4.5, 4.5, 50), chance.uniform(34, 41, 50)
    codes = [GAZETTEER.counties[index].county_code for index in chance.integers(0, 47, 50)]
    single = [GAZETTEER.county_gap_km(*place) for place in zip(latitudes, longitudes, codes, strict=True)]
    assert np.allclose(GAZETTEER.county_gaps_km(latitudes, longitudes, codes), single)
    assert min(single) >= -1e-9


def test_a_ward_centre_is_nearest_to_itself() -> None:
    ward = GAZETTEER.wards[100]
    assert ward.latitude is not None
    assert ward.longitude is not None
    nearest, distance = GAZETTEER.nearest_ward(ward.latitude, ward.longitude)
    assert nearest == ward
    assert distance == pytest.approx(0, abs=1e-6)
