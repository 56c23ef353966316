"""Metres of the UTM grid as degrees. The expected degrees are those of PROJ 9 (EPSG:32736, 32737, 32637)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gvrc.reference.grid import GridPair, degrees_of_utm, read_grid

MATUGA = GridPair(easting=562_000, northing=9_530_500, zone=37)


@pytest.mark.parametrize(("zone", "is_south", "easting", "northing", "latitude", "longitude"), [
    (37, True, 562_000, 9_530_500, -4.247433176648953, 39.55869377570619), (37, True, 525_000, 9_484_500, -4.663750739665653, 39.22540946579128),
    (36, True, 695_000, 9_989_000, -0.0994736050618926, 34.75214339561714), (37, False, 250_000, 400_000, 3.616074493249893, 36.749439393501675),
])  # fmt: skip
def test_metres_come_out_where_others_put_them(zone: int, is_south: bool, easting: float, northing: float, latitude: float, longitude: float) -> None:
    assert degrees_of_utm(easting, northing, zone, is_south=is_south) == pytest.approx((latitude, longitude), abs=1e-8)


@given(st.floats(200_000, 800_000), st.floats(1_000, 500_000))
def test_the_grids_of_both_hemispheres_agree(easting: float, northing: float) -> None:
    assert degrees_of_utm(easting, northing, 37, is_south=False) == pytest.approx(degrees_of_utm(easting, northing + 10_000_000, 37, is_south=True), abs=1e-9)


@pytest.mark.parametrize("text", ["37M 562000 9530500", "37S 562000E 9530500N", "UTM zone 37M: 9530500 0562000", "E 562,000 N 9,530,500 (37)", "N 9530500 E 562000 zone 37"])
def test_metres_are_read_however_they_are_written(text: str) -> None:
    assert read_grid(text) == MATUGA


def test_north_of_the_equator_a_text_must_say_that_it_tells_metres() -> None:
    assert read_grid("UTM 37N E 405000 N 388000") == GridPair(easting=405_000, northing=388_000, zone=37, is_south=False)
    assert read_grid("37N N 388000 E 405000") == read_grid("UTM 37N E 405000 N 388000")
    assert read_grid("405000 388000") is None


@pytest.mark.parametrize("text", ["-1.2921, 36.8219", "-12921, 368219", "0700 000 001", "P.O. Box 37 - 80100", "36 562000", "", "700000001 700000002"])
def test_other_numbers_are_no_metres(text: str) -> None:
    assert read_grid(text) is None


@given(st.text(alphabet="0123456789 ENMZ37,.-", max_size=40))
def test_any_text_is_metres_or_none(text: str) -> None:
    found = read_grid(text)
    assert found is None or 160_000 <= found.easting <= 840_000
