"""A point from whatever a source wrote: two numbers, one text, degrees with minutes, a GeoJSON pair, in either order.

Kenya's latitudes (-4.9 to 5.2) and longitudes (33.7 to 42.1) never overlap, so the order of a Kenyan pair is read from the values
themselves and a swapped pair is mended without guessing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from gvrc.cleaning.text import is_missing
from gvrc.model.issue import Issue, Suggestion
from gvrc.model.place import Point
from gvrc.model.quick import quick
from gvrc.model.record import FieldChange
from gvrc.reference.gazetteer import load_gazetteer
from gvrc.reference.grid import GridPair, grid_pair, places_of, read_grid

KENYA_LATITUDES = (-4.9, 5.2)
KENYA_LONGITUDES = (33.7, 42.1)
"""Kenya's bounds in degrees (-4.72 to 5.03 and 33.91 to 41.91), with a margin of about 20 km for islands, border posts and rounding."""

COARSE_DECIMALS = 2
"""Decimals up to which a point is coarse: two stand for about a kilometre."""
LONGEST_COORDINATE = 200
"""Characters of a coordinate text that are read."""

LARGEST_COMPOUND = 0.02
"""Degrees (2 km) across which an outline may be to stand for one place."""
LONGEST_OUTLINE = 20_000
"""Characters of an outline text that are read."""
MOST_CORNERS = 5_000

