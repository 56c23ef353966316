"""What is unusual about a source in a run, against its own earlier runs: robust statistics, so that one odd run does not hide the next.

A count is compared as a share of the list (a list that doubled has not changed its counties), with the median and the median absolute
deviation of the earlier runs: a modified z-score above 3.5 is unusual (Iglewicz and Hoaglin, How to Detect and Handle Outliers, 1993). The
spread is never taken as smaller than chance alone makes it, and with fewer than three earlier runs only a large change is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gvrc.model.quality import Finding, FindingType, SourceStatistics

MODIFIED_Z = 3.5
"""The cut of Iglewicz and Hoaglin."""
CONSISTENT = 1.4826
"""Makes the median absolute deviation of a normal distribution its standard deviation."""
FEW_RUNS = 3
"""Earlier runs below which the spread cannot be known."""
LARGE_CHANGE = 0.5
"""Share of the usual that counts as a large change while there are few runs."""
LEAST_COUNT = 5
"""Records by which a count must differ to be told at all."""
LEAST_SHARE = 0.1
"""Share of the records by which the filling of a field must fall to be told (one in ten)."""
FAR_KM = 60.0
"""A point nearer than this to the middle of its county's others is never an outlier."""
FAR_SPREADS = 8.0
"""Spreads beyond the usual distance from which a point is an outlier: far outside even for a long-tailed county."""
FEW_POINTS = 8
"""Points of a county below which none of them is called an outlier."""
MOST_ROWS = 100
_KM_PER_DEGREE = 111.2
_WHOLE = "records"

