"""What can happen to a run: a chunk that hangs, a full disk, a database that goes away, the same file twice at once. Each is told, and the run goes on."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from gvrc import pipeline
from gvrc.errors import GvrcError, PipelineError
from gvrc.model.access import Actor
from gvrc.model.run import Stage
from gvrc.model.source import Damage, SourceRow
from gvrc.pipeline import RunSummary, execute, extraction, heartbeat, whole_run
from gvrc.pipeline.heartbeat import HUNG
from gvrc.settings import PROJECT_DIR, Settings
from gvrc.store.session import Database

CUT = text("""
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid() AND query NOT ILIKE '%lock%'
""")
"""Ends every connection of the application but the one that holds the run's lock."""

Queue = Callable[[list[Path]], int]


@pytest.fixture
def queue(database: Database, settings: Settings, admin: Actor) -> Queue:
    """Receives files and queues a run over them. Returns its id."""
    def queue(paths: list[Path]) -> int:
        received = pipeline.receive(database, settings, admin, paths)
        return pipeline.start(database, settings, admin, [file.file_id for file in received if file.file_id is not None])

    return queue


def adds_up(summary: RunSummary) -> bool:
    return summary.records_in == summary.ready + summary.to_review + summary.held + summary.dead_letters and summary.waiting == 0


def told(database: Database, run_id: int) -> tuple[str, str]:
    """The status of a run and what is told of its end."""
    with database.read() as conn:
        row = conn.execute(text("SELECT status, error FROM ops.etl_runs WHERE run_id = :run"), {"run": run_id}).one()
    return row[0], row[1]


def test_a_chunk_that_hangs_is_broken_off_and_the_run_goes_on_afterwards(
    database: Database, settings: Settings, admin: Actor, queue: Queue, samples: list[Path], monkeypatch: pytest.MonkeyPatch,
) -> None:
    run_id = queue(samples[:2])
    impatient = settings.model_copy(update={"timeout_seconds": 1, "heartbeat_seconds": 0.2})

    def hang(*_: object, **__: object) -> None:
        while True:
            pass

    with monkeypatch.context() as broken:
        broken.setattr(sys.modules["gvrc.pipeline.chunks"], "prepare_rows", hang)
        with pytest.raises(PipelineError, match="took longer than 1 seconds"):
            execute(database, impatient, run_id)
    status, error = told(database, run_id)
    assert status == "failed"
    assert "the chunk after row 0" in error
    pipeline.resume(database, settings, admin, run_id)
    assert adds_up(execute(database, settings, run_id))


def test_a_stage_of_the_whole_run_that_hangs_is_broken_off_and_the_run_goes_on_afterwards(
    database: Database, settings: Settings, admin: Actor, queue: Queue, samples: list[Path], monkeypatch: pytest.MonkeyPatch,
) -> None:
    run_id = queue(samples[1:2])
    impatient = settings.model_copy(update={"timeout_seconds": 2, "heartbeat_seconds": 0.2})

    def hang(*_: object, **__: object) -> None:
        while True:
            pass

    with monkeypatch.context() as broken:
        broken.setattr(whole_run, "dedupe", hang)
        with pytest.raises(PipelineError, match="looking for duplicates took longer than 2 seconds"):
            execute(database, impatient, run_id)
    assert told(database, run_id)[0] == "failed"
    pipeline.resume(database, settings, admin, run_id)
    assert adds_up(execute(database, settings, run_id))


def test_a_worker_whose_chunk_waits_for_ever_ends_and_its_run_can_be_resumed(
    database: Database, settings: Settings, admin: Actor, queue: Queue, samples: list[Path],
) -> None:
    run_id = queue(samples[:1])
    environment = os.environ | {
        "GVRC_HOME": str(settings.home), "GVRC_DATABASE_URL": settings.database_url or "", "GVRC_DATABASE_OWNER_URL": settings.database_owner_url or "",
        "GVRC_TIMEOUT_SECONDS": "1", "GVRC_HEARTBEAT_SECONDS": "0.2",
    }
    with database.owner_unit_of_work() as conn:
        conn.execute(text("LOCK TABLE staging.records IN ACCESS EXCLUSIVE MODE"))
        worker = subprocess.run([sys.executable, "-m", "gvrc.worker", str(run_id)], cwd=PROJECT_DIR, env=environment, timeout=60, check=False)
    assert worker.returncode == HUNG
    status, error = told(database, run_id)
    assert status == "failed"
    assert "took longer than 1 seconds" in error
    pipeline.resume(database, settings, admin, run_id)  # what was held is free again, so it is not refused


def test_a_full_disk_is_told_and_the_run_goes_on_when_there_is_room(database: Database, settings: Settings, admin: Actor, queue: Queue, samples: list[Path]) -> None:
    run_id = queue(samples[:1])
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(PipelineError, match="could not be laid out"):
            execute(database, settings, run_id)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert told(database, run_id)[0] == "failed"
    pipeline.resume(database, settings, admin, run_id)
    assert adds_up(execute(database, settings, run_id))