_STAGE = "transform"
_OUTLINE = re.compile(r"\s*+(?:srid=\d{1,6};\s*+)?(?:multi)?(?:polygon|linestring)\b", re.IGNORECASE)
_CORNER = re.compile(r"(-?\d{1,3}(?:\.\d{1,20})?)\s{1,3}(-?\d{1,3}(?:\.\d{1,20})?)")
_NUMBER = re.compile(r"[-+\u2212]?\d{1,9}(?:[.,]\d{1,40})?(?:[eE][-+]?\d{1,2}(?![\d.]))?")
_LOOSE_SIGN = re.compile(r"(?<![\d\w°'\"])([-\u2212\u2013])\s+(?=\d)")
_TURNED_SIGN = re.compile(r"(?<![\d\w°'\")])[\u2010-\u2015](?=\d)")
_IN_ADDRESS = re.compile(r"(?:[@=/:,]|loc:)\s?(-?\d{1,3}\.\d{2,15})\s?(?:,|%2C)\s?(-?\d{1,3}\.\d{2,15})", re.IGNORECASE)
"""A pair of degrees in the address of a map (`.../@-1.28,36.82,15z`, `geo:-1.28,36.82`)."""
_HEIGHT = re.compile(r"(\s*[-\u2212]?\d{1,3}\.\d{1,15}[\s,;]+[-\u2212]?\d{1,3}\.\d{1,15})[\s,;]+-?\d{1,4}(?:\.\d{1,10})?(?:\s?m)?(?:[\s,;]+\d{1,4}(?:\.\d{1,10})?(?:\s?m)?)?\s*", re.IGNORECASE)
"""A pair with height (and accuracy) behind it, as survey tools write it (`-1.28 36.82 1650 4.5`)."""
_WELL_KNOWN = re.compile(r"point\s?(?:zm|z|m)?\s{0,3}\(\s{0,3}(-?\d{1,3}(?:\.\d{1,40})?)\s{1,3}(-?\d{1,3}(?:\.\d{1,40})?)(?:\s+-?\d{1,6}(?:\.\d{1,40})?){0,2}\s{0,3}\)", re.IGNORECASE)
"""A point as databases write it, with a height or a measure or without (`POINT Z (36.8 -1.3 1650)`)."""
_LETTER_UNITS = re.compile(r"(?<=\d)\s?(?:d|deg|m|min|s|sec)\b\.?|(?<=\d)[dm](?=\s?\d)", re.IGNORECASE)
_BY_LETTERS = re.compile(r"\d\s?d(?:eg)?\s?\d", re.IGNORECASE)
_DOTTED = re.compile(r"(?<![\d.])(\d{1,3})\.(\d{1,2})\.(\d{1,2}(?:\.\d{1,6})?)(?![\d.])")
"""Degrees, minutes and seconds with points between them (`1.17.31`)."""
_LABELLED_HEIGHT = re.compile(r"\b(?:alt|altitude|elev|elevation|height|accuracy)\b\W{0,4}\d{1,5}(?:\.\d{1,10})?\s?m?\b", re.IGNORECASE)
_ACCURACY = re.compile(r"[\s,;(\[]{0,3}(?:±|\+\s?/\s?-|\+-)\s?\d{1,5}(?:\.\d{1,10})?\s?(?:m|met(?:re|er)s?)?\b[\s)\]]{0,3}", re.IGNORECASE)
"""How exact a device says a point is, behind it (`(±5m)`)."""
_DECIMAL_COMMA = re.compile(r"(?<=\d),(?=\d)")
_WHOLE_PAIR = re.compile(r"\s*[-+\u2212]?\d{1,2},\d{1,2}\s*")
_WORDS = re.compile(r"\b(?:latitude|longitude|lat|long|lng|lon|point(?:\s?(?:zm|z|m)\b)?|srid=\d{1,6}|deg(?:rees)?|min(?:utes)?|sec(?:onds)?|north|south|east|west)\b", re.IGNORECASE)
_HEMISPHERE = re.compile(r"[NSEW]", re.IGNORECASE)
_WITH_HEIGHT = re.compile(r"\s*-?\d{2}(?:\.\d{1,20})?,\s?-?\d(?:\.\d{1,20})?,\s?-?\d{1,5}(?:\.\d{1,20})?\s*")
"""Longitude, latitude and height, as maps of Google Earth write them: `36.82,-1.28,0`."""
_TYPES_OF_NUMBERS = frozenset({"$numberDouble", "$numberDecimal", "$numberInt", "$numberLong", "N", "doubleValue", "integerValue"})
"""Keys under which databases write a number with its type."""
_EARTH_RADIUS = 6_378_137.0
"""Metres, of the sphere that web maps are projected from (EPSG:3857)."""
_METRES_OF_GRID = re.compile(r"(?<![\d.])\d{6,8}(?!\d)|\d{3}[,\s]\d{3}")
"""Digits without a point before them, as many as metres of a grid have."""
GRID_DECIMALS = 3
"""Decimals that a point from a grid is worth: its datum is not stated, which leaves about 300 m open."""
NEAR_COUNTY_KM = 20.0
"""How far outside a county a point may lie for the county to tell the zone of its grid."""
_LATITUDE_KEYS = ("latitude", "lat", "y")
_LONGITUDE_KEYS = ("longitude", "long", "lng", "lon", "x")


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class CleanPoint:
    """The point of a row, if it has one that can be used, the changes made to the stated values, and what is wrong with them."""

    point: Point | None = None
    changes: tuple[FieldChange, ...] = ()
    issues: tuple[Issue, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Angle:
    """One stated number in degrees; `axis` is `lat` or `lon` where its hemisphere letter says so."""

    degrees: float
    decimals: int
    axis: str | None = None


def clean_point(values: Mapping[str, Any]) -> CleanPoint:
    """The point stated by the raw canonical fields `latitude`, `longitude` and `coordinates`.

    Nothing stated gives an empty result without issues. Placeholders and 0,0 are missing; a swapped pair is mended with a change; a
    pair outside Kenya or one that cannot be read gives no point, a change that says so, and an issue.
    """
    corners = _corners(values.get("coordinates"))
    if corners:
        return _middle(corners)
    text = values.get("coordinates")
    if type(text) is str and _METRES_OF_GRID.search(text) and (grid := read_grid(text[:LONGEST_COORDINATE])):
        return _from_grid("coordinates", _shown(text), grid, values)
    stated = _stated(values)
    if stated is None:
        return CleanPoint()
    field_name, shown, angles = stated
    if angles is None:
        return _refused(field_name, shown, "point.unreadable")
    first, second = angles[0].degrees, angles[1].degrees
    if max(abs(first), abs(second)) > _LARGEST_DEGREE and (grid := grid_pair(second, first) or grid_pair(first, second)):
        return _from_grid(field_name, shown, grid, values)
    return _placed(field_name, shown, angles)


_LARGEST_DEGREE = 180.0


def _from_grid(field_name: str, shown: str, grid: GridPair, values: Mapping[str, Any]) -> CleanPoint:
    """The point of metres on the UTM grid. Where no zone is stated and both lie in Kenya, the stated county tells which is meant."""
    found = [place for place in places_of(grid) if _is_kenyan(*place)]
    if len(found) > 1:
        counties = [match.county_code for match in load_gazetteer().find_county(str(values.get("county") or ""))]
        found = [place for place in found if any(load_gazetteer().county_gap_km(*place, code) < NEAR_COUNTY_KM for code in counties if code)]
    if len(found) != 1:
        return _refused(field_name, shown, "point.grid_unclear")
    ((latitude, longitude),) = found
    point = Point(latitude=round(latitude, 5), longitude=round(longitude, 5), decimals=GRID_DECIMALS)
    mended = f"{point.latitude}, {point.longitude}"
    change = FieldChange(field_name="coordinates", before=shown, after=mended, stage=_STAGE, rule="grid_metres")
    return CleanPoint(point=point, changes=(change,), issues=(Issue(code="point.from_grid", field_name=field_name, value=shown, detail={"mended": mended}),))


def _middle(corners: Sequence[tuple[float, float]]) -> CleanPoint:
    """The middle of an outline (longitude, latitude, as GeoJSON and WKT write them), when it is as small as a compound; else the outline tells no point."""
    shown = f"an outline with {len(corners)} corners"
    longitudes, latitudes = sorted(corner[0] for corner in corners), sorted(corner[1] for corner in corners)
    if max(longitudes[-1] - longitudes[0], latitudes[-1] - latitudes[0]) > LARGEST_COMPOUND:
        return _refused("coordinates", shown, "point.unreadable")
    point = Point(latitude=round((latitudes[0] + latitudes[-1]) / 2, 5), longitude=round((longitudes[0] + longitudes[-1]) / 2, 5), decimals=5)
    if not _is_kenyan(point.latitude, point.longitude):
        return _refused("coordinates", shown, "point.outside_kenya", latitude=point.latitude, longitude=point.longitude)
    change = FieldChange(field_name="coordinates", before=shown, after=f"{point.latitude}, {point.longitude}", stage=_STAGE, rule="middle_of_outline")
    return CleanPoint(point=point, changes=(change,))


def _corners(value: Any) -> list[tuple[float, float]]:
    """The corners of an outline: GeoJSON's nested lists of pairs, or `POLYGON ((36.8 -1.3, ...))`. Empty when the value is none."""
    if isinstance(value, Mapping):
        value = next((part for key, part in value.items() if str(key).strip().lower() == "coordinates"), None)
    if isinstance(value, str) and _OUTLINE.match(value):
        return [(float(x), float(y)) for x, y in _CORNER.findall(value[:LONGEST_OUTLINE])]
    found: list[tuple[float, float]] = []
    _collect_corners(value, found, depth=4)
    return found if len(found) > 1 else []


def _collect_corners(value: Any, found: list[tuple[float, float]], depth: int) -> None:
    if not isinstance(value, (list, tuple)) or not depth or len(found) > MOST_CORNERS:
        return
    if len(value) in (2, 3) and all(isinstance(part, (int, float)) and math.isfinite(part) for part in value):
        found.append((float(value[0]), float(value[1])))
        return
    for part in value:
        _collect_corners(part, found, depth - 1)


def _stated(values: Mapping[str, Any]) -> tuple[str, str, tuple[_Angle, _Angle] | None] | None:
    """The field that states a point, its value as shown to people, and the pair of angles (None when unreadable)."""
    latitude, longitude = values.get("latitude"), values.get("longitude")
    if latitude == longitude and isinstance(latitude, str) and len(_NUMBER.findall(latitude[:LONGEST_COORDINATE])) > 1:
        longitude = None  # both columns hold the whole pair
    if not is_missing(latitude) and not is_missing(longitude):
        pair = _pair_of([*_angles(latitude, is_alone=True), *_angles(longitude, is_alone=True)])
        return "latitude", f"{_shown(latitude)}, {_shown(longitude)}", pair
    for field_name in ("coordinates", "latitude", "longitude"):
        value = values.get(field_name)
        if not is_missing(value):
            pair = _pair_of(list(_angles(value)))
            return field_name, _shown(value), _latitude_first(pair) if _is_longitude_first(value) else pair
    return None


def _is_longitude_first(value: Any) -> bool:
    """True for the forms whose standard puts longitude first: a GeoJSON pair or point, and `POINT(36.8 -1.3)`."""
    if isinstance(value, Mapping):
        return any(str(key).strip().lower() == "coordinates" for key in value)
    if isinstance(value, str):
        return "point" in value[:LONGEST_COORDINATE].lower() or _WITH_HEIGHT.fullmatch(value[:LONGEST_COORDINATE]) is not None
    return isinstance(value, (list, tuple))


def _latitude_first(pair: tuple[_Angle, _Angle] | None) -> tuple[_Angle, _Angle] | None:
    """A pair of either order with its latitude first, when one order is Kenyan."""
    if pair is not None and _is_kenyan(pair[1].degrees, pair[0].degrees):
        return pair[1], pair[0]
    return pair


def _pair_of(angles: Sequence[_Angle]) -> tuple[_Angle, _Angle] | None:
    """Two angles as (latitude, longitude) where hemispheres tell which is which, else in the order stated."""
    if len(angles) != 2:
        return None
    first, second = angles
    return (second, first) if first.axis == "lon" or second.axis == "lat" else (first, second)


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_shown(part)}" for key, part in list(value.items())[:4])
    if isinstance(value, (list, tuple)):
        return ", ".join(_shown(part) for part in value[:4])
    return str(value)[:LONGEST_COORDINATE]


