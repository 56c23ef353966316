"""Every comparison has its levels, its sentence and its line in the evidence table."""

import numpy as np
import pytest

from gvrc.errors import ReferenceDataError
from gvrc.matching import explain, kinds
from gvrc.matching.columns import MatchColumns
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
