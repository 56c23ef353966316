"""The real application in a process of its own, and a real browser."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Page, Request, sync_playwright

from gvrc.settings import PROJECT_DIR, Settings
from gvrc.store.session import Database

CHROMIUM_FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--disable-dev-shm-usage",
]
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
START_SECONDS = 90.0


@dataclass(frozen=True, slots=True)
class Application:
    """A served application: where it is, the set-up code it printed, the folder of its output."""

    address: str
    code: str
    output: Path


@pytest.fixture
def application(settings: Settings, database: Database, tmp_path: Path) -> Iterator[Application]:
    """`python -m gvrc.ui.server` on a free port, on this test's database."""
    output = tmp_path / "server.out"
    environment = os.environ | {
        "GVRC_HOME": str(settings.home), "GVRC_DATABASE_URL": settings.database_url or "", "GVRC_DATABASE_OWNER_URL": settings.database_owner_url or "",
        "GVRC_PORT": "0",
    }
    with output.open("wb") as stream:
        process = subprocess.Popen([sys.executable, "-m", "gvrc.ui.server"], cwd=PROJECT_DIR, env=environment, stdout=stream, stderr=subprocess.STDOUT)
    try:
        yield _started(process, output)
    finally:
        process.terminate()
        process.wait(timeout=30)


def _started(process: subprocess.Popen[bytes], output: Path) -> Application:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        text = output.read_text(encoding="utf-8", errors="replace")
        address, code = re.search(r"http://\S+:\d+", text), re.search(r"administrator: (\S+)", text)
        if address and code:
            return Application(address=address.group(), code=code.group(1), output=output)
        time.sleep(0.1)
    raise AssertionError(f"The application did not start: {output.read_text(encoding='utf-8', errors='replace')[-2000:]}")


def chromium_path() -> str:
    """The browser of this machine."""
    found = next((path for name in CHROMIUM_NAMES if (path := shutil.which(name))), None)
    assert found is not None, "These tests drive a real browser. Install it once with: apt-get install chromium"
    return found


@dataclass
class Visitor:
    """A person at a browser: the page, and what the browser asked of other hosts or complained about."""

    page: Page
    address: str
    outside: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def watch(self) -> None:
        """Note every request that leaves this host and every breach of the content security policy."""
        self.page.on("request", self._note_request)
        self.page.on("console", lambda message: self.complaints.append(message.text) if "Content Security Policy" in message.text else None)

    def _note_request(self, request: Request) -> None:
        here = (self.address, self.address.replace("http", "ws", 1), "data:", "blob:")
        if not request.url.startswith(here):
            self.outside.append(request.url)

    def open(self, path: str) -> None:
        """Go to a path and wait until it is shown."""
        self.page.goto(self.address + path)
        self.settle()

    def settle(self) -> None:
        """Wait until no script runs: twice, because a callback may start another."""
        for _ in range(2):
            self.page.wait_for_function("() => document.querySelector('[data-testid=stApp]')?.getAttribute('data-test-script-state') === 'notRunning'", timeout=60_000)
            self.page.wait_for_timeout(150)

    def press(self, key: str) -> None:
        """Press a key on the page, as a shortcut."""
        self.page.locator("body").press(key)
        self.page.wait_for_timeout(100)
        self.settle()

    def click(self, name: str) -> None:
        """Click the button with this name."""
        self.page.get_by_role("button", name=name).first.click()
        self.page.wait_for_timeout(100)
        self.settle()

    def text(self) -> str:
        """What stands on the page."""
        return self.page.locator("[data-testid=stMain]").inner_text()


@pytest.fixture
def visitor(application: Application, tmp_path: Path) -> Iterator[Visitor]:
    """Chromium with a fresh profile, watched for requests to other hosts."""
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            str(tmp_path / "profile"), executable_path=chromium_path(), args=CHROMIUM_FLAGS, viewport={"width": 1280, "height": 720}
        )
        visitor = Visitor(page=context.pages[0], address=application.address)
        visitor.watch()
        yield visitor
        context.close()