def _placed(field_name: str, shown: str, angles: tuple[_Angle, _Angle]) -> CleanPoint:
    latitude, longitude = angles[0].degrees, angles[1].degrees
    if latitude == 0 and longitude == 0:
        return _refused(field_name, shown, "point.zero")
    if _is_kenyan(latitude, longitude):
        return CleanPoint(point=(point := _point(angles)), issues=_coarse(field_name, shown, point))
    if _is_kenyan(longitude, latitude):
        return _swapped(field_name, shown, (angles[1], angles[0]))
    if (degrees := _degrees_of_web_map(latitude, longitude) or _degrees_of_web_map(longitude, latitude)) is not None:
        return _unprojected(shown, *degrees)
    return _refused(field_name, shown, "point.outside_kenya", _likely(latitude, longitude), latitude=latitude, longitude=longitude)


def _degrees_of_web_map(northing: float, easting: float) -> tuple[float, float] | None:
    """Latitude and longitude of metres on a web map (EPSG:3857); None for any that lie in no part of Kenya there. Metres of other projections (UTM) are always
    smaller eastings, so that none is taken for one of these."""
    if not 3_700_000 < easting < 4_700_000 or abs(northing) > 700_000:
        return None
    latitude, longitude = math.degrees(math.atan(math.sinh(northing / _EARTH_RADIUS))), math.degrees(easting / _EARTH_RADIUS)
    return (latitude, longitude) if _is_kenyan(latitude, longitude) else None


