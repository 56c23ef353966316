"""Documents that hold their own tables of areas, and records that name areas by the keys of those."""

from pathlib import Path
from typing import Any

import pytest

from gvrc.sources.area_tables import area_tables, with_areas
from tests.sources.test_lists_without_names import rows_of

NAMES = ("Tiwi Police Station", "Kabarnet Police Station", "Kondele Police Station")
COUNTIES = ("Kwale", "Baringo", "Kisumu")
"""Their keys are 1 to 3, which are other counties by their official codes."""


def table(**names: str) -> list[dict[str, Any]]:
    return [{names["key"]: number, names["name"]: county} for number, county in enumerate(COUNTIES, 1)]


def stations(key: str, values: tuple[Any, ...] = (1, 2, 3)) -> list[dict[str, Any]]:
    return [{"id": number, "name": name, key: value, "phone": f"07000000{number}"} for number, (name, value) in enumerate(zip(NAMES, values, strict=True), 10)]


def models(model: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"model": f"places.{model}", "pk": row.pop("id"), "fields": row} for row in rows]


DUMPS = {
    "lists beside each other": {"counties": table(key="id", name="name"), "stations": stations("county_id")},
    "keys as texts": {"counties": table(key="county_id", name="county_name"), "stations": stations("county_id", ("1", "2", "3"))},
    "plain county": {"counties": table(key="id", name="name"), "stations": stations("county")},
    "camel case": {"data": {"Counties": table(key="id", name="name"), "policeStations": stations("countyId")}},
    "names by keys": {"counties": dict(zip("123", COUNTIES, strict=True)), "stations": stations("county_id")},
    "rows by keys": {"counties": {f"-K{number}": {"name": county} for number, county in enumerate(COUNTIES)}, "stations": stations("county_id", ("-K0", "-K1", "-K2"))},
    "an unnamed table": {"lookup": table(key="id", name="name"), "stations": stations("county_id")},
    "tables of a database": [
        {"type": "table", "name": "counties", "data": table(key="id", name="name")}, {"type": "table", "name": "police_stations", "data": stations("county_id")},
    ],
    "models": models("county", table(key="id", name="name")) + models("station", stations("county")),
    "codes beside keys": {"counties": [{"id": 9 - number, "code": str(number), "name": county} for number, county in enumerate(COUNTIES, 1)], "stations": stations("county_code")},
    "through a sub-county": {
        "counties": table(key="id", name="name"), "sub_counties": [{"id": 7 + number, "county_id": number, "name": seat} for number, seat in enumerate(("Matuga", "Baringo Central", "Kisumu Central"), 1)],
        "stations": stations("sub_county_id", (8, 9, 10)),
    },
}  # fmt: skip


@pytest.mark.parametrize("content", DUMPS.values(), ids=DUMPS.keys())
def test_a_table_of_the_document_tells_what_its_keys_mean(content: Any, tmp_path: Path) -> None:
    rows = [row for row in rows_of(tmp_path, content) if row.values["name"] not in COUNTIES]  # of a table among the records the rows are headings
    assert [(row.values["name"], row.values.get("county")) for row in rows] == list(zip(NAMES, COUNTIES, strict=True))


def test_the_constituency_comes_with_the_county(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, DUMPS["through a sub-county"])
    assert [row.values.get("sub_county") for row in rows] == ["Matuga", "Baringo Central", "Kisumu Central"]


def test_a_county_in_words_stands_before_what_a_key_means(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, {"counties": table(key="id", name="name"), "stations": [{**station, "county": "Lamu"} for station in stations("county_id")]})
    assert {row.values["county"] for row in rows} == {"Lamu"}


def test_keys_that_the_table_does_not_hold_tell_nothing(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, {"counties": table(key="id", name="name"), "stations": stations("county_id", (41, 42, 1))})
    assert [row.values.get("county") for row in rows] == [None, None, "Kwale"]


@pytest.mark.parametrize("tree", [
    {"counties": [{"id": 1, "name": "Kwale"}, {"id": 1, "name": "Lamu"}]}, {"counties": [{"name": "Kwale"}]}, {"stations": [{"id": 1, "name": "Kwale", "phone": "0700000001"}, {"id": 2, "name": "Lamu", "phone": "0700000002"}]},
    {"counties": {"Kwale": {"stations": []}}}, [], "Kwale", {"counties": [1, "Kwale", None]},
])  # fmt: skip
def test_what_is_no_table_of_areas_changes_nothing(tree: Any) -> None:
    assert not area_tables(tree)
    assert with_areas(tree) == tree


def test_areas_that_lie_in_each_other_end() -> None:
    tree = {"wards": [{"id": 1, "name": "Tiwi", "ward_id": 2}, {"id": 2, "name": "Waa", "ward_id": 1}], "stations": [{"name": "Tiwi Police Station", "ward_id": 1}]}
    assert with_areas(tree)["stations"][0]["above"]["ward"] in ("Tiwi", "Waa")
