"""The official units by code: their names, and constituencies that were one before the boundaries of 2012, which an older list may name under a name that still exists."""

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


@cache
def place_labels() -> dict[str, str]:
    """The name of every county, constituency and ward by its code. Raises ReferenceDataError without the official places."""
    gazetteer = load_gazetteer()
    found: dict[str, str] = {}
    for county in gazetteer.counties:
        found[county.county_code] = county.county
        for seat in gazetteer.constituencies_of(county.county_code):
            found[seat.constituency_code] = seat.constituency
        found |= {ward.ward_code: ward.ward for ward in gazetteer.wards_of(county.county_code)}
    return found
