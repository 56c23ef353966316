"""Columns in, scored and explained pairs out."""

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gvrc.errors import ConfigError
from gvrc.matching.columns import MatchColumns
from gvrc.matching.engine import MatchOptions, match
from gvrc.model.match import Band
from gvrc.model.place import Place, Point
from gvrc.model.record import Contact, ContactType, Record

PHONE = "+254700000111"


def columns(*rows, **constant):
    """Columns from (name, list, facts) rows in one county unless told otherwise."""
    facts = [{"county_codes": "KE001", **constant, **(row[2] if len(row) > 2 else {})} for row in rows]
    names = sorted({name for row in facts for name in row})
    empty = {"contacts": (), "services": (), "qualifiers": (), "place_names": (), "alternatives": (), "latitudes": None, "longitudes": None}
    return MatchColumns.from_plain(
        [f"r{number}" for number in range(len(rows))], [row[0] for row in rows], [row[1] for row in rows],
        **{name: [row.get(name, empty.get(name, "")) for row in facts] for name in names},
    )


def score(one, other, link=False, **constant):
    found = match(columns((one[0], 0, one[1]), (other[0], 1, other[1]), **constant), MatchOptions(link=link, possible_threshold=1e-6))
    return float(found.match_score[0]) if len(found) else 0.0


def test_the_same_name_kind_and_ward_is_a_match():
    facts = {"ward_codes": "W1", "constituency_codes": "C1", "facility_types": "dispensary"}
    assert score(("Muyuni Dispensary", facts), ("MUYUNI DISP.", facts)) >= 0.8


def test_a_look_alike_elsewhere_in_the_county_is_no_match():
    assert score(("Muyuni Dispensary", {"constituency_codes": "C1"}), ("Usueni Dispensary", {"constituency_codes": "C2"})) < 0.3


def test_namesakes_told_apart_by_a_letter_are_no_match():
    facts = {"ward_codes": "W1", "constituency_codes": "C1", "facility_types": "dispensary"}
    assert score(("Sugoi A Dispensary", facts), ("Sugoi B Dispensary", facts)) < 0.8


def test_a_shared_phone_speaks_for_and_another_phone_against():
    with_phone, other = {"contacts": (PHONE,)}, {"contacts": ("+254700000222",)}
    same, unknown, different = (score(("Rehema Clinic", with_phone), ("Rehema Vegas Clinic", facts)) for facts in (with_phone, {}, other))
    assert same > unknown > different


def test_a_name_that_only_resembles_another_of_the_county_is_no_match_without_anything_else():
    holds = ("Rehema Clinic", {}), ("Rehema Vegas Clinic", {})
    assert score(*holds) < 0.8 <= score(*((name, {"contacts": (PHONE,)}) for name, _ in holds))
    assert score(("Rehema Women Centre", {}), ("Rehema Women Centre", {})) >= 0.8


@pytest.mark.parametrize("against", [{"owners": "a"}, {"contacts": ("+254700000222",)}, {"constituency_codes": "C1"}, {"latitudes": -1.3, "longitudes": 36.8}])
def test_what_speaks_against_never_makes_a_match_likelier_than_knowing_nothing(against):
    other = {"owners": "b", "contacts": ("+254700000333",), "constituency_codes": "C2", "latitudes": -2.4, "longitudes": 38.9}
    elsewhere = {fact: other[fact] for fact in against}
    for left, right in (("Rehema Clinic", "Rehema Vegas Clinic"), ("Rehema Clinic", "Rehemah Clinic"), ("Rehema Clinic", "Rehema Clinic")):
        assert score((left, against), (right, elsewhere)) <= score((left, {}), (right, {}))


def test_points_far_apart_speak_against():
    here = {"latitudes": -1.30, "longitudes": 36.80}
    near, far = {"latitudes": -1.3005, "longitudes": 36.8003}, {"latitudes": -1.9, "longitudes": 37.9}
    assert score(("Rehema Clinic", here), ("Rehema Clinic", near)) > score(("Rehema Clinic", here), ("Rehema Clinic", {})) > score(("Rehema Clinic", here), ("Rehema Clinic", far))


def test_a_coarse_point_is_no_evidence_of_nearness():
    here = {"latitudes": -1.0, "longitudes": 37.0, "point_decimals": 0}
    found = match(columns(("Rehema Clinic", 0, here), ("Rehema Clinic", 1, here)))
    assert {feature.feature: feature.score for feature in found.explain(0).features}["distance"] is None


