"""The shape of a source against its last run."""

from __future__ import annotations

from gvrc.model.quality import FindingType, SourceStatistics
from gvrc.quality.drift import drift, main_type


def shaped(rows: int = 100, **fields: dict[str, int]) -> SourceStatistics:
    return SourceStatistics(records=rows, shape=fields, shape_rows=rows)


LAST = shaped(name={"text": 100}, phone={"text": 90, "empty": 10}, beds={"number": 60, "empty": 40})


def test_the_same_shape_is_no_drift() -> None:
    assert drift("list", LAST, LAST) == []


def test_a_new_field_a_lost_field_and_a_changed_type_are_each_told() -> None:
    now = shaped(name={"text": 100}, mobile={"text": 95, "empty": 5}, beds={"text": 60, "empty": 40})
    assert [(each.finding_type, each.subject, each.before, each.after) for each in drift("list", now, LAST)] == [
        (FindingType.FIELD_APPEARED, "mobile", None, "text"), (FindingType.FIELD_VANISHED, "phone", "text", None), (FindingType.FIELD_TYPE, "beds", "number", "text"),
    ]  # fmt: skip


def test_a_stray_key_in_one_row_of_many_is_no_drift() -> None:
    now = shaped(1000, name={"text": 1000}, phone={"text": 900}, beds={"number": 600}, note={"text": 1})
    assert drift("list", now, LAST) == []


def test_a_field_that_is_still_there_but_empty_has_not_vanished() -> None:
    now = shaped(name={"text": 100}, phone={"empty": 100}, beds={"number": 60})
    assert drift("list", now, LAST) == []


def test_the_first_run_and_an_empty_one_have_no_drift() -> None:
    assert drift("list", LAST, None) == []
    assert drift("list", LAST, SourceStatistics(records=0)) == []
    assert drift("list", SourceStatistics(records=0), LAST) == []


def test_a_mixed_field_has_no_main_type() -> None:
    assert main_type({"text": 50, "number": 50}) is None
    assert main_type({"empty": 5}) is None
    assert main_type({"number": 9, "text": 1, "empty": 900}) == "number"
