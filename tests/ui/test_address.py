"""What the address of a page says, and when it is settled."""

from __future__ import annotations

from typing import Any

import pytest
import streamlit as st

from gvrc.ui import address


@pytest.fixture
def tab(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    state: dict[str, Any] = {}
    query: dict[str, str] = {"run": "7", "page": "2"}
    monkeypatch.setattr(st, "session_state", state)
    monkeypatch.setattr(st, "query_params", query)
    return query


def test_names_are_set_and_taken_away(tab: dict[str, str]) -> None:
    address.put(page=None, county="KE001", run=7)
    assert tab == {"run": "7", "county": "KE001"}


def test_just_after_a_change_the_browser_may_not_have_heard_of_it(tab: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_000.0
    monkeypatch.setattr(address.time, "monotonic", lambda: now)
    assert address.is_settled()
    address.put(county="KE001")
    assert not address.is_settled()
    now += address.SETTLING_SECONDS + 0.1
    assert address.is_settled()
