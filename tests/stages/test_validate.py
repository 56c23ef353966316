from typing import Any

from gvrc.model.source import SourceRow
from gvrc.reference.vocabularies import load_vocabularies
from gvrc.stages.validate import validate


def row(number: int, values: dict[str, Any]) -> SourceRow:
    return SourceRow(source="list", pointer=f"/{number}", number=number, data=values, context={}, values=values, record_key=f"list:{number}", content_hash="")


def test_issues_carry_the_key_of_their_row_and_no_records_are_made() -> None:
    rows = [row(0, {"name": "Diani Police Station"}), row(1, {"name": {"odd": 1}}), row(2, {"name": "Murangâ€™a Hospital"})]
    result = validate(rows, load_vocabularies())
    assert result.records == ()
    assert [(issue.code, issue.record_key) for issue in result.issues] == [("row.schema", "list:1"), ("row.encoding", "list:2")]


def test_no_rows_give_no_issues() -> None:
    assert list(validate([], load_vocabularies()).issues) == []
