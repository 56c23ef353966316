from datetime import date
from typing import Any

from gvrc.model.issue import Issue
from gvrc.model.place import Place
from gvrc.model.record import Contact, ContactType, Record, RecordState
from gvrc.reference.vocabularies import load_vocabularies
from gvrc.stages.score import Scored, Scoring, Thresholds, score

TODAY = date(2026, 11, 20)
GOOD: dict[str, Any] = {
    "name": "Diani", "facility_type": "police_station", "place": Place(county_code="2", county="Kwale", constituency_code="10", constituency="Msambweni"),
    "contacts": (Contact(contact_type=ContactType.PHONE, value="+254700000111"),), "operational_status": "operational", "last_verified_at": date(2026, 6, 1),
}  # fmt: skip


USUAL = Thresholds()


def scored(*codes: str, thresholds: Thresholds = USUAL, has_open_duplicate: bool = False, waived: frozenset[str] = frozenset(), **values: Any) -> Scored:
    record = Record(record_key="list:1", source="list", pointer="/0", **{**GOOD, **values})
    issues = [Issue(code=code, field_name="name", record_key="list:1") for code in codes]
    return score([Scoring(record=record, open_issues=issues, has_open_duplicate=has_open_duplicate, waived=waived)], load_vocabularies(), thresholds, TODAY)[0]


def test_a_good_record_is_ready() -> None:
    result = scored()
    assert (result.state, result.record_key) == (RecordState.READY, "list:1")
    assert "80" in result.reason


def test_a_record_below_the_quality_threshold_is_held() -> None:
    assert scored(facility_type=None, place=Place(), contacts=(), last_verified_at=None).state is RecordState.HELD


def test_a_heading_is_held_and_a_nameless_place_is_asked_for() -> None:
    assert scored("name.heading").state is RecordState.HELD
    assert scored("row.empty", name=None).state is RecordState.HELD
    assert scored("name.missing", name=None).state is RecordState.TO_REVIEW


def test_a_record_between_the_gates_goes_to_review() -> None:
    assert scored(thresholds=Thresholds(quality=50, final=99.9)).state is RecordState.TO_REVIEW


def test_an_open_question_goes_to_review_however_good_the_record() -> None:
    assert scored("contact.officer_only").state is RecordState.TO_REVIEW
    assert scored(has_open_duplicate=True).state is RecordState.TO_REVIEW


def test_notes_and_warnings_that_ask_nothing_do_not_stop_a_record() -> None:
    assert scored("name.one_case", "contact.phone_invalid").state is RecordState.READY


def test_a_stale_record_is_told_and_may_still_be_ready() -> None:
    result = scored(last_verified_at=date(2025, 9, 1))
    assert [(issue.code, issue.record_key) for issue in result.issues] == [("verified.stale", "list:1")]
    assert result.state is RecordState.READY


def test_a_waived_finding_is_not_told_again() -> None:
    assert scored(last_verified_at=date(2025, 9, 1), waived=frozenset({"verified.stale"})).issues == ()


def test_results_come_in_the_order_of_the_records() -> None:
    items = [Scoring(record=Record(record_key=f"list:{number}", source="list", pointer=f"/{number}", name="X")) for number in range(5)]
    assert [result.record_key for result in score(items, load_vocabularies(), Thresholds(), TODAY)] == [f"list:{number}" for number in range(5)]
