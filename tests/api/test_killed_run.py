"""A run whose process is really killed: what the database, `/stats`, `/health` and the alerts tell before anybody noticed, afterwards, and at its good end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from gvrc import pipeline
from gvrc.api import create_api
from gvrc.model.access import Actor, Role
from gvrc.operations import alerts
from gvrc.operations.alerts import Watchman
from gvrc.settings import PROJECT_DIR, Settings
from gvrc.store.keeper import DatabaseKeeper
from gvrc.store.session import Database
from tests.api.test_server import eventually
from tests.pipeline.test_pipeline import big_list

RECORDS = 2000


@pytest.fixture
def quick(settings: Settings) -> Settings:
    """Small chunks, and a run counts as silent after a second."""
    return settings.model_copy(update={"chunk_size": 100, "heartbeat_seconds": 0.2, "interrupted_after_seconds": 1.0})


@pytest.fixture
def engineer(quick: Settings, token_of: Callable[[Role], str]) -> Iterator[TestClient]:
    """The API with that patience."""
    keeper = DatabaseKeeper(settings=quick)
    with TestClient(create_api(quick, keeper), headers={"authorization": f"Bearer {token_of(Role.DATA_ENGINEER)}"}) as client:
        yield client
    keeper.database().close()


def worker(settings: Settings, run_id: int) -> subprocess.Popen[bytes]:
    environment = os.environ | {
        "GVRC_HOME": str(settings.home), "GVRC_DATABASE_URL": settings.database_url or "", "GVRC_DATABASE_OWNER_URL": settings.database_owner_url or "",
        "GVRC_CHUNK_SIZE": str(settings.chunk_size), "GVRC_HEARTBEAT_SECONDS": str(settings.heartbeat_seconds),
    }
    return subprocess.Popen([sys.executable, "-m", "gvrc.worker", str(run_id)], env=environment, cwd=PROJECT_DIR)


def test_a_killed_run_is_told_as_what_it_is_and_its_good_end_as_that(
    database: Database, quick: Settings, admin: Actor, engineer: TestClient, staged: Any, tmp_path: Path,
) -> None:
    def row(query: str) -> Any:
        with database.read() as conn:
            return conn.execute(text(query)).one()

    def stats() -> dict[str, Any]:
        told: dict[str, Any] = engineer.get("/stats").json()
        return told

    (received,) = pipeline.receive(database, quick, admin, [big_list(tmp_path / "big.json", RECORDS)])
    assert received.file_id is not None
    run_id = pipeline.start(database, quick, admin, [received.file_id])
    assert stats()["run_count"] == 0
    process = worker(quick, run_id)
    checkpoint = "SELECT last_processed_id, is_complete FROM ops.etl_checkpoint WHERE step = 'standardise'"
    eventually(lambda: row(f"SELECT count(*) FROM ({checkpoint}) AS c WHERE last_processed_id > 0")[0], 60)
    assert (stats()["run_count"], stats()["last_success"], stats()["last_failure"]) == (1, None, None)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL

    done, is_complete = row(checkpoint)
    assert 0 < done < RECORDS
    assert not is_complete
    unnoticed = eventually(lambda: (told := stats())["last_failure"] and told)  # the row still says that it runs
    assert row("SELECT status FROM ops.etl_runs").status == "running"
    assert isinstance(unnoticed, dict)
    assert unnoticed["last_failure_reason"].startswith("The process that worked on this run ended unexpectedly.")
    assert unnoticed["total_records_processed"] == done == row("SELECT count(*) FROM staging.records")[0]
    assert unnoticed["last_success"] is None
    assert engineer.get("/health").json()["etl_status"] == "interrupted"

    watchman = Watchman(database, quick)
    assert (watchman.look(), watchman.look()) == (1, 0)
    assert [(alert.rule, alert.subject) for alert in alerts.alert_list(database, admin)] == [("run_failed", f"run {run_id}")]
    noticed = row("SELECT status, error, ended_at IS NOT NULL AS has_ended, duration_seconds FROM ops.etl_runs")
    assert (noticed.status, noticed.has_ended) == ("interrupted", True)
    assert noticed.duration_seconds == pytest.approx(unnoticed["total_duration_seconds"])
    assert row("SELECT count(*) FROM ops.stage_reports WHERE status = 'running'")[0] == 0
    assert {name: value for name, value in stats().items() if name != "last_failure"} == {name: value for name, value in unnoticed.items() if name != "last_failure"}

    pipeline.resume(database, quick, admin, run_id)
    assert row(checkpoint).last_processed_id == done  # it goes on there
    assert worker(quick, run_id).wait(120) == 0
    assert row(checkpoint) == (RECORDS, True)
    ended = row("SELECT status, error, hint, records_processed, duration_seconds FROM ops.etl_runs")
    assert (ended.status, ended.error, ended.hint, ended.records_processed) == ("done", None, None, RECORDS)
    final = stats()
    assert (final["run_count"], final["total_records_processed"]) == (1, RECORDS)
    assert final["total_duration_seconds"] == pytest.approx(ended.duration_seconds)
    assert final["total_duration_seconds"] > unnoticed["total_duration_seconds"]
    assert final["last_success"] > final["last_failure"] > unnoticed["last_failure"]  # it happened, and was mended
    assert final["last_failure_reason"] == unnoticed["last_failure_reason"]
    assert row("SELECT count(*), count(DISTINCT record_key) FROM staging.records") == (RECORDS, RECORDS)
    assert Watchman(database, quick).look() == 0
