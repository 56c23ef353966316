"""Everybody's way in a real browser, on one application: a newcomer, an approver, an engineer with a run that broke off, a viewer; and axe over
every page in both themes. (The steward's whole morning is in test_journey.py.)"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, sync_playwright

from gvrc import accounts, pipeline
from gvrc.model.access import Actor, Role
from gvrc.settings import PROJECT_DIR, Settings
from gvrc.store.session import Database
from gvrc.ui.navigation import PAGES
from tests.e2e.conftest import CHROMIUM_FLAGS, Application, Visitor, chromium_path

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

PASSWORD = "a long sentence nobody guesses"
STREAMLITS_OWN = {"list": '<ul data-testid="stSidebarNavItems"', "listitem": "<li class="}
"""The list of pages in the side bar is Streamlit's own markup: a div inside a ul, and items without a list around them."""
GRAVE = {"serious", "critical"}
COLOURS: dict[str, Any] = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
"""A theme changes colours alone; the rest of axe's rules find in the dark what they found in the light."""


@pytest.fixture
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


def arrive(chromium: Browser, application: Application, username: str, *, scheme: str = "light") -> Visitor:
    """A browser of their own, signed in."""
    page = chromium.new_context(viewport={"width": 1280, "height": 720}, color_scheme=scheme).new_page()  # type: ignore[arg-type]
    visitor = Visitor(page=page, address=application.address)
    visitor.watch()
    page.goto(f"{application.address}/auth/sign-in")
    page.fill("#username", username)
    page.fill("#password", PASSWORD)
    page.click("button")
    visitor.settle()
    return visitor


def test_everybody_finds_their_way_and_no_page_is_closed_to_a_screen_reader(
    application: Application, chromium: Browser, database: Database, settings: Settings
) -> None:
    a_newcomer_is_led_from_the_code_to_the_first_upload(application, chromium)
    admin = accounts.local_operator(database, "amina")
    for username, role in (("peter", Role.APPROVER), ("njeri", Role.DATA_ENGINEER), ("otieno", Role.VIEWER)):
        accounts.add_user(database, admin, username=username, role=role, password=PASSWORD)
    samples = sorted((PROJECT_DIR / "data" / "sources").glob("*.json"))
    run_id = run_lists(database, settings, admin, samples)

    an_approver_signs_off_in_a_minute(application, chromium, run_id)
    an_engineer_takes_up_a_run_that_broke_off(application, chromium, database, settings, admin, samples)
    with database.read() as connection:
        name = connection.exec_driver_sql("SELECT facility_name FROM facilities WHERE visibility = 'public' ORDER BY facility_id LIMIT 1").scalar_one()
    a_viewer_finds_a_place_and_no_work(application, chromium, name)
    two_who_edit_the_same_place_are_both_told(application, chromium, database)
    nothing_grave_on_any_page(arrive(chromium, application, "amina"))
    nothing_grave_on_any_page(arrive(chromium, application, "amina", scheme="dark"), COLOURS)


def run_lists(database: Database, settings: Settings, actor: Actor, paths: list[Path]) -> int:
    received = pipeline.receive(database, settings, actor, paths)
    run_id = pipeline.start(database, settings, actor, [file.file_id for file in received if file.file_id is not None])
    pipeline.execute(database, settings, run_id)
    return run_id


def a_newcomer_is_led_from_the_code_to_the_first_upload(application: Application, chromium: Browser) -> None:
    page = chromium.new_context(viewport={"width": 820, "height": 1180}).new_page()
    visitor = Visitor(page=page, address=application.address)
    page.goto(application.address)
    assert grave(visitor) == []
    for name, value in (("code", application.code), ("username", "amina"), ("password", PASSWORD), ("password_again", PASSWORD)):
        page.fill(f"#{name}", value)
    page.click("button")
    visitor.settle()
    assert "How it goes" in visitor.text()
    page.get_by_role("link", name="Begin: upload lists").click()
    visitor.settle()
    assert "Load the sample lists" in visitor.text()
    assert page.evaluate("document.documentElement.scrollWidth") <= 820


def an_approver_signs_off_in_a_minute(application: Application, chromium: Browser, run_id: int) -> None:
    visitor = arrive(chromium, application, "peter")
    visitor.page.get_by_role("link", name=re.compile(r"records ready to commit")).click()
    visitor.settle()
    assert f"run={run_id}" in visitor.page.url
    visitor.page.get_by_role("button", name=re.compile(r"Commit [\d,]+ place")).click()
    visitor.page.get_by_text(re.compile(r"Commit \d+ landed")).wait_for(timeout=120_000)
    assert visitor.outside == []


