"""Several processes at the rows of one list: the end is the same as with one, and none of them is needed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import psutil
import pytest
from sqlalchemy import text

from gvrc import pipeline
from gvrc.errors import PipelineError, RunStopped
from gvrc.model.access import Actor, Role
from gvrc.model.place import Place, Point
from gvrc.model.record import Record
from gvrc.pipeline import foresight, lanes, whole_run
from gvrc.quality.gathering import SourceGathering
from gvrc.quality.profile import RunProfile
from gvrc.settings import PROJECT_DIR, Settings
from gvrc.store import runs as run_store
from gvrc.store.session import Database
from tests.conftest import make_actor

FILES = ("kps_stations.json", "category_A.json")
LEFT = (
    "SELECT source, pointer, name, state, state_reason, quality_score, county_code, ward_code, jsonb_array_length(changes) FROM staging.records ORDER BY source, pointer",
    """SELECT r.source, r.pointer, i.code, i.field_name, i.ordinal, i.state, i.points FROM staging.issues i JOIN staging.records r USING (record_id)
       ORDER BY r.source, r.pointer, i.code, i.field_name, i.ordinal""",
    "SELECT question_key, pair_state, match_score FROM staging.match_results ORDER BY question_key",
    "SELECT source, profile - 'fields' FROM ops.profiles ORDER BY source",
    "SELECT stage, rows_in, rows_out, issues FROM ops.stage_reports ORDER BY stage",
    "SELECT step, last_processed_id, is_complete FROM ops.etl_checkpoint ORDER BY file_id, step",
)
"""What a run leaves, without what differs from home to home (numbers of rows, vault ids) or from time to time."""

Watcher = Callable[[int], None]


@pytest.fixture(autouse=True)
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every list is large enough for further processes. These begin with the main module, for which tests of pages that ran before left a page."""
    monkeypatch.setattr(lanes, "LARGE_BYTES", 0)
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))


def run(settings: Settings, samples: list[Path], processes: int, watcher: Watcher = lambda _run_id: None, **others: Any) -> list[Any]:
    """Everything that a run in chunks of seven rows leaves."""
    settings = settings.model_copy(update={"run_processes": processes, "chunk_size": 7, "memory_limit_mb": 100_000, **others})
    with Database.open(settings) as database:
        admin = make_actor(database, Role.ADMIN, "admin")
        pipeline.execute(database, settings, queued(database, settings, admin, samples), watcher)
        with database.read() as conn:
            return [[tuple(row) for row in conn.execute(text(query))] for query in LEFT]


def queued(database: Database, settings: Settings, admin: Actor, samples: list[Path]) -> int:
    received = pipeline.receive(database, settings, admin, [path for path in samples if path.name in FILES])
    return pipeline.start(database, settings, admin, [file.file_id for file in received if file.file_id is not None])


def further_processes(pid: int) -> list[psutil.Process]:
    """Those that work on a run beside a process: its copies, and new ones."""
    one = psutil.Process(pid)
    return [child for child in one.children() if child.cmdline() == one.cmdline() or "spawn_main" in " ".join(child.cmdline())]


def test_two_processes_leave_what_one_leaves_and_so_do_what_is_left_when_one_is_killed(
    new_settings: Callable[[], Settings], samples: list[Path], monkeypatch: pytest.MonkeyPatch,
) -> None:
    killed: list[int] = []
    saved_by_the_other: list[Any] = []
    save = lanes.ProcessLane.save

    def saved(lane: lanes.ProcessLane, span: Any) -> Any:
        saved_by_the_other.append(span)
        return save(lane, span)

    monkeypatch.setattr(lanes.ProcessLane, "save", saved)

    def kill(_run_id: int) -> None:
        for process in further_processes(os.getpid()) if len(killed) < 1 else ():
            time.sleep(1.5)  # it has begun by then, and works
            process.kill()
            killed.append(process.pid)

    alone = run(new_settings(), samples, 1)
    assert len(alone[0]) == 125
    assert not saved_by_the_other
    assert run(new_settings(), samples, 2) == alone
    assert len(saved_by_the_other) > 2
    assert run(new_settings(), samples, 2, kill) == alone
    assert killed
    assert not further_processes(os.getpid())


