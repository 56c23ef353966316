"""A property-based tester (schemathesis) runs the API on the real server from its own description."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """How many endpoints were tried, what was found wrong, and whether the tester came to its end."""

    operations: int
    found: list[str]
    is_whole: bool


def tested(port: int, token: str, examples: int, seed: int) -> Findings:
    """So many examples for each endpoint and phase. Needs what `requirements-test.txt` installs."""
    with TemporaryDirectory() as folder:
        report = Path(folder) / "findings.xml"
        done = subprocess.run(
            [
                str(Path(sys.executable).parent / "schemathesis"), "run", f"http://127.0.0.1:{port}/openapi.json", "-H", f"Authorization: Bearer {token}",
                "--max-examples", str(examples), "--seed", str(seed), "--no-color", "--phases", "examples,coverage,fuzzing", "--request-timeout", "30",
                "--generation-database", "none", "--report", "junit", "--report-junit-path", str(report),
            ],
            cwd=folder, capture_output=True, text=True, check=False,
        )
        cases = list(ElementTree.parse(report).getroot().iter("testcase")) if report.exists() else []
    found = [f"{case.get('name')}: {(problem.get('message') or '')} {(problem.text or '')[:2000]}" for case in cases for problem in (*case.findall("failure"), *case.findall("error"))]
    return Findings(operations=len(cases), found=found, is_whole=bool(cases) and done.returncode in (0, 1))
