"""`make screenshots`: the real application on a home of its own, with the sample lists; a picture of every page, and the tour that shows them.

Writes `docs/screenshots/` and `docs/tour.md`. The pages are those of the navigation, so that a new page cannot be forgotten.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import sync_playwright

from gvrc.settings import PROJECT_DIR, Settings
from gvrc.store import embedded
from gvrc.store.embedded_place import place_of
from gvrc.ui import navigation
from gvrc.ui.catalogue import load_words
from tests.e2e.conftest import CHROMIUM_FLAGS, CHROMIUM_NAMES, Application, Visitor, _started

FOLDER = PROJECT_DIR / "docs" / "screenshots"
TOUR = PROJECT_DIR / "docs" / "tour.md"
MADE = "<!-- made by `make screenshots`; change the program, not this page -->"
LARGEST_BYTES = 200_000
SETTLE_MS = 1500
"""Maps and grids draw a moment after the script has ended."""
PASSWORD = "a long sentence nobody guesses"
QUESTIONS = ("review", "duplicates", "commit")
"""Pages that have most to show before the commit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One picture of the tour: its file's name without the ending, its title and sentence, and the way to what it shows."""

    name: str
    title: str
    sentence: str
    show: Callable[[Visitor], None]


def main() -> int:
    """Take every picture and write the tour."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in (*FOLDER.glob("*.png"), *FOLDER.glob("*.jpg")):
        old.unlink()
    with application() as served, browser(served) as visitor:
        files = {picture.name: take(visitor, picture) for picture in pictures(served.code)}
    TOUR.write_text(tour(pictures(""), files), encoding="utf-8")
    print(f"{len(files)} pictures in {FOLDER.relative_to(PROJECT_DIR)}, the tour in {TOUR.relative_to(PROJECT_DIR)}.")
    return 0


# ------------------------------------------------------------------------------------------------------------------ what is shown


def pictures(code: str) -> list[Picture]:
    """Every picture, in the order of the steward's way; each finds the application as the one before left it."""
    before = [page_picture(entry) for entry in navigation.PAGES if entry.name in QUESTIONS]
    after = [page_picture(entry) for entry in navigation.PAGES if entry.name not in (*QUESTIONS, "upload") and entry.is_listed]
    return [
        Picture(name="set-up", title="First start", sentence="The first administrator enters the set-up code that the terminal printed.", show=lambda visitor: open_first(visitor)),
        Picture(name="upload", title="Upload", sentence="Every list tells what it was recognised as, how sure and why, and how each field is read.", show=lambda visitor: sign_up_and_upload(visitor, code)),
        Picture(name="receipt", title="A run and its receipt", sentence="What came in is ready, waits for review or is held; it adds up, and every number opens its rows.", show=run),
        *before,
        Picture(name="committed", title="Committed", sentence="After the commit: what was added, changed and merged, and what was held back, each with its reason.", show=commit),
        *after,
        Picture(name="facility", title="A place of the registry", sentence="Each value with where it comes from and why it won, its sources and its history.", show=open_first_facility),
        Picture(name="thresholds", title="Thresholds", sentence="What each cut does to a run, before it is changed, and what people decided on pairs like these.", show=lambda visitor: visitor.open("/administration?part=Thresholds")),
    ]


def page_picture(entry: navigation.PageEntry) -> Picture:
    say = load_words("en")
    path = "/" if entry.name == "home" else f"/{entry.name}"
    return Picture(name=entry.name, title=say(f"nav.{entry.name}"), sentence=say(f"nav.{entry.name}.help"), show=lambda visitor: visitor.open(path))


def open_first(visitor: Visitor) -> None:
    visitor.page.goto(visitor.address)


def sign_up_and_upload(visitor: Visitor, code: str) -> None:
    for name, value in (("code", code), ("username", "amina"), ("password", PASSWORD), ("password_again", PASSWORD)):
        visitor.page.fill(f"#{name}", value)
    visitor.page.click("button")
    visitor.settle()
    visitor.open("/upload")
    visitor.click("Load the sample lists")
    visitor.page.get_by_text("7 files recognised.").wait_for(timeout=60_000)


def run(visitor: Visitor) -> None:
    visitor.click("Run all stages")
    visitor.page.get_by_role("heading", name="Receipt").wait_for(timeout=240_000)


def commit(visitor: Visitor) -> None:
    visitor.open("/commit")
    visitor.page.get_by_role("button", name=re.compile(r"Commit [\d,]+ place")).click()
    visitor.page.get_by_text(re.compile(r"Commit \d+ landed")).wait_for(timeout=120_000)


def open_first_facility(visitor: Visitor) -> None:
    visitor.open("/registry?facility=1")


# ------------------------------------------------------------------------------------------------------------------ taking and telling


def take(visitor: Visitor, picture: Picture) -> str:
    """Show and keep one picture; its file's name. A picture too large as PNG is kept as JPEG."""
    picture.show(visitor)
    if "/auth/" not in visitor.page.url:
        visitor.settle()
    visitor.page.wait_for_timeout(SETTLE_MS)
    path = FOLDER / f"{picture.name}.png"
    visitor.page.screenshot(path=path)
    if path.stat().st_size > LARGEST_BYTES:
        path.unlink()
        path = path.with_suffix(".jpg")
        visitor.page.screenshot(path=path, type="jpeg", quality=80)
    return path.name


def tour(shown: list[Picture], files: dict[str, str]) -> str:
    """The page of the tour."""
    parts = [f"## {picture.title}\n\n{picture.sentence}\n\n![{picture.title}](screenshots/{files[picture.name]})" for picture in shown]
    lead = "Every page of GVRC with the sample lists, whose contacts are invented. `make run` brings you to the same screens."
    return "\n\n".join([MADE, "# A tour in pictures", lead, *parts]) + "\n"


# ------------------------------------------------------------------------------------------------------------------ the application


@contextmanager
def application() -> Iterator[Application]:
    """The application on a free port, with a home of its own that goes away again."""
    home = Path(tempfile.mkdtemp(prefix="gvrc-screenshots-"))
    settings = Settings(home=home, _env_file=None)  # type: ignore[call-arg]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GVRC_")} | {"GVRC_HOME": str(home), "GVRC_PORT": "0"}
    output = home / "server.out"
    with output.open("wb") as stream:
        process = subprocess.Popen([sys.executable, "-m", "gvrc.ui.server"], cwd=PROJECT_DIR, env=environment, stdout=stream, stderr=subprocess.STDOUT)
    try:
        yield _started(process, output)
    finally:
        process.terminate()
        process.wait(timeout=30)
        embedded.stop(settings)
        for folder in (place_of(settings).base, home):
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def browser(served: Application) -> Iterator[Visitor]:
    """Chromium at 1280 x 720, light."""
    chromium = next((found for name in CHROMIUM_NAMES if (found := shutil.which(name))), None)
    if chromium is None:
        raise SystemExit("The pictures need Chromium: apt-get install chromium")
    with tempfile.TemporaryDirectory(prefix="gvrc-profile-") as profile, sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            profile, executable_path=chromium, args=CHROMIUM_FLAGS, viewport={"width": 1280, "height": 720}, color_scheme="light"
        )
        yield Visitor(page=context.pages[0], address=served.address)
        context.close()


if __name__ == "__main__":
    raise SystemExit(main())