def test_the_same_official_code_is_hard_evidence():
    found = match(columns(("Muyuni Dispensary", 0, {"mfl_codes": "010001"}), ("Kwa Mama Clinic", 1, {"mfl_codes": "10001"})))
    result = found.explain(0)
    assert (result.match_score, result.strategy, result.hard_evidence) == (1.0, "exact_code", "same_official_code")


def test_two_different_official_codes_are_two_places():
    found = match(columns(("Muyuni Dispensary", 0, {"mfl_codes": "10001"}), ("Muyuni Dispensary", 1, {"mfl_codes": "10002"})))
    assert found.explain(0).hard_evidence == "different_official_codes"
    assert found.explain(0).match_score == 0.0
    assert len(found.matches) == 0


def test_kinds_that_exclude_each_other_are_two_places():
    found = match(columns(("Kasarani", 0, {"facility_types": "police_station"}), ("Kasarani", 1, {"facility_types": "dispensary"})))
    assert found.explain(0).hard_evidence == "kinds_exclude_each_other"


def test_an_unknown_kind_excludes_nothing():
    found = match(columns(("Kasarani", 0, {"facility_types": "police_station"}), ("Kasarani", 1, {"facility_types": "other"})))
    assert found.explain(0).hard_evidence is None


def test_base_and_weights_add_up_to_the_match_score():
    facts = {"ward_codes": "W1", "constituency_codes": "C1", "facility_types": "dispensary", "owners": "ministry_of_health", "contacts": (PHONE,)}
    found = match(columns(("Kangri Dispensary", 0, facts), ("Kangir Health Centre", 1, {**facts, "facility_types": "health_centre"}), ("Kangaru Clinic", 1, facts)))
    for index in range(len(found)):
        result = found.explain(index)
        log_odds = result.base + sum(feature.weight for feature in result.features)
        assert result.match_score == pytest.approx(1 / (1 + math.exp(-log_odds)), abs=1e-5)


def test_no_contact_stands_in_a_sentence():
    shared = {"contacts": ("vault:17", PHONE)}
    found = match(columns(("Rehema Clinic", 0, shared), ("Rehema Clinic", 1, shared)))
    sentence = next(feature.detail for feature in found.explain(0).features if feature.feature == "contact")
    assert sentence == "Same contact, {vault:17}"
    found = match(columns(("Rehema Clinic", 0, {"contacts": (PHONE,)}), ("Rehema Clinic", 1, {"contacts": (PHONE,)})))
    details = " ".join(feature.detail for feature in found.explain(0).features)
    assert "ending 111" in details
    assert PHONE not in details


def test_linking_keeps_to_pairs_across_lists_and_one_partner_each():
    found = match(
        columns(("Kairungu Dispensary", 0), ("Kairungu Dispensary", 0), ("Kairungu Dispensary", 1), ("Kairungu Clinic", 1)), MatchOptions(link=True, possible_threshold=1e-6)
    )
    assert all(found.columns.list_ids[found.left] != found.columns.list_ids[found.right])
    chosen = found.taken(found.is_chosen)
    assert len(set(chosen.left)) == len(chosen.left)
    assert len(set(chosen.right)) == len(chosen.right)


def test_one_partner_each_holds_however_the_lists_are_mixed():
    rows = [("Muyuni Dispensary", number % 2, {"contacts": (PHONE,)} if number in (1, 2) else {}) for number in range(5)]
    found = match(columns(*rows), MatchOptions(link=True, possible_threshold=1e-6))
    chosen = found.taken(found.is_chosen)
    partners = [*chosen.left.tolist(), *chosen.right.tolist()]
    assert len(partners) == len(set(partners)) == 4


def test_a_rival_that_fits_as_well_takes_certainty_away():
    facts = {"constituency_codes": "C1", "facility_types": "dispensary"}
    alone = match(columns(("Kairungu Dispensary", 0, facts), ("Kairungu Dispensary", 1, facts)), MatchOptions(link=True))
    contested = match(columns(("Kairungu Dispensary", 0, facts), ("Kairungu Dispensary", 1, facts), ("Kairungu Dispensary", 1, facts)), MatchOptions(link=True))
    assert contested.match_score.max() < alone.match_score.max()
    assert not (contested.bands == 3).any()


