"""The official units by code."""

from benchmarks.matching.seat_families import families
from gvrc.matching.seats import place_labels, seat_families


def test_the_table_of_split_constituencies_is_what_the_official_places_say() -> None:
    assert seat_families() == families()
    assert len(seat_families()) > 100


def test_every_family_is_a_constituency_of_its_own() -> None:
    assert all(code in place_labels() and seat_families()[family] == family for code, family in seat_families().items())
