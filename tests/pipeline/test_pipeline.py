"""From files to review-ready, on PostgreSQL."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import TimeoutError as PoolTimeout

from gvrc import pipeline
from gvrc.errors import PipelineError, RunBusy, StoreError
from gvrc.model.access import Actor
from gvrc.model.issue import Dimension
from gvrc.model.run import Stage
from gvrc.pipeline import RunSummary
from gvrc.reference.gazetteer import load_gazetteer
from gvrc.settings import PROJECT_DIR, Settings
from gvrc.store import matches as match_store
from gvrc.store import quality as quality_store
from gvrc.store.session import Database

Run = Callable[..., RunSummary]


def everything(database: Database) -> list[tuple[object, ...]]:
    """What the records and issues say, without ids and times."""
    with database.read() as conn:
        records = conn.execute(text("""
            SELECT record_key, pointer, name, facility_type, county_code, ward_code, latitude, record_hash, state, quality_score, state_reason,
                quality_parts::text, points_to_gain::text, (SELECT min(c.record_key) FROM staging.records c WHERE c.record_id = r.cluster_id),
                (SELECT array_agg(code || field_name || state || coalesce(points, -1) ORDER BY code, field_name, ordinal) FROM staging.issues i WHERE i.record_id = r.record_id)
            FROM staging.records r ORDER BY record_key, pointer
        """))
        return [tuple(row) for row in records]


def profiles_of(database: Database) -> dict[str, object]:
    """The profiles of the newest run, by source; what is read as the same is told as the same."""
    with database.read() as conn:
        rows = conn.execute(text("SELECT source, profile FROM ops.profiles WHERE run_id = (SELECT max(run_id) FROM ops.profiles)"))
        return {row.source: row.profile for row in rows}


def test_the_dimensions_of_a_record_stand_beside_the_parts_they_are_counted_from(database: Database, run_files: Run, samples: list[Path]) -> None:
    run_files(samples)
    with database.read() as conn:
        rows = conn.execute(text("SELECT completeness, accuracy, consistency, timeliness, uniqueness, quality_parts FROM staging.records")).all()
    assert rows
    for *values, parts in rows:
        assert values == [part["value"] for part in sorted(parts, key=lambda part: list(Dimension).index(part["dimension"]))]


def adds_up(summary: RunSummary) -> bool:
    return summary.records_in == summary.ready + summary.to_review + summary.held + summary.dead_letters and summary.waiting == 0


def test_the_sample_lists_add_up(run_files: Run, samples: list[Path]) -> None:
    summary = run_files(samples)
    assert summary.records_in == 237
    assert adds_up(summary)
    assert {file["source"]: file["records"] for file in summary.files}["gbv_support_organizations"] == 0
    assert summary.ready > 0
    assert summary.open_duplicates > 0


def test_the_same_files_again_change_nothing(database: Database, run_files: Run, samples: list[Path]) -> None:
    first = run_files(samples)
    before = everything(database)
    second = run_files(samples)
    assert everything(database) == before
    assert second.open_duplicates == first.open_duplicates
    with database.read() as conn:
        assert conn.execute(text("SELECT count(*) FROM staging.raw_data")).scalar_one() == 237
        assert conn.execute(text("SELECT max(version) FROM staging.records")).scalar_one() == 1


def test_a_run_can_stop_after_a_stage_and_go_on(database: Database, settings: Settings, admin: Actor, run_files: Run, samples: list[Path]) -> None:
    stopped = run_files(samples[:2], stop_after=Stage.TRANSFORM)
    assert stopped.waiting == stopped.records_in > 0
    pipeline.resume(database, settings, admin, stopped.run_id)
    resumed = pipeline.execute(database, settings, stopped.run_id)
    assert adds_up(resumed)
    assert [stage["status"] for stage in resumed.stages] == ["done"] * 7
    assert {stage["rows_in"] for stage in resumed.stages} == {resumed.records_in}


def test_stage_by_stage_ends_where_all_at_once_ends(
    new_settings: Callable[[], Settings], samples: list[Path], database: Database, settings: Settings, admin: Actor, run_files: Run,
) -> None:
    run_files(samples)
    at_once, profiles = everything(database), profiles_of(database)
    with database.unit_of_work() as conn:
        conn.execute(text("DELETE FROM staging.records"))
    received = pipeline.receive(database, settings, admin, samples)
    run_id = pipeline.start(database, settings, admin, [file.file_id for file in received if file.file_id], stop_after=Stage.EXTRACT)
    pipeline.execute(database, settings, run_id)
    for stage in list(Stage)[1:]:
        pipeline.resume(database, settings, admin, run_id, stop_after=stage)
        pipeline.execute(database, settings, run_id)
    assert everything(database) == at_once
    assert profiles_of(database) == profiles


def test_duplicates_are_found_though_their_first_saving_failed(database: Database, run_files: Run, samples: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    expected = run_files(samples[:2])
    before, save, failed = everything(database), match_store.replace_pairs, []
    with database.unit_of_work() as conn:
        conn.execute(text("DELETE FROM staging.records"))

    def once_refused(*about: Any) -> None:
        if not failed:
            failed.append(about)
            raise StoreError("No.", "Later.") from PoolTimeout()
        save(*about)

    monkeypatch.setattr(match_store, "replace_pairs", once_refused)
    assert run_files(samples[:2]).candidate_pairs == expected.candidate_pairs > 0
    assert failed
    assert everything(database) == before


def test_a_shape_that_could_not_be_told_beforehand_is_asked_for_again(database: Database, run_files: Run, samples: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    run_files(samples[:2])
    before, tell, failed = profiles_of(database), quality_store.shape, []

    def shape(*about: object) -> object:
        if threading.current_thread().name.startswith("shapes"):
            failed.append(about)
            raise StoreError("No.", "Later.")
        return tell(*about)  # type: ignore[arg-type]

    monkeypatch.setattr(quality_store, "shape", shape)
    run_files(samples[:2])
    assert failed
    assert profiles_of(database) == before


def test_no_personal_value_stands_outside_vault_and_raw_rows(database: Database, run_files: Run, samples: list[Path]) -> None:
    run_files(samples)
    with database.read() as conn:
        phones = conn.execute(text("SELECT count(*) FROM staging.records WHERE data::text LIKE '%254700000%' OR changes::text ~ '0?700[ -]?000'")).scalar_one()
        issues = conn.execute(text("""
            SELECT count(*) FROM staging.issues WHERE concat(value, detail::text, suggestion::text) ~ '254700000|0700[ -]?000|@example.org'
        """)).scalar_one()
        matches = conn.execute(text("SELECT count(*) FROM staging.match_results WHERE features::text ~ '254700000|@example.org'")).scalar_one()
    assert (phones, issues, matches) == (0, 0, 0)


def test_a_damaged_file_keeps_every_whole_record_and_the_others_go_on(run_files: Run, samples: list[Path], tmp_path: Path) -> None:
    whole = next(path for path in samples if path.name == "equity_afya.json").read_text(encoding="utf-8")
    cut = tmp_path / "equity_afya.json"
    cut.write_text(whole[: whole.rindex('"facility_name"')], encoding="utf-8")
    summary = run_files([cut, next(path for path in samples if path.name == "category_A.json")])
    by_name = {file["file"]: file for file in summary.files}
    assert by_name["equity_afya.json"]["records"] == 11
    assert by_name["equity_afya.json"]["damage"]
    assert by_name["category_A.json"]["records"] == 25
    assert adds_up(summary)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.json", b""), ("page.json", b"<!doctype html><html><body>Sign in</body></html>"), ("zip.json", b"PK\x03\x04" + b"\0" * 100),
        ("scalar.json", b"42"), ("noise.json", bytes(range(256))),
    ],
)
def test_a_file_that_is_no_list_is_told_and_nothing_is_lost(
    database: Database, settings: Settings, admin: Actor, tmp_path: Path, samples: list[Path], name: str, content: bytes
) -> None:
    wrong = tmp_path / name
    wrong.write_bytes(content)
    received = pipeline.receive(database, settings, admin, [wrong, samples[0]])
    assert received[0].problem
    assert received[0].file_id is None
    assert received[1].file_id is not None


def test_utf_16_is_read(run_files: Run, samples: list[Path], tmp_path: Path) -> None:
    other = tmp_path / "list.json"
    other.write_bytes(samples[0].read_text(encoding="utf-8").encode("utf-16"))
    assert run_files([other]).records_in == run_files([samples[0]]).records_in


def test_two_processes_do_not_work_on_one_run(database: Database, settings: Settings, admin: Actor, samples: list[Path]) -> None:
    received = pipeline.receive(database, settings, admin, samples[:1])
    run_id = pipeline.start(database, settings, admin, [file.file_id for file in received if file.file_id])
    with database.hold_lock(f"run:{run_id}") as is_ours:
        assert is_ours
        with pytest.raises(RunBusy):
            pipeline.execute(database, settings, run_id)


def test_a_run_that_waits_can_be_stopped_and_resumed(database: Database, settings: Settings, admin: Actor, samples: list[Path]) -> None:
    received = pipeline.receive(database, settings, admin, samples[:1])
    run_id = pipeline.start(database, settings, admin, [file.file_id for file in received if file.file_id])
    pipeline.request_stop(database, admin, run_id)
    with pytest.raises(PipelineError):
        pipeline.request_stop(database, admin, run_id)
    pipeline.resume(database, settings, admin, run_id)
    assert adds_up(pipeline.execute(database, settings, run_id))


def big_list(path: Path, records: int) -> Path:
    wards = load_gazetteer().wards
    rows = [
        {
            "facility_name": f"{ward.ward} {'Dispensary' if number < len(wards) else 'Police Station'}", "county": ward.county,
            "constituency": ward.constituency, "ward": ward.ward, "phone": f"+254700000{number % 1000:03d}",
        }
        for number, ward in enumerate([*wards, *wards][:records])
    ]
    path.write_text(json.dumps({"facilities": rows}), encoding="utf-8")
    return path


def test_a_killed_run_resumes_to_the_same_end(
    database: Database, settings: Settings, admin: Actor, run_files: Run, tmp_path: Path
) -> None:
    path = big_list(tmp_path / "big.json", 2500)
    received = pipeline.receive(database, settings, admin, [path])
    run_id = pipeline.start(database, settings, admin, [file.file_id for file in received if file.file_id])
    for pause in (0.8, 1.6, 2.4):
        process = start_worker(settings, run_id)
        time.sleep(pause)
        process.send_signal(signal.SIGKILL)
        process.wait()
        with database.unit_of_work() as conn:
            conn.execute(text("UPDATE ops.etl_runs SET heartbeat_at = now() - interval '1 hour', created_at = now() - interval '1 hour'"))
        if pipeline.mark_interrupted(database, settings):
            pipeline.resume(database, settings, admin, run_id)
    summary = pipeline.execute(database, settings, run_id)
    assert summary.records_in == 2500
    assert adds_up(summary)
    killed = everything(database)
    run_files([path])
    assert everything(database) == killed


def start_worker(settings: Settings, run_id: int) -> subprocess.Popen[bytes]:
    environment = os.environ | {
        "GVRC_HOME": str(settings.home), "GVRC_DATABASE_URL": settings.database_url or "", "GVRC_DATABASE_OWNER_URL": settings.database_owner_url or "",
    }
    return subprocess.Popen([sys.executable, "-m", "gvrc.worker", str(run_id)], env=environment, cwd=PROJECT_DIR)


def test_the_worker_does_a_run_in_its_own_process(
    database: Database, settings: Settings, admin: Actor, samples: list[Path]
) -> None:
    received = pipeline.receive(database, settings, admin, samples[:1])
    run_id = pipeline.start(database, settings, admin, [file.file_id for file in received if file.file_id])
    process = start_worker(settings, run_id)
    assert process.wait(timeout=60) == 0
    with database.read() as conn:
        assert conn.execute(text("SELECT status FROM ops.etl_runs WHERE run_id = :id"), {"id": run_id}).scalar_one() == "done"


def test_what_is_no_record_in_a_list_is_set_aside_one_by_one_and_the_receipt_adds_up(run_files: Run, tmp_path: Path, database: Database) -> None:
    path = tmp_path / "list.json"
    places = [{"name": f"Majengo {number} Dispensary", "county": "Kwale"} for number in range(3)]
    path.write_text(json.dumps({"facilities": [places[0], 7, None, *places[1:], "Diani"]}))
    for summary in (run_files([path]), run_files([path])):  # the same list again: what was set aside counts again
        assert (summary.records_in, summary.dead_letters) == (6, 3)
        assert adds_up(summary)
        assert (summary.stages[0]["rows_in"], summary.stages[0]["rows_out"]) == (6, 3)
    with database.read() as conn:
        letters = conn.execute(text("SELECT pointer FROM staging.dead_letters WHERE stage = 'extract' ORDER BY pointer")).scalars().all()
    assert letters == ["/facilities/1", "/facilities/2", "/facilities/5"]


def test_issues_go_with_their_records(database: Database, run_files: Callable[..., RunSummary], samples: list[Path]) -> None:
    run_files(samples[:1])
    left = "SELECT count(*), count(*) FILTER (WHERE record_id = (SELECT min(record_id) FROM staging.records)) FROM staging.issues"
    with database.owner_unit_of_work() as conn:
        before, of_first = conn.execute(text(left)).one()
        conn.execute(text("DELETE FROM staging.records WHERE record_id = (SELECT min(record_id) FROM staging.records)"))
        after, _ = conn.execute(text(left)).one()
    assert (after, of_first > 0) == (before - of_first, True)
