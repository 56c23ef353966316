"""Rows as they came: values, keys that last, hashes, resuming."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gvrc.errors import UnknownFormatError
from gvrc.model.source import Damage, Mapping, SourceFile, SourceRow
from gvrc.settings import DATA_DIR
from gvrc.sources.detect import detect
from gvrc.stages.extract import extract


def rows_of(path: Path, start_after: int = 0, **mapping: Any) -> list[SourceRow | Damage]:
    detection = detect(path, path.name)
    detection = replace(detection, mapping=replace(detection.mapping, **mapping))
    file = SourceFile(name=path.name, sha256="", size_bytes=path.stat().st_size, path=path, kind=detection.kind)
    return list(extract(file, detection, start_after=start_after))


def rows(folder: Path, content: Any, **mapping: Any) -> list[Any]:
    path = folder / "list"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return rows_of(path, **mapping)


def place(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "county": "Kwale", "phone": "0700 000 001", **more}


def keys(found: Sequence[SourceRow]) -> list[str]:
    return [row.record_key for row in found]


def test_the_sample_lists_give_237_records() -> None:
    counts = {path.stem: len(rows_of(path)) for path in (DATA_DIR / "sources").glob("*.json")}
    assert counts == {
        "regional": 50, "other_services": 30, "kps_stations": 100, "category_A": 25, "category_B": 20, "equity_afya": 12, "gbv_support_organizations": 0,
    }  # fmt: skip


def test_a_row_knows_where_it_stood_and_what_its_parents_said(tmp_path: Path) -> None:
    tree = {"regions": [{"region": "Coast", "counties": [{"county": "Kwale", "facilities": [{"name": "A"}, {"name": "B", "location": {"ward": "W"}}]}]}]}
    _, row = rows(tmp_path, tree)
    assert (row.source, row.pointer, row.number) == ("regional", "/regions/0/counties/0/facilities/1", 2)
    assert row.context == {"region": "Coast", "county": "Kwale"}
    assert row.data == {"name": "B", "location": {"ward": "W"}}
    assert row.values == {"name": "B", "county": "Kwale", "ward": "W", "section": "Coast"}


def test_raw_values_stay_as_they_came(tmp_path: Path) -> None:
    contacts = [{"type": "phone", "value": " 0700 000 001 "}, {"type": "email", "value": "A@Example.org"}]
    (row,) = rows(tmp_path, [place(" KWALE  HOSP. ", ward="N/A", contacts=contacts, lat="-4,12", services="PEP; Referral")])
    assert row.values["name"] == " KWALE  HOSP. "
    assert row.values["ward"] == "N/A"
    assert row.values["contact"] == contacts
    assert row.values["latitude"] == "-4,12"
    assert row.values["services"] == "PEP; Referral"


def test_several_fields_of_one_meaning_are_told_together_or_the_first_that_says_something_counts(tmp_path: Path) -> None:
    (row,) = rows(tmp_path, [{
        "facility_name": "N/A", "name": "A", "mobile": "0700 000 001", "telephone": ["0700 000 002"], "location": "Diani", "sub_location": "Gombato",
        "county": "Kwale",
    }])  # fmt: skip
    assert row.values["name"] == "A"
    assert row.values["location"] == "Diani, Gombato"
    assert sorted(row.values["phone"]) == ["0700 000 001", "0700 000 002"]


def test_a_tick_says_what_its_column_is_headed(tmp_path: Path) -> None:
    found = rows(tmp_path, "Facility Name,County,ART,PMTCT,Open_24_Hours,Open Weekends\nA,Kwale,Y,,Y,Y\nB,Lamu,N,yes,N,N\nC,Meru,N,,N,N\n")
    assert [row.values.get("services") for row in found] == ["ART", "PMTCT", None]
    assert [row.values.get("opening_hours") for row in found] == ["Open 24 Hours, Open Weekends", None, None]


def test_a_constant_fills_what_the_source_leaves_unsaid(tmp_path: Path) -> None:
    found = rows(tmp_path, [place("A"), place("B", type="Hospital")], constants={"facility_type": "Clinic"})
    assert [row.values["facility_type"] for row in found] == ["Clinic", "Hospital"]


def test_a_field_mapped_as_a_whole_and_by_its_parts_is_told_once(tmp_path: Path) -> None:
    found = rows(tmp_path, [place("A", site="Diani"), place("B", site={"ward": "Ukunda"})], fields={"name": "name", "site": "location", "site.ward": "ward"})
    assert [row.values for row in found] == [{"name": "A", "location": "Diani"}, {"name": "B", "ward": "Ukunda"}]


def test_a_changed_phone_keeps_the_key_and_moves_the_hash(tmp_path: Path) -> None:
    first, second = rows(tmp_path, [place("A")]), rows(tmp_path, [place("A", phone="0700 000 002")])
    assert keys(first) == keys(second)
    assert first[0].content_hash != second[0].content_hash


def test_the_hash_does_not_mind_the_order_of_keys_or_the_way_of_writing(tmp_path: Path) -> None:
    tree = {"county": "Kwale", "places": [{"name": "é", "phone": "0700 000 001"}]}
    turned = {"places": [{"phone": "0700 000 001", "name": "é"}], "county": "Kwale"}
    (one,), (other,) = rows(tmp_path, json.dumps(tree, indent=3)), rows(tmp_path, json.dumps(turned, ensure_ascii=False))
    assert one.content_hash == other.content_hash
    moved = {**tree, "county": "Lamu"}
    assert rows(tmp_path, moved)[0].content_hash != one.content_hash


def test_the_key_does_not_mind_where_a_record_stands(tmp_path: Path) -> None:
    first = rows(tmp_path, [place("A"), place("B"), place("C")])
    second = rows(tmp_path, [place("New"), place("C"), place("B"), place("A")])
    assert set(keys(first)) < set(keys(second))


def test_places_of_one_name_in_one_county_are_told_apart_by_their_order(tmp_path: Path) -> None:
    found = rows(tmp_path, [place("A"), place("a."), place("A", county="Lamu"), place("A")])
    first, second, other, third = keys(found)
    assert (second, third) == (f"{first}#2", f"{first}#3")
    assert not other.startswith(first)


def test_the_sources_own_key_is_the_key(tmp_path: Path) -> None:
    found = rows(tmp_path, [place("A", id=77), place("B", id=78), place("C", id="N/A"), place("D", id=79)] + [place(f"E{n}", id=n) for n in range(1, 30)])
    assert keys(found)[:2] == ["list:77", "list:78"]
    assert [row.source_id for row in found][:4] == ["77", "78", None, "79"]


def test_an_own_key_that_comes_twice_is_told_apart(tmp_path: Path) -> None:
    found = rows(tmp_path, [place(f"A{n}", id=min(n, 28)) for n in range(1, 30)])
    assert keys(found)[-2:] == ["list:28", "list:28#2"]


@pytest.mark.parametrize("start_after", [0, 1, 7, 29, 30, 99])
def test_a_resumed_reading_gives_the_same_rows(start_after: int, tmp_path: Path) -> None:
    tree = {"Kwale": [place(f"A{n % 5}") for n in range(20)], "Lamu": [place(f"A{n % 3}") for n in range(10)]}
    path = tmp_path / "list"
    path.write_text(json.dumps(tree))
    assert rows_of(path, start_after) == rows_of(path)[start_after:]


def test_a_list_whose_names_were_not_recognised_is_refused_when_it_holds_records(tmp_path: Path) -> None:
    assert rows(tmp_path, {"places": []}) == []
    with pytest.raises(UnknownFormatError):
        rows(tmp_path, [{"zz": "1", "yy": "2"}])


def test_rows_are_read_while_they_are_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "list"
    path.write_text("[" + ",".join(json.dumps(place(f"A{n}")) for n in range(50_000)) + "]")
    file = SourceFile(name="list", sha256="", size_bytes=1, path=path)
    mapping = Mapping(source="s", record_paths=(("*",),), fields={"name": "name"})
    found = extract(file, replace(detect(path, "list"), mapping=mapping))
    assert [next(found).number for _ in range(3)] == [1, 2, 3]  # type: ignore[union-attr]
    path.write_text("[")
    assert any(isinstance(item, Damage) for item in found)


def test_json_lines_are_pointed_at_by_their_lines(tmp_path: Path) -> None:
    found = rows(tmp_path, f"{json.dumps(place('A'))}\n\n{json.dumps(place('B'), indent=1)}\n{json.dumps(place('C'))}\n")
    assert [row.pointer for row in found] == ["/lines/1", "/lines/3", "/lines/8"]


def test_a_file_of_damaged_lines_is_read_to_its_end(tmp_path: Path) -> None:
    found = rows(tmp_path, f"{json.dumps(place('A'))}\n" + '{"name": \n' * 500 + f"{json.dumps(place('B'))}\n")
    assert [row.values["name"] for row in found[:-1]] == ["A", "B"]
    assert found[-1].records_kept == 2
    assert "500 could not be read" in found[-1].detail