def test_pairs_within_the_registry_are_not_proposed():
    found = match(columns(("Muyuni Dispensary", 9), ("Muyuni Dispensary", 9), ("Muyuni Dispensary", 1)), MatchOptions(registry_list=9))
    assert {tuple(sorted(pair)) for pair in zip(found.left.tolist(), found.right.tolist(), strict=True)} == {(0, 2), (1, 2)}


@pytest.mark.parametrize(("owner", "band"), [("other_faith_based", Band.AUTOMATIC), ("ministry_of_health", Band.REVIEW)])
def test_a_church_in_one_name_only_is_asked_when_the_owners_differ(owner, band):
    facts = {"ward_codes": "W1", "constituency_codes": "C1", "facility_types": "dispensary", "latitudes": -1.30, "longitudes": 36.80}
    mine, theirs = {"owners": "other_faith_based", "qualifiers": ("AIC",), **facts}, {"owners": owner, **facts}
    found = match(columns(("Sochoi Dispensary", 0, mine), ("Sochoi Dispensary", 1, theirs)), MatchOptions(link=True))
    assert found.explain(0).band is band


def test_a_namesake_in_another_county_is_never_automatic():
    found = match(columns(("Wanjala Memorial Clinic", 0, {"county_codes": "KE001"}), ("Wanjala Memorial Clinic", 1, {"county_codes": "KE002"})))
    assert all(found.explain(index).band is not Band.AUTOMATIC for index in range(len(found)))


def test_an_old_constituency_that_was_split_may_be_either_part():
    stated = {"alternatives": ("C1", "C2")}
    inside = score(("Rehema Clinic", stated), ("Rehema Clinic", {"constituency_codes": "C2"}))
    outside = score(("Rehema Clinic", stated), ("Rehema Clinic", {"constituency_codes": "C3"}))
    assert inside > outside


def test_records_become_columns_without_hotlines_and_ward_centres():
    record = Record(
        record_key="a:1", source="a", pointer="/0", name="Rehema Clinic", place=Place(county_code="KE001", ward="Wote"), stated={"location": "Wote, Unoa"},
        point=Point(latitude=-1.0, longitude=37.0, accuracy_level="ward_centre"),
        contacts=(Contact(contact_type=ContactType.PHONE, value=PHONE), Contact(contact_type=ContactType.HOTLINE, value="1195")),
    )
    found = MatchColumns.from_records([record], [0])
    assert found.contacts[0] == (PHONE,)
    assert np.isnan(found.latitudes[0])
    assert found.place_names[0] == ("Wote", "Unoa")


def test_an_unknown_column_is_a_wrong_call():
    with pytest.raises(ConfigError):
        MatchColumns.from_plain(["a"], ["Rehema"], nickname=["x"])


def test_nothing_to_compare_gives_nothing():
    assert len(match(MatchColumns.from_plain([], []))) == 0
    assert len(match(MatchColumns.from_plain(["a"], ["Rehema"]))) == 0
    assert len(match(MatchColumns.from_plain(["a"], ["Rehema"]), MatchOptions(link=True))) == 0


def test_an_executor_gives_the_same_pairs():
    rows = [(f"{name} {kind}", 0, {"constituency_codes": seat}) for name in ("Muyuni", "Kangri", "Kangir", "Usueni") for kind in ("Dispensary", "Clinic") for seat in ("C1", "C2")]
    here = match(columns(*rows))
    with ThreadPoolExecutor(2) as threads:
        there = match(columns(*rows), executor=threads)
    assert here.left.tolist() == there.left.tolist()
    assert here.match_score.tolist() == there.match_score.tolist()


