"""What is unusual is told, what is chance is not."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gvrc.model.quality import Finding, FindingType, SourceStatistics
from gvrc.quality.anomalies import anomalies, outlying_points, usual_count


def run(records: int = 1000, **values: object) -> SourceStatistics:
    given: dict[str, object] = {
        "records": records, "counties": {"2": records * 3 // 10, "3": records * 7 // 10}, "kinds": {"dispensary": records}, "filled": {"ward": records * 9 // 10},
        "shared": {"phone": 2},
    }  # fmt: skip
    return SourceStatistics(**given | values)  # type: ignore[arg-type]


EARLIER = [run(980), run(1000), run(1010), run(1020)]


def types(found: list[Finding]) -> list[tuple[FindingType, str]]:
    return [(each.finding_type, each.subject) for each in found]


def test_a_run_like_the_earlier_ones_is_not_unusual() -> None:
    assert anomalies("list", run(1005), EARLIER) == []


def test_the_first_run_of_a_source_has_nothing_to_be_compared_with() -> None:
    assert anomalies("list", run(), []) == []
    assert anomalies("list", run(), [SourceStatistics(records=0)]) == []


def test_a_list_that_doubles_is_told_once_and_not_again_for_every_county() -> None:
    assert types(anomalies("list", run(2000), EARLIER)) == [(FindingType.RECORDS, "records")]


def test_a_county_that_lost_its_records_is_told_with_what_was_usual() -> None:
    found = anomalies("list", run(1000, counties={"2": 30, "3": 970}), EARLIER)
    by_county = {each.subject: each for each in found if each.finding_type is FindingType.COUNTY_COUNT}
    assert set(by_county) == {"2", "3"}
    assert by_county["2"].value == 30
    assert by_county["2"].low is not None
    assert by_county["2"].low > 200


def test_a_county_that_vanished_wholly_is_told() -> None:
    found = anomalies("list", run(1000, counties={"3": 1000}), EARLIER)
    assert (FindingType.COUNTY_COUNT, "2") in types(found)


def test_a_kind_that_was_never_there_is_told_apart() -> None:
    found = anomalies("list", run(1000, kinds={"dispensary": 996, "police_station": 4}), EARLIER)
    assert types(found) == [(FindingType.NEW_KIND, "police_station")]


def test_a_field_that_is_suddenly_empty_is_told_and_one_that_is_fuller_is_not() -> None:
    assert types(anomalies("list", run(1000, filled={"ward": 200}), EARLIER)) == [(FindingType.SUDDEN_NULLS, "ward")]
    assert anomalies("list", run(1000, filled={"ward": 1000}), EARLIER) == []


def test_a_phone_that_suddenly_stands_on_many_records_is_told() -> None:
    assert types(anomalies("list", run(1000, shared={"phone": 60}), EARLIER)) == [(FindingType.SHARED_VALUE, "phone")]


def test_with_one_earlier_run_only_a_large_change_is_told() -> None:
    assert anomalies("list", run(1300), [run(1000)]) == []
    assert types(anomalies("list", run(1700), [run(1000)])) == [(FindingType.RECORDS, "records")]


def test_one_odd_run_among_the_earlier_ones_does_not_hide_the_next() -> None:
    assert (FindingType.RECORDS, "records") in types(anomalies("list", run(5000), [*EARLIER, run(5200)]))


@given(st.lists(st.integers(1, 10_000), min_size=1, max_size=20), st.permutations(range(20)))
def test_what_is_usual_does_not_depend_on_the_order_of_the_runs(history: list[int], order: list[int]) -> None:
    shuffled = [history[position] for position in order if position < len(history)]
    assert usual_count(history) == usual_count(shuffled)
    assert usual_count(history).holds(usual_count(history).middle)


@pytest.mark.parametrize("seed", range(5))
def test_a_point_far_outside_its_county_is_found_and_no_other(seed: int) -> None:
    chance = random.Random(seed)
    latitudes = [-4.2 + chance.gauss(0, 0.15) for _ in range(60)] + [-1.29]
    longitudes = [39.4 + chance.gauss(0, 0.15) for _ in range(60)] + [36.82]
    assert outlying_points(range(61), ["2"] * 61, latitudes, longitudes) == {"2": (60,)}


def test_among_few_points_none_is_called_an_outlier() -> None:
    assert outlying_points([1, 2, 3], ["2", "2", "2"], [-4.0, -4.1, 1.0], [39.0, 39.1, 35.0]) == {}
