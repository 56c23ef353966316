"""What people do on the pages, one act at a time in a real browser: click or key to painted.

Each act begins on its own page; what it needs beforehand (a dialog closed, a filter taken away) is done unmeasured. Answers are taken back again, so
that a round leaves the questions as it found them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from playwright.sync_api import Page

from benchmarks.desk.pages import go, timed

KEYS_MS = 600
"""Shortcuts of a question are alive so long after it was painted; sooner, a press is lost, as a person's would be."""
SCROLLED_MS = 300
"""A list that is opened while the page still scrolls closes again."""
NEXT_QUESTION = ("review: answer", "duplicates: answer")
"""The acts that end with the next question on the table."""
ACCEPT = "[class*=st-key-accept_]:not([class*=st-key-accept_alike_]) button"
Timed = tuple[str, float]


def measure_acts(page: Page, rounds: int) -> dict[str, list[float]]:
    """Milliseconds of every act, by the name of its page and its own."""
    took: dict[str, list[float]] = {}
    for _ in range(rounds):
        for name, walk in WALKS.items():
            go(page, name)
            for act, milliseconds in walk(page):
                took.setdefault(f"{name}: {act}", []).append(milliseconds)
    return took


def press(page: Page, key: str) -> float:
    """A shortcut, when it is alive."""
    page.wait_for_timeout(KEYS_MS)
    return timed(page, lambda: page.keyboard.press(key))


def answer(page: Page) -> str:
    """The key that answers the flagged value on the table: accept where something is suggested, else reject the record."""
    return "a" if page.locator(ACCEPT).first.is_enabled() else "x"


def _review(page: Page) -> Iterator[Timed]:
    yield "narrow to a county", choose(page, "County", 1)
    yield "every county again", choose(page, "County", 0)
    if not page.locator(ACCEPT).count():
        return
    yield "answer", press(page, answer(page))
    yield "undo", press(page, "Backspace")
    yield "skip", press(page, "ArrowRight")
    yield "open a correction", press(page, "e")
    yield "close it", press(page, "Escape")


def _duplicates(page: Page) -> Iterator[Timed]:
    yield "narrow to a county", choose(page, "County", 1)
    yield "every county again", choose(page, "County", 0)
    if not page.get_by_role("button", name="Different").count():
        return
    yield "answer", press(page, "d")
    yield "undo", press(page, "Backspace")
    yield "skip", press(page, "ArrowRight")
    yield "open a relation", press(page, "l")
    yield "close it", press(page, "Escape")


def _records(page: Page) -> Iterator[Timed]:
    yield "turn the page", timed(page, page.get_by_role("button", name="Next page").click)
    yield "narrow to a state", choose(page, "State", 2)
    yield "open a record", timed(page, _first_row(page))


def _map(page: Page) -> Iterator[Timed]:
    yield "look into a county", choose(page, "County", 1)
    yield "colour by kind", timed(page, page.get_by_text("Kind", exact=True).click)
    yield "every county again", choose(page, "County", 0)


def _quality(page: Page) -> Iterator[Timed]:
    yield "narrow to a county", choose(page, "County", 1)
    yield "cut by kind", timed(page, page.get_by_role("radio", name="by kind of place").click)
    yield "every county again", choose(page, "County", 0)


def _registry(page: Page) -> Iterator[Timed]:
    search = page.get_by_label("Name or code")
    if not search.count():
        return
    search.fill("hospitl")
    yield "search", timed(page, lambda: search.press("Enter"))
    if page.locator(".gvrc-table").count():
        yield "open a place", timed(page, _first_row(page))


def _runs(page: Page) -> Iterator[Timed]:
    yield "open a run", timed(page, _first_row(page))
    yield "back to all", timed(page, page.get_by_role("button", name="All runs").click)


def _commit(page: Page) -> Iterator[Timed]:
    yield "commits so far", timed(page, page.get_by_text("Commits so far").click)
    yield "back to the preview", timed(page, page.get_by_text("This run").click)


WALKS: dict[str, Callable[[Page], Iterator[Timed]]] = {
    "review": _review, "duplicates": _duplicates, "records": _records, "map": _map, "quality": _quality, "registry": _registry, "runs": _runs, "commit": _commit,
}  # fmt: skip


def choose(page: Page, label: str, number: int) -> float:
    """Choose one of a list; opening the list is the browser's own and is not counted."""
    box, options = page.get_by_role("combobox", name=label).first, page.get_by_role("option")
    box.scroll_into_view_if_needed()
    page.wait_for_timeout(SCROLLED_MS)
    box.click()
    options.nth(number).wait_for()
    return timed(page, options.nth(number).click)


def _first_row(page: Page) -> Callable[[], None]:
    """Click what the first row of the table on the page leads to."""
    link = page.locator(".gvrc-table tbody a").first
    link.wait_for()
    return link.click
