"""Files of some hundred kilobytes that are built to cost: each is read in a moment, and would take hours or all memory if its cost grew faster than its size.

Nothing is timed: where the cost of a file still grew so, the suite's own time limit would end the test.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gvrc.model.source import Damage, Detection, SourceFile, SourceRow
from gvrc.sources import delimited, json_lines, json_stream
from gvrc.sources.detect import detect
from gvrc.sources.json_stream import MOST_INHERITED, MOST_LONG_INHERITED, MOST_TABLES
from gvrc.sources.json_tables import find_table
from gvrc.sources.json_tree import MOST_GROUPS
from gvrc.sources.labelled import labelled
from gvrc.sources.looks import LOOKS
from gvrc.stages.extract import extract

HEAD = "Name,County,Phone\n"
PLACE = {"name": "Tiwi Dispensary", "county": "Kwale", "phone": "+254 700 000 001"}
LINE = "Tiwi Dispensary,Kwale,+254 700 000 001\n"


def read(tmp_path: Path, content: str) -> tuple[Detection, list[SourceRow], Damage | None]:
    path = tmp_path / "list"
    path.write_text(content, encoding="utf-8")
    found = detect(path, "list")
    items = list(extract(SourceFile(name="list", sha256="", size_bytes=1, path=path, kind=found.kind), found))
    rows = [item for item in items if isinstance(item, SourceRow)]
    return found, rows, next((item for item in items if isinstance(item, Damage)), None)


TABLES = {
    "ten thousand columns of one name": ",".join(["Name"] * 10_000) + "\n" + LINE,
    "ten thousand columns with the same cell above them": f"{HEAD[:-1]}{',' * 10_000}\n{LINE[:-1]}{',x' * 10_000}\n",
    "a cell of dashes that draws no line": f"{HEAD}{LINE}{'-' * 20_000}x,Kwale,\n",
    "a field in each row, and a cell of dashes": f"Facility name,Tiwi Dispensary,B\nCounty,Kwale,Kwale\nPhone,{'-' * 20_000}x,0\nWard,Tiwi,Tiwi\n",
    "a cell of blanks": f"{HEAD}Tiwi Dispensary{' ' * 200_000}x,Kwale,\n{LINE}",
    "a name of one endless word": f"{HEAD}{'x' * 400_000},Kwale,\n{LINE}",
    "posts with blanks between them": f"Police Station,Posts,County\nTiwi Police Station,Kituro{' ' * 200_000}Tenges,Kwale\n",
    "places with blanks between them": f"Health Facility,Contact,Police Station,OCS Tel\nTiwi{' ' * 200_000}Dispensary,+254 700 000 001,Tiwi Police Station,+254 700 000 002\n",
}


@pytest.mark.parametrize("content", TABLES.values(), ids=TABLES)
def test_a_table_built_to_cost_is_read(tmp_path: Path, content: str) -> None:
    _, rows, _ = read(tmp_path, content)
    assert any("Tiwi" in json.dumps(row.data) for row in rows)


def test_lines_without_end_are_no_table_with_columns_of_fixed_width(tmp_path: Path) -> None:
    _, rows, _ = read(tmp_path, HEAD + LINE + ("a b " * 500_000 + "\n") * 3)
    assert rows[0].values["name"] == "Tiwi Dispensary"


def test_a_parent_of_many_values_tells_its_records_the_first_of_them(tmp_path: Path) -> None:
    many = {f"note {number}": "x" * 400 if number < 10 else "y" for number in range(20_000)}
    _, rows, _ = read(tmp_path, json.dumps({**many, "county": "Kwale", "facilities": [PLACE] * 50}))
    assert len(rows) == 50
    assert len(rows[0].context) <= MOST_INHERITED + 1
    assert sum(len(str(value)) > 100 for value in rows[0].context.values()) == MOST_LONG_INHERITED


def test_what_is_near_a_record_flows_down_whatever_stands_further_up(tmp_path: Path) -> None:
    many = {f"note {number}": "y" for number in range(2_000)}
    _, rows, _ = read(tmp_path, json.dumps({**many, "counties": [{"county": "Kwale", "facilities": [{"name": "Tiwi Dispensary", "phone": "+254 700 000 001"}] * 3}]}))
    assert [row.values["county"] for row in rows] == ["Kwale"] * 3


def test_records_among_values_under_keys_fill_no_memory(tmp_path: Path) -> None:
    values: dict[str, Any] = {f"note {number}": "y" for number in range(20_000)}
    _, rows, _ = read(tmp_path, json.dumps(values | {f"place {number}": PLACE for number in range(20_000)}))
    assert len(rows) == 20_000
    assert max(len(row.context) for row in rows) <= MOST_INHERITED + 1


def test_lists_under_very_many_keys_are_all_read(tmp_path: Path) -> None:
    _, rows, _ = read(tmp_path, json.dumps({f"site {number}": [{"name": f"Tiwi Dispensary {number}", f"field {number % 7}": 1}] for number in range(5_000)}))
    assert len(rows) == 5_000
    _, rows, _ = read(tmp_path, json.dumps({f"site {number}": [f"Tiwi Police Station {number}", "Diani Police Station"] for number in range(5_000)}))
    assert len(rows) == 10_000


def test_what_stands_in_lists_beyond_those_looked_at_is_told(tmp_path: Path) -> None:
    found, _, _ = read(tmp_path, json.dumps([{f"site {number}": [{"name": "Tiwi Dispensary", "phone": "+254 700 000 001"}]} for number in range(2 * MOST_GROUPS)]))
    assert any(f"{MOST_GROUPS:,}" in reason for reason in found.reasons)


def test_tables_of_a_dump_beyond_those_looked_at_are_told(tmp_path: Path) -> None:
    _, rows, damage = read(tmp_path, json.dumps([{"type": "table", "name": f"table {number}", "data": [PLACE]} for number in range(MOST_TABLES + 2)]))
    assert len(rows) == MOST_TABLES
    assert damage is not None
    assert f"table {MOST_TABLES + 1}" in damage.detail


def test_a_table_is_sought_in_a_tree_with_very_many_lists() -> None:
    tree = {f"part {number}": {f"list {other}": [["a", "b"], ["c", "d"]] for other in range(100)} for number in range(400)}
    table = find_table({"columns": ["name", "county"], "rows": [["Tiwi Dispensary", "Kwale"]], **tree})
    assert table is not None
    assert table.names == ("name", "county")


def test_brackets_left_open_do_not_send_each_look_to_the_end_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_stream, "FARTHEST_LOOK", 1_000_000)
    broken = '{"name": "Diani Dispensary", "county": "Kwale",\n'
    _, rows, damage = read(tmp_path, f"[{json.dumps(PLACE)},\n" + (broken + json.dumps(PLACE) + ",\n") * 20_000 + "]")
    assert len(rows) == 20_001
    assert damage is not None


def test_many_values_on_one_line_are_each_decoded_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at: list[int] = []
    decode_many = json_lines.decode_many
    monkeypatch.setattr(json_lines, "decode_many", lambda text, screen: (looked_at.append(len(text)), decode_many(text, screen))[1])
    content = f"{json.dumps(PLACE)}\n" * 3 + f"{json.dumps(PLACE)} " * 2_000
    _, rows, damage = read(tmp_path, content)
    assert len(rows) == 2_003
    assert damage is None
    assert sum(looked_at) < 4 * len(content)


def test_blanks_in_a_piece_of_a_page_or_a_pair_of_degrees_cost_nothing() -> None:
    for number in range(50):
        assert labelled(f"{number} <b>{' ' * 3_900}</") is None
        assert labelled(f"<h1>{chr(10) * 3_900}</ {number}") is None
        assert not LOOKS["coordinates"](f"{number}.1{' ' * 190}x")
    assert labelled("a: b. " * 600) is None
    assert LOOKS["coordinates"]("-4.2 ,   39.5")


def test_texts_with_blanks_are_no_rows_of_cells(tmp_path: Path) -> None:
    _, rows, _ = read(tmp_path, json.dumps({"police_stations": [f"Tiwi{' ' * 200_000}Police Station", "Diani Police Station"]}))
    assert len(rows) == 2


def test_very_many_sheets_of_a_workbook_are_all_read(tmp_path: Path) -> None:
    _, rows, _ = read(tmp_path, json.dumps({f"sheet {number}": [["Name", "County"], ["Tiwi Dispensary", "Kwale"]] for number in range(1_000)}))
    assert len(rows) == 1_000


def test_a_long_cell_that_was_merged_does_not_flow_down_to_every_row(tmp_path: Path) -> None:
    _, rows, _ = read(tmp_path, f"County,Type,Name\nKwale,Hospital,Tiwi\n,,Diani\n,,Ukunda\n{'x' * 5_000},,Kinango\n,,Lunga Lunga\n,,Vanga\n")
    assert max(len(json.dumps(row.context)) for row in rows) < 1_000


def test_a_row_that_very_many_rows_go_on_is_put_together_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[int] = []
    found_record = delimited.found_record
    monkeypatch.setattr(delimited, "found_record", lambda pointer, context, data: (told.append(len(str(data))), found_record(pointer, context, data))[1])
    content = "No,Name,County,Phone\n1,Tiwi Dispensary,Kwale,0700 000 001\n,,,0700 000 002\n,,,0700 000 003\n2,Diani Dispensary,Kwale,0700 000 004\n" + ",,,0700 000 005\n" * 5_000
    _, rows, _ = read(tmp_path, content)
    assert [row.values["phone"].count("\n") for row in rows] == [2, 5_000]
    assert sum(told) < 20 * len(content)


def test_the_fields_of_places_are_found_among_the_questions_of_a_survey(tmp_path: Path) -> None:
    questions = {f"q{number}": "x" for number in range(900)}
    _, rows, _ = read(tmp_path, json.dumps([questions | PLACE, questions | PLACE]))
    assert rows[0].values == PLACE
    _, rows, _ = read(tmp_path, ",".join([*questions, "Facility Name", "County"]) + "\n" + (",".join([*questions.values(), "Tiwi Dispensary", "Kwale"]) + "\n") * 3)
    assert (rows[0].values["name"], rows[0].values["county"]) == ("Tiwi Dispensary", "Kwale")
