"""The steward's way from nothing to a committed registry, in a real browser, the questions answered from the keyboard."""

from __future__ import annotations

import re

import pytest

from gvrc.store.session import Database
from gvrc.ui.navigation import PAGES

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

PASSWORD = "a long sentence nobody guesses"
MOST_QUESTIONS = 200


def test_from_nothing_to_a_committed_registry_and_the_same_lists_again_ask_nothing(visitor, application, database: Database) -> None:  # type: ignore[no-untyped-def]
    set_up(visitor, application.code)
    run_the_samples(visitor)
    assert re.search(r"237 = \d+ \+ \d+ \+ \d+ \+ 0", visitor.text())

    a_run_survives_a_refresh(visitor)
    answered = answer_flagged_values(visitor) + answer_duplicates(visitor)
    assert answered > 5

    published = commit(visitor)
    with database.read() as connection:
        assert connection.exec_driver_sql("select count(*) from facilities").scalar_one() == published

    run_the_samples(visitor)
    assert "No question is open." in visitor.text()
    visitor.open("/commit")
    assert "Nothing would change in the registry." in visitor.text()

    every_page_opens(visitor)
    assert visitor.outside == []
    assert visitor.complaints == []


def every_page_opens(visitor) -> None:  # type: ignore[no-untyped-def]
    for entry in PAGES:
        visitor.open("/" if entry.name == "home" else f"/{entry.name}")
        visitor.page.get_by_role("heading", level=1).first.wait_for(timeout=60_000)
        visitor.settle()
        assert visitor.page.locator("[data-testid=stException]").count() == 0, entry.name
        if entry.name == "map":
            look_into_a_county(visitor)


def look_into_a_county(visitor) -> None:  # type: ignore[no-untyped-def]
    visitor.open("/map?show=counties")
    visitor.page.locator(".gvrc-map canvas[data-drawn]").click()  # the middle of the country
    visitor.page.wait_for_url("**/map?*county=KE*", timeout=60_000)
    visitor.settle()


def set_up(visitor, code: str) -> None:  # type: ignore[no-untyped-def]
    visitor.page.goto(visitor.address)
    for name, value in (("code", code), ("username", "amina"), ("password", PASSWORD), ("password_again", PASSWORD)):
        visitor.page.fill(f"#{name}", value)
    visitor.page.click("button")
    visitor.settle()
    assert "How it goes" in visitor.text()
    assert "amina" in visitor.page.locator("[data-testid=stSidebar]").inner_text()


def run_the_samples(visitor) -> None:  # type: ignore[no-untyped-def]
    visitor.open("/upload")
    visitor.click("Load the sample lists")
    visitor.page.get_by_text("7 files recognised.").wait_for(timeout=60_000)
    visitor.click("Run all stages")
    visitor.page.get_by_role("heading", name="Receipt").or_(visitor.page.get_by_text("failed", exact=True)).first.wait_for(timeout=240_000)
    visitor.settle()
    assert "Receipt" in visitor.text(), visitor.text()


def a_run_survives_a_refresh(visitor) -> None:  # type: ignore[no-untyped-def]
    before = visitor.text()
    visitor.page.reload()
    visitor.page.get_by_role("heading", name="Receipt").wait_for(timeout=60_000)
    visitor.settle()
    assert ledger(visitor.text()) == ledger(before)


def ledger(text: str) -> str:
    found = re.search(r"237 = [\d + ]+", text)
    assert found is not None
    return found.group()


def answer_flagged_values(visitor) -> int:  # type: ignore[no-untyped-def]
    visitor.open("/review")
    visitor.page.wait_for_timeout(1500)  # shortcuts register a moment after a first load
    answered = 0
    while "No flagged value waits" not in visitor.text():
        assert answered < MOST_QUESTIONS
        before = visitor.text()
        accept = visitor.page.locator("[class*=st-key-accept_]:not([class*=st-key-accept_alike_]) button").first
        visitor.page.wait_for_timeout(300)
        visitor.press("a" if accept.is_enabled() else "x")
        answered += visitor.text() != before
    return answered


def answer_duplicates(visitor) -> int:  # type: ignore[no-untyped-def]
    visitor.open("/duplicates")
    visitor.page.wait_for_timeout(1500)
    answered = 0
    while "No pair waits" not in visitor.text():
        assert answered < MOST_QUESTIONS
        before = visitor.text()
        score = re.search(r"match score (\d\.\d+)", before)
        assert score is not None
        visitor.page.wait_for_timeout(300)
        visitor.press("s" if float(score.group(1)) >= 0.8 else "d")
        answered += visitor.text() != before
    return answered


def commit(visitor) -> int:  # type: ignore[no-untyped-def]
    visitor.open("/commit")
    visitor.page.get_by_text("Held back").first.wait_for()
    button = visitor.page.get_by_role("button", name=re.compile(r"Commit [\d,]+ place"))
    button.click()
    visitor.page.get_by_text(re.compile(r"Commit \d+ landed")).wait_for(timeout=120_000)
    visitor.settle()
    added = re.search(r"Added\D+(\d+)", visitor.text())
    assert added is not None
    return int(added.group(1))
