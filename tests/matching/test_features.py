"""Every comparison has its levels, its sentence and its line in the evidence table."""

import numpy as np
import pytest

from gvrc.errors import ReferenceDataError
from gvrc.matching import explain, kinds
from gvrc.matching.columns import MatchColumns
from gvrc.matching.engine import MatchOptions, match
from gvrc.matching.evidence import evidence_table, feature_names, level_names
from gvrc.matching.features import FEATURES, NAME_CLASSES
from gvrc.matching.kinds import KindRelation
from gvrc.matching.pairs import PairRows
from gvrc.matching.prepared import prepare


def test_every_feature_says_what_it_compares():
    assert all(feature.compare.__doc__ and feature.compare.__doc__.strip().endswith(".") for feature in FEATURES)


@pytest.mark.parametrize("link", [False, True])
def test_the_shipped_table_has_a_weight_for_every_level(link):
    table = evidence_table(link=link)
    for name in feature_names():
        assert table.weights[name].shape == (len(NAME_CLASSES), len(level_names(name)))


def test_what_is_unknown_counts_neither_for_nor_against():
    for link in (False, True):
        table = evidence_table(link=link)
        assert all(np.all(table.weights[name][:, 0] == 0) for name in feature_names())


def test_every_level_has_its_bar():
    assert all(len(explain.ALIKE[name]) == len(level_names(name)) for name in feature_names())


def test_a_table_with_a_missing_line_is_refused(tmp_path):
    path = tmp_path / "evidence.csv"
    path.write_text("feature,level," + ",".join(f"{kind}_{name}" for kind in ("list", "link") for name in NAME_CLASSES) + "\n", encoding="utf-8")
    with pytest.raises(ReferenceDataError):
        evidence_table(path=path)


def test_kinds_relate_alike_in_both_directions():
    codes = list(kinds.kind_groups())
    table = kinds.relation_table(codes)
    assert (table == table.T).all()


def test_a_gender_desk_sits_in_a_police_station_and_excludes_a_hospital():
    assert kinds.relation("gender_desk", "police_station") is KindRelation.SITS_IN
    assert kinds.relation("gender_desk", "hospital") is KindRelation.EXCLUDES
    assert kinds.relation("dispensary", "health_centre") is KindRelation.BECOMES
    assert kinds.relation("dispensary", "") is KindRelation.UNKNOWN


def level(feature, left, right, **facts):
    """The level of one comparison for two records of one county, facts as (left, right)."""
    columns = MatchColumns.from_plain(["a", "b"], [left, right], [0, 1], county_codes=["KE001"] * 2, **facts)
    compare = next(each.compare for each in FEATURES if each.name == feature)
    pairs = PairRows(left=np.array([0]), right=np.array([1]), rules=np.array([0], dtype=np.int32))
    return level_names(feature)[int(compare(prepare(columns), pairs)[0])]


def test_a_word_that_both_names_share_makes_the_words_in_which_they_part_no_more_alike():
    assert level("name", "Mokong Tea Dispensary", "Kamkong Tea Dispensary") == level("name", "Mokong Dispensary", "Kamkong Dispensary")
    assert level("name", "Saint Mary's Clinic", "Saint Paul's Clinic") == "unlike"


def test_another_beginning_is_told_apart_from_a_slip_further_on():
    assert level("consonants", "Ikuyuni Dispensary", "Mikuyuni Dispensary") == "one_differs_other_start"
    assert level("consonants", "Katulami Dispensary", "Katulani Dispensary") == "one_differs"
    assert level("consonants", "Cheptais Dispensary", "Keptaris Dispensary") == "one_differs"


def test_two_spellings_that_both_name_places_are_no_slip():
    places = {"place_names": [("Majengo Ward",), ("Mapengo Ward",)]}
    assert level("confirmed", "Majengo Dispensary", "Mapengo Dispensary", **places) == "both_confirmed"
    places = {"place_names": [("Majengo Ward", "Mapengo Ward"), ("Majengo Ward", "Mapengo Ward")]}
    assert level("confirmed", "Majengo Dispensary", "Mapengo Dispensary", **places) == "both_known"


def test_the_direction_of_a_district_in_brackets_is_not_that_of_the_place():
    names = ("Kenyerere Dispensary (Masaba)", "Kenyerere Dispensary (Masaba South)")
    assert level("qualifier", *names) == "other_direction"
    assert level("qualifier", *names, place_names=[("Masaba",), ("Masaba South",)]) == "other_district"


