"""Where something is: administrative place and point."""

from __future__ import annotations

from dataclasses import dataclass

from gvrc.model.quick import quick


@dataclass(frozen=True, slots=True, kw_only=True)
class Ward:
    """An official ward with its parents. Codes are those of the reference data; the centre is missing for a few wards."""

    ward_code: str
    ward: str
    constituency_code: str
    constituency: str
    county_code: str
    county: str
    latitude: float | None = None
    longitude: float | None = None


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The administrative place of a record, as far as it is known; names and codes are official or None, never invented.

    `method` says how it was found (exact, normalised, alias, fuzzy, parent, steward), `confidence` runs from 0 to 1, `alternatives` are ward or
    constituency codes that were also possible.
    """

    county_code: str | None = None
    county: str | None = None
    constituency_code: str | None = None
    constituency: str | None = None
    ward_code: str | None = None
    ward: str | None = None
    confidence: float = 0.0
    method: str = ""
    alternatives: tuple[str, ...] = ()

    @property
    def level(self) -> str | None:
        """The finest level known: ward, constituency, county or None."""
        if self.ward_code:
            return "ward"
        if self.constituency_code:
            return "constituency"
        return "county" if self.county_code else None


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A position in decimal degrees (WGS 84). `decimals` is the number of decimals given, `accuracy_level` one of
    `stated`, `ward_centre`, `steward`; `method` how it was collected, where the source says so."""

    latitude: float
    longitude: float
    decimals: int = 6
    accuracy_level: str = "stated"
    method: str | None = None
