"""The JSON reader: whole records, their pointers, what flows down to them, and any text that is thrown at it."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gvrc.sources import json_stream, text
from gvrc.sources.json_stream import EACH, JsonRecords

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.floats(-(2.0**62), 2.0**62, width=32) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
names = st.text(min_size=1, max_size=12).filter(lambda name: "\x00" not in name)
records = st.lists(st.builds(lambda name, more: {"name": name, **more}, names, st.dictionaries(st.sampled_from("abcd"), values, max_size=3)), max_size=12)
FLAT = ((EACH,),)
NESTED = (("regions", EACH, "facilities", EACH),)


def read(content: bytes | str, paths: json_stream.Paths = FLAT, **more: Any) -> tuple[list[json_stream.FoundRecord], JsonRecords]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "list"
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
        reader = JsonRecords(path, paths, **more)
        return list(reader), reader


def pointed_at(tree: Any, pointer: str) -> Any:
    """What a JSON pointer (RFC 6901) points at."""
    for step in pointer.split("/")[1:]:
        step = step.replace("~1", "/").replace("~0", "~")
        tree = tree[int(step)] if isinstance(tree, list) else tree[step]
    return tree



@given(records, st.sampled_from([None, 1, 3]), st.booleans())
def test_every_record_is_read_as_the_standard_decoder_reads_it(given_records: list[dict[str, Any]], indent: int | None, ascii_only: bool) -> None:
    written = json.dumps(given_records, indent=indent, ensure_ascii=ascii_only)
    if "\\u0000" in written:
        return
    found, reader = read(written)
    assert [data for _, _, data, *_ in found] == json.loads(written)
    assert not reader.trouble


@given(st.lists(records, max_size=4), st.sampled_from([None, 2]))
def test_a_pointer_points_at_its_record(lists: list[list[dict[str, Any]]], indent: int | None) -> None:
    tree = {"regions": [{"region": f"R{number}", "facilities": found} for number, found in enumerate(lists)]}
    written = json.dumps(tree, indent=indent)
    if "\\u0000" in written:
        return
    found, _ = read(written, NESTED)
    assert len(found) == sum(map(len, lists))
    for pointer, context, data, *_ in found:
        assert pointed_at(tree, pointer) == data
        assert context["region"] == f"R{pointer.split('/')[2]}"


@given(records.filter(bool), st.data())
def test_whatever_is_cut_off_every_whole_record_before_the_cut_is_kept(given_records: list[dict[str, Any]], data: st.DataObject) -> None:
    content = json.dumps(given_records).encode()
    if b"\\u0000" in content:
        return
    cut = data.draw(st.integers(0, len(content) - 1))
    ends, place = [], 1
    for record in given_records:
        place += len(json.dumps(record))
        ends.append(place)
        place += 2
    found, reader = read(content[:cut])
    assert [item[2] for item in found] == given_records[: sum(end <= cut for end in ends)]
    assert reader.trouble


def test_what_stands_inside_the_record_that_is_cut_off_is_no_record() -> None:
    found, reader = read('[{"name": "A"}, {"name": "B", "contact": {"name": "Front office", "phone": "0700 000 001"}')
    assert [item[2] for item in found] == [{"name": "A"}]
    assert reader.trouble


def test_what_stands_inside_a_record_that_was_not_closed_is_no_record() -> None:
    found, reader = read('[{"name": "A"}, {"name": "B", "contact": {"name": "Front office"}, {"name": "C"}]')
    assert [item[2]["name"] for item in found] == ["A", "C"]
    assert reader.trouble


@given(st.binary(max_size=200) | st.text(alphabet='{}[]",:\\ntrue0123.eE-+ \n/\'#', max_size=80).map(str.encode))
def test_no_bytes_break_the_reader(content: bytes) -> None:
    for paths in (FLAT, NESTED, ((),), ((EACH, EACH),)):
        found, _ = read(content, paths, wanted=frozenset({"county"}), record_keys=frozenset({"name"}))
        for _, _, data, told, *_ in found:
            assert json.loads(told) is not None
            json.dumps(data, allow_nan=False).encode()


@given(records, st.binary(min_size=1, max_size=3), st.data())
def test_a_changed_byte_costs_no_record_before_it(given_records: list[dict[str, Any]], junk: bytes, data: st.DataObject) -> None:
    content = json.dumps(given_records).encode()
    if b"\\u0000" in content:
        return
    place = data.draw(st.integers(1, len(content)))
    found, _ = read(content[:place] + junk + content[place:])
    before, end = [], 1
    for record in given_records:
        end += len(json.dumps(record))
        if end < place:
            before.append(record)
        end += 2
    assert [item[2] for item in found][: len(before)] == before


@pytest.mark.parametrize("chunk", [1, 7, 64, 1000])
def test_the_size_of_the_window_changes_nothing(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = {"count": 12345, "regions": [
        {"region": county, "facilities": [{"name": f"Ø {county} {number} \\ \"x\"", "n": number * 1.5, "l": [{"a": 1}, {}]} for number in range(9)]}
        for county in ("Kwale", "Murang'a", "Taita–Taveta")
    ]}  # fmt: skip
    content = json.dumps(tree, ensure_ascii=False, indent=1)
    expected, _ = read(content, NESTED)
    monkeypatch.setattr(text, "CHUNK_BYTES", chunk)
    monkeypatch.setattr(json_stream, "CHUNK_BYTES", chunk)
    found, reader = read(content, NESTED)
    assert [record[:4] for record in found] == [record[:4] for record in expected]
    assert len(found) == 27
    assert not reader.trouble


def test_values_of_parents_flow_down_even_from_behind_the_records() -> None:
    tree = {"regions": [{"facilities": [{"name": "A"}], "county": "Kwale"}, {"facilities": [{"name": "B"}], "county": "Lamu"}], "category": "B"}
    found, _ = read(json.dumps(tree), NESTED, wanted=frozenset({"county", "category"}))
    assert [context for _, context, *_ in found] == [{"category": "B", "county": "Kwale"}, {"category": "B", "county": "Lamu"}]


def test_a_name_of_a_parent_is_told_with_the_list_it_stands_in() -> None:
    tree = {"regions": [{"name": "Coast", "code": 1, "facilities": [{"name": "A"}]}]}
    (found,), _ = read(json.dumps(tree), NESTED)
    assert found[1] == {"regions.name": "Coast", "regions.code": 1}


def test_a_county_as_key_flows_down_and_stands_escaped_in_the_pointer() -> None:
    found, _ = read(json.dumps({"stations": {"Tana/River": [{"name": "A"}], "b~c": []}}), (("stations", EACH, EACH),))
    assert found[0][:2] == ("/stations/Tana~1River/0", {"list": "stations", "key": "Tana/River"})


def test_a_county_that_comes_twice_gives_all_its_records_different_pointers() -> None:
    found, _ = read('{"Kwale": [{"name": "A"}], "Lamu": [], "Kwale": [{"name": "B"}]}', ((EACH, EACH),))
    assert [item[0] for item in found] == ["/Kwale/0", "/Kwale/1"]


def test_a_single_object_where_a_list_is_expected_is_a_list_of_one() -> None:
    content = json.dumps({"Kwale": {"station_name": "A", "phones": [1]}, "Lamu": [{"station_name": "B"}]})
    found, _ = read(content, ((EACH, EACH),), record_keys=frozenset({"station_name"}))
    assert [item[0] for item in found] == ["/Kwale", "/Lamu/0"]


def test_of_a_key_given_twice_the_first_that_says_something_counts_and_the_others_stay_beside_it() -> None:
    found, _ = read('[{"phone": "", "phone": "1", "phone": "2", "phone": "1"}]')
    assert found[0][2] == {"phone": "1", "phone (2)": "2"}


def test_what_identifies_a_person_or_an_account_is_never_taken_in() -> None:
    record = {"name": "A", "bank_account": "1", "officers": [{"name": "P", "National ID": "2", "more": {"KRA PIN": "3"}}]}
    found, _ = read(json.dumps([record, {"name": "B"}]))
    assert found[0][2] == {"name": "A", "officers": [{"name": "P", "more": {}}]}
    assert b"account" not in found[0][3]


def test_numbers_beyond_64_bits_are_kept_to_the_last_digit() -> None:
    found, _ = read('[{"a": 123456789012345678901234}, {"a": 1e400}, {"a": NaN}]')
    assert [item[2]["a"] for item in found] == ["123456789012345678901234", None, None]
    found, _ = read('{"count": 1e300, "places": [{"a": 1}]}', (("places", EACH),))
    assert found[0][1] == {"count": "1e+300"}
    found, _ = read('[{"a": 1e308, "b": [{"c": -2.5e19}], "d": 1.5}, {"a": 8e18}]')
    assert [item[2] for item in found] == [{"a": "1e+308", "b": [{"c": "-2.5e+19"}], "d": 1.5}, {"a": 8e18}]


def test_an_object_beside_the_records_is_stepped_over_whatever_its_size() -> None:
    tree = {"log": [{"line": 'x "]}[{ y\\'} for _ in range(3000)], "facilities": [{"name": "A"}], "more": {"a": ["}"]}}
    found, reader = read(json.dumps(tree), (("facilities", EACH),))
    assert len(found) == 1
    assert not reader.trouble


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 400))
def test_nested_brackets_never_overflow(depth: int) -> None:
    found, reader = read('[{"a": ' + "[" * depth * 50 + "]" * depth * 50 + '}, {"a": 1}]')
    assert found[-1][2] == {"a": 1}
    assert len(found) + reader.trouble.set_aside == 2
