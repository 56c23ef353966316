"""Every page and the main actions in a real browser, click to painted, at a number of staged records.

A page counts as painted when Streamlit's script has ended, the page's heading stands, and two frames have been drawn. Figures are of a browser
and a server on the same machine, so the browser's own work is in them.
"""

from __future__ import annotations

import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from gvrc import accounts
from gvrc.model.access import Role
from gvrc.settings import PROJECT_DIR, Settings
from gvrc.store.session import Database
from gvrc.ui import navigation

CHROMIUM = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
PASSWORD = "a long sentence nobody guesses"
START_SECONDS = 120.0
STEADY = "() => { const app = document.querySelector('[data-testid=stApp]'); return app && app.getAttribute('data-test-script-state') === 'notRunning'; }"
TWO_FRAMES = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))"


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A server at work: its address and its process id."""

    address: str
    pid: int


def person(db: Database, username: str, role: Role = Role.ADMIN) -> None:
    """An account that can sign in."""
    code = accounts.first_start_code(db)
    if code is not None:
        accounts.create_first_admin(db, code, "bench.admin", "Bench", PASSWORD)
    admin = accounts.local_operator(db, "bench.admin")
    if username not in {user.username for user in accounts.list_users(db, admin)}:
        accounts.add_user(db, admin, username=username, role=role, password=PASSWORD)


@contextmanager
def served(settings: Settings) -> Iterator[Served]:
    """`python -m gvrc.ui.server` on a free port, on the data home of these settings."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GVRC_")} | {"GVRC_HOME": str(settings.home), "GVRC_PORT": "0"}
    output = Path(tempfile.mkdtemp(prefix="gvrc-bench-server-")) / "server.out"
    with output.open("wb") as stream:
        process = subprocess.Popen([sys.executable, "-m", "gvrc.ui.server"], cwd=PROJECT_DIR, env=environment, stdout=stream, stderr=subprocess.STDOUT)
    try:
        yield Served(address=_address(process, output), pid=process.pid)
    finally:
        process.terminate()
        process.wait(timeout=30)
        shutil.rmtree(output.parent, ignore_errors=True)


def _address(process: subprocess.Popen[bytes], output: Path) -> str:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        found = re.search(r"http://\S+:\d+", output.read_text(encoding="utf-8", errors="replace"))
        if found:
            return found.group()
        time.sleep(0.02)
    raise SystemExit(f"The application did not start: {output.read_text(encoding='utf-8', errors='replace')[-2000:]}")


@contextmanager
def browser(address: str, username: str) -> Iterator[Page]:
    """Chromium, signed in."""
    chromium = next((found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None)
    if chromium is None:
        raise SystemExit("These figures need Chromium: apt-get install chromium")
    with tempfile.TemporaryDirectory(prefix="gvrc-bench-profile-") as profile, sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(profile, executable_path=chromium, args=CHROMIUM, viewport={"width": 1280, "height": 720})
        page = context.pages[0]
        page.goto(f"{address}/auth/sign-in")
        page.fill("#username", username)
        page.fill("#password", PASSWORD)
        page.click("button")
        _painted(page)
        yield page
        context.close()


def _painted(page: Page) -> None:
    page.wait_for_function(STEADY, timeout=120_000)
    page.get_by_role("heading", level=1).first.wait_for(timeout=120_000)
    page.evaluate(TWO_FRAMES)


def measure(page: Page, address: str, rounds: int) -> dict[str, list[float]]:
    """Milliseconds of every page by the navigation (the socket stays open, as for a person at work), and of the main actions."""
    took: dict[str, list[float]] = {}
    _go(page, "registry", {})  # so that the first of the round is another page than the one that stands
    for _ in range(rounds):
        for entry in navigation.PAGES:
            if entry.is_listed:
                _go(page, entry.name, took)
    return took


def _go(page: Page, name: str, took: dict[str, list[float]]) -> None:
    link = page.locator(f"[data-testid=stSidebarNav] a[href$='/{'' if name == 'home' else name}']").first
    if link.count() == 0:
        return
    heading = page.get_by_role("heading", level=1).first.inner_text()
    started = time.perf_counter()
    link.click()
    page.wait_for_function("before => { const h = document.querySelector('h1'); return h && h.innerText !== before; }", arg=heading, timeout=120_000, polling=10)
    _painted(page)
    took.setdefault(name, []).append((time.perf_counter() - started) * 1000)


def p95(values: list[float]) -> float:
    """The value that 95 of 100 do not pass; of few values the greatest."""
    return max(values) if len(values) < 20 else statistics.quantiles(values, n=20)[-1]
