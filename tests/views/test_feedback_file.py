"""What is to be mended, in the shape in which it came."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gvrc.model.access import Actor
from gvrc.store.session import Database
from gvrc.views.feedback import FeedbackRow, Remark
from gvrc.views.feedback_file import NOTE, as_csv, as_documents, as_tree, feedback_file
from tests.views.test_views import phone_issue

REMARK = Remark(field_name="Phone", what="It is no number of Kenya.", severity="error", suggestion="+254700000001")


def failing(pointer: str, row: Any) -> FeedbackRow:
    return FeedbackRow(pointer=pointer, name="A", state="to_review", row=row, remarks=(REMARK,))


def test_failing_records_stand_in_the_tree_of_their_file() -> None:
    tree = as_tree([failing("/regions/0/counties/2/facilities/7", {"name": "A"}), failing("/regions/0/counties/2/facilities/9", {"name": "B"})])
    places = tree["regions"][0]["counties"][0]["facilities"]
    assert [place["name"] for place in places] == ["A", "B"]
    assert places[1][NOTE]["at"] == "/regions/0/counties/2/facilities/9"
    assert places[1][NOTE]["to_mend"] == [{"field": "Phone", "what": "It is no number of Kenya.", "suggestion": "+254700000001"}]


def test_keys_that_are_counties_stay_keys() -> None:
    tree = as_tree([failing("/police_stations/Kwale/4", {"station_name": "A"}), failing("/police_stations/Uasin Gishu~1x/0", {"station_name": "B"})])
    assert list(tree["police_stations"]) == ["Kwale", "Uasin Gishu/x"]


def test_a_csv_has_the_columns_it_came_with_and_no_formula() -> None:
    rows = list(csv.reader(io.StringIO(as_csv([failing("/rows/3", {"Name": "=1+1", "Phone": "0700"})]))))
    assert rows[0] == ["Row below the headings", "What to mend", "Name", "Phone"]
    assert rows[1][0] == "3"
    assert "Suggested: +254700000001" in rows[1][1]
    assert rows[1][2] == "'=1+1"


def test_columns_stand_in_the_order_of_their_file() -> None:
    """A database keeps the cells of a row without their order."""
    rows = list(csv.reader(io.StringIO(as_csv([failing("/rows/3", {"Phone": "0700", "Facility Name": "A", "column 4": "x"})], ["Facility Name", "County", "Phone"]))))
    assert rows[0][2:] == ["Facility Name", "County", "Phone", "column 4"]
    assert rows[1][2:] == ["A", "", "0700", "x"]
    alone = list(csv.reader(io.StringIO(as_csv([failing("/rows/3", None)], ["Facility Name", "County"]))))
    assert alone[0][2:] == ["name"]


def test_a_place_that_is_no_row_says_where_it_stands() -> None:
    rows = list(csv.reader(io.StringIO(as_csv([failing("/columns/2", {"Name": "A"}), failing("/above/3", {"Name": "B"}), failing("/rows/4/POLICE STATION", {"Name": "C"})]))))
    assert [row[0] for row in rows[1:]] == ["column 2 behind the headings", "line 3 above the headings", "4"]


def test_documents_behind_each_other_stay_apart() -> None:
    documents = as_documents([failing("/results/0", {"name": "A"}), failing("/(2)/results/4", {"name": "B"}), failing("/(2)/results/5", {"name": "C"})])
    assert [[place["name"] for place in document["results"]] for document in documents] == [["A"], ["B", "C"]]
    assert documents[1]["results"][0][NOTE]["at"] == "/(2)/results/4"
    single = as_documents([failing("", {"name": "A"}), failing("/(2)", {"name": "B"})])
    assert [document["name"] for document in single] == ["A", "B"]


def test_who_may_not_see_contacts_gets_the_name_only() -> None:
    assert as_tree([failing("/0", None)]) == [{"name": "A", NOTE: {"at": "/0", "to_mend": [{"field": "Phone", "what": "It is no number of Kenya.", "suggestion": "+254700000001"}]}}]


POINTERS = st.lists(st.lists(st.text(min_size=1, max_size=5), min_size=1, max_size=4).map(lambda steps: "".join(f"/{s.replace('~', '~0').replace('/', '~1')}" for s in steps)), unique=True, max_size=6)


@given(POINTERS)
def test_every_failing_record_is_in_the_tree_once(pointers: list[str]) -> None:
    apart = [one for one in pointers if not any(other != one and (other.startswith(f"{one}/") or one.startswith(f"{other}/")) for other in pointers)]
    assert sorted(places_in(as_tree([failing(pointer, {"name": "A"}) for pointer in apart]))) == sorted(apart)


def places_in(node: Any) -> Iterator[str]:
    """Where the records in a tree say they stand. A file may use every word of ours as a key of its own, so a record is what has our note under its name."""
    if isinstance(node, dict) and node.get("name") == "A" and set(node) == {"name", NOTE}:
        yield node[NOTE]["at"]
        return
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from places_in(inner)


def test_a_file_of_a_run_is_written_for_its_supplier(staged: Any, database: Database, admin: Actor) -> None:
    run_id = staged.run_of(staged.record("a"), staged.record("fine"), a=[phone_issue()])
    stream = io.BytesIO()
    written = feedback_file(database, admin, stream, run_id, 1)
    assert (written.name, written.records) == ("list-to-mend.json", 1)
    assert json.loads(stream.getvalue())["a"][NOTE]["to_mend"][0]["suggestion"] == "+254700000001"
    assert "vault:" not in stream.getvalue().decode()
