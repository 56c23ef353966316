"""Lists of police stations, organisations, shelters and courts, made as the benchmark makes them: what must hold whatever the lists look like."""

from __future__ import annotations

import pytest

from benchmarks.matching.help_places import SETS, TOGETHER, Tally, tallies

SEEDS = (1, 4, 9)


@pytest.fixture(scope="module", params=(*SETS, TOGETHER))
def judged(request: pytest.FixtureRequest) -> dict[str, Tally]:
    return tallies(request.param, SEEDS)


def test_every_row_is_read_as_the_place_it_is(judged: dict[str, Tally]) -> None:
    assert all(tally.counts["true"] > 50 and not tally.counts["unread"] for tally in judged.values())


def test_no_two_places_are_merged_without_asking(judged: dict[str, Tally]) -> None:
    wrong = {way: [line for line in tally.lines if line.startswith("WRONG")] for way, tally in judged.items()}
    assert not any(wrong.values()), wrong


def test_what_is_one_place_is_merged_or_asked(judged: dict[str, Tally]) -> None:
    for way, tally in judged.items():
        assert tally.counts["held"] >= 0.85 * tally.counts["true"], (way, tally.lines)
