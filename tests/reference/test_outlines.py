"""The county outlines are a backdrop for maps: all 47 counties, near the centres that the gazetteer knows."""

from __future__ import annotations

from pathlib import Path

import pytest

from gvrc.errors import ReferenceDataError
from gvrc.reference import outlines
from gvrc.reference.gazetteer import load_gazetteer
from gvrc.reference.outlines import bounds_of, load_outlines


def test_every_county_has_an_outline_around_its_centre() -> None:
    found = {outline.county_code: outline for outline in load_outlines()}
    for county in load_gazetteer().counties:
        bounds = found[county.county_code].bounds
        assert bounds.south - 0.1 <= county.latitude <= bounds.north + 0.1, county.county
        assert bounds.west - 0.1 <= county.longitude <= bounds.east + 0.1, county.county
        assert found[county.county_code].county == county.county
    assert len(found) == 47


def test_the_country_is_shown_where_no_county_is_named_or_known() -> None:
    whole = bounds_of()
    assert bounds_of("KE999") == whole
    assert whole.south < -4.5 < 4.5 < whole.north
    assert bounds_of("KE023").north <= whole.north


@pytest.mark.parametrize("content", ["", "[]", '{"features": [{"geometry": null}]}'])
def test_a_damaged_file_is_said_to_be_damaged(content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "outlines.geojson"
    path.write_text(content, encoding="utf-8")
    monkeypatch.setattr(outlines, "OUTLINES_PATH", path)
    load_outlines.cache_clear()
    with pytest.raises(ReferenceDataError):
        load_outlines()
    load_outlines.cache_clear()
