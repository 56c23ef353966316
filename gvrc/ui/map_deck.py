"""The map as drawn: county outlines, counts or points, lines to ward centres. Nothing is asked of any outside host.

(`map_provider=None` alone keeps Streamlit from loading a basemap; with any `map_style` it would ask for one.)
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pydeck

from gvrc.reference.gazetteer import load_gazetteer
from gvrc.reference.outlines import Bounds, bounds_of, load_outlines
from gvrc.ui.catalogue import Words
from gvrc.ui.map_marks import mark_of, rgb
from gvrc.views.map import Cell, CountyCount, MapPlace

HEIGHT_PX = 500
_WIDTH_PX = 600
"""Of the narrowest window the map is laid out for; a wider one shows a little more around it."""
_TILE_PX = 512
_LEAST_AROUND = 0.3
"""Degrees of country shown on each side of a place that is looked at, about 33 km."""
_MOST_SIGNS = 1_500
"""Marks that carry their sign inside; of more the signs would only cover each other."""
_MARK_PX, _SMALL_MARK_PX = 8, 4
_LEAST_CIRCLE_PX, _GREATEST_CIRCLE_PX = 8, 19


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What is drawn: the counts of `counties`, or `cells`, or `places`; the county looked at, the place looked at (`is_centred`: and moved to)."""

    county: str | None = None
    counties: Sequence[CountyCount] = ()
    cells: Sequence[Cell] = ()
    places: Sequence[MapPlace] = ()
    chosen: MapPlace | None = None
    is_centred: bool = False
    way: str = "quality"
    bands: tuple[float, float] = (50.0, 80.0)


def deck(say: Words, picture: Picture) -> pydeck.Deck:
    """The map of a picture."""
    layers = [_outlines(say, picture), *_circles(say, picture), *_points(say, picture), *_chosen(picture)]
    return pydeck.Deck(map_provider=None, initial_view_state=_view(picture), layers=layers, tooltip={"text": "{tip}"})


def _view(picture: Picture) -> pydeck.ViewState:
    bounds = _around(picture.chosen) if picture.is_centred and picture.chosen is not None else None
    bounds = bounds or bounds_of(picture.county)
    return pydeck.ViewState(longitude=(bounds.west + bounds.east) / 2, latitude=(bounds.south + bounds.north) / 2, zoom=_zoom(bounds))


def _around(place: MapPlace) -> Bounds | None:
    """The rectangle around a place and the centre of its ward, of which one may be unknown; with some country around it."""
    ends = [(place.latitude, place.longitude), (place.ward_latitude, place.ward_longitude)]
    known = [(latitude, longitude) for latitude, longitude in ends if latitude is not None and longitude is not None]
    if not known:
        return None
    latitudes, longitudes = [end[0] for end in known], [end[1] for end in known]
    around = max(_LEAST_AROUND, 0.15 * max(max(latitudes) - min(latitudes), max(longitudes) - min(longitudes)))
    return Bounds(south=min(latitudes) - around, west=min(longitudes) - around, north=max(latitudes) + around, east=max(longitudes) + around)


def _zoom(bounds: Bounds) -> float:
    """The zoom at which a rectangle near the equator just fits, with a small margin."""
    widths = (_WIDTH_PX / (bounds.east - bounds.west), HEIGHT_PX / (bounds.north - bounds.south))
    return math.log2(min(widths) * 360 / _TILE_PX) - 0.12


# ------------------------------------------------------------------------------------------------------------------------ counties and counts


def _outlines(say: Words, picture: Picture) -> pydeck.Layer:
    counts = {each.county_code: each for each in picture.counties}
    most = max((each.placed for each in picture.counties), default=0)
    features = []
    for outline in load_outlines():
        count = counts.get(outline.county_code)
        tip = _county_tip(say, outline.county, count) if picture.counties else outline.county
        filled = _shade(count.placed, most) if count is not None and count.placed else rgb("chosen_area" if outline.county_code == picture.county else "area")
        properties = {"code": outline.county_code, "tip": tip, "fill": filled}
        features.append({"type": "Feature", "tip": tip, "code": outline.county_code, "properties": properties, "geometry": outline.geometry})
    return pydeck.Layer(
        "GeoJsonLayer", features, id="counties", get_fill_color="properties.fill", get_line_color=rgb("edge"), line_width_min_pixels=1,
        get_line_width=1, pickable=bool(picture.counties),
    )


def _county_tip(say: Words, county: str, count: CountyCount | None) -> str:
    if count is None:
        return say("map.tip.none", county=county)
    return say("map.tip.county", county=county, n=count.placed, unplaced=count.unplaced)


def _shade(count: int, most: int) -> list[int]:
    """The accent, stronger for more places (by the square root, so that small counties still differ)."""
    return [*rgb("primary"), round(25 + 120 * math.sqrt(count / most))]


