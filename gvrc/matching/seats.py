"""Constituencies that were one before the boundaries of 2012: an older list may name the old one, under a name that still exists."""

from __future__ import annotations

from functools import cache

from gvrc.reference.gazetteer import load_gazetteer


@cache
def seat_families() -> dict[str, str]:
    """For each constituency code that came from a split one: the code that names its family. Raises ReferenceDataError without the official places."""
    gazetteer = load_gazetteer()
    families: dict[str, str] = {}
    for county in gazetteer.counties:
        for seat in gazetteer.constituencies_of(county.county_code):
            successors = gazetteer.old_successors(seat.constituency)
            if len(successors) > 1 and seat.constituency_code in successors:
                families |= dict.fromkeys(sorted(successors), seat.constituency_code)
    return families
