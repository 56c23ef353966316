"""Metres of the UTM grid as degrees: how surveys and older lists of facilities tell where a place is (`37M 562000 9530500`).

Kenya lies in zones 36 and 37. The datum is hardly ever stated; WGS 84 is taken, and a pair measured on Arc 1960, that of the older maps, comes out about 300 m
too far north.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from gvrc.model.quick import quick

EASTINGS = (160_000.0, 840_000.0)
NORTHINGS_SOUTH = (9_470_000.0, 10_560_000.0)
"""Metres of Kenya in a southern zone, whose equator is at 10,000,000; some maps go on with it north of the equator."""
NORTHINGS_NORTH = (0.0, 560_000.0)
"""Metres of Kenya in a northern zone."""
ZONES = (36, 37)

_SCALE, _FALSE_EASTING, _EQUATOR_SOUTH = 0.9996, 500_000.0, 10_000_000.0
_AXIS, _FLATTENING = 6_378_137.0, 1 / 298.257223563
"""The ellipsoid of WGS 84: half its long axis in metres, and its flattening."""
_METRES = re.compile(r"(?<![\d.])\d{5,8}(?:\.\d{1,6})?(?![\d.])")
_ONE_NUMBER = re.compile(r"0?\d{5,8}(?:\.\d{1,6})?|\d{1,2}(?:,\d{3}){1,2}(?:\.\d{1,6})?|\d{3},\d{3}(?:\.\d{1,6})?")
_THOUSANDS = re.compile(r"(?<=\d)[,\s](?=\d{3}(?:\D|$))")
_ZONE = re.compile(r"(?<![\d.])(3[67])(?:\s?([A-Z])(?![A-Z]))?(?![\d.])", re.IGNORECASE)
_SAID_SO = re.compile(r"\butm\b|\bzone\b|\barc\s?1960\b|\beasting|\bnorthing", re.IGNORECASE)
_NORTHING_FIRST = re.compile(r"^\D*\bN(?:orthings?)?\W{0,3}\d|^(?!\D*\bE(?:astings?)?\W{0,3}\d)\D*\d{5,8}(?:\.\d+)?\s?m?\s?N\b", re.IGNORECASE)
_BY_LETTERS = re.compile(r"\d\s?m?\s?[EN]\b|\b[EN]\W{0,3}\d{5}", re.IGNORECASE)


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class GridPair:
    """Metres east and north on the grid; `zone` is None where it is not stated, `is_south` tells the hemisphere they are counted in."""

    easting: float
    northing: float
    zone: int | None = None
    is_south: bool = True


def metres_in(value: object) -> float | None:
    """One number as metres of a grid are written, with thousands marked or not; None for any other, degrees with decimal commas too (`35,1119`)."""
    text = str(value).strip()
    return float(text.replace(",", "")) if _ONE_NUMBER.fullmatch(text) else None


def grid_pair(easting: float, northing: float, zone: int | None = None) -> GridPair | None:
    """Two numbers as metres of the grid in the south, where they can be nothing else; None for any others."""
    if _within(easting, EASTINGS) and _within(northing, NORTHINGS_SOUTH):
        return GridPair(easting=easting, northing=northing, zone=zone)
    return None


def read_grid(text: str) -> GridPair | None:
    """The metres that a text tells (`37M 562000 9530500`, `Zone 37N E 250000 N 400000`); None for any other text.

    North of the equator they look like much else, so there the text must say that they are metres of a grid, by its zone, its letters or in words.
    """
    if len(_METRES.findall(text)) != 2:
        text = _THOUSANDS.sub("", text)
    found = list(_METRES.finditer(text))
    if len(found) != 2:
        return None
    told = _ZONE.search(_METRES.sub(" ", text))
    zone = int(told[1]) if told else None
    first, second = (float(number[0]) for number in found)
    if pair := grid_pair(first, second, zone) or grid_pair(second, first, zone):
        return pair
    text = _ZONE.sub(" ", text)  # its letter is none of the hemisphere
    if told is None and _SAID_SO.search(text) is None and _BY_LETTERS.search(text) is None:
        return None
    easting, northing = (second, first) if _NORTHING_FIRST.search(text) else (first, second)
    if _within(easting, EASTINGS) and _within(northing, NORTHINGS_NORTH):
        return GridPair(easting=easting, northing=northing, zone=zone, is_south=False)
    return None


def _within(number: float, bounds: tuple[float, float]) -> bool:
    return bounds[0] <= number <= bounds[1]


def places_of(pair: GridPair) -> Iterator[tuple[float, float]]:
    """Latitude and longitude of a pair in the zone it states or, where it states none, in each zone of Kenya."""
    for zone in (pair.zone,) if pair.zone else ZONES:
        yield degrees_of_utm(pair.easting, pair.northing, zone, is_south=pair.is_south)


def _series() -> tuple[float, tuple[float, float, float], tuple[float, float, float]]:
    """The mean radius of the meridian and the coefficients of the two series, to the third power of the third flattening: below a millimetre here."""
    n = _FLATTENING / (2 - _FLATTENING)
    radius = _AXIS / (1 + n) * (1 + n**2 / 4 + n**4 / 64)
    beta = (n / 2 - 2 * n**2 / 3 + 37 * n**3 / 96, n**2 / 48 + n**3 / 15, 17 * n**3 / 480)
    delta = (2 * n - 2 * n**2 / 3 - 2 * n**3, 7 * n**2 / 3 - 8 * n**3 / 5, 56 * n**3 / 15)
    return radius, beta, delta


def degrees_of_utm(easting: float, northing: float, zone: int, *, is_south: bool) -> tuple[float, float]:
    """Latitude and longitude (WGS 84) of metres on the UTM grid.

    Krüger's series as Kawase writes it: K. Kawase, A General Formula for Calculating Meridian Arc Length and its Application to Coordinate Conversion in the
    Gauss-Krüger Projection, Bulletin of the Geospatial Information Authority of Japan 59 (2011).
    """
    radius, beta, delta = _series()
    xi = (northing - (_EQUATOR_SOUTH if is_south else 0.0)) / (_SCALE * radius)
    eta = (easting - _FALSE_EASTING) / (_SCALE * radius)
    xi_ = xi - sum(b * math.sin(2 * j * xi) * math.cosh(2 * j * eta) for j, b in enumerate(beta, 1))
    eta_ = eta - sum(b * math.cos(2 * j * xi) * math.sinh(2 * j * eta) for j, b in enumerate(beta, 1))
    chi = math.asin(math.sin(xi_) / math.cosh(eta_))
    latitude = chi + sum(d * math.sin(2 * j * chi) for j, d in enumerate(delta, 1))
    longitude = math.atan2(math.sinh(eta_), math.cos(xi_))
    return math.degrees(latitude), math.degrees(longitude) + 6 * zone - 183
