from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gvrc.cleaning.dates import parse_date


@pytest.mark.parametrize(
    "value",
    [
        "2024-05-31", "2024-05-31T10:11:12Z", "31/05/2024", "31.5.2024", "31-05-24", "05/31/2024", "31 May 2024", "31st May, 2024", "May 31, 2024",
        "31-May-24", "31/May/24", "Fri, 31 May 2024", "31 Mei 2024", "20240531", 20240531, "45443", 45443, 45443.5, "1717149600", 1717149600000,
        date(2024, 5, 31), datetime(2024, 5, 31, 10, 0, tzinfo=UTC),
    ],
)  # fmt: skip
def test_a_day_is_read_however_it_is_written(value: object) -> None:
    assert parse_date(value) == date(2024, 5, 31)


def test_the_kenyan_order_of_day_and_month_comes_first() -> None:
    assert parse_date("03/04/2024") == date(2024, 4, 3)


@pytest.mark.parametrize("value", ["soon", "31/31/2024", "2024-13-01", "0000-01-01", "N/A", None, "", True, {"a": 1}, "1/1/1700", "99999", "12345", "May 31", "0700000111", "11000"])
def test_what_is_no_day_is_none(value: object) -> None:
    assert parse_date(value) is None


@given(st.dates(min_value=date(1950, 1, 1), max_value=date(2099, 12, 31)))
def test_an_iso_day_comes_back(day: date) -> None:
    assert parse_date(day.isoformat()) == day
    assert parse_date(day.strftime("%d/%m/%Y")) == day
