"""Documents that keep how places are reached in tables of their own."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gvrc.sources.related_tables import related_rows, with_related
from tests.sources.test_several_countries import standardised

STATIONS = [{"id": 1, "name": "Diani Police Station", "county": "Kwale"}, {"id": 2, "name": "Tiwi Police Station", "county": "Kwale"}]
PHONES = [{"id": 5, "station_id": 2, "phone": "0700 000 002"}, {"id": 6, "station_id": 1, "phone": "0700 000 001"}, {"id": 7, "station_id": 1, "phone": "0700 000 003"}]
REACHED = {"Diani Police Station": ["+254700000001", "+254700000003"], "Tiwi Police Station": ["+254700000002"]}


def table(name: str, rows: Any) -> dict[str, Any]:
    return {"type": "table", "name": name, "data": rows}


@pytest.mark.parametrize("content", [
    {"stations": STATIONS, "phones": PHONES}, {"police_stations": STATIONS, "station_contacts": PHONES}, [table("stations", STATIONS), table("station_phones", PHONES)],
    {"data": {"stations": STATIONS, "telephones": [{**row, "stationId": row["station_id"]} for row in PHONES]}},
])  # fmt: skip
def test_numbers_in_a_table_of_their_own_come_to_their_places(content: Any, tmp_path: Path) -> None:
    records, _ = standardised(tmp_path, content)
    assert {name: [contact.value for contact in record.contacts] for name, record in records.items()} == REACHED


@pytest.mark.parametrize("name", ["reports", "user_messages", "incidents", "survivors"])
def test_numbers_of_those_who_told_something_of_a_place_are_not_its_own(name: str, tmp_path: Path) -> None:
    records, _ = standardised(tmp_path, {"stations": STATIONS, name: PHONES})
    assert [record.contacts for record in records.values()] == [(), ()]


def test_keys_that_are_no_records_belong_to_none() -> None:
    tree = {"stations": STATIONS, "phones": [{**row, "station_id": 90 + row["id"]} for row in PHONES]}
    assert related_rows(tree) == []
    assert with_related(tree) == tree


def test_places_that_point_to_another_are_places(tmp_path: Path) -> None:
    posts = [{"id": 8, "name": "Ukunda Police Post", "station_id": 1, "phone": "0700 000 004"}, {"id": 9, "name": "Waa Police Post", "station_id": 2, "phone": "0700 000 005"}]
    records, _ = standardised(tmp_path, {"stations": [{**row, "phone": f"070000000{row['id']}"} for row in STATIONS], "posts": posts})
    assert {"Ukunda Police Post", "Waa Police Post", "Diani Police Station"} <= set(records)


@given(st.recursive(st.none() | st.integers() | st.text(max_size=8), lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["id", "name", "stations", "station_id", "phones", "data"]), inner, max_size=4), max_leaves=20))
def test_any_document_is_looked_through(tree: Any) -> None:
    related_rows(tree)
