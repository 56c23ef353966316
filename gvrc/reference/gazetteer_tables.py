"""Reads the official places and their aliases from the files they stand in, and checks that they agree."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

from gvrc.errors import ReferenceDataError
from gvrc.model.place import Ward
from gvrc.settings import DATA_DIR

REFERENCE_DIR = DATA_DIR / "reference"
_HINT = "Install the package again, or restore the folder data/reference."


@dataclass(frozen=True, slots=True, kw_only=True)
class County:
    """One of the 47 counties, with its centre."""

    county_code: str
    county: str
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Constituency:
    """One of the 290 constituencies. Its centre is good for the county only: nine of them lie in the neighbouring seat."""

    constituency_code: str
    constituency: str
    county_code: str
    county: str
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceAlias:
    """Another name of a unit, by the official names of the unit and its parents. `level` is county, constituency, ward or nation."""

    alias: str
    level: str
    county: str = ""
    constituency: str = ""
    ward: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceTables:
    """Everything the gazetteer is built from. Names of counties and constituencies in the tables of old and popular names are official
    names of today."""

    counties: tuple[County, ...]
    constituencies: tuple[Constituency, ...]
    wards: tuple[Ward, ...]
    sub_counties: tuple[tuple[str, str, str], ...]
    """Name of the sub-county, county code, ward code."""
    aliases: tuple[PlaceAlias, ...]
    old_constituencies: tuple[tuple[str, str, tuple[str, ...]], ...]
    """Name before 2013, county, the constituencies of today that its area belongs to."""
    districts: tuple[tuple[str, str], ...]
    towns: tuple[tuple[str, str], ...]
    provinces: tuple[tuple[str, tuple[str, ...]], ...]
    place_words: frozenset[str]


def read_place_tables(reference_dir: Path = REFERENCE_DIR) -> PlaceTables:
    """The tables of the package kenya-data and of `reference_dir`. Raises ReferenceDataError when one is missing or incomplete."""
    try:
        with as_file(files("kenya_data") / "kenya.db") as database, closing(sqlite3.connect(database)) as connection:
            counties, constituencies = _counties(connection), _constituencies(connection)
            wards = _wards(connection, _ward_centres(reference_dir))
            sub_counties = _sub_counties(connection)
        tables = PlaceTables(
            counties=counties,
            constituencies=constituencies,
            wards=wards,
            sub_counties=sub_counties,
            aliases=tuple(_aliases(reference_dir)),
            old_constituencies=tuple((row["name"], row["county"], tuple(row["successors"].split("|"))) for row in _rows(reference_dir, "old_constituencies")),
            districts=tuple((row["district"], row["county"]) for row in _rows(reference_dir, "old_districts")),
            towns=tuple((row["town"], row["county"]) for row in _rows(reference_dir, "towns")),
            provinces=tuple((row["province"], tuple(row["counties"].split("|"))) for row in _rows(reference_dir, "provinces")),
            place_words=frozenset(row["word"] for row in _rows(reference_dir, "place_words")),
        )
    except (OSError, sqlite3.Error, KeyError, ModuleNotFoundError, ValueError, csv.Error) as error:
        raise ReferenceDataError(f"The official places cannot be read: {error}.", _HINT) from error
    if (len(counties), len(constituencies), len(wards)) != (47, 290, 1450):
        raise ReferenceDataError("The official places are incomplete: Kenya has 47 counties, 290 constituencies and 1,450 wards.", _HINT)
    return tables


def _rows(reference_dir: Path, name: str) -> Iterator[dict[str, str]]:
    with (reference_dir / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _aliases(reference_dir: Path) -> Iterator[PlaceAlias]:
    for row in _rows(reference_dir, "place_aliases"):
        yield PlaceAlias(alias=row["alias"], level=row["level"], county=row["county"], constituency=row["constituency"], ward=row["ward"])


def _ward_centres(reference_dir: Path) -> dict[str, tuple[float, float]]:
    return {row["ward_code"]: (float(row["latitude"]), float(row["longitude"])) for row in _rows(reference_dir, "ward_centres")}


def _counties(connection: sqlite3.Connection) -> tuple[County, ...]:
    query = """SELECT t.code, t.name, c.latitude, c.longitude FROM counties t
               JOIN coordinates c ON c.entity_type = 'county' AND c.entity_id = t.id ORDER BY t.code"""
    return tuple(County(county_code=code, county=name, latitude=lat, longitude=lon) for code, name, lat, lon in connection.execute(query))


def _constituencies(connection: sqlite3.Connection) -> tuple[Constituency, ...]:
    query = """SELECT k.code, k.name, t.code, t.name, c.latitude, c.longitude FROM constituencies k JOIN counties t ON t.id = k.county_id
               JOIN coordinates c ON c.entity_type = 'constituency' AND c.entity_id = k.id ORDER BY k.code"""
    return tuple(
        Constituency(constituency_code=code, constituency=name, county_code=county_code, county=county, latitude=lat, longitude=lon)
        for code, name, county_code, county, lat, lon in connection.execute(query)
    )


def _wards(connection: sqlite3.Connection, centres: dict[str, tuple[float, float]]) -> tuple[Ward, ...]:
    query = """SELECT w.code, w.name, k.code, k.name, t.code, t.name FROM wards w
               JOIN constituencies k ON k.id = w.constituency_id JOIN counties t ON t.id = k.county_id ORDER BY w.code"""
    return tuple(_ward(row, centres.get(row[0])) for row in connection.execute(query))


def _ward(row: tuple[str, str, str, str, str, str], centre: tuple[float, float] | None) -> Ward:
    ward_code, ward, constituency_code, constituency, county_code, county = row
    latitude, longitude = centre or (None, None)
    return Ward(
        ward_code=ward_code, ward=ward, constituency_code=constituency_code, constituency=constituency,
        county_code=county_code, county=county, latitude=latitude, longitude=longitude,
    )  # fmt: skip


def _sub_counties(connection: sqlite3.Connection) -> tuple[tuple[str, str, str], ...]:
    query = """SELECT s.name, t.code, w.code FROM sub_counties s
               JOIN counties t ON t.id = s.county_id JOIN wards w ON w.sub_county_id = s.id ORDER BY s.code, w.code"""
    return tuple(connection.execute(query))
