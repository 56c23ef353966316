"""What is found depends on the records, never on the order in which they come."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.matching.generator import Maker
from gvrc.matching import blocking
from gvrc.matching.columns import MatchColumns
from gvrc.matching.engine import MatchOptions, match


def told(columns: MatchColumns, options: MatchOptions) -> dict[frozenset[str], tuple[object, ...]]:
    """Everything that was found of each pair, by the keys of its records."""
    found = match(columns, options)
    keys = [frozenset((str(columns.keys[left]), str(columns.keys[right]))) for left, right in zip(found.left, found.right, strict=True)]
    columns_of = [found.match_score, found.bands, found.is_chosen, found.rules, found.hard_evidence, *found.levels.values()]
    return dict(zip(keys, zip(*(column.tolist() for column in columns_of), strict=True), strict=True))


def with_a_crowd(seed: int) -> MatchColumns:
    """Generated records among which one name is so frequent that not all its bearers meet."""
    made = Maker(seed).make(300).columns
    crowd = [f"{'Huruma' if row % 3 else 'Hurumma'} Dispensary" for row in range(90)]
    many = MatchColumns.from_plain(
        [f"c{row}" for row in range(90)], crowd, county_codes=["KE047"] * 90, latitudes=[-1.2 - row / 5000 for row in range(90)], longitudes=[36.8] * 90
    )
    return MatchColumns.joined([made, many])


@pytest.fixture(scope="module", params=["one list", "a crowd", "two lists"])
def case(request: pytest.FixtureRequest) -> tuple[MatchColumns, MatchOptions]:
    if request.param == "two lists":
        return Maker(5, copies=0.6).make_two(250).columns, MatchOptions(link=True)
    return (with_a_crowd(3) if request.param == "a crowd" else Maker(4, copies=0.4).make(500).columns), MatchOptions()


@settings(max_examples=8)
@given(st.integers(0, 2**32 - 1))
def test_shuffled_records_give_the_same_pairs(case: tuple[MatchColumns, MatchOptions], seed: int) -> None:
    columns, options = case
    expected = told(columns, options)
    assert len(expected) > 50
    assert told(columns.taken(np.random.default_rng(seed).permutation(len(columns)).astype(np.int32)), options) == expected


def test_nor_on_it_where_wards_are_compared_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocking, "ALL_PAIRS_CELLS", 0)
    monkeypatch.setattr(blocking, "COUNTY_CELLS", 0)
    columns = with_a_crowd(6)
    shuffled = columns.taken(np.random.default_rng(1).permutation(len(columns)).astype(np.int32))
    assert told(shuffled, MatchOptions()) == told(columns, MatchOptions())
