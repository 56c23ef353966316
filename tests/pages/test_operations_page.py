"""The operations page by AppTest, on a real database and real log files."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from sqlalchemy import text
from streamlit.testing.v1 import AppTest

from gvrc import pipeline
from gvrc.errors import NotAllowedError
from gvrc.model.access import Actor, Role
from gvrc.operations import alerts, health, schedule
from gvrc.operations.schedule import Scheduler
from gvrc.operations.slow_queries import slow_queries
from gvrc.settings import PROJECT_DIR, Settings
from gvrc.store import alerts as stored_alerts
from gvrc.store.embedded import EmbeddedServer
from gvrc.store.session import Database
from gvrc.store.urls import for_database
from gvrc.ui.catalogue import load_words
from gvrc.ui.operations_schedule import in_words

Open = Callable[..., AppTest]
SignIn = Callable[[Role], Actor]
Read = Callable[[AppTest], str]
Rows = Callable[[AppTest, str], list[dict[str, str]]]
HOSTILE = "<b>[x](https://example.org)</b> :red[$x$] ![x](https://example.org/x.png)"


@pytest.fixture
def engineer(sign_in_as: SignIn) -> Actor:
    return sign_in_as(Role.DATA_ENGINEER)


def shown(app: AppTest, texts: Read) -> str:
    """Every text, and every cell of a table."""
    assert not app.exception
    tables = "\n".join(str(table.value.to_dict()) for table in [*app.table, *app.dataframe])
    return (texts(app) + "\n" + tables).replace("\\", "").replace("\u2060", "")


def scheduled(database: Database, settings: Settings) -> None:
    Scheduler(database, settings, lambda: {"ministry": lambda: 1}).run_due()


def raise_alert(database: Database, subject: str = "", message: str = "Run 7 failed.") -> int:
    with database.unit_of_work() as conn:
        found = stored_alerts.raise_alert(conn, rule="run_failed", subject=subject, severity="critical", message=message, value=1.0, cooldown_minutes=60)
    assert found is not None
    return found


def write_logs(settings: Settings, count: int, folder: str = "etl", **more: object) -> None:
    path = settings.logs_dir / folder
    path.mkdir(parents=True, exist_ok=True)
    at = datetime.now(UTC)
    lines = [{"event": f"chunk {n}", "level": "error" if n == 1 else "info", "run_id": 3 if n < 3 else 4, "at": (at - timedelta(seconds=count - n)).isoformat()} | more for n in range(count)]
    (path / f"{folder}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


# ------------------------------------------------------------------------------------------------------------------ doors


@pytest.mark.parametrize("role", [Role.VIEWER, Role.DATA_ANALYST, Role.DATA_STEWARD, Role.APPROVER])
def test_a_role_that_does_not_run_the_machine_cannot_open_the_page(role: Role, sign_in_as: SignIn, open_page: Open) -> None:
    sign_in_as(role)
    home = open_page()
    with pytest.raises(ValueError, match=r"not exist|find|pages"):
        home.switch_page(str(PROJECT_DIR / "pages" / "operations.py"))
    app = AppTest.from_file(str(PROJECT_DIR / "pages" / "operations.py"), default_timeout=30).run()
    assert app.error
    assert not app.title


def test_signed_out_the_page_shows_nothing(signed_out: None) -> None:
    app = AppTest.from_file(str(PROJECT_DIR / "pages" / "operations.py"), default_timeout=30).run()
    assert not app.exception
    assert not app.title
    assert not app.table


def test_what_the_page_reads_is_refused_to_others(database: Database, settings: Settings, actor_of: Callable[[Role], Actor]) -> None:
    steward = actor_of(Role.DATA_STEWARD)
    for look in (slow_queries, health.last_seen, alerts.alert_list, schedule.schedules):
        with pytest.raises(NotAllowedError):
            look(database, steward)


@pytest.mark.parametrize("part", ["Health", "Alerts", "Schedule", "Logs", "Slow queries", "nonsense"])
def test_every_part_stands_on_an_empty_installation_and_with_a_strange_address(part: str, engineer: Actor, open_page: Open) -> None:
    for value in ("0", "abc", "9" * 40, "4711"):
        app = open_page("operations", watch=part, run=value, page=value)
        assert not app.exception
        assert app.title[0].value == "Operations"


# ------------------------------------------------------------------------------------------------------------------ health


def test_health_names_each_check_its_state_in_words_and_how_to_mend_it(engineer: Actor, open_page: Open, database: Database, texts: Read) -> None:
    app = open_page("operations")
    checks = app.table[0].value
    assert {"Disk", "Database", "Audit chain", "Last run", "Backup"} <= set(checks["Check"])
    for state, mend in zip(checks["state" if "state" in checks else "State"], checks["How to mend it"], strict=True):
        assert ("in order" in state) == (mend == "–")
    assert "has not been verified yet" in shown(app, texts)
    health.verify_audit(database)
    app.button(key="look_again").click().run()
    assert "unbroken" in shown(app, texts)


# ------------------------------------------------------------------------------------------------------------------ alerts


def test_an_alert_tells_where_it_went_leads_to_its_run_and_is_acknowledged_once(engineer: Actor, open_page: Open, database: Database, texts: Read) -> None:
    number = raise_alert(database, "run 7")
    with database.unit_of_work() as conn:
        stored_alerts.note_delivery(conn, number, {"1 mailto": {"ok": True}, "2 slack": {"ok": False}}, is_delivered=False)
    app = open_page("operations", watch="Alerts")
    told = shown(app, texts)
    assert "critical" in told
    assert "Run 7 failed." in told
    assert "1 mailto: delivered" in told
    assert "2 slack: not delivered, tried once" in told
    assert any("runs" in str(link.proto.page) for link in app.get("page_link"))
    button = app.button(key=f"acknowledge_{number}")
    alerts.acknowledge(database, engineer, number)  # somebody else, in another session
    button.click().run()
    assert "acknowledged this alert already" in app.error[0].value
    assert "Nothing waits to be seen" in shown(app, texts)
    assert app.table[0].value["Acknowledged by"][0].replace("\\", "") == engineer.username


def test_hostile_alerts_and_lines_stay_text(engineer: Actor, open_page: Open, database: Database, settings: Settings) -> None:
    number = raise_alert(database, message=HOSTILE)
    write_logs(settings, 3, event=HOSTILE, exception=HOSTILE)
    for part in ("Alerts", "Logs"):
        app = open_page("operations", watch=part)
        if part == "Alerts":
            app.button(key=f"acknowledge_{number}").click().run()
        assert not app.exception
        for element in [*app.markdown, *app.caption]:
            assert "](https" not in str(element.value)
        for table in app.table:
            assert "](https" not in str(table.value.to_dict()).replace("\\\\", "\\")


# ------------------------------------------------------------------------------------------------------------------ schedule


def test_without_a_source_the_page_says_how_one_is_set_up_and_a_new_one_waits_for_the_scheduler(
    engineer: Actor, open_page: Open, database: Database, texts: Read
) -> None:
    app = open_page("operations", watch="Schedule")
    assert "gvrc source add" in app.code[0].value
    pipeline.set_up_source(database, engineer, "ministry", "https://example.org/list")
    app.run()
    assert "waiting for the scheduler" in shown(app, texts)
    assert "never run here" in app.warning[0].value


def test_a_time_is_told_in_words_checked_as_it_is_typed_and_saved(engineer: Actor, open_page: Open, database: Database, settings: Settings, texts: Read) -> None:
    scheduled(database, settings)
    app = open_page("operations", watch="Schedule")
    assert "every day at 02:00 UTC" in shown(app, texts)
    assert not app.warning
    assert app.button(key="save_ministry").disabled
    app.text_input(key="cron_ministry_0 2 * * *_True").set_value("61 * * * *").run()
    assert "no cron expression" in app.error[0].value
    assert app.button(key="save_ministry").disabled
    app.text_input(key="cron_ministry_0 2 * * *_True").set_value("30 4 * * 1").run()
    assert "every Monday at 04:30 UTC" in shown(app, texts)
    app.button(key="save_ministry").click().run()
    (planned,) = schedule.schedules(database, engineer)
    assert (planned.cron, planned.updated_by) == ("30 4 * * 1", engineer.username)
    app.toggle(key="on_ministry_30 4 * * 1_True").set_value(False).run()
    app.button(key="save_ministry").click().run()
    assert "Switched off" in shown(app, texts)
    assert not schedule.schedules(database, engineer)[0].is_enabled


def test_a_silent_scheduler_is_told(engineer: Actor, open_page: Open, database: Database, settings: Settings) -> None:
    scheduled(database, settings)
    with database.unit_of_work() as conn:
        conn.execute(text("UPDATE ops.observations SET observed_at = now() - interval '1 hour'"))
    assert "silent since" in open_page("operations", watch="Schedule").warning[0].value


@pytest.mark.parametrize(
    ("cron", "said"),
    [
        ("0 2 * * *", "every day at 02:00 UTC"), ("*/15 * * * *", "every 15 minutes"), ("5 * * * *", "every hour, 05 minutes past it"), ("0 */6 * * *", "every 6 hours, 00 minutes past the hour"),
        ("30 4 * * 0", "every Sunday at 04:30 UTC"), ("30 4 * * fri", "every Friday at 04:30 UTC"), ("0 3 1 * *", "on day 1 of each month at 03:00 UTC"), ("0 3 1 * 5", "at the times of 0 3 1 * 5"), ("0 3 * 2 *", "at the times of 0 3 * 2 *"),
        ("0 1,13 * * *", "at the times of 0 1,13 * * *"), ("", "at the times of "),
    ],
)  # fmt: skip
def test_a_cron_expression_is_said_as_a_person_says_it(cron: str, said: str) -> None:
    assert in_words(load_words("en"), cron) == said


# ------------------------------------------------------------------------------------------------------------------ logs


def test_lines_are_found_by_words_level_and_run_and_turned_page_by_page(engineer: Actor, open_page: Open, settings: Settings, rows_of: Rows) -> None:
    write_logs(settings, 120)

    def events(app: AppTest) -> list[str]:
        assert not app.exception
        return [row["What happened"] for row in rows_of(app, "log_lines")] if app.get("bidi_component") else []

    app = open_page("operations", watch="Logs")
    assert (len(events(app)), events(app)[0]) == (50, "chunk 119")
    app.button(key="log_older").click().run()
    app.button(key="log_older").click().run()
    assert (len(events(app)), events(app)[-1]) == (20, "chunk 0")
    assert app.button(key="log_older").disabled
    app.text_input(key="log_words").set_value("CHUNK 77").run()
    assert events(app) == ["chunk 77"]
    assert "77" not in str(dict(app.query_params))
    app.text_input(key="log_words").set_value("")
    app.selectbox(key="log_level").select("error").run()
    assert events(app) == ["chunk 1"]
    app.selectbox(key="log_area").select("errors").run()
    assert events(app) == []
    assert events(open_page("operations", watch="Logs", run="3")) == ["chunk 2", "chunk 1", "chunk 0"]


def test_a_line_that_is_opened_shows_all_it_holds(engineer: Actor, open_page: Open, settings: Settings, rows_of: Rows) -> None:
    write_logs(settings, 2, exception="Traceback\n  ...\nValueError: odd", stage="enrich")
    app = open_page("operations", watch="Logs")
    assert "ValueError: odd" in rows_of(app, "log_lines")[0]["More"]
    assert not app.code
    newest = json.loads((settings.logs_dir / "etl" / "etl.jsonl").read_text(encoding="utf-8").splitlines()[-1])
    app.session_state["log_line"] = (("etl", newest["at"]), 1)
    app.run()
    assert "Traceback" in app.code[0].value
    assert "enrich" in [row[""] for row in rows_of(app, "log_one")]
    write_logs(settings, 3, stage="enrich")
    assert not app.run().code  # other lines: which was open among those before tells nothing


# ------------------------------------------------------------------------------------------------------------------ slow queries


def test_without_statistics_the_page_says_how_to_get_them(engineer: Actor, open_page: Open, database: Database, texts: Read) -> None:
    assert slow_queries(database, engineer) is None
    assert "pg_stat_statements" in shown(open_page("operations", watch="Slow queries"), texts)


def test_slow_queries_are_shown_without_their_values(engineer: Actor, open_page: Open, database: Database, settings: Settings, server: EmbeddedServer) -> None:
    address = for_database(server.superuser_url, str(settings.database_url).rpartition("/")[2].partition("?")[0])
    with psycopg.connect(address.replace("postgresql+psycopg:", "postgresql:"), autocommit=True) as superuser:
        superuser.execute("CREATE EXTENSION pg_stat_statements")
    with database.read() as conn:
        conn.execute(text("SELECT count(*) AS marker_count FROM generate_series(1, 2000000) WHERE 'marker-value' <> ''"))
    found = slow_queries(database, engineer, limit=200)
    assert found is not None
    assert any("marker_count" in query.query for query in found)
    assert "marker-value" not in str(found)
    assert all(query.query.split()[0].upper() in {"SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "WITH"} for query in found)
    app = open_page("operations", watch="Slow queries")
    assert not app.exception
    assert any("marker" in query for query in app.table[0].value["Statement"])
    assert not any("marker-value" in query.replace("\\", "") for query in app.table[0].value["Statement"])