def test_the_records_of_a_very_long_list_are_read_back_not_scored_again_and_all_ends_the_same(
    new_settings: Callable[[], Settings], samples: list[Path], monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("records were scored again")

    at_hand = run(new_settings(), samples, 2)
    monkeypatch.setattr(foresight, "most_kept", lambda _settings: 20)
    monkeypatch.setattr(whole_run, "READ_CHUNK", 30)
    monkeypatch.setattr(whole_run, "_score_all", refuse)
    assert run(new_settings(), samples, 2) == at_hand


def test_a_process_that_was_lost_before_it_saved_anything_takes_nothing_with_it(
    new_settings: Callable[[], Settings], samples: list[Path], monkeypatch: pytest.MonkeyPatch,
) -> None:
    alone = run(new_settings(), samples, 1)

    def refuse(*_: object) -> None:
        raise AssertionError("records were scored again")

    def lost(*_: object) -> None:
        raise lanes.LaneLost

    monkeypatch.setattr(whole_run, "_score_all", refuse)
    monkeypatch.setattr(lanes.ProcessLane, "order", lost)
    assert run(new_settings(), samples, 2) == alone


def test_a_chunk_that_somebody_else_saved_is_not_saved_again(new_settings: Callable[[], Settings], samples: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """As a process does which was killed at the moment it committed."""
    alone = run(new_settings(), samples, 1)
    before = run_store.load_checkpoint
    told: list[int] = []

    def late(conn: Any, run_id: int, file_id: int, step: str) -> tuple[int, bool]:
        after, is_complete = before(conn, run_id, file_id, step)
        told.append(after)
        return (0, False) if len(told) == 2 else (after, is_complete)

    stopped = [False]

    def stop(run_id: int) -> None:
        if len(told) == 1 and not stopped[0]:
            stopped[0] = True
            raise KeyboardInterrupt

    settings = new_settings().model_copy(update={"run_processes": 1, "chunk_size": 7, "memory_limit_mb": 100_000})
    with Database.open(settings) as database:
        admin = make_actor(database, Role.ADMIN, "admin")
        run_id = queued(database, settings, admin, samples)
        monkeypatch.setattr(run_store, "load_checkpoint", late)
        with pytest.raises(KeyboardInterrupt):
            pipeline.execute(database, settings, run_id, stop)
        pipeline.resume(database, settings, admin, run_id)  # at once: it is stopped, not silent
        pipeline.execute(database, settings, run_id)
        with database.read() as conn:
            assert [[tuple(row) for row in conn.execute(text(query))] for query in LEFT] == alone
    assert told[:3] == [0, 7, 7]  # begun, taken up where it did not stand, and where it did


def test_a_process_that_hangs_is_ended_and_the_run_can_be_resumed(new_settings: Callable[[], Settings], samples: list[Path]) -> None:
    def halt(_run_id: int) -> None:
        for process in further_processes(os.getpid()):
            process.send_signal(signal.SIGSTOP)

    with pytest.raises(PipelineError, match="took longer than 2 seconds"):
        run(new_settings(), samples, 2, halt, timeout_seconds=2)
    assert not further_processes(os.getpid())


def test_a_run_that_is_stopped_does_not_wait_for_a_process_that_hangs(new_settings: Callable[[], Settings], samples: list[Path]) -> None:
    def halt_and_stop(_run_id: int) -> None:
        for process in further_processes(os.getpid()):
            process.send_signal(signal.SIGSTOP)
        raise RunStopped("Stopped.")

    run(new_settings(), samples, 2, halt_and_stop)
    assert not further_processes(os.getpid())


def test_further_processes_end_with_the_one_that_began_them(settings: Settings, database: Database, admin: Actor, tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    path.write_text("[" + ",".join(f'{{"name": "Example Clinic {number}", "county": "Kisumu", "note": "{"x" * 900}"}}' for number in range(1200)) + "]")
    run_id = pipeline.start(database, settings, admin, [file.file_id for file in pipeline.receive(database, settings, admin, [path]) if file.file_id is not None])
    environment = os.environ | {
        "GVRC_HOME": str(settings.home), "GVRC_DATABASE_URL": settings.database_url or "", "GVRC_DATABASE_OWNER_URL": settings.database_owner_url or "",
        "GVRC_RUN_PROCESSES": "2",
    }
    worker = subprocess.Popen([sys.executable, "-m", "gvrc.worker", str(run_id)], cwd=PROJECT_DIR, env=environment)
    until = time.monotonic() + 60
    while not (begun := further_processes(worker.pid)) and time.monotonic() < until:
        time.sleep(0.05)
    worker.kill()
    worker.wait()
    assert begun
    assert psutil.wait_procs(begun, timeout=30)[1] == []


def test_what_two_gathered_is_what_one_gathers() -> None:
    chance = random.Random(3)
    records = [
        Record(
            record_key=str(number), source="list", pointer=f"/{number}", name=chance.choice(("Kisumu Clinic", "Busia Clinic", "Wote Post")), mfl_code=str(chance.randrange(9)),
            place=Place(county_code=chance.choice(("042", "040", None))), point=chance.choice((None, Point(latitude=-0.1, longitude=34.7))),
        )
        for number in range(60)
    ]
    whole, left, right = RunProfile(), RunProfile(), RunProfile()
    of_source, one, other = SourceGathering(), SourceGathering(), SourceGathering()
    whole.add(records)
    left.add(records[::2])
    right.add(records[1::2])
    for number, record in enumerate(records):
        of_source.add(number, record)
        (other if number % 2 else one).add(number, record)
    left.merge(right)
    one.merge(other)
    assert left.result() == whole.result()
    assert one.statistics({}, 60) == of_source.statistics({}, 60)
