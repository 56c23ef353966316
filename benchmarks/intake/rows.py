"""One line of the table of the intake bars."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A measured figure beside its bar: `value` as measured, `bar` as written in the table, `is_reached` None where there is no bar."""

    what: str
    value: float
    bar: str = ""
    is_reached: bool | None = None
    cases: int = 0


def at_least(what: str, right: int, cases: int, bar: float) -> Row:
    """A share that must reach a bar."""
    value = right / cases if cases else 1.0
    return Row(what=what, value=value, bar=f">= {bar:g}", is_reached=value >= bar, cases=cases)


def at_most(what: str, wrong: int, cases: int, bar: float) -> Row:
    """A share that must not exceed a bar."""
    value = wrong / cases if cases else 0.0
    return Row(what=what, value=value, bar=f"<= {bar:g}", is_reached=value <= bar, cases=cases)


def show(rows: Iterable[Row]) -> None:
    """The rows as a table."""
    for row in rows:
        state = "" if row.is_reached is None else "reached" if row.is_reached else "MISSED"
        print(f"{row.what:<72}{row.value:>9.4f}  of {row.cases:<7} {row.bar:<10}{state}")