def _unprojected(shown: str, latitude: float, longitude: float) -> CleanPoint:
    point = Point(latitude=round(latitude, 7), longitude=round(longitude, 7), decimals=5)
    change = FieldChange(field_name="coordinates", before=shown, after=f"{point.latitude}, {point.longitude}", stage=_STAGE, rule="web_map_metres")
    return CleanPoint(point=point, changes=(change,))


def _is_kenyan(latitude: float, longitude: float) -> bool:
    return KENYA_LATITUDES[0] <= latitude <= KENYA_LATITUDES[1] and KENYA_LONGITUDES[0] <= longitude <= KENYA_LONGITUDES[1]


def _point(angles: tuple[_Angle, _Angle]) -> Point:
    return Point(
        latitude=round(angles[0].degrees, 7), longitude=round(angles[1].degrees, 7), decimals=max(angles[0].decimals, angles[1].decimals)
    )


def _swapped(field_name: str, shown: str, angles: tuple[_Angle, _Angle]) -> CleanPoint:
    point = _point(angles)
    mended = f"{point.latitude}, {point.longitude}"
    change = FieldChange(field_name="coordinates", before=shown, after=mended, stage=_STAGE, rule="swapped")
    issue = Issue(code="point.swapped", field_name=field_name, value=shown, detail={"mended": mended})
    return CleanPoint(point=point, changes=(change,), issues=(issue, *_coarse(field_name, shown, point)))


