"""The official units by code: their names, and constituencies that were one before the boundaries of 2012, which an older list may name under a name that still exists."""

from __future__ import annotations

from collections import defaultdict
from functools import cache

from gvrc.reference.gazetteer_tables import PlaceTables, read_place_tables
from gvrc.reference.place_names import ordered_key, place_key


@cache
def _tables() -> PlaceTables:
    return read_place_tables()


@cache
def seat_families() -> dict[str, str]:
    """For each constituency code that came from a split one: the code that names its family. Raises ReferenceDataError without the official places."""
    tables = _tables()
    code = {seat.constituency: seat.constituency_code for seat in tables.constituencies}
    by_key: dict[str, set[str]] = defaultdict(set)
    by_words: dict[str, set[str]] = defaultdict(set)
    for name, _county, names in tables.old_constituencies:
        for successors in (by_key[place_key(name)], by_words[ordered_key(name)]):
            successors.update(code[each] for each in names)
    families: dict[str, str] = {}
    for seat in tables.constituencies:
        successors = by_key.get(place_key(seat.constituency)) or by_words.get(ordered_key(seat.constituency)) or set()
        if len(successors) > 1 and seat.constituency_code in successors:
            families |= dict.fromkeys(sorted(successors), seat.constituency_code)
    return families


@cache
def place_labels() -> dict[str, str]:
    """The name of every county, constituency and ward by its code. Raises ReferenceDataError without the official places."""
    tables = _tables()
    found = {county.county_code: county.county for county in tables.counties}
    found |= {seat.constituency_code: seat.constituency for seat in tables.constituencies}
    return found | {ward.ward_code: ward.ward for ward in tables.wards}
