"""Pages run by AppTest against a real database, signed in by a real session."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from streamlit.testing.v1 import AppTest

from gvrc import accounts, pipeline
from gvrc.model.access import Actor, Role
from gvrc.settings import PROJECT_DIR, Settings
from gvrc.store.session import Database
from gvrc.ui import desk, house
from gvrc.ui.incoming import SAMPLES_DIR

SCRIPT = PROJECT_DIR / "gvrc" / "ui" / "main.py"
PASSWORD = "a long sentence nobody guesses"


@pytest.fixture(autouse=True)
def installed(settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The application works on this test's database, and so does every worker it starts."""
    monkeypatch.setenv("GVRC_DATABASE_URL", settings.database_url or "")
    monkeypatch.setenv("GVRC_DATABASE_OWNER_URL", settings.database_owner_url or "")
    previous = house._house
    house.install(settings, database)
    yield
    house._house = previous


@pytest.fixture
def sign_in_as(database: Database, monkeypatch: pytest.MonkeyPatch) -> Callable[[Role], Actor]:
    """Make a user of a role and let the pages find their session in the cookie (AppTest has no browser and so no cookies)."""

    def sign_in(role: Role) -> Actor:
        name = f"{role.value.replace('_', '-')}-tester"
        operator = Actor(user_id=0, username="tests", role=Role.ADMIN)
        accounts.add_user(database, operator, username=name, role=role, password=PASSWORD, display_name=name.title())
        token = accounts.sign_in(database, name, PASSWORD)
        monkeypatch.setattr(desk, "session_token", lambda: token)
        actor = accounts.session_actor(database, token)
        assert actor is not None
        return actor

    return sign_in


@pytest.fixture
def signed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """No cookie, or one whose session ended."""
    monkeypatch.setattr(desk, "session_token", lambda: "a token that was signed out")


@pytest.fixture
def open_page() -> Callable[..., AppTest]:
    """Open the application at a page, with names in its address."""

    def open_at(page: str = "home", /, **query: str) -> AppTest:
        app = AppTest.from_file(str(SCRIPT), default_timeout=60)
        if page != "home":
            app.switch_page(str(PROJECT_DIR / "pages" / f"{page}.py"))
        for name, value in query.items():
            app.query_params[name] = value
        return app.run()

    return open_at


HOSTILE = [
    {"facility_name": "<b>[Nuru](https://example.org) Clinic</b>", "service_type": "Clinic", "county": "Atlantis", "contact": "0700 000 10"},
    {"facility_name": ":red[$x$] ![x](https://example.org/x.png) Hospital", "service_type": "Hospital", "county": "Kwale", "contact": "www.example.org"},
    {"facility_name": "=1+1 https://example.org/x Dispensary", "service_type": "Dispensary", "county": "Kwale", "contact": "a@example.org"},
    {"facility_name": "Diani Health Centre", "service_type": "Health centre", "county": "Kwale", "contact": "diani@example.org"},
]
"""Rows that would like to be markup, beside one that is clean."""


@pytest.fixture
def run_of(database: Database, settings: Settings) -> Callable[..., int]:
    """Take files (the sample lists when none are named) through all stages, as a worker would."""

    def run(actor: Actor, *paths: Path) -> int:
        received = pipeline.receive(database, settings, actor, paths or sorted(SAMPLES_DIR.glob("*.json")))
        run_id = pipeline.start(database, settings, actor, [file.file_id for file in received if file.file_id is not None])
        pipeline.execute(database, settings, run_id)
        return run_id

    return run


@pytest.fixture
def hostile_list(tmp_path: Path) -> Path:
    """A small list whose text would like to be markup."""
    path = tmp_path / "list.json"
    path.write_text(json.dumps(HOSTILE), encoding="utf-8")
    return path


@pytest.fixture
def texts() -> Callable[[AppTest], str]:
    """Everything a person could read on the page."""

    def read(app: AppTest) -> str:
        kinds = ("title", "header", "subheader", "markdown", "caption", "text", "error", "warning", "info", "success")
        return "\n".join(str(element.value) for kind in kinds for element in getattr(app, kind))

    return read


def tables(app: AppTest) -> list[tuple[str, dict[str, Any]]]:
    """The tables whose cells lead on: the id of each and what the browser is given to show."""
    return [(part.proto.id, json.loads(part.proto.json)) for part in app.get("bidi_component") if part.proto.component_name == "gvrc.table"]


def cell_text(cell: str | dict[str, Any]) -> str:
    return cell if isinstance(cell, str) else str(cell["text"])


@pytest.fixture
def rows_of() -> Callable[[AppTest, str], list[dict[str, str]]]:
    """The rows of a table by its key, each by the headings of its columns."""

    def read(app: AppTest, key: str) -> list[dict[str, str]]:
        shown = next(data for name, data in tables(app) if name.endswith(f"-{key}"))
        titles = [column["title"] for column in shown["columns"]]
        return [dict(zip(titles, map(cell_text, row), strict=True)) for row in shown["rows"]]

    return read


@pytest.fixture
def ways() -> Callable[[AppTest], list[tuple[str, dict[str, str], str]]]:
    """Where the page leads: the page, what its address says, and the text of the link; of the links and of the cells of tables."""

    def read(app: AppTest) -> list[tuple[str, dict[str, str], str]]:
        found = [(Path(link.proto.page).stem, dict(parse_qsl(link.proto.query_string)), link.proto.label.removeprefix(":yellow[").removesuffix("]")) for link in app.get("page_link")]
        cells = [cell for _, data in tables(app) for row in data["rows"] for cell in row if isinstance(cell, dict) and "href" in cell]
        return found + [(urlsplit(cell["href"]).path, dict(parse_qsl(urlsplit(cell["href"]).query)), cell["text"]) for cell in cells]

    return read