def _coarse(field_name: str, shown: str, point: Point) -> tuple[Issue, ...]:
    if point.decimals > COARSE_DECIMALS:
        return ()
    return (Issue(code="point.too_coarse", field_name=field_name, value=shown, detail={"decimals": point.decimals}),)


def _refused(field_name: str, shown: str, code: str, suggestion: Suggestion | None = None, **detail: Any) -> CleanPoint:
    change = FieldChange(field_name="coordinates", before=shown, after=None, stage=_STAGE, rule=code)
    return CleanPoint(changes=(change,), issues=(Issue(code=code, field_name=field_name, value=shown, detail=detail, suggestion=suggestion),))


def _likely(latitude: float, longitude: float) -> Suggestion | None:
    """The one pair in Kenya that the usual slips lead to: a minus before the longitude, or a decimal point that got lost."""
    for first, second, reason in (
        (latitude, -longitude, "Without the minus before the longitude the point lies in Kenya."),
        (longitude, -latitude, "In the other order and without the minus the point lies in Kenya."),
        (*_with_points(latitude, longitude), "With the decimal points that were lost the point lies in Kenya."),
        (*_with_points(longitude, latitude), "With the decimal points that were lost, and in the other order, the point lies in Kenya."),
    ):
        if _is_kenyan(first, second):
            values = {"latitude": round(first, 7), "longitude": round(second, 7)}
            return Suggestion(values=values, shown=f"{values['latitude']}, {values['longitude']}", confidence=0.7, reason=reason)
    return None


def _with_points(latitude: float, longitude: float) -> tuple[float, float]:
    """Two whole numbers with the decimal points that they lost: as many decimals as a longitude of two digits leaves, for both alike; anything else as
    it is."""
    digits = len(str(abs(int(longitude))))
    if digits < 5 or latitude != int(latitude) or longitude != int(longitude):
        return latitude, longitude
    return latitude / 10 ** (digits - 2), longitude / 10 ** (digits - 2)


# ---------------------------------------------------------------------- reading one value


def _angles(value: Any, *, is_alone: bool = False) -> Iterator[_Angle]:
    """Every angle a value states, in its own order; a GeoJSON pair keeps longitude first and is told apart by its values later."""
    if isinstance(value, Mapping):
        yield from _angles_of_object(value)
    elif isinstance(value, (list, tuple)):
        told = (part for part in value if part is not None and part is not False and part != "")  # `[null, "-1.28", "36.82", null, false]`
        for part in islice(told, 2):
            yield from _angles(part)
    elif isinstance(value, str):
        yield from _angles_in_text(value[:LONGEST_COORDINATE], is_alone)
    elif isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
        yield _Angle(degrees=float(value), decimals=_decimals(repr(value)))


def _angles_of_object(value: Mapping[str, Any]) -> Iterator[_Angle]:
    if len(value) == 1 and (typed := next(iter(value))) in _TYPES_OF_NUMBERS:
        yield from _angles(value[typed], is_alone=True)
        return
    by_key = {str(key).strip().lower(): part for key, part in value.items()}
    if "coordinates" in by_key:
        yield from _angles(by_key["coordinates"])
        return
    for keys in (_LATITUDE_KEYS, _LONGITUDE_KEYS):
        yield from next((_angles(by_key[key], is_alone=True) for key in keys if key in by_key), iter(()))


