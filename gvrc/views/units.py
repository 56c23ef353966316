"""Counties, constituencies and wards as a caller names them."""

from __future__ import annotations

from typing import Literal

from gvrc.reference.gazetteer import load_gazetteer

Level = Literal["county", "constituency", "ward"]


def unit_codes(level: Level, text: str, within: str | None = None) -> tuple[str, ...]:
    """The codes of the units that a code or an official name means, in any case of letters; `within` is the code of a county or constituency around them."""
    places, wanted = load_gazetteer(), text.strip().casefold()
    if level == "county":
        units = [(unit.county_code, unit.county, {unit.county_code}) for unit in places.counties]
    elif level == "constituency":
        units = [(unit.constituency_code, unit.constituency, {unit.county_code}) for unit in places.constituencies]
    else:
        units = [(unit.ward_code, unit.ward, {unit.county_code, unit.constituency_code}) for unit in places.wards]
    return tuple(code for code, name, around in units if wanted in (code.casefold(), name.casefold()) and (within is None or within in around))


__all__ = ["Level", "unit_codes"]