def _circles(say: Words, picture: Picture) -> list[pydeck.Layer]:
    """Counts as labelled circles: one per county at its centre, or one per cell of the grid."""
    circles = [_county_circle(say, each) for each in picture.counties if each.placed and each.county_code]
    circles += [{"at": [cell.longitude, cell.latitude], "n": cell.places, "tip": say("map.tip.cell", n=cell.places)} for cell in picture.cells]
    if not circles:
        return []
    circles.sort(key=lambda circle: -circle["n"])  # small ones are drawn over great ones
    most = circles[0]["n"]
    for circle in circles:
        circle["radius"] = round(_LEAST_CIRCLE_PX + (_GREATEST_CIRCLE_PX - _LEAST_CIRCLE_PX) * math.sqrt(circle["n"] / most), 1)
        circle["label"] = _short(circle["n"])
    return [
        pydeck.Layer(
            "ScatterplotLayer", circles, id="circles", get_position="at", get_fill_color=rgb("primary"), get_radius="radius", radius_units='"pixels"', pickable=True,
            **_rim(),
        ),
        _labels("circle-labels", circles, "label", 12),
    ]


def _short(count: int) -> str:
    """A count that fits into its circle: 842, 4.2k, 10k. The table and the tip have it in full."""
    if count < 1000:
        return str(count)
    return f"{count / 1000:.1f}k" if count < 9_950 else f"{round(count / 1000):,}k"


def _county_circle(say: Words, count: CountyCount) -> dict[str, Any]:
    county = load_gazetteer().county(count.county_code or "")
    tip = _county_tip(say, county.county, count)
    return {"at": [county.longitude, county.latitude], "n": count.placed, "code": county.county_code, "tip": tip}


def _rim() -> dict[str, Any]:
    """A thin rim in the colour of the ground, so that marks over each other stay apart."""
    return {"stroked": True, "get_line_color": rgb("ground"), "get_line_width": 1, "line_width_units": '"pixels"'}


def _labels(name: str, data: Sequence[Mapping[str, Any]], text: str, size_px: int) -> pydeck.Layer:
    return pydeck.Layer(
        "TextLayer", list(data), id=name, get_position="at", get_text=text, get_size=size_px, get_color=rgb("ground"), font_weight=700,
        font_family='"Source Sans, sans-serif"', get_alignment_baseline='"center"', get_text_anchor='"middle"', pickable=False,
    )  # fmt: skip


# ------------------------------------------------------------------------------------------------------------------------ points


def _points(say: Words, picture: Picture) -> list[pydeck.Layer]:
    """The places one by one, each with its mark; lines lead from the centre of the stated ward to points that are far from it."""
    if not picture.places:
        return []
    points = [_point(say, place, picture) for place in picture.places]
    has_signs = len(points) <= _MOST_SIGNS
    layers = [_ward_lines([place for place in picture.places if place.is_far])]
    layers.append(
        pydeck.Layer(
            "ScatterplotLayer", points, id="places", get_position="at", get_fill_color="colour", get_radius=_MARK_PX if has_signs else _SMALL_MARK_PX,
            radius_units='"pixels"', pickable=True, **_rim(),
        )
    )
    return [*layers, _labels("signs", points, "sign", 12)] if has_signs else layers


def _point(say: Words, place: MapPlace, picture: Picture) -> dict[str, Any]:
    mark = mark_of(picture.way, place, picture.bands)
    return {"id": place.place_id, "at": [place.longitude, place.latitude], "colour": rgb(mark.colour), "sign": mark.sign, "tip": _tip(say, place)}


def _tip(say: Words, place: MapPlace) -> str:
    lines = [place.name or "", " · ".join(part for part in (place.kind, place.county, place.ward) if part)]
    if place.is_far and place.ward_km is not None:
        lines.append(say("map.tip.far", km=f"{place.ward_km:,.0f}", ward=place.ward or ""))
    return "\n".join(line for line in lines if line)


def _ward_lines(places: Sequence[MapPlace], name: str = "ward-lines") -> pydeck.Layer:
    lines = [
        {"from": [place.ward_longitude, place.ward_latitude], "to": [place.longitude, place.latitude]} for place in places if place.ward_km is not None
    ]
    return pydeck.Layer("LineLayer", lines, id=name, get_source_position="from", get_target_position="to", get_color=rgb("text"), get_width=1.5)


def _chosen(picture: Picture) -> list[pydeck.Layer]:
    """A ring around the place looked at, and the way from the centre of its ward."""
    place = picture.chosen
    if place is None or not place.is_placed:
        return []
    at = [{"at": [place.longitude, place.latitude]}]
    ring = pydeck.Layer(
        "ScatterplotLayer", at, id="chosen", get_position="at", filled=False, stroked=True, get_line_color=rgb("text"), get_radius=14,
        radius_units='"pixels"', get_line_width=3, line_width_units='"pixels"',
    )
    return [_ward_lines([place], "chosen-line"), ring]
