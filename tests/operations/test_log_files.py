from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gvrc.errors import NotAllowedError
from gvrc.model.access import Actor, Role
from gvrc.operations.log_files import LogFilter, search_logs
from gvrc.settings import Settings

ENGINEER = Actor(user_id=1, username="e", role=Role.DATA_ENGINEER)


@pytest.fixture
def logged(tmp_path: Path) -> Settings:
    """Two rotated files and the current one: 30,000 lines, every thousandth an error, run 3 in the middle, one line cut short."""
    folder = tmp_path / "logs" / "etl"
    folder.mkdir(parents=True)
    lines = [
        json.dumps({"event": f"chunk {n} Ä", "level": "error" if n % 1000 == 0 else "info", "run_id": 3 if 10_000 <= n < 20_000 else 4, "at": f"2026-05-0{1 + n // 10_000}T10:00:00Z"})
        for n in range(30_000)
    ]
    for number, name in enumerate(("etl.2.jsonl", "etl.1.jsonl", "etl.jsonl")):
        (folder / name).write_text("\n".join(lines[number * 10_000 : (number + 1) * 10_000]) + "\n" + ('{"event": "cut' if number == 2 else ""), encoding="utf-8")
    return Settings(home=tmp_path, _env_file=None)  # type: ignore[call-arg]


def numbers(settings: Settings, limit: int = 100, offset: int = 0, **chosen: Any) -> list[int]:
    page = search_logs(settings, ENGINEER, "etl", LogFilter(**chosen), limit=limit, offset=offset)
    return [int(line["event"].split()[1]) for line in page.lines]


def test_the_newest_lines_come_first_across_rotated_files_and_page_by_page(logged: Settings) -> None:
    assert numbers(logged, limit=3) == [29_999, 29_998, 29_997]
    assert numbers(logged, limit=2, offset=9_999) == [20_000, 19_999]
    assert len({*numbers(logged, limit=40_000)}) == 30_000


def test_lines_are_found_by_level_run_words_and_time(logged: Settings) -> None:
    assert numbers(logged, level="error", limit=2) == [29_000, 28_000]
    assert numbers(logged, run_id=3, limit=2) == [19_999, 19_998]
    assert numbers(logged, words="CHUNK 12345 ä") == [12_345]
    assert numbers(logged, level="error", until=datetime(2026, 5, 1, 12, tzinfo=UTC), limit=1) == [9_000]
    assert max(numbers(logged, since=datetime(2026, 5, 3, tzinfo=UTC), limit=20_000, level="error")) == 29_000
    assert len(numbers(logged, since=datetime(2026, 5, 3, tzinfo=UTC), limit=20_000)) == 10_000


def test_only_who_runs_the_machine_reads_them_and_only_from_their_folders(logged: Settings) -> None:
    with pytest.raises(NotAllowedError):
        search_logs(logged, Actor(user_id=2, username="v", role=Role.VIEWER), "etl", LogFilter())
    assert search_logs(logged, ENGINEER, "../keys", LogFilter()).lines == []