names_of_places = st.sampled_from(["Muyuni Dispensary", "Muyuni H/C", "Usueni Dispensary", "St. Mary's Clinic", "", "Kasarani P/Stn (Mwiki)", "A.I.C. Litein"])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(names_of_places, st.integers(0, 2), st.sampled_from(["", "C1", "C2"]), st.booleans()), min_size=2, max_size=7), st.booleans())
def test_the_order_of_the_records_does_not_change_the_scores(rows, link):
    built = [(name, number, {"constituency_codes": seat, "contacts": (PHONE,) if phone else ()}) for name, number, seat, phone in rows]
    given_order = columns(*built)
    forth, back = (match(given_order.taken(order), MatchOptions(link=link, possible_threshold=1e-6)) for order in (np.arange(len(rows)), np.arange(len(rows))[::-1]))
    assert _by_keys(forth) == _by_keys(back)


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.tuples(names_of_places, st.integers(0, 2), st.sampled_from(["", "W1", "W2"]), st.booleans()), min_size=2, max_size=8), st.randoms(use_true_random=False),
    st.permutations([0, 1, 2]), st.booleans(),
)
def test_neither_the_order_of_the_rows_nor_that_of_the_lists_changes_what_is_accepted(rows, random, numbers, link):
    built = columns(*((name, number, {"ward_codes": ward, "contacts": (PHONE,) if phone else ()}) for name, number, ward, phone in rows))
    order = list(range(len(rows)))
    random.shuffle(order)
    mixed = replace(built, list_ids=np.array(numbers, dtype=np.int32)[built.list_ids]).taken(np.array(order))
    first, second = (match(each, MatchOptions(link=link)).matches for each in (built, mixed))
    assert _by_keys(first) == _by_keys(second)
    assert sorted(first.bands.tolist()) == sorted(second.bands.tolist())


def _by_keys(found):
    keys = found.columns.keys
    return {frozenset((keys[left], keys[right])): round(float(s), 4) for left, right, s in zip(found.left, found.right, found.match_score, strict=True)}


def test_every_pair_told_in_bulk_is_told_as_alone():
    here = {"ward_codes": "W1", "constituency_codes": "C1", "facility_types": "dispensary", "latitudes": -1.3, "longitudes": 36.8}
    found = match(columns(("Muyuni Dispensary", 0, here), ("Muyuni Disp", 0, here), ("Muyuni Clinic", 0, {}), ("Usueni Dispensary", 0, here)), MatchOptions(possible_threshold=1e-6))
    assert len(found) >= 3
    assert list(found.explained()) == [found.explain(index) for index in range(len(found))]


@given(st.lists(st.sampled_from(["Muyuni Dispensary", "Muyuni Disp", "Sugoi A Clinic", "Sugoi B Clinic", "St Mary Hospital", "Mary Hospital", ""]), min_size=2, max_size=8), st.booleans())
@settings(deadline=None, max_examples=40)
def test_scores_depend_on_no_order_and_add_up(names, link):
    rows = [(name, number % 2, {"ward_codes": f"W{number % 3}", "contacts": (PHONE,) if number % 4 == 0 else ()}) for number, name in enumerate(names)]
    options = MatchOptions(link=link, possible_threshold=1e-6)
    forward, backward = match(columns(*rows), options), None
    turned = columns(*rows).taken(np.arange(len(rows))[::-1])
    backward = match(turned, options)
    assert {(frozenset((r.left_key, r.right_key)), round(r.match_score, 5)) for r in forward.explained()} == {
        (frozenset((r.left_key, r.right_key)), round(r.match_score, 5)) for r in backward.explained()
    }
    for result in forward.explained():
        if result.hard_evidence is None:
            total = result.base + sum(feature.weight for feature in result.features)
            assert 1 / (1 + math.exp(-total)) == pytest.approx(result.match_score, abs=1e-5)
            assert all(feature.weight == 0 for feature in result.features if feature.level == "unknown")


def test_a_record_without_a_county_is_not_merged_with_one_that_stands_in_none_of_its_possible_places():
    here = {"facility_types": "police_station", "county_codes": "KE040", "constituency_codes": "KE040001", "ward_codes": "KEW-0001"}
    possible = {"facility_types": "police_station", "county_codes": "", "alternatives": ("KE041001",)}
    found = match(columns(("Ukwala Police Station", 0, possible), ("Ukwala Police Station", 1, here)), MatchOptions(link=True))
    assert [feature.level for feature in found.explain(0).features if feature.feature == "place"] == ["not_possible"]
    assert found.explain(0).match_score > MatchOptions().automatic_threshold
    assert found.explain(0).band is Band.REVIEW


def test_a_desk_and_a_station_of_one_bare_name_are_related_and_not_the_same():
    found = match(columns(("Pangani", 0, {"facility_types": "gender_desk"}), ("Pangani", 1, {"facility_types": "police_station"})), MatchOptions())
    assert found.explain(0).hard_evidence == "one_sits_in_the_other"
    found = match(columns(("Pangani Police Station", 0, {"facility_types": "gender_desk"}), ("Pangani Police Station", 1, {"facility_types": "police_station"})), MatchOptions())
    assert found.explain(0).hard_evidence is None, "names that both say police station are listed under two kinds by mistake"
