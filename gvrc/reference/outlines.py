"""The outlines of the counties: a coarse backdrop for maps, never evidence of where something lies."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from gvrc.errors import ReferenceDataError
from gvrc.settings import DATA_DIR

OUTLINES_PATH = DATA_DIR / "reference" / "county_outlines.geojson"
ATTRIBUTION = "© OpenStreetMap contributors"
"""What the licence of the outlines (ODbL 1.0) asks to be shown with them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """A rectangle in degrees."""

    south: float
    west: float
    north: float
    east: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CountyOutline:
    """One county: its GeoJSON geometry as read (do not change it) and the rectangle around it."""

    county_code: str
    county: str
    geometry: Mapping[str, Any]
    bounds: Bounds


@lru_cache(maxsize=1)
def load_outlines() -> tuple[CountyOutline, ...]:
    """The outlines of all counties. Raises ReferenceDataError when the file is missing or not what it should be."""
    try:
        features = json.loads(OUTLINES_PATH.read_text(encoding="utf-8"))["features"]
        return tuple(_outline(feature) for feature in features)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ReferenceDataError(f"The outlines of the counties cannot be read: {error}.", "Restore data/reference from the project.") from None


def bounds_of(county_code: str | None = None) -> Bounds:
    """The rectangle around a county; around the country when none is named or the county has no outline."""
    outlines = load_outlines()
    chosen = [outline.bounds for outline in outlines if outline.county_code == county_code] or [outline.bounds for outline in outlines]
    return Bounds(
        south=min(each.south for each in chosen), west=min(each.west for each in chosen),
        north=max(each.north for each in chosen), east=max(each.east for each in chosen),
    )  # fmt: skip


def _outline(feature: Mapping[str, Any]) -> CountyOutline:
    corners = list(_corners(feature["geometry"]["coordinates"]))
    longitudes, latitudes = [corner[0] for corner in corners], [corner[1] for corner in corners]
    return CountyOutline(
        county_code=feature["properties"]["county_code"], county=feature["properties"]["county_name"], geometry=feature["geometry"],
        bounds=Bounds(south=min(latitudes), west=min(longitudes), north=max(latitudes), east=max(longitudes)),
    )


def _corners(coordinates: Any) -> Iterator[tuple[float, float]]:
    """Every (longitude, latitude) of a geometry, however deep its rings are nested."""
    if isinstance(coordinates[0], (int, float)):
        yield float(coordinates[0]), float(coordinates[1])
        return
    for part in coordinates:
        yield from _corners(part)
