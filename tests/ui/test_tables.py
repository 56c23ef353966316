"""Where the cells of tables lead."""

from __future__ import annotations

from typing import Any

import pytest
import streamlit as st

from gvrc.ui import golden, navigation, pair_sides, parts, tables
from gvrc.ui.tables import Cell, Choice, Column, Opens


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A tab without a browser: its state, its address, what was drawn in it and where it was led."""
    tab: dict[str, Any] = {"state": {}, "query": {"run": "7", "page": "2"}, "drawn": {}, "led": []}
    monkeypatch.setattr(st, "session_state", tab["state"])

    class Query(dict[str, str]):
        def to_dict(self) -> dict[str, str]:
            return dict(self)

    tab["query"] = Query(tab["query"])
    monkeypatch.setattr(st, "query_params", tab["query"])
    monkeypatch.setattr(parts, "draw", lambda name, data, *, key, on_open_change, on_choose_change: tab["drawn"].update({key: (data, on_open_change)}))
    monkeypatch.setattr(navigation, "go", lambda page, **query: tab["led"].append((page, query)))
    return tab


def click(tab: dict[str, Any], told: object) -> None:
    tab["state"]["t"] = {"open": told}
    tab["drawn"]["t"][1]()


def draw(**more: Any) -> None:
    rows = [
        ("plain", Cell(text="12", opens=Opens(page="records", query={"run": "7", "weak": None, "county": "KE001"}))),
        (Cell(text="<b>", opens=Opens(query={"record": "5", "page": None}), is_row=True), Cell(text="no way")),
        (Cell(text="own", opens=42), ""),
    ]
    tables.table((Column(title="A"), Column(title="B", align="right")), rows, key="t", label="T", **more)


def test_a_cell_leads_to_another_page_or_changes_the_address_or_tells_its_number(browser: dict[str, Any]) -> None:
    told: list[int] = []
    draw(on_open=told.append)
    click(browser, 0)
    assert browser["led"] == [("records", {"run": "7", "county": "KE001"})]
    click(browser, 1)
    assert browser["query"] == {"run": "7", "record": "5"}
    click(browser, 2)
    assert told == [42]


@pytest.mark.parametrize("told", [3, -1, "0", None, 0.5, [0]])
def test_what_no_cell_can_have_told_leads_nowhere(browser: dict[str, Any], told: object) -> None:
    draw()
    click(browser, told)
    assert browser["led"] == []
    assert browser["query"] == {"run": "7", "page": "2"}


def test_the_address_of_a_link_opens_the_same_in_a_tab_of_its_own(browser: dict[str, Any]) -> None:
    draw()
    cells = [cell for row in browser["drawn"]["t"][0]["rows"] for cell in row if isinstance(cell, dict)]
    assert [cell.get("href") for cell in cells] == ["records?run=7&county=KE001", "?run=7&record=5", None, "#"]


def test_long_tables_scroll_and_short_ones_do_not(browser: dict[str, Any]) -> None:
    for count, height in ((3, None), (50, 420)):
        tables.table((Column(title="A"),), [("x",)] * count, key="t", label="T", height=420)
        assert browser["drawn"]["t"][0]["height"] == height


@pytest.mark.parametrize(("told", "taken"), [([1, "Diani"], [(1, "Diani")]), ([1, "x" * 900], [(1, "x" * 500)]), ([1], []), (["1", "x"], []), ([1, 2], []), ("1", [])])
def test_what_is_chosen_in_a_cell_is_told_and_what_no_cell_can_tell_is_not(browser: dict[str, Any], monkeypatch: pytest.MonkeyPatch, told: object, taken: list[Any]) -> None:
    heard: list[Any] = []
    callbacks: dict[str, Any] = {}
    monkeypatch.setattr(parts, "draw", lambda name, data, *, key, **given: callbacks.update(given))
    tables.table((Column(title="A"),), [(Cell(text="a", choice=Choice(tag=1, name="A", values=["a", "b"])),)], key="t", label="T", on_choose=lambda *given: heard.append(given))
    browser["state"]["t"] = {"choose": told}
    callbacks["on_choose_change"]()
    assert heard == taken


def test_a_value_of_the_golden_record_is_taken_when_it_can_stand_and_refused_with_the_reason_otherwise(browser: dict[str, Any]) -> None:
    browser["state"]["golden.values.shown"] = ("q", [("name", ["Diani Clinic", "Diani Dispensary"]), ("facility_type", ["Dispensary"])])
    values: dict[str, Any] = {}
    golden._choose(values, 0, "Diani Dispensary")
    golden._choose(values, 9, "x")
    assert values == {"name": "Diani Dispensary"}
    golden._choose(values, 0, "")
    assert values == {"name": "Diani Dispensary"}
    assert browser["state"]["golden.values.problem"][0] == "q"
    golden._choose(values, 0, " Diani Health Centre ")
    assert values == {"name": "Diani Health Centre"}
    assert "golden.values.problem" not in browser["state"]


def test_words_that_both_names_have_are_quiet_and_the_others_loud() -> None:
    one, other = pair_sides._names(["Diani Police Station", "DIANI P.Station"])
    assert [way for _, way in one.runs] == ["quiet", "quiet", "loud"]
    assert "".join(text for text, _ in other.runs).replace("\u200b", "") == "DIANI ≠ P.Station"
