"""Names compared in parts: here, on threads, on a real Dask cluster, and on one whose worker dies."""

import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Future

import numpy as np
import pytest
from distributed import LocalCluster

from gvrc.errors import ConfigError
from gvrc.matching import partitions
from gvrc.matching.blocking import Scope, sweeps_of, wording_of
from gvrc.matching.columns import MatchColumns
from gvrc.matching.engine import MatchOptions, match
from gvrc.matching.partitions import cluster, names_to_compare, parts_of
from gvrc.matching.prepared import prepare

STEMS = [f"{start}{middle}{end}" for start in ("Muyu", "Kangi", "Use", "Lite", "Kase", "Nyan") for middle in ("ni", "ro", "ke", "ta") for end in ("", "ga", "li", "mo", "sa")]


@pytest.fixture(scope="module")
def lists() -> MatchColumns:
    """1,440 records in 40 wards."""
    rows = [(f"{stem} {kind}", ward) for number, stem in enumerate(STEMS) for kind in ("Dispensary", "Clinic", "Health Centre") for ward in (number % 40, (number + 7) % 40, 0, 1)]
    return MatchColumns.from_plain(
        [f"r{number}" for number in range(len(rows))], [name for name, _ in rows], county_codes=[f"K{ward % 5}" for _, ward in rows], ward_codes=[f"W{ward}" for _, ward in rows],
        constituency_codes=[f"C{ward % 10}" for _, ward in rows],
    )


@pytest.fixture(scope="module")
def dask() -> Iterator[LocalCluster]:
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as running:
        yield running


@pytest.fixture(autouse=True)
def many_small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partitions, "CELLS_OF_A_PART", 20_000)


def the_names(lists: MatchColumns, is_joined: bool) -> partitions.NamesToCompare:
    prepared = prepare(lists)
    return names_to_compare(sweeps_of(prepared, Scope(list_ids=lists.list_ids)), wording_of(prepared, is_joined=is_joined))


def told(found: list[partitions.FoundPairs]) -> list[list[int]]:
    return [np.concatenate([part[column] for part in found]).tolist() for column in range(3)]


def different_rows(found: list[partitions.FoundPairs]) -> set[tuple[int, int, int]]:
    """The pairs of different rows, however often and in whichever direction they were found."""
    return {(min(left, right), max(left, right), bit) for left, right, bit in zip(*told(found), strict=True) if left != right}


def test_parts_hold_every_comparison_and_speak_of_the_whole_lists_rows(lists: MatchColumns) -> None:
    names = the_names(lists, is_joined=False)
    sweeps, parts = names.sweeps, list(parts_of(names.sweeps, names.wording))
    assert len(parts) > 10
    assert sum(sweep.cells for part in parts for sweep in part.sweeps) == sum(sweep.cells for sweep in sweeps)
    again = [(part.rows[sweep.left].tolist(), part.rows[sweep.right].tolist()) for part in parts for sweep in part.sweeps]
    assert again == [(sweep.left.tolist(), sweep.right.tolist()) for sweep in sweeps]
    assert all((part.wording.cores == names.wording.cores[part.rows]).all() for part in parts)


def test_threads_and_a_cluster_give_what_one_thread_gives(lists: MatchColumns, dask: LocalCluster) -> None:
    here = match(lists, MatchOptions(workers=1))
    threads = match(lists, MatchOptions(workers=2))
    with cluster(dask.scheduler_address) as executor:
        there = match(lists, MatchOptions(), executor=executor)
    for other in (threads, there):
        assert (other.left.tolist(), other.right.tolist(), other.match_score.tolist()) == (here.left.tolist(), here.right.tolist(), here.match_score.tolist())


def test_a_worker_killed_half_way_changes_nothing(lists: MatchColumns, dask: LocalCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    names = the_names(lists, is_joined=False)
    half = len(list(parts_of(names.sweeps, names.wording))) // 2
    victim = next(iter(dask.workers.values())).pid
    with cluster(dask.scheduler_address) as executor:
        assert executor is not None
        submit, handed_out = executor.submit, []

        def submit_and_kill(work: Callable[[partitions.Part], partitions.FoundPairs], part: partitions.Part) -> Future[partitions.FoundPairs]:
            handed_out.append(part)
            if len(handed_out) == half:
                os.kill(victim, signal.SIGKILL)
            return submit(work, part)

        monkeypatch.setattr(executor, "submit", submit_and_kill)
        found = names.submitted(executor)()
    assert len(handed_out) > half > 5
    assert told(found) == told(names.everywhere())


def test_a_rectangle_too_large_for_memory_is_compared_in_slices_with_the_same_result(lists: MatchColumns, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = different_rows(the_names(lists, is_joined=True).everywhere())
    monkeypatch.setattr(partitions, "CELLS_OF_A_PART", 500)
    monkeypatch.setattr(partitions, "CELLS_AT_ONCE", 500)
    assert different_rows(the_names(lists, is_joined=True).everywhere()) == whole
    assert len(whole) > 100


def test_a_scheduler_that_does_not_answer_is_told_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partitions, "CONNECT_SECONDS", 1)
    with pytest.raises(ConfigError, match="No Dask scheduler answers"), cluster("tcp://127.0.0.1:9"):
        pass


def test_without_an_address_the_work_is_done_here() -> None:
    with cluster(None) as executor:
        assert executor is None
