"""The map of a large registry in a real browser: the first picture after the click, what it draws, and how many pictures a second while it is dragged."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Page

from benchmarks.desk.pages import go, timed

DRAG_SECONDS = 4.0
MAP = ".gvrc-map canvas"
DRAWN = """selector => new Promise(done => {
    const look = () => {
        const canvas = document.querySelector(selector);
        if (!canvas?.dataset.drawn) { requestAnimationFrame(look); return; }
        canvas.getContext('2d').getImageData(0, 0, 1, 1);  // waits until everything asked for is drawn
        done(performance.now() - window.__begun);
    };
    requestAnimationFrame(look);
})"""
COUNT_FRAMES = """([selector, milliseconds]) => new Promise(done => {
    const canvas = document.querySelector(selector), begun = performance.now(), before = Number(canvas.dataset.drawn);
    const look = () => {
        canvas.getContext('2d').getImageData(0, 0, 1, 1);
        const passed = performance.now() - begun;
        if (passed < milliseconds) { requestAnimationFrame(look); return; }
        done((Number(canvas.dataset.drawn) - before) * 1000 / passed);
    };
    requestAnimationFrame(look);
})"""


@dataclass(frozen=True, slots=True, kw_only=True)
class MapFigures:
    """Milliseconds from the click to the first picture, whether counts per county came first, frames per second while the places of the whole country
    are dragged."""

    first_ms: float
    is_counts_first: bool
    frames: float


def measure_map(page: Page) -> MapFigures:
    """The registry's map in this browser, in which no map was open yet."""
    go(page, "map")
    first = float(page.evaluate(DRAWN, MAP))
    is_counts_first = page.get_by_role("radio", name="Counts per county").is_checked()
    timed(page, page.get_by_text("Places", exact=True).first.click)
    page.evaluate(DRAWN, MAP)
    return MapFigures(first_ms=first, is_counts_first=is_counts_first, frames=_frames(page))


def _frames(page: Page) -> float:
    box = page.locator(MAP).first.bounding_box()
    if box is None:
        raise RuntimeError("There is no map.")
    left, top = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(left, top)
    page.mouse.down()
    page.evaluate(f"given => {{ window.__frames = ({COUNT_FRAMES})(given); }}", [MAP, DRAG_SECONDS * 1000])
    for step in range(round(DRAG_SECONDS * 20)):
        page.mouse.move(left + 60 * ((step % 20) / 10 - 1), top + 40 * ((step % 14) / 7 - 1))
        page.wait_for_timeout(50)
    found = float(page.evaluate("() => window.__frames"))
    page.mouse.up()
    return found