def _decimals(number: str) -> int:
    mantissa, _, exponent = number.lower().partition("e")
    decimals = len(mantissa.partition(".")[2].rstrip("0"))
    return max(0, decimals - int(exponent or 0)) if exponent.lstrip("+-").isdigit() or not exponent else decimals


def _angles_in_text(text: str, is_alone: bool) -> Iterator[_Angle]:
    """The angles of a text: decimal degrees, or degrees with minutes and seconds, with hemisphere letters before or after."""
    text = _plain(text)
    letters = _HEMISPHERE.findall(_WORDS.sub(_initial, text))
    numbers = [_number(found) for found in _numbers(_WORDS.sub(" ", text), is_alone)]
    if not numbers:
        return
    axes = [letter.upper() for letter in letters] if len(letters) in (1, 2) else []
    groups = _groups(numbers, text, len(axes), is_alone)
    if any(part >= 60 for group in groups for part, _ in group[1:]):
        return  # neither minutes nor seconds: what was meant cannot be told
    for index, group in enumerate(groups):
        yield _angle(group, axes[index] if len(axes) == len(groups) else None)


def _plain(text: str) -> str:
    """The text without what surrounds a pair: the address of a map, heights, units as letters, signs that stand apart."""
    if pair := _WELL_KNOWN.search(text):
        return f"{pair[1]} {pair[2]}"
    if pair := _IN_ADDRESS.search(text) if ":" in text or "/" in text else None:
        return f"{pair[1]}, {pair[2]}"
    if "±" in text or "+" in text:
        text = _ACCURACY.sub(" ", text)
    if pair := _HEIGHT.fullmatch(text):
        return pair[1]
    text = _DOTTED.sub(r"\1 \2 \3", _LABELLED_HEIGHT.sub(" ", text))
    if _BY_LETTERS.search(text):
        text = _LETTER_UNITS.sub(" ", text)
    return _TURNED_SIGN.sub("-", _LOOSE_SIGN.sub("-", text))


def _initial(word: re.Match[str]) -> str:
    """`South` counts as the letter S, every other word as nothing."""
    return word.group()[0] if word.group().lower() in ("north", "south", "east", "west") else " "


def _numbers(text: str, is_alone: bool) -> list[str]:
    """The numbers in a text. Commas between digits are decimal commas when no number has a point; only `-1,36` of a field that holds
    both coordinates is a pair of whole degrees."""
    if "." in text or (not is_alone and _WHOLE_PAIR.fullmatch(text)):
        text = _DECIMAL_COMMA.sub(" , ", text)
    return _NUMBER.findall(text)


def _number(text: str) -> tuple[float, int]:
    plain = text.replace("\u2212", "-").replace(",", ".")
    return float(plain), _decimals(plain)


def _groups(numbers: list[tuple[float, int]], text: str, letters: int, is_alone: bool) -> list[list[tuple[float, int]]]:
    """Numbers of one angle together: two or one are decimal degrees; four or six are degrees with minutes (and seconds) twice; three
    with one letter or degree sign are a single angle."""
    count = len(numbers)
    if count in (2, 3) and is_alone and not any(decimals for _, decimals in numbers[:-1]) and (text.count("°") == 1 or text.count("º") == 1 or letters == 1 or "'" in text):
        return [numbers]
    if count in (4, 6):
        half = count // 2
        return [numbers[:half], numbers[half:]]
    if count in (2, 3) and (letters == 1 or text.count("°") == 1):
        return [numbers]
    return [[number] for number in numbers]


def _angle(group: list[tuple[float, int]], letter: str | None) -> _Angle:
    """Degrees of one group. Each minute stands for almost two decimals, each second for almost four."""
    sign = -1.0 if group[0][0] < 0 or letter in ("S", "W") or math.copysign(1, group[0][0]) < 0 else 1.0
    degrees = sum(abs(number) / 60**position for position, (number, _) in enumerate(group))
    decimals = group[-1][1] + 2 * (len(group) - 1)
    return _Angle(degrees=sign * degrees, decimals=decimals, axis={"N": "lat", "S": "lat", "E": "lon", "W": "lon"}.get(letter or ""))
