"""Distances between points and the centres of the wards.

Every point is compared with every centre, some hundreds of points at a time: for the 1,450 wards that is as quick as a search tree, whose library
takes longer to load than most lists take to be placed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gvrc.model.place import Ward

if TYPE_CHECKING:
    import numpy.typing as npt  # loading it takes a sixteenth of a second

EARTH_RADIUS_KM = 6371.0088
"""Mean radius of the earth (IUGG)."""
POINTS_AT_ONCE = 500
"""Points that are compared at a time: their distances to every centre take 6 MB."""

Floats = np.ndarray[tuple[Any, ...], np.dtype[np.float64]]
Integers = np.ndarray[tuple[Any, ...], np.dtype[np.int64]]


def distance_km(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """Great-circle distance in kilometres (haversine formula)."""
    lat, other_lat = math.radians(latitude), math.radians(other_latitude)
    half_lon = math.radians(other_longitude - longitude) / 2
    half = math.sin((other_lat - lat) / 2) ** 2 + math.cos(lat) * math.cos(other_lat) * math.sin(half_lon) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(half))


def _positions(latitudes: npt.ArrayLike, longitudes: npt.ArrayLike) -> Floats:
    """Points on the unit sphere: the nearer two of them are, the greater is their inner product."""
    lat, lon = np.radians(np.asarray(latitudes, dtype=float)), np.radians(np.asarray(longitudes, dtype=float))
    return np.column_stack((np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)))


def _nearest(points: Floats, centres: Floats, count: int) -> tuple[Floats, Integers]:
    """For each point the distances in kilometres to its `count` nearest centres, and their rows: one column each, the nearest first."""
    indices = np.empty((len(points), count), dtype=np.int64)
    for start in range(0, len(points), POINTS_AT_ONCE):
        rows = slice(start, start + POINTS_AT_ONCE)
        near = points[rows] @ centres.T
        for column in range(count):
            best = near.argmax(axis=1)
            indices[rows, column] = best
            near[np.arange(len(near)), best] = -2.0
    chords = np.linalg.norm(points[:, None, :] - centres[indices], axis=2)  # of points that all but meet, the inner product is too coarse
    return np.asarray(2 * EARTH_RADIUS_KM * np.arcsin(np.minimum(chords / 2, 1.0))), indices


class WardCentres:
    """The ward centres, over the country and per county. Wards without a centre take no part."""

    def __init__(self, wards: Sequence[Ward]) -> None:
        self.wards = tuple(ward for ward in wards if ward.latitude is not None and ward.longitude is not None)
        centres = np.array([(ward.latitude, ward.longitude) for ward in self.wards], dtype=float)
        self._positions = _positions(centres[:, 0], centres[:, 1])
        codes = np.array([ward.county_code for ward in self.wards])
        self._of_county = {code: self._positions[codes == code] for code in sorted(set(codes.tolist()))}

    def nearest(self, latitudes: npt.ArrayLike, longitudes: npt.ArrayLike) -> tuple[Floats, Integers]:
        """For each point the distance to the nearest centre in kilometres, and that ward's index in `wards`."""
        distances, indices = _nearest(_positions(latitudes, longitudes), self._positions, 1)
        return distances[:, 0], indices[:, 0]

    def nearest_two(self, latitudes: npt.ArrayLike, longitudes: npt.ArrayLike) -> tuple[Floats, Integers]:
        """The same for the nearest and the next centre: two columns each."""
        return _nearest(_positions(latitudes, longitudes), self._positions, 2)

    def county_km(self, latitudes: npt.ArrayLike, longitudes: npt.ArrayLike, county_codes: Sequence[str]) -> Floats:
        """For each point the distance to the nearest centre of the county named beside it, in kilometres."""
        positions, codes = _positions(latitudes, longitudes), np.array(county_codes)
        distances = np.empty(len(codes))
        for code in set(codes.tolist()):
            chosen = codes == code
            distances[chosen] = _nearest(positions[chosen], self._of_county[code], 1)[0][:, 0]
        return distances
