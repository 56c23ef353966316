"""What a run leaves behind about its sources."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gvrc import pipeline
from gvrc.model.access import Actor, Role
from gvrc.model.quality import FindingType
from gvrc.settings import Settings
from gvrc.store.session import Database
from gvrc.views import advice
from gvrc.views.advice import FindingView
from gvrc.views.quality import QualityQuery, quality_view


def rows(count: int, **more: Any) -> list[dict[str, Any]]:
    """Rows of a small list of clinics; the n-th may be told apart by callables in `more`."""
    return [
        {"facility_name": f"Mfano Clinic {number}", "service_type": "Clinic", "county": "Kwale" if number % 3 else "Kilifi", "contact": f"+254 700 000 {number:03d}"}
        | {name: value(number) if callable(value) else value for name, value in more.items()}
        for number in range(count)
    ]


def deliver(db: Database, settings: Settings, actor: Actor, path: Path, content: list[dict[str, Any]]) -> int:
    path.write_text(json.dumps(content), encoding="utf-8")
    received = pipeline.receive(db, settings, actor, [path])
    run_id = pipeline.start(db, settings, actor, [file.file_id for file in received if file.file_id is not None])
    pipeline.execute(db, settings, run_id)
    return run_id


def told(found: tuple[FindingView, ...]) -> set[tuple[FindingType, str]]:
    return {(view.finding.finding_type, view.finding.subject) for view in found}


@pytest.fixture
def runs(database: Database, settings: Settings, admin: Actor, tmp_path: Path) -> tuple[int, int]:
    """A list of 60 clinics, then one of 60 whose field for the contact was renamed and whose county moved."""
    first = deliver(database, settings, admin, tmp_path / "first.json", rows(60))
    changed = [{("mobile" if name == "contact" else name): value for name, value in row.items()} for row in rows(60, county="Lamu", beds=4)]
    return first, deliver(database, settings, admin, tmp_path / "second.json", changed)


def test_the_second_list_of_a_source_is_told_where_it_differs_from_the_first(database: Database, admin: Actor, runs: tuple[int, int]) -> None:
    first, second = runs
    assert advice.findings(database, admin, first) == ()
    found = advice.findings(database, admin, second)
    lamu = next(view for view in found if view.label == "Lamu")
    assert lamu.finding.value == 60
    assert {label for _, label in ((view.finding, view.label) for view in found if view.finding.finding_type is FindingType.COUNTY_COUNT)} == {"Kwale", "Kilifi", "Lamu"}
    assert {(FindingType.FIELD_APPEARED, "beds"), (FindingType.FIELD_APPEARED, "mobile"), (FindingType.FIELD_VANISHED, "contact")} <= told(found)


def test_the_same_files_again_are_compared_with_nothing_new(database: Database, settings: Settings, admin: Actor, runs: tuple[int, int], tmp_path: Path) -> None:
    again = deliver(database, settings, admin, tmp_path / "first.json", rows(60))
    assert not [view for view in advice.findings(database, admin, again) if view.finding.runs > 1]


def test_who_may_not_see_withheld_places_is_told_from_public_records_alone(database: Database, settings: Settings, admin: Actor, actor_of: Any, tmp_path: Path) -> None:
    hidden = rows(40, service_type="Shelter", facility_name=lambda number: f"Safe House {number}")
    deliver(database, settings, admin, tmp_path / "first.json", rows(60) + rows(60, facility_name=lambda number: f"Mfano Dispensary {number}", service_type="Dispensary"))
    second = deliver(database, settings, admin, tmp_path / "second.json", rows(60) + hidden)
    analyst = actor_of(Role.DATA_ANALYST)
    seen_by_admin = {view.finding.subject for view in advice.findings(database, admin, second)}
    seen_by_analyst = {view.finding.subject for view in advice.findings(database, analyst, second)}
    assert any("shelter" in subject or "safe" in subject for subject in seen_by_admin)
    assert not any("shelter" in subject or "safe" in subject for subject in seen_by_analyst)


def test_report_files_stand_in_the_data_home_and_hold_no_contact(database: Database, settings: Settings, admin: Actor, runs: tuple[int, int]) -> None:
    _, second = runs
    quality = json.loads((settings.reports_dir / "quality" / f"run-{second}.json").read_text(encoding="utf-8"))
    assert {row["scope"] for row in quality["quality"]} == {"run", "source"}
    assert any(each["subject"] == "beds" for each in quality["findings"])
    statistics = (settings.reports_dir / "statistics" / f"run-{second}.json").read_text(encoding="utf-8")
    (kept,) = json.loads(statistics)["sources"].values()
    assert kept["statistics"]["records"] == 60
    assert "700000" not in statistics.replace(" ", "")
    assert "Mfano" not in statistics


def test_switched_off_a_run_tells_nothing_unusual(database: Database, settings: Settings, admin: Actor, tmp_path: Path) -> None:
    quiet = settings.model_copy(update={"anomaly_detection": False})
    deliver(database, quiet, admin, tmp_path / "first.json", rows(60))
    second = deliver(database, quiet, admin, tmp_path / "second.json", rows(60, county="Lamu"))
    assert advice.findings(database, admin, second) == ()


def test_advice_counts_the_work_that_is_open_and_says_what_it_gains(database: Database, settings: Settings, admin: Actor, tmp_path: Path) -> None:
    run_id = deliver(database, settings, admin, tmp_path / "list.json", rows(30, county=lambda number: "Kwal" if number % 2 else "Atlantis"))
    acts = advice.advice(database, admin, QualityQuery(run_id=run_id))
    assert acts
    assert all(act.points > 0 and act.minutes > 0 for act in acts)
    rates = [act.points_per_minute for act in acts]
    assert rates == sorted(rates, reverse=True)


def test_what_changed_since_the_run_ended_is_told_to_who_sees_every_record(database: Database, admin: Actor, actor_of: Any, runs: tuple[int, int]) -> None:
    _, second = runs
    now = quality_view(database, admin, QualityQuery(run_id=second)).whole.total
    told_now = advice.since_the_run(database, admin, second, now)
    assert told_now.before == pytest.approx(now, abs=0.1)
    assert told_now.answers == 0
    assert advice.since_the_run(database, actor_of(Role.DATA_ANALYST), second, now).before is None
