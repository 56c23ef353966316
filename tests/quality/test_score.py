from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gvrc.checks.catalogue import CATALOGUE
from gvrc.model.issue import Issue
from gvrc.model.place import Place, Point
from gvrc.model.quality import QualityScore
from gvrc.model.record import Contact, ContactType, Record
from gvrc.quality.score import record_quality, run_quality
from gvrc.quality.weights import load_weights
from gvrc.reference.vocabularies import load_vocabularies

TODAY = date(2026, 11, 20)
PLACE = Place(county_code="2", county="Kwale", constituency_code="10", constituency="Msambweni", ward_code="46", ward="Ukunda")
FULL: dict[str, Any] = {
    "name": "Diani Health Centre", "facility_type": "health_centre", "place": PLACE, "point": Point(latitude=-4.3, longitude=39.5), "services": ("pep",),
    "contacts": (Contact(contact_type=ContactType.PHONE, value="+254700000111"),), "owner": "ministry_of_health", "operational_status": "operational",
    "mfl_code": "11111", "keph_level": "3", "last_verified_at": date(2026, 6, 1),
}  # fmt: skip


def quality(*codes: str, has_open_duplicate: bool = False, **values: Any) -> QualityScore:
    record = Record(record_key="list:1", source="list", pointer="/0", **values)
    issues = [Issue(code=code, field_name="name") for code in codes]
    return record_quality(record, issues, TODAY, has_open_duplicate, load_vocabularies(), load_weights())


def part(score: QualityScore, dimension: str) -> float:
    return next(part.value for part in score.parts if part.dimension == dimension)


def test_a_full_and_fresh_record_has_a_hundred() -> None:
    assert quality(**FULL).total == 100


def test_the_total_is_the_weighted_mean_of_its_parts() -> None:
    score = quality("contact.phone_invalid", **{**FULL, "services": (), "last_verified_at": date(2023, 1, 1)})
    assert score.total == pytest.approx(sum(part.value * part.weight for part in score.parts), abs=0.1)
    assert sum(part.weight for part in score.parts) == pytest.approx(1)


def test_every_loss_has_a_reason() -> None:
    score = quality("contact.phone_invalid", has_open_duplicate=True, **{**FULL, "services": (), "last_verified_at": None})
    for each in score.parts:
        assert (each.value < 100) == bool(each.reasons)


def test_a_name_alone_is_not_enough_to_be_kept_for_review() -> None:
    assert quality("kind.unknown", "place.county_missing", "contact.missing", name="Galaxy").total < 50


def test_a_place_known_by_kind_county_and_phone_reaches_the_final_gate() -> None:
    county = Place(county_code="2", county="Kwale")
    police = quality(name="Diani", facility_type="police_station", place=county, contacts=FULL["contacts"], operational_status="operational", last_verified_at=TODAY)
    assert police.total >= 80


def test_a_list_without_contacts_and_dates_can_still_be_ready() -> None:
    kmhfl = {**FULL, "contacts": (), "services": (), "last_verified_at": None}
    assert quality("contact.missing", "service.missing", **kmhfl).total >= 80


def test_a_hotline_is_complete_without_a_place() -> None:
    hotline = quality(
        "place.nationwide", name="Childline", facility_type="hotline", contacts=(Contact(contact_type=ContactType.HOTLINE, value="116"),), services=("hotline",),
        operational_status="operational", last_verified_at=TODAY,
    )  # fmt: skip
    assert hotline.total == 100


@pytest.mark.parametrize("code", ["name.heading", "row.empty", "name.missing"])
def test_a_row_that_is_no_place_has_no_quality(code: str) -> None:
    assert quality(code, **FULL).total == 0


def test_timeliness_falls_with_age_and_a_future_date_does_not_count() -> None:
    ages = [date(2026, 6, 1), date(2025, 6, 1), date(2024, 6, 1), date(2022, 6, 1), date(2010, 6, 1)]
    values = [part(quality(**{**FULL, "last_verified_at": day}), "timeliness") for day in ages]
    assert values == sorted(values, reverse=True)
    assert values[0] == 100
    assert part(quality(**{**FULL, "last_verified_at": date(2030, 1, 1)}), "timeliness") == load_weights().timeliness_unknown


def test_an_open_question_about_a_duplicate_lowers_uniqueness() -> None:
    assert part(quality(has_open_duplicate=True, **FULL), "uniqueness") == load_weights().duplicate_open


def test_the_points_to_gain_are_what_mending_brings() -> None:
    before = quality("contact.missing", **{**FULL, "contacts": ()})
    assert before.points_to_gain["contact.missing"] == pytest.approx(quality(**FULL).total - before.total, abs=0.1)
    broken = quality("contact.phone_invalid", **FULL)
    assert broken.points_to_gain["contact.phone_invalid"] == pytest.approx(quality(**FULL).total - broken.total, abs=0.1)


@given(st.sets(st.sampled_from(sorted(CATALOGUE)), max_size=12), st.booleans())
def test_a_score_and_its_parts_lie_between_nothing_and_a_hundred(codes: set[str], has_open_duplicate: bool) -> None:
    score = quality(*codes, has_open_duplicate=has_open_duplicate, **FULL)
    assert 0 <= score.total <= 100
    assert all(0 <= each.value <= 100 for each in score.parts)
    assert set(score.points_to_gain) <= codes


@given(st.sets(st.sampled_from(sorted(CATALOGUE)), min_size=1, max_size=8))
def test_one_issue_more_never_makes_a_record_better(codes: set[str]) -> None:
    usual = codes - {"place.nationwide"}
    assert quality(*usual, **FULL).total <= quality(*list(usual)[1:], **FULL).total


def test_the_quality_of_a_run_is_the_mean_beside_its_targets() -> None:
    weights = load_weights()
    run = run_quality([quality(**FULL), quality("name.heading", **FULL)], weights)
    assert (run.records, run.total, run.dimensions["accuracy"]) == (2, 50.0, 50.0)
    assert run.targets == {"completeness": 95, "accuracy": 98, "consistency": 99, "timeliness": 100, "uniqueness": 99}
    assert not any(run.is_met.values())
    assert all(run_quality([quality(**FULL)], weights).is_met.values())


def test_a_run_without_records_has_no_quality() -> None:
    assert run_quality([], load_weights()).total == 0
