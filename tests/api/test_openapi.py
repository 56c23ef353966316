"""A property-based tester runs the API from its own description, on the real server, and finds nothing."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from gvrc.model.access import Role
from gvrc.settings import PROJECT_DIR, Settings


@pytest.fixture
def served(settings: Settings, tmp_path: Path) -> Iterator[str]:
    """`gvrc serve` in a process of its own; its address."""
    environment = os.environ | {
        "GVRC_HOME": str(settings.home), "GVRC_DATABASE_URL": settings.database_url or "", "GVRC_DATABASE_OWNER_URL": settings.database_owner_url or "",
        "GVRC_API_PORT": "0", "GVRC_API_RATE_LIMIT": "100000/minute", "GVRC_API_FAILED_TOKENS_LIMIT": "100000/minute",
    }
    output = tmp_path / "api.out"
    with output.open("wb") as stream:
        process = subprocess.Popen([sys.executable, "-m", "gvrc", "serve"], cwd=PROJECT_DIR, env=environment, stdout=stream, stderr=subprocess.STDOUT)
    try:
        yield _address(process, output)
    finally:
        process.terminate()
        process.wait(timeout=30)


def _address(process: subprocess.Popen[bytes], output: Path) -> str:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        if found := re.search(r"http://\S+", output.read_text(encoding="utf-8", errors="replace")):
            return found.group()
        time.sleep(0.05)
    raise AssertionError(output.read_text(encoding="utf-8", errors="replace")[-2000:])


def test_a_property_based_tester_finds_nothing(served: str, token_of: Callable[[Role], str], tmp_path: Path) -> None:
    headers = {"authorization": f"Bearer {token_of(Role.ADMIN)}"}
    assert httpx.get(f"{served}/openapi.json", headers=headers, timeout=30).status_code == 200
    done = subprocess.run(
        [
            str(Path(sys.executable).parent / "schemathesis"), "run", f"{served}/openapi.json", "-H", f"Authorization: {headers['authorization']}", "--max-examples", "15",
            "--seed", "7", "--no-color", "--phases", "examples,coverage,fuzzing", "--request-timeout", "30", "--generation-database", "none",
        ],
        cwd=tmp_path, capture_output=True, text=True, timeout=250, check=False,
    )
    assert done.returncode == 0, "\n".join(line[:300] for line in done.stdout.splitlines())[-6000:] + done.stderr[-2000:]
