"""A list that repeats one name thousands of times stays affordable."""

from __future__ import annotations

import numpy as np
import pytest

from gvrc.matching import blocking, engine
from gvrc.matching.columns import MatchColumns
from gvrc.matching.engine import MOST_PARTNERS, MatchSet, match
from gvrc.stages.dedupe import dedupe


def crowded_wards(wards: int, names: list[str]) -> MatchColumns:
    """Wards that each hold these names, compared ward by ward as in a long list."""
    ward = np.repeat(np.arange(wards), len(names)).tolist()
    return MatchColumns.from_plain(
        [f"r{row}" for row in range(len(ward))], names * wards, [1] * len(ward), facility_types=["dispensary"] * len(ward),
        county_codes=["KE002"] * len(ward), constituency_codes=["KE002001"] * len(ward), ward_codes=[f"KE00200{number}" for number in ward],
    )


def partners_of(found: MatchSet) -> np.ndarray:
    return np.bincount(np.r_[found.left, found.right], minlength=len(found.columns))


def told(found: MatchSet) -> dict[tuple[str, str], float]:
    keys = found.columns.keys
    return {tuple(sorted((keys[left], keys[right]))): score for left, right, score in zip(found.left, found.right, found.match_score.tolist(), strict=True)}


def crowd(count: int, numbered: bool) -> MatchColumns:
    names = [f"Mfano Dispensary {row}" if numbered else "Mfano Dispensary" for row in range(count)]
    places = {"county_codes": ["KE002"] * count, "constituency_codes": ["KE002001"] * count}
    return MatchColumns.from_plain([str(row) for row in range(count)], names, [1] * count, facility_types=["dispensary"] * count, **places)


def test_a_crowd_of_one_name_costs_no_more_than_a_multiple_of_its_rows() -> None:
    for numbered in (True, False):
        small, large = (match(crowd(count, numbered)).counts["candidate_pairs"] for count in (400, 3200))
        assert large / 3200 < 8 * (small / 400)


def test_a_shared_phone_is_found_in_a_crowd() -> None:
    columns = crowd(1000, numbered=True)
    columns.contacts[17] = columns.contacts[803] = ("+254700000123",)
    again = MatchColumns.from_plain(
        list(columns.keys), list(columns.names), [1] * 1000, facility_types=["dispensary"] * 1000, county_codes=["KE002"] * 1000,
        contacts=list(columns.contacts),
    )
    found = match(again)
    assert {17, 803} in [{int(left), int(right)} for left, right in zip(found.left, found.right, strict=True)]


@pytest.fixture
def ward_by_ward(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocking, "ALL_PAIRS_CELLS", 0)
    monkeypatch.setattr(blocking, "COUNTY_CELLS", 0)


@pytest.mark.usefixtures("ward_by_ward")
def test_records_of_nearly_one_name_in_every_ward_are_compared_with_a_few_of_them_each() -> None:
    numbered = match(crowded_wards(8, [f"Mfano Dispensary {number}" for number in range(200)]))
    assert numbered.counts["candidate_pairs"] < 40 * len(numbered.columns)
    alike = match(crowded_wards(8, [f"Mfan{'aeiou'[number % 5]}ko{'aeiou'[number // 5 % 5]} Dispensary" for number in range(200)]))
    assert alike.counts["left_out"] > 0
    assert len(alike) <= MOST_PARTNERS * len(alike.columns)
    assert partners_of(alike).min() >= MOST_PARTNERS


@pytest.mark.usefixtures("ward_by_ward")
def test_the_strongest_pairs_of_a_crowd_stay_and_neither_order_nor_slices_change_which(monkeypatch: pytest.MonkeyPatch) -> None:
    columns = crowded_wards(3, [f"Mfan{'aeiou'[number % 5]}ko{'aeiou'[number // 5 % 5]} Dispensary" for number in range(150)])
    columns.contacts[40] = columns.contacts[290] = ("+254700000123",)
    columns.latitudes[:], columns.longitudes[:] = -1.0 - np.arange(len(columns)) / 10, 36.5
    whole = match(columns)
    strongest = told(whole)
    assert strongest[("r290", "r40")] == max(score for pair, score in strongest.items() if "r40" in pair)
    shuffled = columns.taken(np.random.default_rng(2).permutation(len(columns)).astype(np.int32))
    assert told(match(shuffled)) == strongest
    monkeypatch.setattr(engine, "COMPARED_AT_ONCE", 700)
    sliced = match(columns)
    assert (told(sliced), sliced.counts["left_out"]) == (strongest, whole.counts["left_out"])


def test_no_question_of_a_crowd_is_lost_that_is_about_the_strongest_pairs() -> None:
    columns = crowd(300, numbered=False)
    result = dedupe(columns)
    assert len(result.matches) == len(result.pairs)
    assert {index for pair in result.pairs for index in (pair.left_key, pair.right_key)} == set(columns.keys)
