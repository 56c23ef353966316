"""Distances between points and the centres of the wards."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from gvrc.model.place import Ward

EARTH_RADIUS_KM = 6371.0088
"""Mean radius of the earth (IUGG)."""

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


def distance_km(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """Great-circle distance in kilometres (haversine formula)."""
    lat, other_lat = math.radians(latitude), math.radians(other_latitude)
    half_lon = math.radians(other_longitude - longitude) / 2
    half = math.sin((other_lat - lat) / 2) ** 2 + math.cos(lat) * math.cos(other_lat) * math.sin(half_lon) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(half))


def _positions(latitudes: npt.ArrayLike, longitudes: npt.ArrayLike) -> Floats:
    """Points on the unit sphere: the straight line between two of them grows with their distance on the ground, so trees may search it."""
    lat, lon = np.radians(np.asarray(latitudes, dtype=float)), np.radians(np.asarray(longitudes, dtype=float))
    return np.column_stack((np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)))


def _chord_to_km(chords: Floats) -> Floats:
    return np.asarray(2 * EARTH_RADIUS_KM * np.arcsin(np.minimum(chords / 2, 1.0)))


class WardCentres:
    """The ward centres as a search tree, over the country and per county. Wards without a centre take no part."""

    def __init__(self, wards: Sequence[Ward]) -> None:
        self.wards = tuple(ward for ward in wards if ward.latitude is not None and ward.longitude is not None)
        centres = np.array([(ward.latitude, ward.longitude) for ward in self.wards], dtype=float)
        positions = _positions(centres[:, 0], centres[:, 1])
        self._tree = cKDTree(positions)
        codes = np.array([ward.county_code for ward in self.wards])
        self._trees = {code: cKDTree(positions[codes == code]) for code in sorted(set(codes.tolist()))}

    def nearest(self, latitudes: npt.ArrayLike, longitudes: npt.ArrayLike) -> tuple[Floats, Integers]:
        """For each point the distance to the nearest centre in kilometres, and that ward's index in `wards`."""
        chords, indices = self._tree.query(_positions(latitudes, longitudes))
        return _chord_to_km(np.asarray(chords)), np.asarray(indices)

    def nearest_two(self, latitudes: npt.ArrayLike, longitudes: npt.ArrayLike) -> tuple[Floats, Integers]:
        """The same for the nearest and the next centre: two columns each."""
        chords, indices = self._tree.query(_positions(latitudes, longitudes), k=2)
        return _chord_to_km(np.asarray(chords)), np.asarray(indices)

    def county_km(self, latitudes: npt.ArrayLike, longitudes: npt.ArrayLike, county_codes: Sequence[str]) -> Floats:
        """For each point the distance to the nearest centre of the county named beside it, in kilometres."""
        positions, codes = _positions(latitudes, longitudes), np.array(county_codes)
        distances = np.empty(len(codes))
        for code in set(codes.tolist()):
            chosen = codes == code
            distances[chosen] = _chord_to_km(np.asarray(self._trees[code].query(positions[chosen])[0]))
        return distances