FloatArray = np.ndarray[tuple[Any, ...], np.dtype[np.float64]]
LongArray = np.ndarray[tuple[Any, ...], np.dtype[np.int64]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Usual:
    """What earlier runs lead one to expect: a middle and how far from it is still usual."""

    middle: float
    reach: float

    @property
    def low(self) -> float:
        return max(0.0, self.middle - self.reach)

    @property
    def high(self) -> float:
        return self.middle + self.reach

    def holds(self, value: float) -> bool:
        """Whether a value is usual."""
        return abs(value - self.middle) <= self.reach


def anomalies(source: str, now: SourceStatistics, earlier: Sequence[SourceStatistics]) -> list[Finding]:
    """Everything unusual about `now` against the `earlier` runs of the same source that had records. Empty when there are none."""
    earlier = [each for each in earlier if each.records]
    if not earlier or not now.records:
        return []
    return [
        *_whole_list(source, now, earlier),
        *_counts(source, FindingType.COUNTY_COUNT, now.counties, now, [each.counties for each in earlier], earlier),
        *_counts(source, FindingType.KIND_COUNT, now.kinds, now, [each.kinds for each in earlier], earlier),
        *_new_kinds(source, now, earlier),
        *_sudden_nulls(source, now, earlier),
        *_shared_values(source, now, earlier),
    ]


def usual_count(history: Sequence[float]) -> Usual:
    """What a count of records may usually be, from earlier counts."""
    middle = float(np.median(history))
    chance = middle**0.5
    if len(history) < FEW_RUNS:
        return Usual(middle=middle, reach=max(LARGE_CHANGE * middle, MODIFIED_Z * chance, LEAST_COUNT))
    spread = max(_spread(history), chance)
    return Usual(middle=middle, reach=max(MODIFIED_Z * spread, LEAST_COUNT))


def usual_share(history: Sequence[float]) -> Usual:
    """What a share (0 to 1) may usually be, from earlier shares."""
    middle = float(np.median(history))
    if len(history) < FEW_RUNS:
        return Usual(middle=middle, reach=2.5 * LEAST_SHARE)
    return Usual(middle=middle, reach=max(MODIFIED_Z * _spread(history), LEAST_SHARE))


def outlying_points(record_ids: Sequence[int], counties: Sequence[str], latitudes: Sequence[float], longitudes: Sequence[float]) -> dict[str, tuple[int, ...]]:
    """County code → records whose point lies far outside where the other points of that county lie, the farthest first.

    The distance in km from the median point of the county's records, against the median distance and its median absolute deviation.
    """
    ids, codes = np.asarray(record_ids, dtype=np.int64), np.asarray(counties, dtype=object)
    points = np.column_stack((np.asarray(latitudes, dtype=np.float64), np.asarray(longitudes, dtype=np.float64)))
    found = {}
    for code in sorted(set(counties)):
        chosen = codes == code
        far = _far(points[chosen])
        if far.size:
            found[code] = tuple(int(number) for number in ids[chosen][far][:MOST_ROWS])
    return found


def _far(points: FloatArray) -> LongArray:
    """Positions of the outliers among the points of one county (degrees), the farthest first."""
    if len(points) < FEW_POINTS:
        return np.empty(0, dtype=np.int64)
    km = _KM_PER_DEGREE * np.hypot(*(points - np.median(points, axis=0)).T)  # near the equator a degree is as long either way
    usual = float(np.median(km))
    reach = max(usual + FAR_SPREADS * _spread(km), FAR_KM)
    order: LongArray = np.argsort(-km, kind="stable").astype(np.int64)
    return order[: int((km > reach).sum())]


def _spread(values: Sequence[float] | FloatArray) -> float:
    array = np.asarray(values, dtype=np.float64)
    return float(CONSISTENT * np.median(np.abs(array - np.median(array))))


def _finding(source: str, finding_type: FindingType, subject: str, value: float, usual: Usual, runs: int) -> Finding:
    return Finding(source=source, finding_type=finding_type, subject=subject, value=value, low=usual.low, high=usual.high, runs=runs)


def _whole_list(source: str, now: SourceStatistics, earlier: Sequence[SourceStatistics]) -> Iterator[Finding]:
    usual = usual_count([each.records for each in earlier])
    if not usual.holds(now.records):
        yield _finding(source, FindingType.RECORDS, _WHOLE, now.records, usual, len(earlier))


def _counts(
    source: str, finding_type: FindingType, counts: Mapping[str, int], now: SourceStatistics, histories: Sequence[Mapping[str, int]], earlier: Sequence[SourceStatistics],
) -> Iterator[Finding]:  # fmt: skip
    """Counts per county or kind that left their usual share of the list; a kind that is wholly new has a finding of its own."""
    known = {code for history in histories for code in history}
    for code in sorted(known | (set(counts) if finding_type is FindingType.COUNTY_COUNT else set())):
        expected = [history.get(code, 0) / each.records * now.records for history, each in zip(histories, earlier, strict=True)]
        usual = usual_count(expected)
        if not usual.holds(counts.get(code, 0)):
            yield _finding(source, finding_type, code, counts.get(code, 0), usual, len(earlier))


def _new_kinds(source: str, now: SourceStatistics, earlier: Sequence[SourceStatistics]) -> Iterator[Finding]:
    known = {kind for each in earlier for kind in each.kinds}
    for kind in sorted(set(now.kinds) - known):
        yield Finding(source=source, finding_type=FindingType.NEW_KIND, subject=kind, value=now.kinds[kind], runs=len(earlier))


def _sudden_nulls(source: str, now: SourceStatistics, earlier: Sequence[SourceStatistics]) -> Iterator[Finding]:
    """Fields that are filled less often than they used to be; filled more often is no trouble."""
    for name in sorted({name for each in earlier for name in each.filled}):
        usual = usual_share([each.filled.get(name, 0) / each.records for each in earlier])
        share = now.filled.get(name, 0) / now.records
        if share < usual.middle - usual.reach:
            yield _finding(source, FindingType.SUDDEN_NULLS, name, share, Usual(middle=usual.middle, reach=0.0), len(earlier))


def _shared_values(source: str, now: SourceStatistics, earlier: Sequence[SourceStatistics]) -> Iterator[Finding]:
    """A value that stands on far more records than the most shared value of its field used to."""
    for name in sorted(now.shared):
        usual = usual_count([each.shared.get(name, 0) for each in earlier])
        if now.shared[name] > usual.high:
            yield _finding(source, FindingType.SHARED_VALUE, name, now.shared[name], usual, len(earlier))
