"""The official units by code: their names, and constituencies that were one before the boundaries of 2012, which an older list may name under a name that still exists."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

from gvrc.errors import ReferenceDataError
from gvrc.reference.gazetteer_tables import read_place_tables

FAMILIES_FILE = Path(__file__).parent / "data" / "seat_families.csv"


@cache
def seat_families() -> dict[str, str]:
    """For each constituency code that came from a split one: the code that names its family. From a table, for a short list is matched sooner than the official
    places are read. Raises ReferenceDataError when it is missing."""
    try:
        with FAMILIES_FILE.open(encoding="utf-8", newline="") as handle:
            return {row["constituency_code"]: row["family"] for row in csv.DictReader(handle)}
    except OSError as error:
        raise ReferenceDataError(f"The table {FAMILIES_FILE.name} cannot be read.", "Install the package again.") from error


@cache
def place_labels() -> dict[str, str]:
    """The name of every county, constituency and ward by its code. Raises ReferenceDataError without the official places."""
    tables = read_place_tables()
    found = {county.county_code: county.county for county in tables.counties}
    found |= {seat.constituency_code: seat.constituency for seat in tables.constituencies}
    return found | {ward.ward_code: ward.ward for ward in tables.wards}
