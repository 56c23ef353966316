"""A withheld shelter with marked values, asked about in a second list: every page and every command as every role that may not see it, and the
log files and the access log that this leaves behind. One database, one walk, because every page costs a second."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from streamlit.testing.v1 import AppTest

from gvrc import accounts
from gvrc.cli import main
from gvrc.commit import commit
from gvrc.model.access import Actor, Role
from gvrc.model.export import ExportFormat
from gvrc.model.issue import Issue, Suggestion
from gvrc.model.match import Band
from gvrc.model.place import Point
from gvrc.model.record import Contact, ContactType, Visibility
from gvrc.security.permissions import SEES_ALL
from gvrc.settings import PROJECT_DIR, Settings
from gvrc.store.session import Database
from gvrc.ui.admin_page import PARTS
from gvrc.ui.navigation import PAGES
from tests.staged_records import Staged

NAME, ADDRESS, OFFICER, PHONE, EMAIL = "Zzyzx Haven", "Qwxk Lane 77", "Vbnm Officer", "+254700000963", "zzyzx.haven@example.org"
MARKS = ("Zzyzx", "zzyzx", "ZZYZX", "Qwxk", "Vbnm", "700000963", "0700 000 963", "3.98712", "39.71234", "SEEKRET")
SEARCHED = "haven"
BELOW = tuple(role for role in Role if role not in SEES_ALL)


def _shelter(staged: Any) -> Any:
    contacts = (Contact(contact_type=ContactType.PHONE, value=PHONE, is_primary=True), Contact(contact_type=ContactType.EMAIL, value=EMAIL))
    return staged.record(
        "hidden", NAME, source="hidden_list", facility_type="shelter", visibility=Visibility.WITHHELD, address=ADDRESS, officer=OFFICER,
        point=Point(latitude=-3.987123, longitude=39.712345), aliases=(f"{NAME} SEEKRET",), description=f"Call {PHONE}, SEEKRET", contacts=contacts,
    )


@pytest.fixture
def planted(database: Database, settings: Settings, admin: Actor) -> tuple[int, int, int]:
    """The shelter, in the registry and in question beside a public place in a second run: that run, the facility, the staged record."""
    staged = Staged(database)
    commit(database, settings, admin, staged.run_of(_shelter(staged), staged.record("open", "Kinango Haven"), name="first.json"), confirm_risky=True)
    phone = Suggestion(values={"phone": PHONE}, shown=PHONE, confidence=0.9, reason="The same digits in another order.")
    issues = [Issue(code="contact.phone_invalid", field_name="phone", value="0700 000 963", detail={}, suggestion=phone)]
    run_id = staged.run_of(_shelter(staged), staged.record("twin", "Twin Haven"), name="second.json", hidden=issues)
    staged.pair(run_id, "hidden", "twin", band=Band.REVIEW, is_open=True, details=(f"Names alike: {NAME}", f"Same phone, {PHONE}"))
    staged.say("UPDATE staging.issues SET asks = true")
    return run_id, staged.facility_of("hidden"), staged.ids("hidden")[0]


def sent(app: AppTest) -> str:
    """All that goes to the browser: every message of the page, tables and maps decoded."""
    return "\n".join(f"{getattr(element, 'proto', '')}\n{_table(element)}" for block in (app.main, app.sidebar) for element in block)


def _table(element: Any) -> str:
    return str(element.value.to_dict()) if element.type in ("arrow_data_frame", "dataframe", "table", "arrow_table") else ""


def visits(run_id: int, facility_id: int, record_id: int) -> Iterator[tuple[str, dict[str, str]]]:
    """Every page as it opens by itself, and as an address opens it that names the shelter."""
    at = {"run": str(run_id), "record": str(record_id), "facility": str(facility_id), "place": f"{facility_id}"}
    for entry in PAGES:
        yield entry.name, {}
        yield entry.name, at
    for name in ("registry", "map"):
        yield name, {"q": SEARCHED, "words": SEARCHED}
    for part in PARTS:
        yield "administration", {"part": part.name.capitalize()}


def walk(open_page: Callable[..., AppTest], planted: tuple[int, int, int]) -> dict[str, str]:
    """What every page this role has sends, by page and address; one visitor goes from page to page."""
    app, told = open_page(), {}
    for name, query in visits(*planted):
        app.query_params.clear()
        app.query_params.update(query)
        try:
            app.switch_page(str(PROJECT_DIR / "pages" / f"{name}.py"))
        except ValueError:
            continue  # no page of this role
        app.run()
        assert not app.exception, (name, query)
        told[f"{name} {query}"] = sent(app)
    return told


def marks_in(told: dict[str, str]) -> set[tuple[str, str]]:
    return {(where, mark) for where, what in told.items() for mark in MARKS if mark in what}


def commands(run_id: int, folder: Path) -> Iterator[list[str]]:
    """Every command that reads, and commit as it looks ahead and as it is refused."""
    run = str(run_id)
    yield from (["runs"], ["records", run], ["questions", run], ["commit", run, "--dry-run"], ["commit", run], ["feedback", run, "--out", str(folder)])
    yield from (["export", "--format", kind] for kind in ExportFormat if kind is not ExportFormat.XLSX)
    yield ["export", "--format", ExportFormat.CSV, "--anonymous"]


@pytest.mark.parametrize("role", BELOW)
def test_no_page_command_or_log_tells_a_role_below_the_tier_of_a_withheld_shelter(
    planted: tuple[int, int, int], sign_in_as: Callable[[Role], Actor], open_page: Callable[..., AppTest], database: Database, settings: Settings,
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path, role: Role,
) -> None:
    monkeypatch.setenv("GVRC_HOME", str(settings.home))
    name = sign_in_as(role).username
    pages = walk(open_page, planted)
    assert len(pages) >= 6
    assert marks_in(pages) == set()
    for command in commands(planted[0], tmp_path):
        main([*command, "--as", name])
    said = capfd.readouterr()
    told = {"output": said.out, "errors": said.err, **_written(settings.logs_dir), **_written(tmp_path, "feedback*"), "access log": _access_log(database)}
    assert marks_in(told) == set()


def _written(folder: Path, pattern: str = "*") -> dict[str, str]:
    return {path.name: path.read_bytes().decode("utf-8", "replace") for path in folder.rglob(pattern) if path.is_file()}


def _access_log(database: Database) -> str:
    with database.read() as conn:
        return "\n".join(conn.execute(text("SELECT a::text FROM ops.access_log a")).scalars())


def test_the_same_walk_finds_the_marks_where_they_may_be_and_not_in_a_county_that_is_not_the_stewards(
    planted: tuple[int, int, int], sign_in_as: Callable[[Role], Actor], open_page: Callable[..., AppTest], database: Database, admin: Actor,
    settings: Settings,
) -> None:
    steward = sign_in_as(Role.DATA_STEWARD)
    found = marks_in(walk(open_page, planted))
    pages = {where.split()[0] for where, _mark in found}
    assert {"registry", "records", "review", "duplicates"} <= pages
    assert marks_in({**_written(settings.logs_dir), "access log": _access_log(database)}) == set()
    accounts.set_role(database, admin, steward.username, Role.DATA_STEWARD, ["KE001"])
    assert marks_in(walk(open_page, planted)) == set()