def test_a_name_in_several_words_is_the_same_run_together():
    names = ("Homa Bay Police Station", "Homabay Police Station")
    assert (level("name", *names), level("words", *names), level("consonants", *names)) == ("same_sound", "all_meet", "unknown")
    assert level("name", "Bay Homa Police Station", "Homabay Police Station") != "same_sound"


def test_a_town_gives_its_name_to_places_of_many_sorts_that_are_no_namesakes():
    kinds_of = ["hospital", "police_station", "police_station", "gender_desk", "government_office", "government_office", ""]
    names = ["Kilifi Hospital", "Kilifi Police Station", "Kilifi P/Stn", "Kilifi Gender Desk", "Kilifi Law Courts", "Kilifi Children's Office", "Kilifi"]
    prepared = prepare(MatchColumns.from_plain(list("abcdefg"), names, list(range(7)), county_codes=["KE003"] * 7, facility_types=kinds_of))
    assert prepared.namesakes.tolist() == [2, 3, 3, 2, 2, 2, 7], "what is of no known kind may be any of them"
    assert prepared.namesakes_anywhere.tolist() == prepared.namesakes.tolist()


def test_offices_of_one_town_are_told_apart_by_what_they_do():
    offices = {"facility_types": ["government_office"] * 2}
    assert level("kind", "Thika Law Courts", "Thika Children's Office", **offices) == "other_group"
    assert level("kind", "Thika Law Courts", "Thika Court", **offices) == "same"
    assert level("kind", "Thika Law Courts", "Thika Office", **offices) == "same"
    assert kinds.relation("government_office:court", "hospital") is kinds.relation("government_office", "hospital")


def test_a_police_post_and_a_police_station_are_two_places():
    assert level("kind", "Huruma Post", "Huruma", facility_types=["police_post", "police_station"]) == "other_group"


def contact_levels(rows):
    """The levels of contact of all candidate pairs of (name, county, list) that give one number."""
    columns = MatchColumns.from_plain(
        [str(number) for number in range(len(rows))], [row[0] for row in rows], [row[2] for row in rows], county_codes=[row[1] for row in rows],
        contacts=[("+254700000111",)] * len(rows), facility_types=["police_station"] * len(rows),
    )
    found = match(columns, MatchOptions(possible_threshold=1e-9))
    return {level_names("contact")[number] for number in found.levels["contact"]}


def test_the_number_of_a_division_tells_its_stations_no_more_than_an_exchange_would():
    assert contact_levels([("Makupa", "KE001", 0), ("Nyali", "KE001", 0), ("Makupa", "KE001", 1)]) == {"shared"}
    assert contact_levels([("Makupa", "KE001", 0), ("Nyali", "KE001", 0), ("Bamburi", "KE001", 0), ("Makupa", "KE001", 1)]) == {"shared_by_many"}


def test_one_number_in_two_counties_is_that_of_a_head_office():
    assert contact_levels([("Kituo Cha Sheria", "KE047", 0), ("Kituo Cha Sheria Mombasa", "KE001", 1)]) == {"shared_by_many"}
    assert contact_levels([("Kituo Cha Sheria", "KE047", 0), ("Kituo Cha Sheria", "", 1)]) == {"shared"}


def test_of_places_of_which_a_county_has_few_a_name_alone_tells_more():
    assert level("besides", "Kilifi", "Kilifi", facility_types=["police_station"] * 2) == "only_kind_of_few"
    assert level("besides", "Kilifi", "Kilifi", facility_types=["dispensary"] * 2) == "only_kind"
    assert level("besides", "Kilifi", "Kilifi", facility_types=["police_station", "dispensary"]) == "only_kind"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("FIDA Kenya", "Federation of Women Lawyers in Kenya (FIDA-K)"), ("COVAW", "Coalition on Violence Against Women"), ("Usikimye Trust", "Usikimye CBO"),
        ("Ripples International", "Ripples International Ltd"), ("Kibera Law Courts", "Kibera Court"), ("Nandi Hills Police Station", "Nandi Hill P/Stn"),
        ("Naivasha Children's Office", "Department of Children Services Naivasha"), ("Railway Police Station", "Railways"),
    ],
)
def test_organisations_courts_and_stations_are_known_by_their_other_names(one, other):
    assert level("name", one, other) in ("same_words", "same_core")


def test_the_central_station_of_a_town_is_its_station_but_not_its_central_clinic():
    assert level("name", "Eldoret Central Police Station", "Eldoret", facility_types=["police_station"] * 2) == "same_but_placed"
    assert level("name", "Eldoret Central Clinic", "Eldoret", facility_types=["clinic"] * 2) != "same_but_placed"