def test_connections_that_are_cut_in_the_middle_of_a_run_cost_nothing(database: Database, settings: Settings, admin: Actor, queue: Queue, samples: list[Path]) -> None:
    run_id = queue(samples[:3])
    cuts = []

    def cut(_run_id: int) -> None:
        if len(cuts) < 3:
            with database.unit_of_work() as conn:
                cuts.append(conn.execute(CUT).scalar_one())

    try:
        summary = execute(database, settings, run_id, cut)
    except GvrcError:
        assert told(database, run_id)[1]
        pipeline.resume(database, settings, admin, run_id)
        summary = execute(database, settings, run_id)
    assert sum(cuts) > 0
    assert adds_up(summary)


def test_two_runs_of_the_same_files_at_once_end_as_one_would(database: Database, settings: Settings, queue: Queue, samples: list[Path]) -> None:
    runs = [queue(samples[:3]), queue(samples[:3])]
    with ThreadPoolExecutor(2) as pool:
        summaries = list(pool.map(lambda run_id: execute(database, settings, run_id), runs))
    assert all(map(adds_up, summaries))
    with database.read() as conn:
        count = summaries[0].records_in
        assert conn.execute(text("SELECT count(*), count(DISTINCT record_key), max(version) FROM staging.records")).one() == (count, count, 1)
        assert conn.execute(text("SELECT count(*) FROM staging.raw_data")).scalar_one() == count


def test_a_deadlock_with_another_writer_costs_a_second_try(database: Database, settings: Settings, admin: Actor, queue: Queue, samples: list[Path]) -> None:
    run_id = queue(samples[:2])
    undisturbed = execute(database, settings, run_id)
    for _ in range(5):  # whom the database breaks off is a race: who has waited for a second when it looks
        pipeline.resume(database, settings, admin, run_id, again_from=Stage.SCORE)
        is_broken_off, summary = _locked_crosswise(database, settings, run_id)
        assert adds_up(summary)
        assert (summary.ready, summary.to_review, summary.held, summary.issues) == (undisturbed.ready, undisturbed.to_review, undisturbed.held, undisturbed.issues)
        if is_broken_off:
            return
    pytest.fail("The other writer was broken off five times.")


def _locked_crosswise(database: Database, settings: Settings, run_id: int) -> tuple[bool, RunSummary]:
    """A run, and a writer that holds what the run wants and then wants what the run holds; whether the run was the one broken off."""
    with ThreadPoolExecutor(max_workers=1) as pool, database.owner_unit_of_work() as conn:
        conn.execute(text("UPDATE staging.records SET version = version WHERE record_id = (SELECT max(record_id) FROM staging.records)"))
        again = pool.submit(execute, database, settings, run_id)
        until = time.monotonic() + 60
        while not conn.execute(text("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND locktype = 'transactionid')")).scalar_one():
            assert time.monotonic() < until
            assert not again.done()
            time.sleep(0.01)
        try:
            conn.execute(text("UPDATE staging.records SET version = version"))  # what the run holds
        except OperationalError:
            conn.rollback()
            return False, again.result(timeout=120)
        conn.commit()
        return True, again.result(timeout=120)


def test_a_run_that_stays_above_its_memory_limit_fails_in_words_and_goes_on_with_more(
    database: Database, settings: Settings, admin: Actor, samples: list[Path], queue: Queue, monkeypatch: pytest.MonkeyPatch,
) -> None:
    run_id = queue(samples)
    starved = settings.model_copy(update={"memory_limit_mb": 1, "heartbeat_seconds": 0.01})
    with monkeypatch.context() as impatient:
        impatient.setattr(heartbeat, "PATIENCE_SECONDS", 0.0)
        impatient.setattr(heartbeat, "SMALLEST_CHUNK", settings.chunk_size)
        with pytest.raises(PipelineError, match=r"needs more memory than the limit of 1 MB\. Every finished chunk is kept"):
            execute(database, starved, run_id)
    assert told(database, run_id)[0] == "failed"
    pipeline.resume(database, settings, admin, run_id)
    assert adds_up(execute(database, settings.model_copy(update={"memory_limit_mb": 100_000}), run_id))


def test_four_files_are_read_side_by_side(database: Database, settings: Settings, samples: list[Path], queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    four, read = threading.Barrier(4, timeout=60), extraction.extract

    def waits_for_the_others(*args: Any, **kwargs: Any) -> Iterator[SourceRow | Damage]:
        four.wait()
        return read(*args, **kwargs)

    monkeypatch.setattr(extraction, "extract", waits_for_the_others)
    assert adds_up(execute(database, settings, queue(sorted(samples)[:4])))
