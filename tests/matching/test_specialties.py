"""A dental clinic beside a primary care clinic is another door."""

from __future__ import annotations

import pytest

from gvrc.matching.columns import MatchColumns
from gvrc.matching.engine import match
from gvrc.model.match import Band


def band_of(left: str, right: str) -> Band:
    columns = MatchColumns.from_plain(
        ["a", "b"], [left, right], [1, 1], facility_types=["clinic"] * 2, county_codes=["KE001"] * 2, constituency_codes=["KE001001"] * 2,
        ward_codes=["KEW-0001"] * 2, latitudes=[-4.0330, -4.0331], longitudes=[39.6126, 39.6127],
    )
    found = match(columns)
    return found.explain(0).band if len(found) else Band.DROPPED


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Sunrise Primary Care Clinic", "Sunrise Dental Clinic"), ("Sunrise Clinic", "Sunrise Eye Clinic"),
        ("Sunrise Laboratory", "Sunrise Pharmacy"),
    ],
)
def test_different_specialties_are_never_merged_unasked(left: str, right: str) -> None:
    assert band_of(left, right) is not Band.AUTOMATIC


def test_the_same_specialty_is_no_hindrance() -> None:
    assert band_of("Sunrise Dental Clinic", "SUNRISE DENTAL CLINIC") is Band.AUTOMATIC
