"""Points from whatever a source wrote."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gvrc.cleaning.coordinates import KENYA_LATITUDES, KENYA_LONGITUDES, clean_point

LATITUDES = st.floats(*KENYA_LATITUDES).map(lambda value: round(value, 6)).filter(bool)
LONGITUDES = st.floats(*KENYA_LONGITUDES).map(lambda value: round(value, 6))


def position(**values: Any) -> tuple[float, float] | None:
    point = clean_point(values).point
    return (point.latitude, point.longitude) if point else None


def codes(**values: Any) -> set[str]:
    return {issue.code for issue in clean_point(values).issues}


@pytest.mark.parametrize(
    "values",
    [
        {"latitude": -1.28333, "longitude": 36.81667},
        {"coordinates": "geo:-1.28333,36.81667"},
        {"coordinates": "https://www.google.com/maps/@-1.28333,36.81667,15z"},
        {"coordinates": "https://maps.google.com/?q=-1.28333,36.81667"},
        {"coordinates": "-1.28333 36.81667 1650 4.5"},
        {"coordinates": "-1.28333 36.81667 0 0"},
        {"coordinates": "Lat: -1.28333, Long: 36.81667, Alt: 1650 m"},
        {"coordinates": "-1.28333,36.81667,1650"},
        {"latitude": "-1.28333, 36.81667", "longitude": "-1.28333, 36.81667"},
        {"latitude": "- 1.28333", "longitude": "36.81667"},
        {"latitude": "\u20131.28333", "longitude": "36.81667"},
        {"latitude": "-1.28333", "longitude": "3.681667E+01"},
        {"latitude": "-1\u00ba16'59.988''", "longitude": "36\u00ba49'0.012''"},
        {"latitude": "01d16m59.988s S", "longitude": "36d49m0.012s E"},
        {"latitude": "-1.28333", "longitude": " 36.81667 "},
        {"latitude": "-1,28333", "longitude": "36,81667"},
        {"latitude": "1.28333 S", "longitude": "36.81667 E"},
        {"latitude": "S 1.28333", "longitude": "E36.81667"},
        {"coordinates": "-1.28333, 36.81667"},
        {"coordinates": "-1,28333; 36,81667"},
        {"coordinates": "-1,28333,36,81667"},
        {"coordinates": "1.28333S 36.81667E"},
        {"coordinates": "36.81667°E, 1.28333°S"},
        {"coordinates": "Lat: -1.28333, Long: 36.81667"},
        {"coordinates": "1.28333 South, 36.81667 East"},
        {"coordinates": "POINT(36.81667 -1.28333)"},
        {"coordinates": "POINT Z (36.81667 -1.28333 1650)"},
        {"coordinates": "SRID=4326;POINT ZM(36.81667 -1.28333 1650 1)"},
        {"coordinates": "\u22121.28333 36.81667"},
        {"coordinates": [36.81667, -1.28333]},
        {"coordinates": [-1.28333, 36.81667]},
        {"coordinates": {"lat": -1.28333, "lng": 36.81667}},
        {"coordinates": {"Latitude": "-1.28333", "Longitude": "36.81667"}},
        {"coordinates": {"x": 36.81667, "y": -1.28333}},
        {"coordinates": {"type": "Point", "coordinates": [36.81667, -1.28333]}},
    ],
)
def test_a_point_is_read_from_every_common_form(values: dict[str, Any]) -> None:
    cleaned = clean_point(values)
    assert position(**values) == (-1.28333, 36.81667)
    assert cleaned.issues == ()
    assert cleaned.changes == ()


@pytest.mark.parametrize("text", ["1°17'30\"S 36°49'12\"E", "1 17 30 S, 36 49 12 E", "S1°17'30\" E36°49'12\"", "-1°17'30\", 36°49'12\""])
def test_degrees_minutes_and_seconds_are_read(text: str) -> None:
    assert position(coordinates=text) == pytest.approx((-1.291667, 36.82), abs=1e-5)


@pytest.mark.parametrize(("text", "point"), [("1.17.30 S, 36.49.12 E", (-1.291667, 36.82)), ("1.29.21, 36.82.19", None), ("1 75 30 S, 36 49 12 E", None)])
def test_minutes_and_seconds_are_below_sixty(text: str, point: tuple[float, float] | None) -> None:
    assert position(coordinates=text) == (pytest.approx(point, abs=1e-5) if point else None)
    assert codes(coordinates=text) == (set() if point else {"point.unreadable"})


def test_minutes_alone_leave_a_coarse_point() -> None:
    assert position(coordinates="1°17'S 36°49'E") == pytest.approx((-1.283333, 36.816667), abs=1e-5)
    assert codes(coordinates="1°17'S 36°49'E") == {"point.too_coarse"}


def test_a_swapped_pair_is_mended_and_the_change_is_recorded() -> None:
    cleaned = clean_point({"latitude": 34.562923, "longitude": 0.568012})
    assert cleaned.point is not None
    assert (cleaned.point.latitude, cleaned.point.longitude) == (0.568012, 34.562923)
    assert [(change.before, change.after, change.rule) for change in cleaned.changes] == [("34.562923, 0.568012", "0.568012, 34.562923", "swapped")]
    assert [issue.code for issue in cleaned.issues] == ["point.swapped"]


@given(LATITUDES, LONGITUDES)
def test_every_swapped_pair_is_mended_and_no_good_pair_is_touched(latitude: float, longitude: float) -> None:
    good, swapped = clean_point({"latitude": latitude, "longitude": longitude}), clean_point({"latitude": longitude, "longitude": latitude})
    assert good.changes == ()
    assert good.point == swapped.point
    assert [change.rule for change in swapped.changes] == ["swapped"]


@given(LATITUDES, LONGITUDES)
def test_numbers_and_their_texts_give_the_same_point(latitude: float, longitude: float) -> None:
    as_text = clean_point({"coordinates": f"{latitude:.6f}, {longitude:.6f}"}).point
    assert as_text is not None
    assert (as_text.latitude, as_text.longitude) == (latitude, longitude)


@pytest.mark.parametrize("value", [None, "", "N/A", "-", "Unknown", float("nan"), "  "])
def test_placeholders_are_missing_without_a_complaint(value: Any) -> None:
    cleaned = clean_point({"latitude": value, "longitude": value, "coordinates": value})
    assert cleaned.point is None
    assert cleaned.issues == ()


@pytest.mark.parametrize("values", [{"latitude": 0, "longitude": 0}, {"latitude": "0.000", "longitude": "0"}, {"coordinates": "0,0"}, {"coordinates": [0, 0]}])
def test_zero_for_both_is_missing_with_an_issue(values: dict[str, Any]) -> None:
    assert position(**values) is None
    assert codes(**values) == {"point.zero"}


@pytest.mark.parametrize("values", [{"latitude": 51.5, "longitude": -0.12}, {"coordinates": "-33.9, 18.4"}])
def test_a_point_outside_kenya_is_left_out_and_told(values: dict[str, Any]) -> None:
    cleaned = clean_point(values)
    assert cleaned.point is None
    assert codes(**values) == {"point.outside_kenya"}
    assert [change.after for change in cleaned.changes] == [None]


@pytest.mark.parametrize("values", [{"latitude": "abc", "longitude": "36.8"}, {"latitude": -1.28}, {"coordinates": "behind the market"}, {"latitude": True, "longitude": True}])
def test_half_a_pair_or_words_are_unreadable(values: dict[str, Any]) -> None:
    assert position(**values) is None
    assert codes(**values) == {"point.unreadable"}


@pytest.mark.parametrize(("latitude", "longitude", "decimals"), [(-1.0, 37.0, 0), (-1.3, 36.8, 1), ("-1.28", "36.81", 2), (-1.2833, 36.8, 4), ("-1.2830", "36.81", 3)])
def test_the_decimals_given_are_counted(latitude: Any, longitude: Any, decimals: int) -> None:
    point = clean_point({"latitude": latitude, "longitude": longitude}).point
    assert point is not None
    assert point.decimals == decimals
    assert ("point.too_coarse" in codes(latitude=latitude, longitude=longitude)) == (decimals <= 2)


HOSTILE = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(alphabet="0123456789.,-+°'\"NSEW abc()", max_size=80),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["lat", "lng", "coordinates", "x"]), inner, max_size=3),
    max_leaves=8,
)


@given(HOSTILE, HOSTILE, HOSTILE)
def test_whatever_is_stated_the_point_lies_in_kenya_or_is_none(latitude: Any, longitude: Any, coordinates: Any) -> None:
    point = clean_point({"latitude": latitude, "longitude": longitude, "coordinates": coordinates}).point
    if point is not None:
        assert KENYA_LATITUDES[0] <= point.latitude <= KENYA_LATITUDES[1]
        assert KENYA_LONGITUDES[0] <= point.longitude <= KENYA_LONGITUDES[1]


def test_a_very_long_text_is_read_only_at_its_beginning() -> None:
    cleaned = clean_point({"coordinates": "-1.28333, 36.81667 " + "9" * 5_000_000})
    assert all(len(issue.value or "") <= 200 for issue in cleaned.issues)


@pytest.mark.parametrize(("latitude", "longitude"), [(-1.28333, -36.81667), (-128333, 3681667), (3681667, -128333), (-36.81667, -1.28333)])
def test_a_pair_outside_kenya_comes_with_the_slip_that_explains_it(latitude: float, longitude: float) -> None:
    (issue,) = clean_point({"latitude": latitude, "longitude": longitude}).issues
    assert issue.suggestion is not None
    assert issue.suggestion.values == {"latitude": -1.28333, "longitude": 36.81667}


def test_a_pair_of_another_country_has_no_suggestion() -> None:
    (issue,) = clean_point({"latitude": 51.5, "longitude": 0.1}).issues
    assert issue.suggestion is None


def test_the_outline_of_a_ward_is_no_point_of_a_place() -> None:
    found = clean_point({"coordinates": [[[36.70, -1.28], [36.81, -1.28], [36.81, -1.33], [36.70, -1.28]]]})
    assert found.point is None
    assert [issue.code for issue in found.issues] == ["point.unreadable"]


@pytest.mark.parametrize(
    "outline",
    [
        [[[36.81665, -1.28331], [36.81669, -1.28331], [36.81669, -1.28335], [36.81665, -1.28331]]],
        {"type": "Polygon", "coordinates": [[[36.81665, -1.28331], [36.81669, -1.28335]]]},
        "POLYGON ((36.81665 -1.28331, 36.81669 -1.28331, 36.81669 -1.28335, 36.81665 -1.28331))",
    ],
)
def test_the_middle_of_an_outline_is_told_as_a_change(outline: Any) -> None:
    found = clean_point({"coordinates": outline})
    assert found.point is not None
    assert (found.point.latitude, found.point.longitude) == (-1.28333, 36.81667)
    assert [change.rule for change in found.changes] == ["middle_of_outline"]


@pytest.mark.parametrize("values", [
    {"latitude": -142871.58, "longitude": 4098412.95},
    {"coordinates": [{"$numberDouble": "36.81667"}, {"$numberDouble": "-1.28333"}]},
    {"coordinates": "\n 36.81667,-1.28333,0\n"},
])  # fmt: skip
def test_points_of_web_maps_databases_and_earth_viewers_are_read(values: dict[str, Any]) -> None:
    clean = clean_point(values)
    assert not clean.issues
    assert clean.point
    assert (clean.point.latitude, clean.point.longitude) == (pytest.approx(-1.28333, abs=1e-4), pytest.approx(36.81667, abs=1e-4))


@pytest.mark.parametrize("values", [
    {"latitude": 9530500, "longitude": 562000}, {"latitude": 562000, "longitude": 9530500}, {"coordinates": "UTM 37M E 562000 N 9530500"}, {"coordinates": [562000, 9530500]},
])  # fmt: skip
def test_metres_of_the_grid_become_degrees_and_are_told(values: dict[str, Any]) -> None:
    clean = clean_point(values)
    assert clean.point is not None
    assert (clean.point.latitude, clean.point.longitude) == (-4.24743, 39.55869)
    assert [issue.code for issue in clean.issues] == ["point.from_grid"]


@pytest.mark.parametrize(("county", "longitude"), [("Kisumu", 34.75214), ("Garissa", 40.75214), ("Mombasa", None), (None, None)])
def test_without_a_zone_the_county_tells_it_or_nothing_does(county: str | None, longitude: float | None) -> None:
    clean = clean_point({"latitude": 9989000, "longitude": 695000, "county": county})
    assert (clean.point and clean.point.longitude) == longitude
    assert [issue.code for issue in clean.issues] == ["point.from_grid" if longitude else "point.grid_unclear"]
