"""Work shared with copies of this process: the same found, in order, whatever becomes of the copies."""

import multiprocessing
import os
import signal
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from gvrc.matching import engine, forked, partitions
from gvrc.matching.columns import MatchColumns
from gvrc.matching.engine import MatchOptions, match


@pytest.fixture
def forks(monkeypatch: pytest.MonkeyPatch) -> None:
    """This process counts as one that may be copied, whatever threads the runner of the tests keeps."""
    monkeypatch.setattr(forked, "may_fork", lambda: True)


def square_and_pid(part: int) -> tuple[int, int]:
    return part * part, os.getpid()


def squares_and_pids(parts: range, workers: int) -> list[tuple[int, int]]:
    with forked.copies([square_and_pid], workers) as others:
        return others.begin(square_and_pid, parts)()


@pytest.mark.parametrize("parts", [0, 1, 2, 57, 20_000])
def test_every_part_is_worked_off_once_and_in_order(forks: None, parts: int) -> None:
    assert [found for found, _ in squares_and_pids(range(parts), 3)] == [part * part for part in range(parts)]


def test_a_copy_begins_before_anyone_waits_for_it(forks: None) -> None:
    started, told = os.pipe()

    def work(_part: int) -> int:
        return os.write(told, b"x")

    with forked.copies([work], 2) as others:
        finish = others.begin(work, range(2))
        assert os.read(started, 1) == b"x"
        finish()
    os.close(started)
    os.close(told)


def test_copies_go_on_with_the_next_work(forks: None) -> None:
    def lengths(words: str) -> int:
        return len(words)

    with forked.copies([square_and_pid, lengths], 3) as others:
        squares = others.begin(square_and_pid, range(40))()
        assert [found for found, _ in squares] == [part * part for part in range(40)]
        assert others.begin(lengths, ["ward", "", "county"])() == [4, 0, 6]
        assert others.begin(lengths, [])() == []


def test_what_a_killed_copy_owes_is_done_here_now_and_later(forks: None) -> None:
    here = os.getpid()

    def work(part: int) -> int:
        if os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)
        return part + 1

    with forked.copies([work], 3) as others:
        for _ in range(3):
            assert others.begin(work, range(40))() == list(range(1, 41))


def test_no_copy_stays_behind(forks: None) -> None:
    pids = {pid for _, pid in squares_and_pids(range(20_000), 3)} - {os.getpid()}
    deadline = time.monotonic() + 30
    while (alive := {child.pid for child in multiprocessing.active_children()} & pids) and time.monotonic() < deadline:
        time.sleep(0.01)
    forked.buried()
    assert not alive
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]


def test_a_process_with_other_threads_is_not_copied() -> None:
    wait = threading.Event()
    other = threading.Thread(target=wait.wait)
    other.start()
    try:
        assert not forked.may_fork()
        assert {pid for _, pid in squares_and_pids(range(9), 3)} == {os.getpid()}
    finally:
        wait.set()
        other.join()


def test_shared_work_gives_the_pairs_of_one_process(forks: None, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(3)
    names = [f"{''.join(random.choice(list('kmnaeiu'), 6))} Dispensary" for _ in range(700)]
    lists = MatchColumns.from_plain([f"r{row}" for row in range(700)], names, county_codes=[f"K{row % 4}" for row in range(700)])
    alone = match(lists, MatchOptions(workers=1))
    monkeypatch.setattr(partitions, "CELLS_WORTH_SHARING", 0)
    monkeypatch.setattr(partitions, "CELLS_OF_A_SHARE", 20_000)
    monkeypatch.setattr(engine, "COMPARED_WORTH_SHARING", 0)
    monkeypatch.setattr(forked, "free_processors", lambda: 8)
    together = match(lists, MatchOptions(workers=3))
    assert len(alone) > 20
    for name in ("left", "right", "match_score", "rules", "bands"):
        assert getattr(together, name).tolist() == getattr(alone, name).tolist()


@pytest.mark.parametrize(("running", "free"), [(1, 4), (2, 3), (4, 1), (9, 1)])
def test_short_work_is_shared_with_the_processors_that_are_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, running: int, free: int) -> None:
    load = tmp_path / "loadavg"
    load.write_text(f"6.48 6.76 7.11 {running}/812 4711\n", encoding="utf-8")
    monkeypatch.setattr(forked, "LOAD_FILE", load)
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    assert forked.free_processors() == free
    assert [forked.workers_for(workers, is_long=False) for workers in (1, 2, 8)] == [1, min(2, free), free]
    assert forked.workers_for(8, is_long=True) == 8


def test_where_the_machine_does_not_say_all_processors_are_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forked, "LOAD_FILE", tmp_path / "nothing")
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    assert forked.free_processors() == 4
