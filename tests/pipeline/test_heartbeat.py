"""The limits of a run: the time of a chunk, the memory."""

from __future__ import annotations

import subprocess
import sys
import time
from multiprocessing import get_context

import psutil
import pytest

from gvrc.errors import PipelineError
from gvrc.pipeline.heartbeat import SMALLEST_CHUNK, Heartbeat
from gvrc.settings import PROJECT_DIR, Settings

TRACED_AFTERWARDS = """
import sys
from gvrc.pipeline.heartbeat import SMALLEST_CHUNK, Heartbeat
from gvrc.settings import Settings
def called(): return 1
with Heartbeat(None, Settings(), 1).time_limit("a chunk"):
    called()
sys.settrace(lambda *_: None)
called()
print("came back")
"""


def test_work_within_its_limit_leaves_nothing_behind() -> None:
    """Not even in an interpreter that is traced (a debugger, a coverage tool): a call must come back."""
    ended = subprocess.run([sys.executable, "-c", TRACED_AFTERWARDS], cwd=PROJECT_DIR, capture_output=True, text=True, timeout=60, check=True)
    assert ended.stdout == "came back\n"


def work_for_ever(heartbeat: Heartbeat) -> None:
    time.sleep(0.01)
    heartbeat._look_at_time()
    while True:
        pass


def test_work_beyond_its_limit_is_broken_off_in_words(settings: Settings) -> None:
    heartbeat = Heartbeat(None, settings.model_copy(update={"timeout_seconds": 0}), 7)  # type: ignore[arg-type]
    with pytest.raises(PipelineError, match="Run 7 stopped: a chunk took longer"), heartbeat.time_limit("a chunk"):
        work_for_ever(heartbeat)


def test_work_that_ends_as_its_time_is_up_is_done(settings: Settings) -> None:
    heartbeat = Heartbeat(None, settings, 7)  # type: ignore[arg-type]
    with heartbeat.time_limit("a chunk"):
        (work,) = heartbeat._at_work.values()
        work.asked_at = time.monotonic()  # asked, and not heard yet
    assert heartbeat._at_work == {}


def test_what_looks_at_a_whole_run_may_take_more_than_the_limit_but_not_more_than_there_is(settings: Settings) -> None:
    heartbeat = Heartbeat(None, settings.model_copy(update={"memory_limit_mb": 1}), 7)  # type: ignore[arg-type]
    heartbeat.chunk_size = SMALLEST_CHUNK * 8
    with heartbeat.allowed(2_000_000):
        heartbeat.check()
        assert heartbeat.chunk_size == SMALLEST_CHUNK * 8
    heartbeat.check()
    assert heartbeat.chunk_size == SMALLEST_CHUNK * 4
    with pytest.raises(PipelineError, match=r"to look at 10,000,000,000 records together, and the machine has [\d,]+ MB\. Every finished chunk is kept"), heartbeat.allowed(10**10):
        pass


def test_the_most_memory_of_a_run_is_told_as_the_system_noted_it_and_what_copies_share_counts_once(settings: Settings) -> None:
    heartbeat = Heartbeat(None, settings, 7)  # type: ignore[arg-type]
    alone = heartbeat.peak_memory_mb
    held = psutil.Process().memory_full_info()
    assert alone >= held.pss / 2**20 * 0.9
    copy = get_context("fork").Process(target=time.sleep, args=(60,))
    copy.start()
    try:
        with heartbeat.watching(lambda: [copy.pid or 0]):
            assert heartbeat.peak_memory_mb < alone + held.rss / 2**20 * 0.9
    finally:
        copy.kill()
        copy.join()
