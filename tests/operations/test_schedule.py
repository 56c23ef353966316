from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from gvrc.errors import ConfigError, NotAllowedError, SourceError
from gvrc.model.access import Role
from gvrc.operations import schedule
from gvrc.operations.schedule import Scheduler, next_run
from gvrc.settings import Settings
from gvrc.store.session import Database


def make_due(db: Database, source: str = "ministry") -> None:
    with db.unit_of_work() as conn:
        conn.execute(text("UPDATE ops.schedules SET next_run_at = now() - interval '3 days' WHERE source = :s"), {"s": source})


def test_a_source_gets_the_daily_time_and_missed_runs_are_caught_up_once(database: Database, settings: Settings, actor_of: Any) -> None:
    pulled: list[int] = []

    def pull() -> int:
        pulled.append(1)
        return 7

    scheduler = Scheduler(database, settings, lambda: {"ministry": pull})
    assert scheduler.run_due() == []
    (planned,) = schedule.schedules(database, actor_of(Role.ADMIN))
    assert (planned.cron, planned.next_run_at) == ("0 2 * * *", next_run("0 2 * * *", datetime.now(UTC)))
    make_due(database)
    assert scheduler.run_due() == ["ministry"]
    assert scheduler.run_due() == []
    (planned,) = schedule.schedules(database, actor_of(Role.ADMIN))
    assert (len(pulled), planned.last_outcome, planned.last_run_id) == (1, "done", 7)
    assert planned.next_run_at is not None
    assert planned.next_run_at > datetime.now(UTC)


def test_many_schedulers_pull_a_source_once(database: Database, settings: Settings) -> None:
    pulled: list[int] = []
    start = threading.Barrier(4)
    Scheduler(database, settings, lambda: {"ministry": lambda: 1}).run_due()
    make_due(database)

    def tick(_: int) -> list[str]:
        start.wait()
        return Scheduler(database, settings, lambda: {"ministry": lambda: pulled.append(1) or 1}).run_due()

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(tick, range(4)))
    assert sorted(map(len, found)) == [0, 0, 0, 1]
    assert len(pulled) == 1


def test_what_breaks_is_told_in_the_schedule_and_the_next_time_stands(database: Database, settings: Settings, actor_of: Any) -> None:
    def refuse() -> int:
        raise SourceError("The server answered 503 seven times.", "Try again later.")

    scheduler = Scheduler(database, settings, lambda: {"ministry": refuse})
    scheduler.run_due()
    make_due(database)
    scheduler.run_due()
    (planned,) = schedule.schedules(database, actor_of(Role.ADMIN))
    assert (planned.last_outcome, planned.last_detail) == ("failed", "The server answered 503 seven times. Try again later.")
    assert planned.next_run_at is not None


def test_a_schedule_is_changed_by_who_may_and_only_to_a_time_that_comes(database: Database, settings: Settings, actor_of: Any) -> None:
    Scheduler(database, settings, lambda: {"ministry": lambda: 1}).run_due()
    engineer = actor_of(Role.DATA_ENGINEER)
    schedule.change(database, engineer, "ministry", cron="30  4 * * 1", is_enabled=True)
    (planned,) = schedule.schedules(database, engineer)
    assert (planned.cron, planned.updated_by) == ("30 4 * * 1", engineer.username)
    schedule.change(database, engineer, "ministry", cron="30 4 * * 1", is_enabled=False)
    make_due(database)
    assert Scheduler(database, settings, lambda: {"ministry": lambda: 1}).run_due() == []
    for wrong in ("every day", "61 * * * *", "* * * *", "'; drop table x"):
        with pytest.raises(ConfigError):
            schedule.change(database, engineer, "ministry", cron=wrong, is_enabled=True)
    with pytest.raises(NotAllowedError):
        schedule.change(database, actor_of(Role.VIEWER), "ministry", cron="0 2 * * *", is_enabled=True)


def test_the_audit_chain_is_verified_once_a_day(database: Database, settings: Settings) -> None:
    scheduler = Scheduler(database, settings, dict)
    assert (scheduler.verify_audit_when_due(), scheduler.verify_audit_when_due()) == (True, False)
    with database.unit_of_work() as conn:
        conn.execute(text("UPDATE ops.observations SET observed_at = now() - :age"), {"age": timedelta(hours=25)})
    assert scheduler.verify_audit_when_due()


@pytest.mark.parametrize(
    ("cron", "days"),
    [("0 2 * * 0", {"Sunday"}), ("0 2 * * 7", {"Sunday"}), ("0 2 * * 1", {"Monday"}), ("0 2 * * sat", {"Saturday"}), ("0 2 * * 5-7", {"Friday", "Saturday", "Sunday"}), ("0 2 * * 0-6/3,1", {"Sunday", "Wednesday", "Saturday", "Monday"})],
)
def test_weekdays_are_counted_as_cron_counts_them(cron: str, days: set[str]) -> None:
    now, found = datetime(2026, 5, 1, tzinfo=UTC), set()
    for _ in range(8):
        following = next_run(cron, now)
        assert following is not None
        found.add(f"{following:%A}")
        now = following
    assert found == days


@pytest.mark.parametrize("cron", ["", "0 2 * * 8", "0 2 * * 5-3", "0 2 * * 1-5/0"])
def test_what_is_no_expression_is_refused_in_words(cron: str) -> None:
    with pytest.raises(ConfigError):
        next_run(cron, datetime.now(UTC))
