"""Schema drift: fields of a source that appeared, vanished or changed their type since its last run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gvrc.model.quality import Finding, FindingType, SourceStatistics

LEAST_FILLED = 0.01
"""Share of the rows that a field must fill to count as one of the source's fields: a stray key in one row is no change of shape."""
LEAST_ROWS = 2
MAIN_TYPE = 0.8
"""Share of a field's values that must be of one type for it to be the field's type."""
EMPTY = "empty"
"""What a value that says nothing counts as."""

Shape = Mapping[str, Mapping[str, int]]


def drift(source: str, now: SourceStatistics, last: SourceStatistics | None) -> list[Finding]:
    """What changed in the shape of the source since its `last` run with rows. Empty when there was none."""
    if last is None or not last.shape_rows or not now.shape_rows:
        return []
    fields_now, fields_before = _fields(now), _fields(last)
    return [
        *(_appeared(source, name, now) for name in sorted(fields_now - set(last.shape))),
        *(_vanished(source, name, last) for name in sorted(fields_before - set(now.shape))),
        *_changed(source, now.shape, last.shape, fields_now & fields_before),
    ]


def main_type(types: Mapping[str, int]) -> str | None:
    """The type that nearly all filled values of a field have; None when they are mixed or there are none."""
    filled = {name: count for name, count in types.items() if name != EMPTY}
    total = sum(filled.values())
    return next((name for name, count in filled.items() if count >= MAIN_TYPE * total), None) if total else None


def _fields(statistics: SourceStatistics) -> set[str]:
    """The fields that enough rows fill."""
    least = max(LEAST_ROWS, LEAST_FILLED * statistics.shape_rows) if statistics.shape_rows > LEAST_ROWS else 1
    return {name for name, types in statistics.shape.items() if _filled(types) >= least}


def _filled(types: Mapping[str, int]) -> int:
    return sum(count for name, count in types.items() if name != EMPTY)


def _appeared(source: str, name: str, now: SourceStatistics) -> Finding:
    share = _filled(now.shape[name]) / now.shape_rows
    return Finding(source=source, finding_type=FindingType.FIELD_APPEARED, subject=name, value=min(1.0, share), after=main_type(now.shape[name]), runs=1)


def _vanished(source: str, name: str, last: SourceStatistics) -> Finding:
    share = _filled(last.shape[name]) / last.shape_rows
    return Finding(source=source, finding_type=FindingType.FIELD_VANISHED, subject=name, value=min(1.0, share), before=main_type(last.shape[name]), runs=1)


def _changed(source: str, now: Shape, last: Shape, names: set[str]) -> Iterator[Finding]:
    for name in sorted(names):
        before, after = main_type(last[name]), main_type(now[name])
        if before is not None and after is not None and before != after:
            yield Finding(source=source, finding_type=FindingType.FIELD_TYPE, subject=name, before=before, after=after, runs=1)
