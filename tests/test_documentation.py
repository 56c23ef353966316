"""The documentation says what is true now."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gvrc.docs import DOCS_DIR, GENERATED
from gvrc.ui.navigation import PAGES as PAGES_OF_NAVIGATION

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(DOCS_DIR.glob("*.md"))]
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("name", sorted(GENERATED))
def test_a_generated_page_is_up_to_date(name: str) -> None:
    assert (DOCS_DIR / name).read_text(encoding="utf-8") == GENERATED[name](), "run `make docs`"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_has_no_dead_link(page: Path) -> None:
    targets = [target for target in LINK.findall(page.read_text(encoding="utf-8")) if "://" not in target and not target.startswith("mailto:")]
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_the_tour_shows_every_page_of_the_navigation() -> None:
    shown = set(re.findall(r"\(screenshots/([a-z_-]+)\.(?:png|jpg)\)", (DOCS_DIR / "tour.md").read_text(encoding="utf-8")))
    assert {entry.name for entry in PAGES_OF_NAVIGATION if entry.is_listed} <= shown, "run `make screenshots`"


def test_the_requirements_name_no_index() -> None:
    for name in ("requirements.txt", "requirements-test.txt"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "://" not in text
        assert "--index" not in text
        assert all("--hash=" in block for block in re.split(r"\n(?=\S)", text) if "==" in block.split("\n")[0])


def test_the_readme_names_the_two_commands() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "make run" in text
    assert "make test" in text