def an_engineer_takes_up_a_run_that_broke_off(
    application: Application, chromium: Browser, database: Database, settings: Settings, admin: Actor, samples: list[Path]
) -> None:
    received = pipeline.receive(database, settings, admin, samples)
    run_id = pipeline.start(database, settings, admin, [file.file_id for file in received if file.file_id is not None])
    with database.unit_of_work(admin) as connection:
        connection.exec_driver_sql(
            f"UPDATE ops.etl_runs SET status = 'failed', error = 'The disk is full.', hint = 'Make room, then go on.', ended_at = now() WHERE run_id = {run_id}"
        )
    visitor = arrive(chromium, application, "njeri")
    visitor.open(f"/runs?run={run_id}")
    shown = visitor.text()
    assert "The disk is full." in shown
    assert "Make room, then go on." in shown
    assert "Kept: 0 of 7 stages are finished" in shown
    visitor.click("Go on to the end")
    visitor.page.get_by_text("7 of 7 stages").wait_for(timeout=120_000)
    visitor.settle()
    assert "Kept:" not in visitor.text()


def a_viewer_finds_a_place_and_no_work(application: Application, chromium: Browser, name: str) -> None:
    visitor = arrive(chromium, application, "otieno")
    sidebar = visitor.page.locator("[data-testid=stSidebar]").inner_text()
    assert "Duplicates" not in sidebar
    visitor.page.get_by_role("link", name="Find a place").click()
    visitor.settle()
    search = visitor.page.get_by_label("Name or code")
    search.fill(name)
    search.press("Enter")
    visitor.settle()
    assert re.search(r"\d+ places?\. Select", visitor.text())
    visitor.open("/duplicates")  # a colleague's link
    assert "Your role (viewer) does not have this page" in visitor.text()
    assert "may be one place" not in visitor.text()
    visitor.open("/home")
    assert visitor.page.get_by_role("heading", level=1).all_inner_texts() == ["Home"]  # Streamlit's "Page not found" has none of this
    assert visitor.page.get_by_text("Page not found").count() == 0


def two_who_edit_the_same_place_are_both_told(application: Application, chromium: Browser, database: Database) -> None:
    """Two browsers with the same form open: who comes second is told what the first changed, keeps what was typed and saves on top; the first one's open
    page tells by itself what came after."""
    place = "SELECT facility_id, opening_hours, description FROM facilities WHERE is_active AND opening_hours IS NULL AND description IS NULL ORDER BY facility_id LIMIT 1"
    with database.read() as connection:
        facility_id = connection.exec_driver_sql(place).one().facility_id
    first, second = arrive(chromium, application, "peter"), arrive(chromium, application, "amina")
    for person in (first, second):
        person.open(f"/registry?facility={facility_id}&do=edit")
    edit(first, "Opening hours", "8 to 5", "rang them")
    assert re.search(r"Done, in commit \d+", first.text())
    edit(second, "Description", "Beside the market", "visited")
    refused = second.text()
    assert re.search(r"was changed meanwhile\. peter changed opening hours at \d\d:\d\d", refused)
    assert second.page.get_by_label("Opening hours").input_value() == "8 to 5"
    assert second.page.get_by_label("Description").input_value() == "Beside the market"
    second.page.get_by_role("button", name="Save", exact=True).click()
    second.page.get_by_text(re.compile(r"Done, in commit \d+")).wait_for(timeout=60_000)
    first.page.get_by_text("This place was changed while you had it open").wait_for(timeout=60_000)
    assert re.search(r"amina · edit: description", first.text())
    first.click("Show it as it is now")
    assert "Beside the market" in first.text()
    assert "while you had it open" not in first.text()
    with database.read() as connection:
        told = connection.exec_driver_sql(f"SELECT opening_hours, description FROM facilities WHERE facility_id = {facility_id}").one()
    assert tuple(told) == ("8 to 5", "Beside the market")
    for person in (first, second):
        person.page.context.close()


def edit(visitor: Visitor, label: str, value: str, reason: str) -> None:
    """Fill one field of the open form, then save."""
    visitor.page.get_by_label(label).fill(value)
    visitor.page.get_by_label(label).press("Tab")
    visitor.settle()
    visitor.page.get_by_label("Why", exact=True).fill(reason)
    visitor.page.get_by_role("button", name="Save", exact=True).click()
    visitor.page.wait_for_timeout(100)
    visitor.settle()


def nothing_grave_on_any_page(visitor: Visitor, options: dict[str, Any] | None = None) -> None:
    assert findings_by_page(visitor, options) == {}


def findings_by_page(visitor: Visitor, options: dict[str, Any] | None = None) -> dict[str, list[str]]:
    """What is grave, by the name of the page; pages without any are left out."""
    found = {}
    for entry in PAGES:
        visitor.open("/" if entry.name == "home" else f"/{entry.name}")
        visitor.page.get_by_role("heading", level=1).first.wait_for(timeout=60_000)
        visitor.settle()
        findings = grave(visitor, options)
        if findings:
            found[entry.name] = findings
    return found


def grave(visitor: Visitor, options: dict[str, Any] | None = None) -> list[str]:
    """What axe calls serious or critical, without Streamlit's own list of pages."""
    violations = Axe().run(visitor.page, options=options).response["violations"]
    return [
        f"{violation['id']}: {node['html'][:120]}"
        for violation in violations if violation["impact"] in GRAVE
        for node in violation["nodes"] if not node["html"].startswith(STREAMLITS_OWN.get(violation["id"], "never"))
    ]  # fmt: skip
