"""What the map draws (`parts/map.js`): county outlines, counts or points, lines to ward centres. Nothing is asked of any outside host."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson

from gvrc.reference.gazetteer import load_gazetteer
from gvrc.reference.outlines import Bounds, bounds_of, load_outlines
from gvrc.ui import show
from gvrc.ui.catalogue import Words
from gvrc.ui.map_marks import Mark, mark_of, rgb
from gvrc.views.map import Cell, CountyCount, MapPlace

HEIGHT_PX = 500
_LEAST_AROUND = 0.3
"""Degrees of country shown on each side of a place that is looked at, about 33 km."""
_LEAST_CIRCLE_PX, _GREATEST_CIRCLE_PX = 8, 19
Thing = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What is drawn: the counts of `counties`, or `cells`, or `places`; the county looked at, the place looked at (`is_centred`: and moved to), the places
    picked on the map."""

    county: str | None = None
    counties: Sequence[CountyCount] = ()
    cells: Sequence[Cell] = ()
    places: Sequence[MapPlace] = ()
    chosen: MapPlace | None = None
    picked: Sequence[int] = ()
    is_centred: bool = False
    way: str = "quality"
    bands: tuple[float, float] = (50.0, 80.0)


def drawing(say: Words, picture: Picture, *, alt: str) -> Thing:
    """The data of the map of a picture; `alt` says it in words."""
    return {
        "label": alt, "height": HEIGHT_PX, "view": _view(picture), "words": {name: say(f"map.zoom.{name}") for name in ("in", "out", "all")},
        "colours": {name: rgb(name) for name in ("primary", "ground", "text", "area", "edge")}, "outlines": _outlines(), "counties": _counties(say, picture),
        "circles": _circles(say, picture), "places": _points(say, picture), "lines": _lines(picture),
        "chosen": [{"at": [place.longitude, place.latitude]} for place in [picture.chosen] if place is not None and place.is_placed], "picked": list(picture.picked),
    }  # fmt: skip


def _view(picture: Picture) -> list[float]:
    """The rectangle that the map fits into its frame: west, south, east, north."""
    bounds = _around(picture.chosen) if picture.is_centred and picture.chosen is not None else None
    bounds = bounds or bounds_of(picture.county)
    return [bounds.west, bounds.south, bounds.east, bounds.north]


def _around(place: MapPlace) -> Bounds | None:
    """The rectangle around a place and the centre of its ward, of which one may be unknown; with some country around it."""
    ends = [(place.latitude, place.longitude), (place.ward_latitude, place.ward_longitude)]
    known = [(latitude, longitude) for latitude, longitude in ends if latitude is not None and longitude is not None]
    if not known:
        return None
    latitudes, longitudes = [end[0] for end in known], [end[1] for end in known]
    around = max(_LEAST_AROUND, 0.15 * max(max(latitudes) - min(latitudes), max(longitudes) - min(longitudes)))
    return Bounds(south=min(latitudes) - around, west=min(longitudes) - around, north=max(latitudes) + around, east=max(longitudes) + around)


# ------------------------------------------------------------------------------------------------------------------------ counties and counts


@lru_cache(maxsize=1)
def _outlines() -> list[Thing]:
    """Every county: its code, its name, its rings of (longitude, latitude)."""
    return [{"code": each.county_code, "name": each.county, "rings": [ring for polygon in _polygons(each.geometry) for ring in polygon]} for each in load_outlines()]


def _polygons(geometry: Mapping[str, Any]) -> Any:
    return geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]


def _counties(say: Words, picture: Picture) -> dict[str, Thing]:
    """By code what is special about a county: its colour, what is told of it, whether a click looks into it (`pick`)."""
    if not picture.counties:
        return {picture.county: {"fill": rgb("chosen_area")}} if picture.county else {}
    counts = {each.county_code: each for each in picture.counties}
    most = max(each.placed for each in picture.counties)
    found = {}
    for outline in load_outlines():
        count = counts.get(outline.county_code)
        filled = _shade(count.placed, most) if count is not None and count.placed else rgb("area")
        found[outline.county_code] = {"fill": filled, "tip": _county_tip(say, outline.county, count), "pick": True}
    return found


def _county_tip(say: Words, county: str, count: CountyCount | None) -> str:
    if count is None:
        return say("map.tip.none", county=county)
    return say("map.tip.county", county=county, n=count.placed, unplaced=count.unplaced)


def _shade(count: int, most: int) -> list[int]:
    """The accent, stronger for more places (by the square root, so that small counties still differ)."""
    return [*rgb("primary"), round(25 + 120 * math.sqrt(count / most))]


def _circles(say: Words, picture: Picture) -> list[Thing]:
    """Counts as labelled circles: one per county at its centre, or one per cell of the grid. Small ones come last, over great ones."""
    circles = [_county_circle(say, each) for each in picture.counties if each.placed and each.county_code]
    circles += [{"at": [cell.longitude, cell.latitude], "n": cell.places, "tip": say("map.tip.cell", n=cell.places)} for cell in picture.cells]
    circles.sort(key=lambda circle: -circle["n"])
    for circle in circles:
        circle["radius"] = round(_LEAST_CIRCLE_PX + (_GREATEST_CIRCLE_PX - _LEAST_CIRCLE_PX) * math.sqrt(circle["n"] / circles[0]["n"]), 1)
        circle["label"] = _short(circle["n"])
    return circles


def _short(count: int) -> str:
    """A count that fits into its circle: 842, 4.2k, 10k. The table and the tip have it in full."""
    if count < 1000:
        return str(count)
    return f"{count / 1000:.1f}k" if count < 9_950 else f"{round(count / 1000):,}k"


def _county_circle(say: Words, count: CountyCount) -> Thing:
    county = load_gazetteer().county(count.county_code or "")
    tip = _county_tip(say, county.county, count)
    return {"at": [county.longitude, county.latitude], "n": count.placed, "code": county.county_code, "tip": tip}


# ------------------------------------------------------------------------------------------------------------------------ points


def _points(say: Words, picture: Picture) -> str:
    """The places as JSON text: of some thousands, Streamlit would take as long again to write them itself."""
    marks = [mark_of(picture.way, place, picture.bands) for place in picture.places]
    colours = {colour: rgb(colour) for colour in {mark.colour for mark in marks}}
    return orjson.dumps([_point(say, place, mark, colours) for place, mark in zip(picture.places, marks, strict=True)]).decode()


def _point(say: Words, place: MapPlace, mark: Mark, colours: Mapping[str, list[int]]) -> Thing:
    at = [round(place.longitude or 0.0, 5), round(place.latitude or 0.0, 5)]
    return {"id": place.place_id, "at": at, "colour": colours[mark.colour], "sign": mark.sign, "tip": _tip(say, place)}


def _tip(say: Words, place: MapPlace) -> str:
    lines = [place.name or "", " · ".join(part for part in (place.facility_type and show.kind_word(say, place.facility_type), place.county, place.ward) if part)]
    if place.is_far and place.ward_km is not None:
        lines.append(say("map.tip.far", km=f"{place.ward_km:,.0f}", ward=place.ward or ""))
    return "\n".join(line for line in lines if line)


def _lines(picture: Picture) -> list[list[list[float | None]]]:
    """From the centre of the stated ward to points that are far from it, and to the place looked at."""
    far = [place for place in picture.places if place.is_far]
    if picture.chosen is not None and picture.chosen.is_placed and not picture.chosen.is_far:
        far.append(picture.chosen)
    return [[[place.ward_longitude, place.ward_latitude], [place.longitude, place.latitude]] for place in far if place.ward_km is not None]
