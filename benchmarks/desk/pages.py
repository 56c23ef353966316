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
from collections.abc import Callable, Iterator
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
NAMES = tuple(entry.name for entry in navigation.PAGES if entry.is_listed)
STEADY = "() => { const app = document.querySelector('[data-testid=stApp]'); return app && app.getAttribute('data-test-script-state') === 'notRunning'; }"
LISTEN = """(() => {
    window.__finished = 0;
    const Plain = window.WebSocket;
    const ended = bytes => {  // whether a message of Streamlit tells the end of a script (its field 6), not one that is begun anew at once (2)
        let at = 0;
        const number = () => { let value = 0, shift = 0, byte; do { byte = bytes[at++]; value += (byte & 127) * 2 ** shift; shift += 7; } while (byte > 127); return value; };
        while (at < bytes.length) {
            const tag = number(), field = Math.floor(tag / 8), kind = tag % 8;
            if (field === 6 && kind === 0) return number() !== 2;
            if (kind === 0) number(); else if (kind === 2) { const length = number(); at += length; } else return false;
        }
        return false;
    };
    window.WebSocket = class extends Plain {
        constructor(...given) {
            super(...given);
            this.addEventListener('message', event => { if (event.data instanceof ArrayBuffer && ended(new Uint8Array(event.data))) window.__finished++; });
        }
    };
})()"""
WATCH = """until => { window.__took = new Promise((done, fail) => {
    const state = () => document.querySelector('[data-testid=stApp]').getAttribute('data-test-script-state');
    const asked = performance.now(), before = window.__finished, kinds = ['pointerdown', 'keydown'];
    window.__begun = 0;
    let begun = 0, changed = 0, frames = 0, painted = 0;
    const note = event => { if (window.__finished === before) window.__begun = begun = event.timeStamp; };
    kinds.forEach(kind => window.addEventListener(kind, note, true));
    // Not what a grid says to screen readers, which comes later, nor a message in passing, which goes by itself.
    const within = node => node?.closest('[data-testid=stMain], [data-testid=stSidebar], [role=dialog]') && !node.closest('canvas');
    const isSeen = node => within(node.closest ? node : node.parentElement);
    const observer = new MutationObserver(changes => { if (changes.some(change => isSeen(change.target))) { changed = performance.now(); frames = 0; } });
    observer.observe(document.body, {childList: true, characterData: true, subtree: true});
    const stop = () => { observer.disconnect(); kinds.forEach(kind => window.removeEventListener(kind, note, true)); };
    const look = () => {
        const now = performance.now();
        if (now - asked > 120000) { stop(); fail(new Error('Nothing came of it.')); return; }
        if (begun && window.__finished > before && state() === 'notRunning' && (!until || document.querySelector(until))) {
            frames++;
            if (frames === 2) painted = now;
            if (frames > 2 && now - changed > QUIET_MS) { stop(); done(painted - begun); return; }
        }
        requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
}); }""".replace("QUIET_MS", "400")
"""Some parts (grids, charts) are drawn a good while after the script has ended: painted is the second frame after the last of them came, and then
nothing more for 400 ms."""
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
def window() -> Iterator[Page]:
    """Chromium with a fresh profile at 1280 x 720."""
    chromium = next((found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None)
    if chromium is None:
        raise SystemExit("These figures need Chromium: apt-get install chromium")
    with tempfile.TemporaryDirectory(prefix="gvrc-bench-profile-") as profile, sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(profile, executable_path=chromium, args=CHROMIUM, viewport={"width": 1280, "height": 720})
        context.add_init_script(LISTEN)
        yield context.pages[0]
        context.close()


@contextmanager
def browser(address: str, username: str) -> Iterator[Page]:
    """Chromium, signed in."""
    with window() as page:
        page.goto(f"{address}/auth/sign-in")
        page.fill("#username", username)
        page.fill("#password", PASSWORD)
        page.click("button")
        painted(page)
        yield page


def painted(page: Page) -> None:
    """Wait until a page that was loaded stands."""
    page.wait_for_function(STEADY, timeout=120_000)
    page.get_by_role("heading", level=1).first.wait_for(timeout=120_000)
    page.evaluate(TWO_FRAMES)


def timed(page: Page, act: Callable[[], object], *, until: str = "") -> float:
    """Milliseconds from the click or key that `act` sends to the page until what came of it is painted; `until` is a selector of what must then stand there.

    The browser itself takes the time: from its event to the second frame after Streamlit's script has ended.
    """
    page.evaluate(WATCH, until)
    act()
    return float(page.evaluate("() => window.__took"))


def measure_pages(page: Page, rounds: int, *, before: Callable[[], object] | None = None) -> dict[str, list[float]]:
    """Milliseconds of every page by the navigation (the socket stays open, as for a person at work). `before` is done, unmeasured, at the start of each
    round: an answer, say, after which every count is another."""
    took: dict[str, list[float]] = {}
    for _ in range(rounds):
        if before is not None:
            before()
        for name in NAMES:
            took.setdefault(name, []).append(go(page, name))
    return took


def go(page: Page, name: str) -> float:
    """Milliseconds to a page by the navigation; where it is open already, it is left first."""
    if page.locator(_link(name, "[aria-current=page]")).count():
        go(page, "upload" if name != "upload" else "home")
    return timed(page, page.locator(_link(name)).first.click, until=_link(name, "[aria-current=page]"))


def _link(name: str, which: str = "") -> str:
    return f"[data-testid=stSidebarNav] a{which}[href$='/{'' if name == 'home' else name}']"


def p95(values: list[float]) -> float:
    """The value that 95 of 100 do not pass; of few values the greatest."""
    return max(values) if len(values) < 20 else statistics.quantiles(values, n=20)[-1]
