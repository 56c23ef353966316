"""Records decoded by the form of their list say the same as records read key by key."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gvrc.model.source import Mapping
from gvrc.sources import forms
from gvrc.sources.forms import BEYOND_64_BITS, LARGEST_WHOLE, Forms
from gvrc.sources.json_stream import EACH, FoundRecord, JsonRecords
from gvrc.sources.rows import RowMaker, ValueReader

FLAT = ((EACH,),)
KEYS = ("Name", "type", "tel", "fax", "where", "value", "label", "a.b")
FIELDS = ("name", "facility_type", "phone", "services", "county", "location", "visibility", "operational_status", "latitude")

single = st.none() | st.booleans() | st.integers(-(2**65), 2**65) | st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from(["", "N/A", "Kwale", "Yes", "County: Kwale", "Ünda", "x\\\"y"])
values = st.recursive(single, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3), max_leaves=6)
several = st.lists(st.dictionaries(st.sampled_from(KEYS), values, max_size=5), min_size=1, max_size=6)
paths = st.sampled_from([*(key.replace(".", "\\.") for key in KEYS), "where.Name", "where.tel", "where.type", "type.value", "tel[0].value", "^county", "^Name"])
mappings = st.dictionaries(paths, st.sampled_from(FIELDS), min_size=1, max_size=7)


def typed_of(records: list[dict[str, Any]], text: str | None = None) -> list[forms.Typed]:
    """Records as objects of the form that is learned from them."""
    known = Forms()
    known.learn(records)
    return known.typed(text or orjson.dumps(records).decode()) or []


def read(content: str) -> list[FoundRecord]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "list.json"
        path.write_text(content, encoding="utf-8")
        return list(JsonRecords(path, FLAT))


def fits(record: Any) -> bool:
    """Whether a record is what passes as it is: without numbers beyond 64 bits."""
    if isinstance(record, dict):
        return all(map(fits, record.values()))
    if isinstance(record, list):
        return all(map(fits, record))
    return abs(record) <= LARGEST_WHOLE if isinstance(record, int) else not isinstance(record, float) or abs(record) < BEYOND_64_BITS


@given(several)
@example([{"Name": "A"}, {"Name": None, "tel": [1, 2.5]}, {"where": {"value": "x"}, "tel": []}])
@example([{"value": -0.0}, {"value": 1e16}, {"value": 5e-324}])
def test_objects_of_a_form_say_what_the_records_say(records: list[dict[str, Any]]) -> None:
    typed = typed_of(records) if all(map(fits, records)) else []
    assert len(typed) == (len(records) if all(map(fits, records)) else 0)
    for one, record in zip(typed, records, strict=False):
        said = msgspec.to_builtins(one)
        assert said == record
        assert json.dumps(said, sort_keys=True) == json.dumps(record, sort_keys=True)  # 1, 1.0 and true are equal, but not the same


@given(several, mappings, st.dictionaries(st.sampled_from(["county", "Name"]), single, max_size=2), st.dictionaries(st.sampled_from(FIELDS), st.just("constant"), max_size=1))
def test_values_by_the_form_are_those_read_key_by_key(records: list[dict[str, Any]], fields: dict[str, str], context: dict[str, Any], constants: dict[str, str]) -> None:
    by_form, by_key = (ValueReader(Mapping(source="list", record_paths=FLAT, fields=fields, constants=constants)) for _ in range(2))
    typed = typed_of(records) if all(map(fits, records)) else []
    for one, record in zip(typed, records, strict=False):
        assert repr(sorted(by_form.values(record, context, one).items())) == repr(sorted(by_key.values(record, context).items()))


@given(several, several, several)
def test_a_list_is_read_the_same_whatever_form_its_records_have(first: list[dict[str, Any]], second: list[dict[str, Any]], third: list[dict[str, Any]]) -> None:
    everything = [record for records in (first, second, first, third, first) for record in records if fits(record)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gvrc.sources.json_stream.CHUNK_BYTES", 80)
        patch.setattr("gvrc.sources.text.CHUNK_BYTES", 80)
        found = read(json.dumps(everything))
    assert [record[2] for record in found] == everything
    for _, _, data, _, one in found:
        assert one is None or msgspec.to_builtins(one) == data


def wide_list(*odd: str) -> str:
    """A list long enough to be read piece by piece, with odd records in its midst."""
    plain = [json.dumps({"name": f"Kwale {number} Dispensary", "tel": "+254 700 000 001", "where": {"county": "Kwale", "ward": "Tsimba Golini"}}) for number in range(2_000)]
    return f"[{', '.join([*plain[:1_000], *odd, *plain[1_000:]])}]"


def test_most_of_a_list_is_read_by_its_form() -> None:
    assert sum(record[4] is not None for record in read(wide_list())) > 1_700


@pytest.mark.parametrize(
    ("odd", "kept"),
    [
        ('{"name": "Odd", "where": {"county": "Kwale", "bank account": "0123"}}', {"name": "Odd", "where": {"county": "Kwale"}}),
        ('{"name": "Odd", "tel": 18446744073709551616}', {"name": "Odd", "tel": "18446744073709551616"}),
        ('{"name": "Odd", "tel": 12345678901234567890}', {"name": "Odd", "tel": "12345678901234567890"}),
        ('{"name": "Odd", "tel": 1000000000000000000}', {"name": "Odd", "tel": "1000000000000000000"}),
        ('{"name": "Odd", "tel": -999999999999999999}', {"name": "Odd", "tel": -999999999999999999}),
        ('{"name": "Odd", "tel": 1e999}', {"name": "Odd", "tel": None}),
        ('{"name": "Odd", "tel": NaN}', {"name": "Odd", "tel": None}),
        ('{"name": "Odd", "tel": "1", "tel": "2"}', {"name": "Odd", "tel": "1", "tel (2)": "2"}),
        ('{"name": "Odd", "\\u0000tel": "1"}', None),
        ('{"name": "Odd", "where": "Kwale"}', {"name": "Odd", "where": "Kwale"}),
        ('{"name": "Odd", "where": null}', {"name": "Odd", "where": None}),
        ('{"name": ["Odd"]}', {"name": ["Odd"]}),
        ("{}", {}),
    ],
)  # fmt: skip
def test_a_record_that_does_not_fit_the_form_is_read_with_the_same_care_as_ever(odd: str, kept: dict[str, Any] | None) -> None:
    found = read(wide_list(odd, odd))
    alone = read(f"[{odd}]")
    assert found[1_000][2] == found[1_001][2] == alone[0][2]
    assert kept is None or alone[0][2] == kept
    assert [record[2]["name"] for record in found[:1_000] + found[1_002:]] == [f"Kwale {number} Dispensary" for number in range(2_000)]


def test_nothing_in_the_place_of_a_record_is_told() -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "list.json"
        path.write_text(wide_list("null"), encoding="utf-8")
        reader = JsonRecords(path, FLAT)
        assert len(list(reader)) == 2_000
        assert reader.trouble.set_aside == 1


def test_a_list_of_ever_other_records_is_given_up() -> None:
    known = Forms()
    for number in range(forms.MOST_LESSONS + forms.MOST_MISSES + 2):
        records = [{"name": "A", f"key {number}": 1}]
        assert known.typed(orjson.dumps(records).decode()) is None
        known.learn(records)
    assert known.typed(orjson.dumps(records).decode()) is None


def test_objects_with_very_many_keys_have_no_form() -> None:
    assert typed_of([{f"key {number}": number for number in range(forms.MOST_KEYS + 1)}]) == []
    assert typed_of([{"name": {"a": [[[[[[[[[[[["deep"]]]]]]]]]]]]}}]) == []


@pytest.mark.parametrize("key", ["", "a b", "class", "f0", "__init__", "ñ", "\t", '"', "\\", "$ref", "type", "a\x7f"])
def test_any_key_may_be_one_of_a_form_or_leaves_the_list_without_one(key: str) -> None:
    typed = typed_of([{key: "said"}])
    assert [msgspec.to_builtins(one) for one in typed] in ([{key: "said"}], [])


def test_rows_of_a_list_are_the_same_with_and_without_its_form() -> None:
    mapping = Mapping(source="list", record_paths=FLAT, fields={"name": "name", "tel": "phone", "where.county": "county", "where.ward": "ward"})
    found = read(wide_list('{"name": "Odd", "tel": "", "where": null}'))
    with_form, without = RowMaker("list", mapping), RowMaker("list", mapping)
    for record in found:
        assert with_form.row(record) == without.row((*record[:4], None))


@given(st.lists(st.from_regex(r"-?(0|[1-9][0-9]{0,2})\.[0-9]{1,30}(e-?[0-9]{1,2})?", fullmatch=True), min_size=1, max_size=20))
def test_decimals_of_any_length_are_the_same_number_by_either_decoder(written: list[str]) -> None:
    text = "[" + ", ".join(f'{{"lat": {number}}}' for number in written) + "]"
    records = orjson.loads(text)
    if all(map(fits, records)):
        assert [msgspec.to_builtins(one) for one in typed_of(records, text)] == records
