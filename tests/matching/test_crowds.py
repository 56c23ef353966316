"""A list that repeats one name thousands of times stays affordable."""

from __future__ import annotations

from gvrc.matching.columns import MatchColumns
from gvrc.matching.engine import match


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
