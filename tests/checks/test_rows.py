from typing import Any

import pytest

from gvrc.checks.rows import row_issues
from gvrc.checks.schema import CANONICAL, SCHEMA_DIR, Schema, load_schema
from gvrc.errors import ReferenceDataError
from gvrc.model.source import SourceRow


def row(values: dict[str, Any], data: dict[str, Any] | None = None, source: str = "list") -> SourceRow:
    return SourceRow(source=source, pointer="/0", number=0, data=data or {}, context={}, values=values, record_key="list:1", content_hash="")


def codes(values: dict[str, Any], data: dict[str, Any] | None = None, source: str = "list") -> list[tuple[str, str]]:
    return [(issue.code, issue.field_name) for issue in row_issues(row(values, data, source))]


GOOD = {"name": "Diani Police Station", "county": "Kwale", "contact": [{"type": "phone", "value": "0700000111"}], "latitude": -4.3, "longitude": "39.5"}


def test_a_good_row_has_no_issue() -> None:
    assert codes(GOOD) == []


@pytest.mark.parametrize(("name", "value"), [("name", {"a": 1}), ("county", {"a": 1}), ("latitude", True), ("contact", [[1]]), ("name", "x" * 2000)])
def test_a_value_of_the_wrong_form_is_told(name: str, value: object) -> None:
    assert ("row.schema", name) in codes({**GOOD, name: value})


def test_a_schema_issue_says_where_and_what_but_never_the_value() -> None:
    (issue,) = row_issues(row({**GOOD, "contact": [{"type": "phone", "value": "0700000111"}, ["0700000222"]]}))
    assert issue.value is None
    assert issue.detail["path"].startswith("contact")
    assert "0700000222" not in str(issue)


def test_rows_of_one_shape_share_their_verdict() -> None:
    schema = load_schema(CANONICAL)
    assert schema is not None
    assert schema.issues({"name": "A"}) is schema.issues({"name": "B"})
    assert schema.issues({"name": {"x": "A"}}) != schema.issues({"name": "B"})


def test_a_known_source_has_a_schema_of_its_own() -> None:
    assert codes({}, {"station_name": "Diani", "contacts": [{"type": "phone"}]}, "kps_stations") == [("row.schema", "contacts")]
    assert codes({}, {"station_name": "Diani", "contacts": []}, "kps_stations") == []


@pytest.mark.parametrize("path", sorted(SCHEMA_DIR.glob("*.json")), ids=lambda path: path.stem)
def test_every_schema_that_ships_can_be_used(path: Any) -> None:
    schema = load_schema(path.stem)
    assert schema is not None
    assert schema.issues({}) == ()


@pytest.mark.parametrize("name", ["../settings", "a/b", "", "nothing_such"])
def test_only_schemas_of_the_folder_are_read(name: str) -> None:
    assert load_schema(name) is None


def test_a_schema_that_speaks_of_values_is_refused(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "odd.json").write_text('{"type": "object", "properties": {"name": {"pattern": "^A"}}}', encoding="utf-8")
    monkeypatch.setattr("gvrc.checks.schema.SCHEMA_DIR", tmp_path)
    load_schema.cache_clear()
    with pytest.raises(ReferenceDataError):
        load_schema("odd")
    load_schema.cache_clear()


def test_many_shapes_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gvrc.checks.schema.MOST_SHAPES", 10)
    schema = Schema("test", {"type": "object"})
    for number in range(100):
        schema.issues({f"key{number}": 1})
    assert len(schema._verdicts) <= 10


def test_damaged_letters_are_noted() -> None:
    assert codes({"name": "Murangâ€™a Hospital"}) == [("row.encoding", "name")]
    assert codes({"name": "Café Clinic"}) == []
    assert codes({"name": "Murang’a Hospital"}) == []


def test_a_huge_value_is_told() -> None:
    assert codes({"description": "x" * 20_000}) == [("row.too_long", "description")]
