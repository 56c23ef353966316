"""What the audit of the dependencies finds without the internet."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def audit() -> ModuleType:
    spec = importlib.util.spec_from_file_location("dependency_audit", ROOT / "deploy" / "audit.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_dependencies_of_this_version_are_clean(audit: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert audit.main([]) == 0
    assert "pinned with its hashes" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("jinja2==3.1.2 \\\n    --hash=sha256:00\n    # via x\n", "known to be bad: CVE-2025-27516"),
        ("jinja2>=3.1.6 \\\n    --hash=sha256:00\n", "not pinned"),
        ("jinja2==3.*\n", "not pinned"),
        ("jinja2==3.1.6 ; python_version >= '3.11'\n", "no hash"),
        ("jinja2 @ https://example.org/jinja2.whl\n", "not pinned"),
        ("--extra-index-url https://example.org/simple\n", "no plain requirement"),
        ("-e .\n", "no plain requirement"),
    ],
)
def test_what_is_not_pinned_hashed_or_known_to_be_bad_is_told(audit: ModuleType, line: str, said: str) -> None:
    known = json.loads((ROOT / "deploy" / "known-bad.json").read_text(encoding="utf-8"))["advisories"]
    found = list(audit.findings(line, known))
    assert any(said in finding for finding in found)


def test_a_clean_requirement_is_not_told(audit: ModuleType) -> None:
    known = json.loads((ROOT / "deploy" / "known-bad.json").read_text(encoding="utf-8"))["advisories"]
    assert list(audit.findings("jinja2==3.1.6 ; python_version >= '3.11' \\\n    --hash=sha256:00 \\\n    --hash=sha256:11\n    # via altair\n", known)) == []
